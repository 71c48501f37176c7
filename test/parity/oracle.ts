/**
 * The slow, obvious second answer: every figure of a scan, computed the way `spec/accounting.md` and
 * `docs/decisions/0002` word it. It shares no code with `src/` and `workers/` (types only), reads each file
 * whole, and prefers the sentence of the law over speed. Numbers such as (13) refer to the decisions.
 */
import { basename } from "node:path";
import type { Diagnostics, SkipReason, Stats } from "../../src/types.ts";
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
  type Term,
  type Transcript,
} from "./oracle-read.ts";
import {
  answer,
  type GroupKeys,
  type OracleFigures,
  type OracleOptions,
  type OracleRow,
  type Piece,
} from "./oracle-rows.ts";

export type { OracleOptions } from "./oracle-rows.ts";

export interface OracleResult {
  rows: OracleRow[];
  totals: OracleFigures;
  stats: Pick<Stats, "transcripts" | "records" | "responses" | "duplicateRecords" | "skipped">;
  diagnostics: Pick<Diagnostics, "skippedLines" | "responsesWithoutTime" | "lowOutputResponses">;
}

// ---------------------------------------------------------------------------------------------------- Costs

/** Whether what a record says that it cost counts: of the whole response, with all it used beside its own. */
function isCounted(recorded: bigint | undefined, { cost = "auto" }: OracleOptions): boolean {
  if (recorded === undefined || cost === "calculate") return false;
  return cost === "recorded" || recorded > 0n;
}

/** Nothing used costs nothing, whatever is asked for. */
function costOf(n: Numbers, price: () => bigint | undefined, { cost }: OracleOptions): bigint | null {
  if (n.input + n.creation + n.read + n.output + n.webSearches === 0n) return 0n;
  return cost === "recorded" ? null : (price() ?? null);
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

/** (36): copies of copies, by the ids that these have. */
function nameOriginals(transcripts: readonly Transcript[]): void {
  const records = transcripts
    .toSorted((a, b) => compareText(a.path, b.path))
    .flatMap((t) => [...t.records, ...t.nested]);
  const named = (t: Transcript): (string | undefined)[] =>
    [...t.records, ...t.nested].flatMap(({ copy, uuid }) => (copy === undefined || copy === uuid ? [] : [uuid]));
  const copies = new Set(
    transcripts.flatMap((t) => {
      const ids = new Set(named(t));
      return [...t.records, ...t.nested].filter(({ uuid }) => uuid !== undefined && ids.has(uuid));
    }),
  );
  const originals = new Map<string, string>();
  for (const { copy, uuid } of records)
    if (copy !== undefined && uuid !== undefined && copy !== uuid && !originals.has(copy)) originals.set(copy, uuid);
  for (const record of records) {
    const seen = new Set([record.uuid]);
    for (;;) {
      const next: string | undefined = record.uuid && originals.get(record.uuid);
      if (next === undefined || seen.has(next)) break;
      seen.add(next);
      record.uuid = next;
    }
  }
  adoptOrphans(records, copies);
}

/** (36): copies of what is gone, by response, time and order. */
function adoptOrphans(records: readonly OracleRecord[], copies: ReadonlySet<OracleRecord>): void {
  const there = new Set(records.filter((record) => !copies.has(record)).map(({ uuid }) => uuid));
  const orphans = new Set([...copies].filter(({ uuid }) => !there.has(uuid)));
  const alike = new Map<string, Map<Transcript, OracleRecord[]>>();
  for (const record of records) {
    const { id, requestId, time, nested, transcript } = record;
    if (id === undefined || time === undefined || nested) continue;
    const key = JSON.stringify([id, requestId, time]);
    const places = alike.get(key) ?? new Map<Transcript, OracleRecord[]>();
    alike.set(key, places);
    places.set(transcript, [...(places.get(transcript) ?? []), record]);
  }
  for (const places of alike.values()) {
    const lists = [...places.values()];
    const model = lists.find((some) => !some.some((record) => orphans.has(record))) ?? lists[0]!;
    for (const some of lists) {
      for (const [n, record] of some.entries()) {
        const original = model[n];
        if (orphans.has(record) && original?.toolUses === record.toolUses) record.uuid = original.uuid;
      }
    }
  }
}

// ------------------------------------------------------------------------------------------------- The scan

export function oracleScan(paths: string[], options: OracleOptions = {}): OracleResult {
  const onRule = options.onRule ?? (() => {});
  const everyRecord = options.count === "records"; // (28)
  const transcripts = findTranscripts(paths).map(({ path, root }) =>
    readTranscript(path, root, options.maxLine ?? 256 * 2 ** 20),
  );
  nameOriginals(transcripts);
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
      source: "claude",
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
    const { usage, terms, recordedCost: recorded } = chosen;
    const isRecorded = isCounted(recorded, options);
    if (isRecorded) onRule("recorded cost");
    const cost = (numbers: Numbers, terms: readonly Term[], model = "unknown") =>
      options.price && { cost: costOf(numbers, () => options.price!(model, time, numbers, terms), options) };
    const own = isRecorded && options.price ? { cost: recorded! } : cost(usage!, terms, keys.model);
    pieces.push({ keys, time, numbers: usage!, responses: 1, ...own });
    for (const { model, numbers, terms } of everyRecord ? [] : chosen.added) {
      onRule("iteration added");
      const itsOwn = isRecorded && options.price ? { cost: 0n } : cost(numbers, terms, model);
      pieces.push({ keys: { ...keys, model }, time, numbers, ...itsOwn });
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

  const { rows, totals } = answer(pieces, options);
  const skipped = transcripts.flatMap((t) => t.skipped).sort((a, b) => compareText(a.path, b.path) || a.line - b.line);
  const skippedFor = (reason: SkipReason): number => skipped.filter((line) => line.reason === reason).length;
  const usageRecords = own.filter((r) => r.usage).length + nested.length;
  return {
    rows,
    totals,
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
