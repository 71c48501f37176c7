/**
 * The slow, obvious second answer for Codex rollouts, as `spec/accounting.md` and `docs/decisions/0010` word it. It
 * shares no code with `src/` and `workers/` (types only). Numbers such as (4) refer to that decision.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { SkippedLine } from "../../src/types.ts";
import { type AgentResult, asCount, asObject, asText, type Json, resultOf } from "./oracle-agents.ts";
import { compareText, findTranscripts, readTime } from "./oracle-read.ts";
import type { OracleOptions, Piece } from "./oracle-rows.ts";

interface Vector {
  input: number;
  cached: number;
  written: number;
  output: number;
  reasoning: number;
  total: number;
}

interface Line {
  time: number | undefined;
  kind: "meta" | "turn" | "count" | "enter" | "exit" | "tool" | "other";
  id?: string | undefined;
  model?: string | undefined;
  total?: Vector | undefined;
  last?: Vector | undefined;
}

interface Rollout {
  path: string;
  stem: string;
  session: string;
  id: string | undefined;
  /** Sessions it may have copies of, the nearest first. */
  ancestors: string[];
  agent: string;
  /** Its totals go on from those of a rollout that it names. */
  goesOn: boolean;
  project: string;
  branch: string | null;
  lines: Line[];
  /** The first time each vector stands in the file: its key and its line. */
  distinct: { key: string; at: number }[];
  records: number;
  skipped: SkippedLine[];
}

function readVector(value: unknown): Vector | undefined {
  const object = asObject(value);
  return (
    object && {
      input: asCount(object["input_tokens"]),
      cached: asCount(object["cached_input_tokens"]),
      written: asCount(object["cache_write_input_tokens"]),
      output: asCount(object["output_tokens"]),
      reasoning: asCount(object["reasoning_output_tokens"]),
      total: asCount(object["total_tokens"]),
    }
  );
}

const NOTHING: Vector = { input: 0, cached: 0, written: 0, output: 0, reasoning: 0, total: 0 };
const NAMES = Object.keys(NOTHING) as (keyof Vector)[];
const keyOf = (vector: Vector): string => NAMES.map((name) => vector[name]).join("/");
const combine = (a: Vector, b: Vector, sign: number): Vector =>
  Object.fromEntries(NAMES.map((name) => [name, a[name] + sign * b[name]])) as unknown as Vector;

function readLine(json: Json): Line {
  const payload = asObject(json["payload"]) ?? {};
  const time = readTime(json["timestamp"]);
  const kind = payload["type"];
  switch (json["type"]) {
    case "session_meta":
      return { time, kind: "meta", id: asText(payload["id"]) };
    case "turn_context": {
      const model = asText(payload["model"]);
      return model === undefined ? { time, kind: "other" } : { time, kind: "turn", model };
    }
    case "response_item":
      return { time, kind: kind === "function_call" || kind === "custom_tool_call" ? "tool" : "other" };
    case "event_msg": {
      if (kind === "entered_review_mode") return { time, kind: "enter" };
      if (kind === "exited_review_mode") return { time, kind: "exit" };
      if (kind !== "token_count") return { time, kind: "other" };
      const info = asObject(payload["info"]) ?? {};
      const [total, last] = [readVector(info["total_token_usage"]), readVector(info["last_token_usage"])];
      if (!total && !last) return { time, kind: "other" };
      return { time, kind: "count", total, last, model: asText(info["model"]) ?? asText(payload["model"]) };
    }
    default:
      return { time, kind: "other" };
  }
}

