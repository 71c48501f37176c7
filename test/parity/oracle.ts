/**
 * The slow, obvious second answer: every figure of a scan, computed the way `spec/accounting.md` and
 * `docs/decisions/0002` word it. It shares no code with `src/` and `workers/` (types only), reads each file
 * whole, and prefers the sentence of the law over speed. Numbers such as (13) refer to the decisions.
 */
import { basename } from "node:path";
import type { Diagnostics, Dimension, Figures, Row, SkipReason, Stats } from "../../src/types.ts";
import {
  compareEarliest,
  compareLatest,
  compareNumbers,
  compareText,
  findTranscripts,
  greatest,
  least,
  type Numbers,
  type OracleRecord,
  readNumbers,
  readTranscript,
  type Transcript,
} from "./oracle-read.ts";

export type FilterName = "project" | "session" | "model" | "agent" | "team";

export interface OracleOptions {
  by?: readonly Dimension[];
  /** Milliseconds UTC, inclusive, like `until`. */
  since?: number;
  until?: number;
  timezone?: string;
  /** 0 is Sunday; default 1, Monday. */
  startOfWeek?: number;
  count?: "responses" | "records";
  /** Exact strings, or with `*` for any characters. */
  filters?: Partial<Record<FilterName, string[]>>;
  /** Longest line in bytes. */
  maxLine?: number;
  /** Nano-dollars of one response, or of what it used beside its own; undefined: unpriced. Without it costs are left out. */
  price?: (model: string, time: number | undefined, numbers: Numbers) => bigint | undefined;
  /** Told the name of each rule that decided something; the generators' coverage is measured with it. */
  onRule?: (rule: string) => void;
}

type Costs = Pick<Figures, "costUsd" | "costIsPartial">;
type OracleFigures = Omit<Figures, keyof Costs> & Partial<Costs>;
type OracleRow = OracleFigures & Pick<Row, "key">;

export interface OracleResult {
  rows: OracleRow[];
  totals: OracleFigures;
  stats: Pick<Stats, "transcripts" | "records" | "responses" | "duplicateRecords" | "skipped">;
  diagnostics: Pick<Diagnostics, "skippedLines" | "responsesWithoutTime" | "lowOutputResponses">;
}

interface GroupKeys {
  project: string;
  session: string;
  agent: string;
  team: string | null;
  branch: string | null;
  /** Undefined: none, such as a group of user records (19). */
  model: string | undefined;
}

/** One contribution: to figures, or (with neither numbers nor uses) only to times. */
interface Piece {
  keys: GroupKeys;
  time: number | undefined;
  numbers?: Numbers;
  responses?: number;
  toolUses?: number;
  /** Nano-dollars; null: unpriced. */
  cost?: bigint | null;
}

// --------------------------------------------------------------------------------------------------- Groups

/** The four rules for one pair; the name of the one that holds. */
function matchingRule(a: OracleRecord, b: OracleRecord): string | undefined {
  const sameUuid = a.uuid !== undefined && a.uuid === b.uuid;
  if (a.id === undefined && b.id === undefined) return sameUuid ? "rule4" : undefined;
  if (a.id !== b.id) return undefined;
  const sameSession = a.transcript.session === b.transcript.session;
  if (a.requestId === undefined || b.requestId === undefined) {
    return sameSession ? "rule2 session" : sameUuid ? "rule2 uuid" : undefined;
  }
  if (a.requestId === b.requestId) return "rule1";
  return sameSession && (a.sideChain || b.sideChain) ? "rule3" : undefined;
}

/** Pairs by the four rules, closed transitively. Only records with one id (or one uuid) can match. */
function groupRecords(records: readonly OracleRecord[], onRule: (rule: string) => void) {
  const groups: OracleRecord[][] = [];
  const buckets = new Map<string, OracleRecord[]>();
  for (const record of records) {
    const name = record.id !== undefined ? `id ${record.id}` : `uuid ${record.uuid}`;
    if (record.id === undefined && record.uuid === undefined) groups.push([record]);
    else if (buckets.get(name)?.push(record) === undefined) buckets.set(name, [record]);
  }
  for (const bucket of buckets.values()) {
    const left = new Set(bucket);
    for (const first of left) {
      left.delete(first);
      const group = [first];
      for (const member of group) {
        for (const other of left) {
          const rule = matchingRule(member, other);
          if (rule === undefined) continue;
          onRule(rule);
          left.delete(other);
          group.push(other);
        }
      }
      const isDirect = group.every((a) => group.every((b) => a === b || matchingRule(a, b)));
      if (!isDirect) onRule("transitive");
      groups.push(group);
    }
  }
  return groups;
}

