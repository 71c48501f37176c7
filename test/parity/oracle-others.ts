/**
 * The slow, obvious second answers for Qwen Code and Amp, as their sections of `formats/others.md` word it. They share no
 * code with `src/` and `workers/` (types only).
 */
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { SkippedLine, SourceName } from "../../src/types.ts";
import { type AgentResult, asCount, asObject, asText, type Json, resultOf } from "./oracle-agents.ts";
import { compareText, findTranscripts, type Numbers, readTime } from "./oracle-read.ts";
import type { OracleOptions, Piece } from "./oracle-rows.ts";

/** One record, as far as it says anything. */
interface Told {
  /** Equal where it is one response, or one message; undefined: like no other. */
  key: string | undefined;
  /** Equal where it is one record in several files, whose tool calls count once. */
  record?: string | undefined;
  time: number | undefined;
  model: string | undefined;
  usage: { input: number; output: number; reasoning: number; cached: number; written: number } | undefined;
  tools: number;
  branch: string | null;
  /** Default `main`. */
  agent?: string;
  /** Names where it was copied from. */
  isCopied?: boolean;
  /** It carried usage that counts elsewhere. */
  isDropped?: boolean;
  isTelemetry?: boolean;
}

interface File {
  path: string;
  session: string;
  /** Files with the same one share a project. */
  projectKey: string;
  projectName: string;
  told: Told[];
  folders: { cwd: string; time: number | undefined }[];
  records: number;
  skipped: SkippedLine[];
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** What both have in common: groups of records to pieces, pieces to rows. `choose` says whose figures count. */
function answerOf(
  source: SourceName,
  files: readonly File[],
  options: OracleOptions,
  choose: (told: readonly Told[], fileOf: (one: Told) => File) => Told,
): AgentResult {
  const fileOf = new Map(files.flatMap((file) => file.told.map((one) => [one, file] as const)));
  const ofFile = (one: Told): File => fileOf.get(one)!;
  const projects = new Map<string, string>();
  for (const { projectKey, projectName } of files) {
    const known = files.filter((file) => file.projectKey === projectKey).flatMap(({ folders }) => folders);
    const [first] = known.toSorted((a, b) => (a.time ?? Infinity) - (b.time ?? Infinity) || 0);
    projects.set(projectKey, first?.cwd ?? projectName);
  }
  const groups = new Map<unknown, Told[]>();
  for (const one of files.flatMap(({ told }) => told)) {
    const key = one.key === undefined || options.count === "records" ? one : one.key;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const earliest = (some: readonly Told[]): Told =>
    some.reduce((best, one) => ((one.time ?? Infinity) < (best.time ?? Infinity) ? one : best));
  // Of copies the one with most tool calls, then the earliest.
  const users = new Map<unknown, Told>();
  for (const one of files.flatMap(({ told }) => told).filter(({ tools }) => tools > 0)) {
    const key = one.record === undefined || options.count === "records" ? one : one.record;
    const best = users.get(key);
    const more = best === undefined ? 1 : one.tools - best.tools;
    if (more > 0 || (more === 0 && (one.time ?? Infinity) < (best!.time ?? Infinity))) users.set(key, one);
  }
  const counting = new Set(users.values());
  const pieces: Piece[] = [];
  let [responses, responsesWithoutTime, clampedResponses] = [0, 0, 0];
  for (const group of groups.values()) {
    const withUsage = group.filter(({ usage }) => usage);
    const chosen = withUsage.length > 0 ? choose(withUsage, ofFile) : undefined;
    const first = earliest(group);
    const named = group
      .filter(({ model }) => model !== undefined)
      .reduce<Told | undefined>(
        (best, one) => (best && (one.time ?? -Infinity) < (best.time ?? -Infinity) ? best : one),
        undefined,
      );
    const most = Math.max(...group.map(({ tools }) => tools));
    const { session, projectKey } = ofFile(first);
    const model = (chosen ? chosen.model : named?.model) ?? (chosen || most > 0 ? "unknown" : undefined);
    const keys = {
      ...{ source, session, agent: first.agent ?? "main", team: null, branch: first.branch, model },
      project: projects.get(projectKey)!,
    };
    for (const { time } of group) pieces.push({ keys, time });
    if (most > 0 && group.some(({ record }) => record === undefined)) {
      pieces.push({ keys, time: earliest(group.filter(({ tools }) => tools === most)).time, toolUses: most });
    } else {
      for (const one of group.filter((user) => counting.has(user)))
        pieces.push({ keys, time: one.time, toolUses: one.tools });
    }
    if (!chosen) continue;
    const { input, output, reasoning, cached, written } = chosen.usage!;
    responses++;
    if (first.time === undefined) responsesWithoutTime++;
    const isInside = source === "qwen";
    const read = isInside ? Math.min(cached, input) : cached;
    if (read < cached) clampedResponses++;
    const numbers: Numbers = {
      input: BigInt(isInside ? input - read : input),
      output: BigInt(output) + BigInt(reasoning),
      reasoning: BigInt(reasoning),
      creation: BigInt(written),
      creation5m: BigInt(written),
      creation1h: 0n,
      read: BigInt(read),
      webSearches: 0n,
    };
    pieces.push({ keys, time: first.time, numbers, responses: 1 });
  }
  const usageRecords = files.flatMap(({ told }) => told).filter(({ usage, isDropped }) => usage || isDropped).length;
  return resultOf(files, pieces, { responses, usageRecords, responsesWithoutTime, clampedResponses }, options);
}

function emptyFile(path: string, projectKey: string, projectName: string): File {
  const session = basename(path).replace(/\.jsonl?$/, "");
  return { path, session, projectKey, projectName, told: [], folders: [], records: 0, skipped: [] };
}

const filesOf = (paths: string[], isWanted: (name: string) => boolean, read: (path: string) => File): File[] =>
  findTranscripts(paths, isWanted)
    .map(({ path }) => read(path))
    .sort((a, b) => compareText(a.path, b.path));

// ------------------------------------------------------------------------------------------------- Qwen Code

function readQwen(path: string): File {
  const folder = basename(dirname(path)) === "chats" ? dirname(dirname(path)) : dirname(path);
  const file = emptyFile(path, folder, basename(folder));
  const names: string[] = [];
  const bytes = readFileSync(path);
  const take = (json: Json): void => {
    const event = asObject(asObject(json["systemPayload"])?.["uiEvent"]);
    const isTelemetry = json["type"] === "system" && event?.["event.name"] === "qwen-code.api_response";
    const isAnswer = json["type"] === "assistant" || isTelemetry;
    const usage = isTelemetry
      ? {
          promptTokenCount: event["input_token_count"],
          candidatesTokenCount: event["output_token_count"],
          thoughtsTokenCount: event["thoughts_token_count"],
          cachedContentTokenCount: event["cached_content_token_count"],
          totalTokenCount: event["total_token_count"],
        }
      : isAnswer
        ? asObject(json["usageMetadata"])
        : undefined;
    if (usage) asCount(usage["totalTokenCount"]);
    const parts = isAnswer && !isTelemetry ? asList(asObject(json["message"])?.["parts"]) : [];
    const time = readTime(json["timestamp"]);
    const cwd = asText(json["cwd"]);
    const numbers = usage && {
      input: asCount(usage["promptTokenCount"]),
      output: asCount(usage["candidatesTokenCount"]),
      reasoning: asCount(usage["thoughtsTokenCount"]),
      cached: asCount(usage["cachedContentTokenCount"]),
      written: 0,
    };
    // In the candidates, unless they are more than these or the total has them beside.
    if (usage && numbers && numbers.reasoning <= numbers.output) {
      const hasBoth = asCount(usage["totalTokenCount"]) - numbers.input - numbers.output >= numbers.reasoning;
      if (!hasBoth) numbers.output -= numbers.reasoning;
    }
    const told: Told = {
      key: isAnswer ? asText(json["uuid"]) : undefined,
      time,
      model: isAnswer ? asText(json["model"]) : undefined,
      usage: numbers,
      agent: json["isSidechain"] === true ? (asText(json["agentName"]) ?? "subagent") : "main",
      ...(isTelemetry && {
        isTelemetry,
        // The same in the same words.
        key: toldAgain(asText(event["response_id"]) ?? asText(json["uuid"]), usage!),
        model: asText(event["model"]),
      }),
      isCopied: isAnswer && asText(asObject(json["forkedFrom"])?.["sessionId"]) !== undefined,
      tools: parts.filter((part) => asObject(part) && "functionCall" in (part as Json)).length,
      branch: asText(json["gitBranch"]) ?? null,
    };
    const subagent = isTelemetry ? asText(event["subagent_name"]) : undefined;
    if (subagent !== undefined) told.agent = subagent;
    names.push(...[asText(json["sessionId"])].filter((name) => name !== undefined));
    if (cwd !== undefined) file.folders.push({ cwd, time });
    if (isAnswer || time !== undefined) file.told.push(told);
    file.records++;
  };
  for (let offset = 0, number = 1; offset < bytes.length; number++) {
    const lf = bytes.indexOf(0x0a, offset);
    const text = bytes.subarray(offset, lf < 0 ? bytes.length : lf).toString("utf8");
    if (text.trim() !== "") {
      try {
        const json = asObject(JSON.parse(text));
        if (json) take(json);
      } catch {
        file.skipped.push({ path, line: number, offset, reason: lf < 0 ? "pending" : "malformed" });
      }
    }
    offset = lf < 0 ? bytes.length : lf + 1;
  }
  file.session = names[0] ?? file.session;
  return file;
}

function toldAgain(id: string | undefined, usage: object): string | undefined {
  return id && JSON.stringify(["telemetry", id, ...Object.values(usage).map(asCount)]);
}

/** Whether the last state counts: of the file that was written last, then further on. */
function lastState(states: readonly Told[], fileOf: (one: Told) => File): Told {
  const updated = ({ told }: File): number => Math.max(...told.flatMap(({ time }) => time ?? []), -Infinity);
  return states.reduce((best, one) => (updated(fileOf(one)) >= updated(fileOf(best)) ? one : best));
}

/** Of telemetry only what no message of its session tells; returns what it tells beyond where they do not tell alike. */
function takeTelemetry(files: readonly File[], isEach: boolean): number {
  const fileOf = new Map(files.flatMap((file) => file.told.map((one) => [one, file] as const)));
  const drop = (one: Told): void => {
    Object.assign(one, {
      isDropped: one.usage !== undefined || one.isDropped === true,
      usage: undefined,
      model: undefined,
    });
  };
  // States that do not count are no longer looked at.
  const byKey = new Map<unknown, Told[]>();
  for (const one of fileOf.keys()) {
    if (one.usage) byKey.set(one.key ?? one, [...(byKey.get(one.key ?? one) ?? []), one]);
  }
  const chosen = new Set(Array.from(byKey.values(), (states) => lastState(states, (one) => fileOf.get(one)!)));
  let untold = 0;
  for (const session of new Set(files.map((file) => file.session))) {
    const told = files.filter((file) => file.session === session).flatMap((file) => file.told);
    const some = isEach ? told.filter(({ usage }) => usage) : told.filter((one) => chosen.has(one));
    const telemetry = some.filter(({ isTelemetry }) => isTelemetry === true);
    if (isEach) for (const one of telemetry) drop(one);
    if (isEach || telemetry.length === 0) continue;
    const messages = some.filter(({ isTelemetry }) => isTelemetry !== true);
    const numbersOf = ({ usage }: Told): string => JSON.stringify(usage);
    const isMains = (one: Told): boolean => one.isCopied !== true;
    const left = [...telemetry];
    let isAlike = true;
    for (const one of [...messages.filter(isMains), ...messages.filter((other) => !isMains(other))]) {
      const away = (other: Told): number => Math.abs((other.time ?? Infinity) - (one.time ?? Infinity));
      const same = left.filter((other) => numbersOf(other) === numbersOf(one));
      if (same.length === 0) {
        isAlike &&= !isMains(one);
        continue;
      }
      const nearest = same.reduce((best, other) => (away(other) < away(best) ? other : best));
      left.splice(left.indexOf(nearest), 1);
      one.model ??= nearest.model;
    }
    const sum = (all: readonly Told[]): number =>
      all.reduce((total, { usage }) => total + usage!.input + usage!.output + usage!.reasoning, 0);
    if (!isAlike) untold += Math.max(0, sum(telemetry) - sum(messages));
    const counts = new Set(isAlike ? left.filter((one) => sum([one]) > 0) : []);
    const dropped = new Set(telemetry.filter((one) => !counts.has(one)).map(({ key }) => key));
    for (const one of fileOf.keys())
      if (one.isTelemetry && (dropped.has(one.key ?? "") || telemetry.includes(one)) && !counts.has(one)) drop(one);
  }
  return untold;
}

/** A uuid is one message within its session only; a branch's copies keep uuid and time. */
function nameQwen(files: readonly File[], isEach: boolean): void {
  const told = files.flatMap((file) => file.told.map((one) => ({ one, session: file.session })));
  const keyed = told.filter(({ one }) => one.key !== undefined);
  const there = new Set(keyed.filter(({ one }) => !one.isCopied).map(({ one }) => JSON.stringify([one.key, one.time])));
  for (const { one, session } of keyed) {
    const message = JSON.stringify([one.key, one.time]);
    if (!one.isCopied) one.key = JSON.stringify([session, one.key]);
    else if (isEach || !there.has(message)) one.key = `copy ${one.key}`;
    else
      Object.assign(one, {
        key: undefined,
        isDropped: one.usage !== undefined,
        usage: undefined,
        model: undefined,
        tools: 0,
      });
  }
}

export function oracleQwenScan(paths: string[], options: OracleOptions = {}): AgentResult & { untoldTokens: number } {
  const files = filesOf(paths, (name) => name.endsWith(".jsonl"), readQwen);
  nameQwen(files, options.count === "records");
  const untoldTokens = takeTelemetry(files, options.count === "records");
  return { ...answerOf("qwen", files, options, lastState), untoldTokens };
}

// ------------------------------------------------------------------------------------------------------- Amp

const nameOf = (id: unknown, place: number): string => asText(id) ?? String(typeof id === "number" ? id : place);

function readAmp(path: string): File {
  const file = emptyFile(path, path, "unknown");
  const skip = (reason: SkippedLine["reason"]): number => file.skipped.push({ path, line: 1, offset: 0, reason });
  const bytes = readFileSync(path);
  let thread: Json | undefined;
  try {
    thread = asObject(JSON.parse(bytes.toString("utf8")));
  } catch {
    thread = undefined;
  }
  if (!thread) {
    if (bytes.length > 0) skip("pending");
    return file;
  }
  const id = asText(thread["id"]);
  file.session = id ?? file.session;
  file.records++;
  const created = readTime(thread["created"]);
  const none = { key: undefined, model: undefined, usage: undefined, tools: 0, branch: null };
  if (created !== undefined) file.told.push({ ...none, time: created });
  const add = (name: string, tools: number, at: unknown, model: unknown, read: () => Told["usage"]): void => {
    try {
      const usage = read();
      const time = readTime(at);
      const record = id === undefined ? undefined : JSON.stringify([id, name]);
      // What carries no usage is no part of the response it names.
      const key = record && `${usage ? "response" : "other"} ${record}`;
      const told = { key, record, time, model: asText(model), usage, tools, branch: null };
      if (usage || tools > 0 || time !== undefined) file.told.push(told);
      file.records++;
    } catch {
      skip("malformed");
    }
  };
  const messages = asList(thread["messages"])
    .map(asObject)
    .filter((one) => one !== undefined)
    .map((message, n) => {
      const own = message["messageId"] ?? message["id"];
      const blocks = message["role"] === "assistant" ? asList(message["content"]) : [];
      return {
        name: nameOf(own, n),
        usage: asObject(message["usage"]),
        tools: blocks.filter((block) => asObject(block)?.["type"] === "tool_use").length,
      };
    });
  const cacheOf = (usage: Json | undefined) => ({
    reasoning: 0,
    cached: asCount(usage?.["cacheReadInputTokens"]),
    written: asCount(usage?.["cacheCreationInputTokens"]),
  });
  const ledger = asList(asObject(thread["usageLedger"])?.["events"]).map(asObject);
  if (!ledger.some((event) => asObject(event?.["tokens"]))) {
    for (const { name, usage, tools } of messages) {
      add(`message ${name}`, tools, usage?.["timestamp"], usage?.["model"], () => {
        if (!usage) return undefined;
        asCount(usage["totalTokens"]);
        return { input: asCount(usage["inputTokens"]), output: asCount(usage["outputTokens"]), ...cacheOf(usage) };
      });
    }
    return file;
  }
  const entries = ledger.filter((one) => one !== undefined);
  const isTold = (tokens: Json) => "cacheReadInputTokens" in tokens || "cacheCreationInputTokens" in tokens;
  for (const [n, event] of entries.entries()) {
    const tokens = asObject(event["tokens"]);
    const message = messages.findLast(({ name }) => name === String(event["toMessageId"]));
    const { inputTokens, outputTokens } = message?.usage ?? {};
    const rivals = entries.filter((one) => {
      const others = asObject(one["tokens"]);
      return others && !isTold(others) && String(one["toMessageId"]) === String(event["toMessageId"]);
    });
    const equal = rivals.filter((one) => {
      const { input, output } = asObject(one["tokens"]) ?? {};
      return input === inputTokens && output === outputTokens;
    });
    const isJoined = event === (equal.at(-1) ?? rivals.at(-1));
    add(
      `ledger ${nameOf(event["id"], n)}`,
      0,
      event["timestamp"],
      event["model"],
      () =>
        tokens && {
          input: asCount(tokens["input"]),
          output: asCount(tokens["output"]),
          ...cacheOf(isTold(tokens) ? tokens : isJoined ? message?.usage : undefined),
        },
    );
  }
  for (const { name, usage, tools } of messages) {
    if (tools > 0) add(`message ${name}`, tools, usage?.["timestamp"], usage?.["model"], () => undefined);
  }
  return file;
}

export function oracleAmpScan(paths: string[], options: OracleOptions = {}): AgentResult {
  const files = filesOf(paths, (name) => name.endsWith(".json"), readAmp);
  // The largest output, then the latest.
  return answerOf("amp", files, options, (copies) =>
    copies.reduce((best, one) => {
      const more = one.usage!.output - best.usage!.output || (one.time ?? -Infinity) - (best.time ?? -Infinity);
      return more >= 0 || Number.isNaN(more) ? one : best;
    }),
  );
}