function readRollout(path: string): Rollout {
  const stem = basename(path).replace(/\.jsonl$/, "");
  const uuid = /^rollout-.*-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(stem)?.[1];
  const bytes = readFileSync(path);
  const lines: Line[] = [];
  const metas: Json[] = [];
  const skipped: SkippedLine[] = [];
  let records = 0;
  let cwd: string | undefined;
  for (let offset = 0, number = 1; offset < bytes.length; number++) {
    const lf = bytes.indexOf(0x0a, offset);
    const text = new TextDecoder().decode(bytes.subarray(offset, lf < 0 ? bytes.length : lf));
    if (text.trim() !== "") {
      try {
        const json = asObject(JSON.parse(text));
        if (json) {
          lines.push(readLine(json));
          records++;
          if (json["type"] === "session_meta") metas.push(asObject(json["payload"]) ?? {});
          if (json["type"] === "session_meta" || json["type"] === "turn_context")
            cwd ??= asText(asObject(json["payload"])?.["cwd"]);
        }
      } catch {
        skipped.push({ path, line: number, offset, reason: lf < 0 ? "pending" : "malformed" });
      }
    }
    offset = lf < 0 ? bytes.length : lf + 1;
  }
  const [own] = metas;
  const ids = [asText(own?.["forked_from_id"]), ...metas.map((meta) => asText(meta["id"]))];
  const source = asObject(own?.["source"])?.["subagent"] ?? null;
  const distinct: Rollout["distinct"] = [];
  for (const [at, { total }] of lines.entries()) {
    if (!total || distinct.some(({ key }) => key === keyOf(total))) continue;
    distinct.push({ key: keyOf(total), at });
  }
  const session = metas.map((meta) => asText(meta["id"])).find((name) => name !== undefined) ?? uuid ?? stem;
  return {
    path,
    stem: uuid ?? stem,
    session,
    id: session,
    ancestors: [...new Set(ids)].filter((one) => one !== undefined && one !== session) as string[],
    agent: source === null ? "main" : source === "review" ? "review" : "subagent", // (9)
    goesOn: asText(asObject(own?.["history_base"])?.["thread_id"]) !== undefined,
    project: cwd ?? "unknown",
    branch: asText(asObject(own?.["git"])?.["branch"]) ?? null,
    lines,
    distinct,
    records,
    skipped,
  };
}

// ------------------------------------------------------------------------------------------------ Copied prefixes

function sharedPrefix(a: Rollout, b: Rollout): number {
  const different = a.distinct.findIndex(({ key }, i) => key !== b.distinct[i]?.key);
  return different < 0 ? a.distinct.length : different;
}

/** How many of its vectors, from its first on, follow each other in another one. */
function sharedRun(a: Rollout, b: Rollout): number {
  const start = b.distinct.findIndex(({ key }) => key === a.distinct[0]?.key);
  if (start < 0) return 0;
  const different = a.distinct.findIndex(({ key }, i) => key !== b.distinct[start + i]?.key);
  return different < 0 ? a.distinct.length : different;
}

/** Where, in its vectors, ends what it has in common with those another one begins with. */
function endOfRun(a: Rollout, b: Rollout): number {
  const start = a.distinct.findIndex(({ key }) => key === b.distinct[0]?.key);
  if (start < 0) return 0;
  const different = b.distinct.findIndex(({ key }, i) => key !== a.distinct[start + i]?.key);
  return start + (different < 0 ? b.distinct.length : different);
}

const first = (one: Rollout): number => one.lines.find(tells)?.time ?? Infinity;

function isBefore(a: Rollout, b: Rollout): boolean {
  if (first(a) !== first(b)) return first(a) < first(b);
  return (compareText(a.session, b.session) || compareText(a.path, b.path)) < 0;
}

/** Whether a rollout says that it comes from another one, over any number of steps. */
function comesFrom(one: Rollout, from: Rollout, all: readonly Rollout[], seen = new Set<string>()): boolean {
  return one.ancestors.some((id) => {
    if (id === from.id) return true;
    if (seen.has(id)) return false;
    seen.add(id);
    return all.some((next) => next.id === id && comesFrom(next, from, all, seen));
  });
}