/** (15): groups of nested records whose response no transcript holds. */
function groupNested(
  own: readonly OracleRecord[],
  nested: readonly OracleRecord[],
  onRule: (rule: string) => void,
): OracleRecord[][] {
  if (nested.length === 0) return [];
  return groupRecords([...own, ...nested], () => {}).flatMap((group) => {
    const inner = group.filter((record) => record.nested);
    if (inner.length === 0) return [];
    const isHeld = group.some((record) => !record.nested && record.usage);
    onRule(isHeld ? "nested copy" : "nested counts");
    if (!isHeld && inner.length < group.length) onRule("nested beside records without usage");
    return isHeld ? [] : [inner];
  });
}

// ---------------------------------------------------------------------------------------------- Attribution

type Attribute = (group: readonly OracleRecord[]) => OracleRecord;

/** (18) */
function attribution(transcripts: readonly Transcript[], onRule: (rule: string) => void): Attribute {
  const holders = new Map<string, Set<Transcript>>();
  for (const transcript of transcripts) {
    for (const { uuid } of transcript.records) {
      if (uuid === undefined) continue;
      const set = holders.get(uuid) ?? new Set();
      holders.set(uuid, set.add(transcript));
    }
  }
  const remembered = new Map<string, Transcript>();
  const originalOf = (concerned: Transcript[]): Transcript => {
    const name = JSON.stringify(concerned.map((t) => t.path).sort());
    let original = remembered.get(name);
    if (original) return original;
    const isShared = ({ uuid }: OracleRecord): boolean =>
      uuid !== undefined && concerned.filter((t) => holders.get(uuid)?.has(t)).length >= 2;
    const isOwn = ({ uuid }: OracleRecord): boolean => uuid === undefined || holders.get(uuid)?.size === 1;
    const lastShared = concerned
      .flatMap((t) => t.records.filter(isShared))
      .reduce((latest, record) => Math.max(latest, record.time ?? -Infinity), -Infinity);
    const originals = concerned.filter((t) =>
      t.records.some((r) => r.time !== undefined && r.time < lastShared && isOwn(r)),
    );
    onRule(originals.length === 1 ? "one original" : originals.length ? "several originals" : "no original");
    original =
      originals.length === 1
        ? originals[0]
        : least(concerned, (a, b) => compareText(a.session, b.session) || compareText(a.path, b.path));
    remembered.set(name, original!);
    return original!;
  };
  return (group) => {
    const main = group.filter((record) => !record.sideChain);
    const candidates = main.length > 0 ? main : group;
    const earliest = least(candidates, compareEarliest)!;
    const tied = candidates.filter((record) => record.time === earliest.time);
    const concerned = [...new Set(tied.map((record) => record.transcript))];
    const original = concerned.length === 1 ? concerned[0] : originalOf(concerned);
    return least(
      tied.filter((record) => record.transcript === original),
      (a, b) => a.offset - b.offset,
    )!;
  };
}

/** (26): the project of each project folder. */
function nameProjects(transcripts: readonly Transcript[]): Map<string, string> {
  const projects = new Map<string, string>();
  for (const folder of new Set(transcripts.map((t) => t.folder))) {
    const inFolder = transcripts.filter((t) => t.folder === folder);
    const firstCwd = (from: Transcript[]): string | undefined =>
      least(
        from.flatMap((t) => t.records.filter((r) => r.cwd !== undefined)),
        compareEarliest,
      )?.cwd;
    const cwd = firstCwd(inFolder.filter((t) => t.isMain)) ?? firstCwd(inFolder);
    projects.set(folder, cwd ?? basename(folder));
  }
  return projects;
}

/** (23) */
function agentOf(record: OracleRecord): string {
  if (record.nested) return "subagent";
  const { records, isAgentFile, metaAgentType } = record.transcript;
  const name = record.agentName ?? records.find((r) => r.agentName !== undefined)?.agentName;
  if (name !== undefined) return name;
  if (!isAgentFile && !record.sideChain) return "main";
  if (record.attributionAgent !== undefined) return record.attributionAgent;
  if (!isAgentFile) return "subagent";
  const first = records.find((r) => r.attributionAgent !== undefined)?.attributionAgent;
  return first ?? metaAgentType ?? "subagent";
}

