/**
 * The oracle's reading half: files, lines, records, and what each of them says. Nothing here knows another
 * transcript. Numbers such as (13) refer to `docs/decisions/0002`.
 */
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { SkippedLine, SkipReason } from "../../src/types.ts";

type JsonObject = { [key: string]: unknown };

/** The numbers of (10); bigint, so that no sum is rounded before it is refused (35). */
export interface Numbers {
  input: bigint;
  output: bigint;
  reasoning: bigint;
  creation: bigint;
  creation5m: bigint;
  creation1h: bigint;
  read: bigint;
  webSearches: bigint;
}

export type Term = "fast" | "batch" | "priority" | "us";

/** What both a record and a nested record say through their `message`. */
interface MessageParts {
  id: string | undefined;
  /** Normalized: `<synthetic>` is `synthetic` or nothing (11), missing beside usage is `unknown` (12). */
  model: string | undefined;
  stopReason: string | undefined;
  usage: Numbers | undefined;
  /** How it was served, where that is not the ordinary way (0008, 8). */
  terms: readonly Term[];
  /** Entries of `iterations` that would be added were this the chosen record (20). */
  added: { model: string; numbers: Numbers; terms: readonly Term[] }[];
  toolUses: number;
  /** Holds a block that takes more tokens than a placeholder says (27). */
  hasCostlyBlock: boolean;
}

export interface OracleRecord extends MessageParts {
  transcript: Transcript;
  offset: number;
  nested: boolean;
  sideChain: boolean;
  time: number | undefined;
  uuid: string | undefined;
  /** Its own id, where it is a copy that names its original's. */
  copy: string | undefined;
  requestId: string | undefined;
  sessionId: string | undefined;
  cwd: string | undefined;
  agentName: string | undefined;
  attributionAgent: string | undefined;
  team: string | undefined;
  branch: string | undefined;
  version: string | undefined;
  /** Nano-dollars that the record says it cost; a nested one says nothing (0008, 10). */
  recordedCost: bigint | undefined;
}

export interface Transcript {
  path: string;
  session: string;
  /** The folder of the project (26). */
  folder: string;
  isAgentFile: boolean;
  isMain: boolean;
  metaAgentType: string | undefined;
  /** In order of offset; nested records stand in `nested`. */
  records: OracleRecord[];
  nested: OracleRecord[];
  recordCount: number;
  skipped: SkippedLine[];
}

// ---------------------------------------------------------------------------------------------- JSON values

class BadNumber extends Error {}

const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;

/** (4): of another type or empty is absent. */
const asText = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** (4): null is 0, anything but a non-negative exact integer spoils the line. */
function asCount(value: unknown): bigint {
  if (value === undefined || value === null) return 0n;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw new BadNumber();
}

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
export const compareNumbers = <T extends number | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

// ---------------------------------------------------------------------------------------------------- Times

const TIME_TEXT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)?$/;