/** The line its own part begins with. */
function ownPart(rollout: Rollout, all: readonly Rollout[]): number {
  const others = all.filter((other) => other !== rollout);
  let copied = 0;
  // (4)
  for (const other of others.filter(({ session }) => session === rollout.session)) {
    // (14)
    if (other.goesOn !== rollout.goesOn || (rollout.goesOn && other.stem !== rollout.stem)) {
      // (17)
      if (other.goesOn && isBefore(other, rollout)) copied = Math.max(copied, endOfRun(rollout, other));
      continue;
    }
    const size = (one: Rollout): number[] => [one.distinct.length, one.lines.filter(tells).length];
    const [mine, theirs] = [size(rollout), size(other)];
    const isLess =
      first(rollout) !== first(other)
        ? first(other) < first(rollout)
        : mine[0] !== theirs[0]
          ? mine[0]! < theirs[0]!
          : mine[1] !== theirs[1]
            ? mine[1]! < theirs[1]!
            : compareText(other.path, rollout.path) < 0;
    if (!isLess) continue;
    if (sharedPrefix(rollout, other) === rollout.distinct.length) return rollout.lines.length;
    copied = Math.max(copied, sharedPrefix(rollout, other));
  }
  const strangers = others.filter(({ session }) => session !== rollout.session);
  const isHere = (id: string | undefined): boolean => all.some((one) => one.id === id && one.distinct.length > 0);
  // (5)
  const named = new Set(rollout.ancestors);
  for (const id of named) {
    for (const other of strangers.filter((one) => one.id === id)) {
      if (comesFrom(other, rollout, all) && !isBefore(other, rollout)) continue;
      copied = Math.max(copied, sharedRun(rollout, other));
      // (17)
      if (rollout.goesOn || !other.goesOn) continue;
      copied = Math.max(copied, endOfRun(rollout, other));
      for (const next of other.ancestors) named.add(next);
    }
  }
  const isNearestHere = isHere(rollout.ancestors[0]);
  const missing = rollout.ancestors.filter((id) => !isHere(id));
  const siblings = strangers.filter(({ ancestors }) => ancestors.some((id) => missing.includes(id)));
  // (6)
  if (rollout.ancestors.length > 0 && !isNearestHere) {
    for (const other of siblings.filter((sibling) => isBefore(sibling, rollout)))
      copied = Math.max(copied, sharedPrefix(rollout, other));
  }
  if (copied > 0) return rollout.distinct[copied - 1]!.at + 1;
  if (rollout.ancestors.length === 0 || isNearestHere) return 0;
  if (siblings.some((sibling) => sharedPrefix(rollout, sibling) > 0)) return 0;
  return writtenAtOnce(rollout);
}

/** (7): the line behind the vectors that were told within two seconds. */
function writtenAtOnce(rollout: Rollout): number {
  let own = 0;
  for (const { at } of rollout.distinct) {
    const { time } = rollout.lines[at]!;
    if (time === undefined || time > first(rollout) + 2000) break;
    own = at + 1;
  }
  return first(rollout) === Infinity ? 0 : own;
}

/** (18): the line behind what was copied from a session that is gone. */
function copiedAnew(rollout: Rollout, all: readonly Rollout[]): number {
  const missing = rollout.ancestors.filter((id) => !all.some((one) => one.id === id && one.distinct.length > 0));
  if (missing.length === 0 || missing[0] !== rollout.ancestors[0]) return 0;
  const shared = all
    .filter(({ session, ancestors }) => session !== rollout.session && ancestors.some((id) => missing.includes(id)))
    .filter((sibling) => !comesFrom(sibling, rollout, all))
    .map((sibling) => rollout.distinct[sharedPrefix(rollout, sibling) - 1]?.at ?? -1);
  return Math.max(writtenAtOnce(rollout), ...shared.map((at) => at + 1));
}

/** Whether a line is one that says anything. */
function tells({ time, kind }: Line): boolean {
  return time !== undefined || kind !== "other";
}

// ------------------------------------------------------------------------------------------------------ Figures

const holds = ({ distinct }: Rollout, wanted: string): boolean => distinct.some(({ key }) => key === wanted);

/** Earlier rollouts of the same session, and of those it comes from over any number of steps. */
function family(rollout: Rollout, all: readonly Rollout[]): Rollout[] {
  const ids = new Set([...(rollout.id === undefined ? [] : [rollout.id]), ...rollout.ancestors]);
  for (const id of ids)
    for (const one of all.filter((other) => other.id === id)) for (const next of one.ancestors) ids.add(next);
  return all.filter(
    (one) =>
      one.id !== undefined && ids.has(one.id) && !(one.goesOn && one.stem === rollout.stem) && isBefore(one, rollout),
  );
}