/** (24) */
function teamOf(record: OracleRecord, transcripts: readonly Transcript[]): string | null {
  const firstIn = (transcript: Transcript): string | undefined =>
    transcript.records.find((r) => r.team !== undefined)?.team;
  const inMain = (): string | undefined =>
    transcripts
      .filter((t) => t.isMain && t.session === record.transcript.session)
      .sort((a, b) => compareText(a.path, b.path))
      .map(firstIn)
      .find((team) => team !== undefined);
  return record.team ?? firstIn(record.transcript) ?? inMain() ?? null;
}

// ----------------------------------------------------------------------------------------------- Time keys

interface LocalTime {
  date: string;
  hour: string;
  /** Such as `+02:00`. */
  offset: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localTime(ms: number, timeZone: string): LocalTime {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(ms).map((p) => [p.type, p.value]));
  const date = `${String(parts.year).padStart(4, "0")}-${parts.month}-${parts.day}`;
  const wall = Date.parse(`${date}T${parts.hour}:${parts.minute}:${parts.second}Z`);
  const offsetMinutes = Math.round((wall - Math.floor(ms / 1000) * 1000) / 60_000);
  const two = (n: number): string => String(n).padStart(2, "0");
  const size = Math.abs(offsetMinutes);
  const offset = `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  return { date, hour: String(parts.hour), offset };
}

function timeKey(dimension: Dimension, ms: number, options: OracleOptions): string {
  const local = localTime(ms, options.timezone ?? "UTC");
  if (dimension === "day") return local.date;
  if (dimension === "month") return local.date.slice(0, -3);
  if (dimension === "hour") return `${local.date}T${local.hour}${local.offset}`;
  const day = new Date(`${local.date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() - (options.startOfWeek ?? 1) + 7) % 7));
  return day.toISOString().slice(0, 10);
}

// ----------------------------------------------------------------------------------------- Rows and figures

const NO_NUMBERS = readNumbers({}).numbers;

/** Pieces summed up; first and last time per session (30). */
class Sum {
  numbers: Numbers = { ...NO_NUMBERS };
  responses = 0;
  toolUses = 0;
  cost = 0n;
  priced = 0;
  unpriced = 0;
  /** (29): times alone make no row. */
  isRow = false;
  spans = new Map<string, { first: number; last: number }>();

  add({ keys, time, numbers, responses = 0, toolUses = 0, cost }: Piece): void {
    if (cost === null) this.unpriced++;
    else if (cost !== undefined) this.priced++;
    this.cost += cost ?? 0n;
    for (const name of Object.keys(NO_NUMBERS) as (keyof Numbers)[]) {
      this.numbers[name] += numbers?.[name] ?? 0n;
    }
    this.responses += responses;
    this.toolUses += toolUses;
    if (numbers || toolUses > 0) this.isRow = true;
    if (time === undefined) return;
    const span = this.spans.get(keys.session) ?? { first: time, last: time };
    this.spans.set(keys.session, {
      first: Math.min(span.first, time),
      last: Math.max(span.last, time),
    });
  }

  figures(hasCosts: boolean): OracleFigures {
    const n = this.numbers;
    const spans = [...this.spans.values()];
    const iso = (ms: number): string | null => (Number.isFinite(ms) ? new Date(ms).toISOString() : null);
    return {
      inputTokens: exact(n.input),
      outputTokens: exact(n.output),
      reasoningTokens: exact(n.reasoning),
      cacheCreationTokens: exact(n.creation),
      cacheCreation5mTokens: exact(n.creation5m),
      cacheCreation1hTokens: exact(n.creation1h),
      cacheReadTokens: exact(n.read),
      totalTokens: exact(n.input + n.output + n.creation + n.read),
      responses: this.responses,
      toolUses: this.toolUses,
      webSearches: exact(n.webSearches),
      firstAt: iso(Math.min(...spans.map((span) => span.first))),
      lastAt: iso(Math.max(...spans.map((span) => span.last))),
      durationMs: exact(spans.reduce((sum, span) => sum + BigInt(span.last) - BigInt(span.first), 0n)),
      billableEquivalentTokens: twentieths(
        20n * n.input + 100n * n.output + 25n * n.creation5m + 40n * n.creation1h + 2n * n.read,
      ),
      ...(hasCosts && {
        costUsd: this.priced === 0 && this.unpriced > 0 ? null : dollars(this.cost),
        costIsPartial: this.unpriced > 0,
      }),
    };
  }
}