/** (8) */
export function readTime(value: unknown): number | undefined {
  if (typeof value === "number") {
    if (!(value >= 0)) return undefined;
    const ms = Math.trunc(value < 1e11 ? value * 1000 : value);
    return ms <= 8.64e15 - 86_400_000 ? ms + 0 : undefined;
  }
  const match = typeof value === "string" ? TIME_TEXT.exec(value) : null;
  if (!match) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  if (part(4) > 23 || part(5) > 59 || part(6) > 59 || part(10) > 23 || part(11) > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(part(1), part(2) - 1, part(3));
  if (date.getUTCMonth() !== part(2) - 1 || date.getUTCDate() !== part(3)) return undefined;
  date.setUTCHours(part(4), part(5), part(6), Number((match[7] ?? "").slice(0, 3).padEnd(3, "0")));
  const offsetMinutes = (part(10) * 60 + part(11)) * (match[9] === "-" ? -1 : 1);
  return date.getTime() - offsetMinutes * 60_000;
}

const byTime =
  (noTime: number) =>
  (a: OracleRecord, b: OracleRecord): number =>
    compareNumbers(a.time ?? noTime, b.time ?? noTime) ||
    compareText(a.transcript.path, b.transcript.path) ||
    a.offset - b.offset;
/** (9): without a time last. Then transcript path, then byte offset. */
export const compareEarliest = byTime(Infinity);
/** (9): without a time first; the greatest is the latest. */
export const compareLatest = byTime(-Infinity);

export function least<T>(values: readonly T[], compare: (a: T, b: T) => number): T | undefined {
  return values.reduce<T | undefined>(
    (best, value) => (best === undefined || compare(value, best) < 0 ? value : best),
    undefined,
  );
}

export function greatest<T>(values: readonly T[], compare: (a: T, b: T) => number): T | undefined {
  return least(values, (a, b) => compare(b, a));
}

// --------------------------------------------------------------------------------------- Files and sessions

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Transcripts below the given paths, each regular file once, with the root it was found under. */
export function findTranscripts(
  paths: readonly string[],
  isWanted = (name: string): boolean => name.endsWith(".jsonl"),
): { path: string; root: string }[] {
  const found: { path: string; root: string }[] = [];
  const seen = new Set<string>();
  const walk = (path: string, root: string, isGiven: boolean): void => {
    const status = statSync(path, { throwIfNoEntry: false });
    if (!status) return;
    if (status.isFile() && !isGiven && !isWanted(path)) return;
    if (!status.isFile() && !status.isDirectory()) return;
    const real = realpathSync(path);
    if (seen.has(real)) return;
    seen.add(real);
    if (status.isFile()) found.push({ path, root });
    else for (const name of readdirSync(path).sort()) walk(join(path, name), root, false);
  };
  for (const given of paths.map((path) => resolve(path))) {
    walk(given, statSync(given).isDirectory() ? given : dirname(given), true);
  }
  return found;
}

/** (25), (26): session and folders as the path tells; the session is undefined where the records decide. */
function locate(path: string, root: string) {
  const folders = dirname(path).split("/");
  const stem = basename(path).replace(/\.jsonl$/, "");
  const projects = folders.lastIndexOf("projects");
  const subagents = folders.indexOf("subagents", projects + 1);
  const isAgentFile = /^agent-.*\.jsonl$/.test(basename(path)) || subagents !== -1;
  const above = Math.max(root === "/" ? 1 : root.split("/").length, projects + 1);
  const holder = subagents > 0 ? subagents - 1 : folders.findIndex((name, depth) => depth >= above && UUID.test(name));
  const folder = folders.slice(0, holder === -1 ? undefined : holder).join("/") || "/";
  const session = holder !== -1 ? folders[holder] : UUID.test(stem) ? stem : undefined;
  return { stem, session, folder, isAgentFile, isMain: !isAgentFile && holder === -1 };
}

function readMetaAgentType(path: string): string | undefined {
  try {
    const meta: unknown = JSON.parse(
      readFileSync(path.replace(/\.jsonl$/, ".meta.json"), "utf8").replace(/^\uFEFF/, ""),
    );
    return asText(asObject(meta)?.agentType);
  } catch {
    return undefined;
  }
}

// ------------------------------------------------------------------------------------------ Lines and records

/** (10) */
export function readNumbers(usage: JsonObject): { numbers: Numbers; areAllZero: boolean } {
  const split = asObject(usage.cache_creation) ?? {};
  const given = {
    input: asCount(usage.input_tokens),
    output: asCount(usage.output_tokens),
    creation: asCount(usage.cache_creation_input_tokens),
    read: asCount(usage.cache_read_input_tokens),
    split5m: asCount(split.ephemeral_5m_input_tokens),
    split1h: asCount(split.ephemeral_1h_input_tokens),
    thinking: asCount(asObject(usage.output_tokens_details)?.thinking_tokens),
    webSearches: asCount(asObject(usage.server_tool_use)?.web_search_requests),
  };
  const bySplit = given.split5m + given.split1h;
  const creation = given.creation > bySplit ? given.creation : bySplit;
  const numbers = {
    input: given.input,
    output: given.output,
    reasoning: given.thinking < given.output ? given.thinking : given.output,
    creation,
    creation5m: creation - given.split1h,
    creation1h: given.split1h,
    read: given.read,
    webSearches: given.webSearches,
  };
  return { numbers, areAllZero: Object.values(numbers).every((n) => n === 0n) };
}

/** (20): the entries that count beside the response's own numbers. Only those are read. */
function readIterations(list: unknown, ownModel: string): MessageParts["added"] {
  const entries = (Array.isArray(list) ? list : []).map(asObject).filter((entry) => entry !== undefined);
  const lastFallback = entries.findLast((entry) => entry.type === "fallback_message");
  const modelOf = (entry: JsonObject): string | undefined => {
    const model = asText(entry.model);
    return model === "<synthetic>" ? "synthetic" : model;
  };
  return entries
    .filter((entry) => {
      if (entry.type !== "message") return entry !== lastFallback;
      return entry !== entries.at(-1) && (modelOf(entry) ?? ownModel) !== ownModel;
    })
    .map((entry) => ({
      model: modelOf(entry) ?? ownModel,
      numbers: readNumbers(entry).numbers,
      terms: readTerms(entry),
    }));
}

function readTerms(usage: JsonObject): Term[] {
  const terms: Term[] = [];
  if (usage.speed === "fast") terms.push("fast");
  if (usage.service_tier === "batch") terms.push("batch");
  if (usage.service_tier === "priority") terms.push("priority");
  if (usage.inference_geo === "us") terms.push("us");
  return terms;
}

/** Halves up; below 0 and from 2^53 nano-dollars on it is no cost. */
function readCost(usd: unknown): bigint | undefined {
  if (typeof usd !== "number" || usd < 0 || usd * 1e9 >= 2 ** 53 - 1) return undefined;
  return BigInt(Math.floor(usd * 1e9 + 0.5));
}

/** @param type of the record: only assistant records use tools (21). */
function readMessage(message: JsonObject, type: unknown): MessageParts {
  const usage = asObject(message.usage);
  const read = usage && readNumbers(usage);
  const named = asText(message.model);
  const isEmptySynthetic = named === "<synthetic>" && (read?.areAllZero ?? true); // (11)
  const carries = read && !isEmptySynthetic;
  let model: string | undefined;
  if (named === "<synthetic>") model = isEmptySynthetic ? undefined : "synthetic";
  else model = named ?? (carries ? "unknown" : undefined); // (12)
  const added = usage ? readIterations(usage.iterations, model ?? "unknown") : []; // bad ones throw (20)
  const blocks = Array.isArray(message.content) ? message.content : [];
  const blockTypes = blocks.map((block) => asObject(block)?.type);
  return {
    id: asText(message.id),
    model,
    stopReason: asText(message.stop_reason),
    usage: carries ? read.numbers : undefined,
    terms: usage ? readTerms(usage) : [],
    added: carries ? added : [],
    toolUses: type === "assistant" ? blockTypes.filter((t) => t === "tool_use").length : 0,
    hasCostlyBlock: blockTypes.some((t) => t === "tool_use" || t === "thinking" || t === "redacted_thinking"),
  };
}

/** The record of a line and, for `agent_progress`, the one nested in it (15). Throws `BadNumber`. */
function readRecords(json: JsonObject, transcript: Transcript, offset: number): OracleRecord[] {
  const record: OracleRecord = {
    ...readMessage(asObject(json.message) ?? {}, json.type),
    transcript,
    offset,
    nested: false,
    sideChain: json.isSidechain === true,
    time: readTime(json.timestamp),
    // (36)
    uuid: asText(asObject(json.forkedFrom)?.messageUuid) ?? asText(json.uuid),
    copy: asObject(json.forkedFrom)?.messageUuid === undefined ? undefined : asText(json.uuid),
    requestId: asText(json.requestId),
    sessionId: asText(json.sessionId),
    cwd: asText(json.cwd),
    agentName: json.type === "agent-name" ? undefined : asText(json.agentName),
    attributionAgent: asText(json.attributionAgent),
    team: asText(json.teamName) ?? asText(asObject(json.team)?.teamName),
    branch: asText(json.gitBranch),
    version: asText(json.version),
    recordedCost: readCost(json.costUSD),
  };
  const data = asObject(json.data);
  const inner = asObject(data?.message);
  if (json.type !== "progress" || data?.type !== "agent_progress" || !inner) return [record];
  const nested: OracleRecord = {
    ...record,
    ...readMessage(asObject(inner.message) ?? {}, inner.type),
    nested: true,
    sideChain: true,
    time: readTime(inner.timestamp),
    uuid: asText(inner.uuid),
    requestId: asText(inner.requestId),
    recordedCost: undefined,
  };
  return nested.usage ? [record, nested] : [record];
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function readTranscript(path: string, root: string, maxLine: number): Transcript {
  const place = locate(path, root);
  const transcript: Transcript = {
    path,
    session: place.session ?? place.stem,
    folder: place.folder,
    isAgentFile: place.isAgentFile,
    isMain: place.isMain,
    metaAgentType: readMetaAgentType(path),
    records: [],
    nested: [],
    recordCount: 0,
    skipped: [],
  };
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return transcript;
  }
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  for (let offset = 0, line = 1; offset < bytes.length; line++) {
    const lf = bytes.indexOf(0x0a, offset);
    const end = lf === -1 ? bytes.length : lf;
    const content = bytes.subarray(offset === 0 ? bom : offset, end); // (1)
    const skip = (reason: SkipReason): number => transcript.skipped.push({ path, line, offset, reason });
    if (content.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)) {
      // (2): a line number and nothing else
    } else if (content.length > maxLine) {
      skip("oversized");
    } else {
      try {
        const json = asObject(JSON.parse(utf8.decode(content)));
        if (json) {
          for (const record of readRecords(json, transcript, offset)) {
            (record.nested ? transcript.nested : transcript.records).push(record);
          }
          transcript.recordCount++;
        }
      } catch {
        skip(lf === -1 ? "pending" : "malformed"); // (5)
      }
    }
    offset = end + 1;
  }
  const firstSession = transcript.records.find((r) => r.sessionId !== undefined)?.sessionId;
  transcript.session = place.session ?? firstSession ?? place.stem;
  return transcript;
}