/** What each line adds; undefined: nothing. */
function additions(rollout: Rollout, all: readonly Rollout[]): (Vector | undefined)[] {
  const own = ownPart(rollout, all);
  const anew = copiedAnew(rollout, all);
  const reviews = all.filter(({ agent }) => agent === "review");
  const seen = new Set<string>();
  let parent = NOTHING;
  let review: Vector | undefined;
  let isFirst = rollout.goesOn;
  // Readings of the review so far, and whether a marker ends it.
  let told = 0;
  let isClosed = false;
  // The one before, where its session had told no total of its own.
  let ended: Vector | undefined;
  return rollout.lines.map(({ kind, total, last, time }, at) => {
    // (15)
    if (review && told > 0 && !isClosed && (kind === "enter" || kind === "turn")) {
      parent = review;
      review = undefined;
      isFirst = false;
    }
    if (kind === "enter") {
      review = NOTHING;
      told = 0;
      isClosed =
        rollout.lines.slice(at + 1).find((line) => line.kind === "enter" || line.kind === "exit")?.kind === "exit";
    }
    if (kind === "exit") {
      if (review && told > 0 && parent.total === 0) ended = review;
      review = undefined;
    }
    if (kind !== "count") return undefined;
    // (16)
    const goesOnFrom = (chain: Vector): boolean =>
      total !== undefined &&
      chain.total > 0 &&
      [total, ...(last ? [combine(total, last, -1)] : [])].some((one) => keyOf(one) === keyOf(chain));
    const isBegun = review && told > 0;
    if (review && !isBegun && goesOnFrom(parent)) {
      review = undefined;
    } else if (!isBegun && ended && goesOnFrom(ended)) {
      parent = ended;
      review = undefined;
    }
    if (total && !isBegun) ended = undefined;
    if (review) told++;
    const before = review ?? parent;
    const now = total ?? combine(before, last!, 1);
    let added = combine(now, before, -1);
    if (total && NAMES.some((name) => added[name] < 0)) added = last ?? total;
    if (!total) added = last!;
    // (14)
    const isStart = isFirst && !review && total !== undefined;
    if (isStart) isFirst = false;
    const isUntold = isStart && (!last || family(rollout, all).some((one) => holds(one, keyOf(total))));
    if (isStart && last) added = last;
    const isSeen = total !== undefined && (isUntold || seen.has(keyOf(total)));
    const isInReview =
      review !== undefined &&
      rollout.agent !== "review" &&
      total !== undefined &&
      reviews.some(({ lines, distinct }) =>
        distinct.some(
          ({ key, at: told }) =>
            key === keyOf(total) &&
            (at < anew || Math.abs((lines[told]!.time ?? Infinity) - (time ?? -Infinity)) <= 10),
        ),
      );
    if (total) seen.add(keyOf(total));
    if (review) review = now;
    else parent = now;
    return isSeen || isInReview || at < own ? undefined : added;
  });
}

/** Every event by itself (8). */
function everyEvent({ lines }: Rollout): (Vector | undefined)[] {
  let before = NOTHING;
  return lines.map(({ kind, total, last }) => {
    if (kind !== "count") return undefined;
    const difference = total && combine(total, before, -1);
    before = total ?? combine(before, last!, 1);
    if (last || !difference || !total) return last;
    return NAMES.some((name) => difference[name] < 0) ? total : difference;
  });
}

export function oracleCodexScan(paths: string[], options: OracleOptions = {}): AgentResult {
  const rollouts = findTranscripts(paths)
    .map(({ path }) => readRollout(path))
    .sort((a, b) => compareText(a.path, b.path));
  const isEach = options.count === "records";
  const pieces: Piece[] = [];
  let [responses, events, responsesWithoutTime, clampedResponses] = [0, 0, 0, 0];
  for (const rollout of rollouts) {
    const { session, agent, project, lines, branch } = rollout;
    const own = isEach ? 0 : ownPart(rollout, rollouts);
    const added = isEach ? everyEvent(rollout) : additions(rollout, rollouts);
    let model: string | undefined;
    for (const [at, line] of lines.entries()) {
      const { time, kind } = line;
      // (10)
      const keys = {
        source: "codex" as const,
        session,
        agent,
        project,
        team: null,
        model: undefined as string | undefined,
        branch,
      };
      if (kind === "turn") model = line.model;
      if (kind === "count") events++;
      const vector = added[at];
      const cached = vector ? Math.min(vector.cached, vector.input) : 0;
      const written = vector ? Math.min(vector.written, vector.input - cached) : 0;
      const isResponse = vector && (isEach || vector.input + vector.output > 0);
      if (isResponse) {
        keys.model = model ?? line.model ?? "unknown";
        responses++;
        if (time === undefined) responsesWithoutTime++;
        if (cached < vector.cached || written < vector.written) clampedResponses++;
        const numbers = {
          input: BigInt(vector.input - cached - written),
          output: BigInt(vector.output),
          reasoning: BigInt(Math.min(vector.reasoning, vector.output)),
          creation: BigInt(written),
          creation5m: BigInt(written),
          creation1h: 0n,
          read: BigInt(cached),
          webSearches: 0n,
        };
        pieces.push({ keys, time, numbers, responses: 1 });
      }
      if (kind === "tool" && at >= own) {
        keys.model = model ?? "unknown";
        pieces.push({ keys, time, toolUses: 1 });
      }
      pieces.push({ keys, time });
    }
  }
  const counted = { responses, usageRecords: events, responsesWithoutTime, clampedResponses };
  return resultOf(rollouts, pieces, counted, options);
}