function dollars(nanos: bigint): number {
  exact(nanos / 1_000_000_000n);
  return Number(`${nanos}e-9`);
}

function twentieths(sum: bigint): number {
  exact(sum / 20n);
  return Number(`${sum * 5n}e-2`);
}

/** (35) */
function exact(sum: bigint): number {
  if (sum > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError("a sum is beyond 2^53 - 1");
  return Number(sum);
}

const isTimeDimension = (dimension: Dimension): boolean =>
  dimension === "day" || dimension === "week" || dimension === "month" || dimension === "hour";

/** The key of a piece's row; undefined when it carries no such key (30). */
function rowKey(piece: Piece, options: OracleOptions): Record<string, string | null> | undefined {
  const key: Record<string, string | null> = {};
  for (const dimension of options.by ?? ["source", "model"]) {
    if (dimension === "none") continue;
    let value: string | null | undefined;
    if (dimension === "source") value = "claude";
    else if (!isTimeDimension(dimension)) value = piece.keys[dimension as keyof GroupKeys];
    else value = piece.time === undefined ? "unknown" : timeKey(dimension, piece.time, options);
    if (value === undefined) return undefined;
    key[dimension] = value;
  }
  return key;
}

/** (31), (32) */
function isAskedFor({ keys, time }: Piece, options: OracleOptions): boolean {
  if (time !== undefined && time < (options.since ?? -Infinity)) return false;
  if (time !== undefined && time > (options.until ?? Infinity)) return false;
  return Object.entries(options.filters ?? {}).every(([name, patterns]) => {
    const value = keys[name as FilterName];
    return typeof value === "string" && patterns.some((pattern) => matches(pattern, value));
  });
}

function matches(pattern: string, value: string): boolean {
  const literal = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`, "s").test(value);
}

/** (33). Hours ascend in time: at the end of summer time `T02+02:00` comes before `T02+01:00`. */
function compareRows(by: readonly Dimension[]): (a: OracleRow, b: OracleRow) => number {
  const when = (key: string | null | undefined, dimension: Dimension): number => {
    if (typeof key !== "string" || key === "unknown") return Infinity;
    if (dimension === "hour") return Date.parse(`${key.slice(0, 13)}:00:00${key.slice(13)}`);
    return Date.parse(`${key}${dimension === "month" ? "-01" : ""}T00:00:00Z`);
  };
  return (a, b) => {
    for (const dimension of by.filter(isTimeDimension)) {
      const order = compareNumbers(when(a.key[dimension], dimension), when(b.key[dimension], dimension));
      if (order !== 0) return order;
    }
    if (a.totalTokens !== b.totalTokens) return b.totalTokens - a.totalTokens;
    for (const dimension of by.filter((d) => !isTimeDimension(d))) {
      const [left, right] = [a.key[dimension] ?? null, b.key[dimension] ?? null];
      if (left === right) continue;
      if (left === null || right === null) return left === null ? 1 : -1;
      return compareText(left, right);
    }
    return 0;
  };
}

// ------------------------------------------------------------------------------------------------- The scan

export function oracleScan(paths: string[], options: OracleOptions = {}): OracleResult {
  const onRule = options.onRule ?? (() => {});
  const everyRecord = options.count === "records"; // (28)
  const transcripts = findTranscripts(paths).map(({ path, root }) =>
    readTranscript(path, root, options.maxLine ?? 256 * 2 ** 20),
  );
  const own = transcripts.flatMap((t) => t.records);
  const nested = transcripts.flatMap((t) => t.nested);
  const groups = everyRecord
    ? own.map((record) => [record])
    : [...groupRecords(own, onRule), ...groupNested(own, nested, onRule)];

  const attribute = attribution(transcripts, onRule);
  const projects = nameProjects(transcripts);
  const pieces: Piece[] = [];
  const toolRecords: { record: OracleRecord; keys: GroupKeys }[] = [];
  let responses = 0;
  let responsesWithoutTime = 0;
  const lowOutputResponses: Record<string, number> = {};

  for (const group of groups) {
    const withUsage = group.filter((record) => record.usage);
    const chosen = greatest(
      withUsage, // (16)
      (a, b) => compareNumbers(a.usage!.output, b.usage!.output) || compareLatest(a, b),
    );
    const latestNamed = greatest(
      group.filter((record) => record.model !== undefined),
      compareLatest,
    );
    const usesTools = group.some((record) => record.toolUses > 0);
    const first = attribute(group);
    const keys: GroupKeys = {
      session: first.transcript.session,
      project: projects.get(first.transcript.folder)!,
      agent: agentOf(first),
      team: teamOf(first, transcripts),
      branch: first.branch ?? null,
      model: (chosen ?? latestNamed)?.model ?? (usesTools ? "unknown" : undefined), // (19)
    };
    for (const record of group) {
      pieces.push({ keys, time: record.time });
      if (record.toolUses > 0) toolRecords.push({ record, keys });
    }
    if (!chosen) continue;
    const time = least(group, compareEarliest)!.time; // (17)
    responses++;
    if (time === undefined) responsesWithoutTime++;
    const cost = (numbers: Numbers, model = "unknown") =>
      options.price && { cost: options.price(model, time, numbers) ?? null };
    pieces.push({ keys, time, numbers: chosen.usage!, responses: 1, ...cost(chosen.usage!, keys.model) });
    for (const { model, numbers } of everyRecord ? [] : chosen.added) {
      onRule("iteration added");
      pieces.push({ keys: { ...keys, model }, time, numbers, ...cost(numbers, model) });
    }
    const isLow =
      withUsage.every((record) => record.stopReason === undefined) &&
      chosen.usage!.output <= 8n &&
      group.some((record) => record.hasCostlyBlock);
    if (!isLow) continue; // (27)
    const version = chosen.version ?? "unknown";
    lowOutputResponses[version] = (lowOutputResponses[version] ?? 0) + 1;
    onRule("low output");
  }

  // (21): of the copies with one uuid one counts.
  const copies = new Map<string | OracleRecord, typeof toolRecords>();
  for (const entry of toolRecords) {
    const name = (everyRecord ? undefined : entry.record.uuid) ?? entry.record;
    if (copies.get(name)?.push(entry) === undefined) copies.set(name, [entry]);
  }
  for (const entries of copies.values()) {
    const counting = least(
      entries,
      (a, b) => b.record.toolUses - a.record.toolUses || compareEarliest(a.record, b.record),
    )!;
    if (entries.length > 1) onRule("tool use copy");
    const { record, keys } = counting;
    pieces.push({ keys, time: record.time, toolUses: record.toolUses });
  }

  const totals = new Sum();
  const rows = new Map<string, { key: Row["key"]; sum: Sum }>();
  for (const piece of pieces.filter((p) => isAskedFor(p, options))) {
    totals.add(piece);
    const key = rowKey(piece, options);
    if (!key) continue;
    const name = JSON.stringify(Object.values(key));
    const row = rows.get(name) ?? { key, sum: new Sum() };
    row.sum.add(piece);
    rows.set(name, row);
  }

  const skipped = transcripts.flatMap((t) => t.skipped).sort((a, b) => compareText(a.path, b.path) || a.line - b.line);
  const skippedFor = (reason: SkipReason): number => skipped.filter((line) => line.reason === reason).length;
  const usageRecords = own.filter((r) => r.usage).length + nested.length;
  return {
    rows: [...rows.values()]
      .filter(({ sum }) => sum.isRow)
      .map(({ key, sum }) => ({ key, ...sum.figures(options.price !== undefined) }))
      .sort(compareRows(options.by ?? ["source", "model"])),
    totals: totals.figures(options.price !== undefined),
    stats: {
      transcripts: transcripts.length,
      records: transcripts.reduce((sum, t) => sum + t.recordCount, 0),
      responses,
      duplicateRecords: usageRecords - responses,
      skipped: {
        malformed: skippedFor("malformed"),
        oversized: skippedFor("oversized"),
        pending: skippedFor("pending"),
      },
    },
    diagnostics: {
      skippedLines: skipped.slice(0, 100),
      responsesWithoutTime,
      lowOutputResponses,
    },
  };
}
