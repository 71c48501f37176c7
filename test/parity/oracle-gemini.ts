/**
 * The slow, obvious second answer for Gemini CLI sessions, as `spec/accounting.md` and `docs/decisions/0011` word it. It
 * shares no code with `src/` and `workers/` (types only).
 */
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { SkippedLine } from "../../src/types.ts";
import { type AgentResult, asCount, asObject, asText, type Json, resultOf } from "./oracle-agents.ts";
import { compareText, findTranscripts, readTime } from "./oracle-read.ts";
import type { OracleOptions, Piece } from "./oracle-rows.ts";

interface State {
  file: File;
  order: number;
  id: string | undefined;
  time: number | undefined;
  model: string | undefined;
  tokens: Record<"input" | "output" | "cached" | "thoughts" | "tool", number> | undefined;
  tools: number;
}

interface File {
  path: string;
  /** Its own, by which messages are told apart. */
  ownSession: string;
  session: string;
  agent: string;
  project: string;
  states: State[];
  times: number[];
  records: number;
  skipped: SkippedLine[];
}

/** A message of type `gemini`; of others only the time counts. Throws on a bad number. */
function readState(message: Json, file: File): Omit<State, "order"> | undefined {
  const tokens = asObject(message["tokens"]);
  const read = tokens && {
    input: asCount(tokens["input"]),
    output: asCount(tokens["output"]),
    cached: asCount(tokens["cached"]),
    thoughts: asCount(tokens["thoughts"]),
    tool: asCount(tokens["tool"]),
    total: asCount(tokens["total"]),
  };
  if (message["type"] !== "gemini") return undefined;
  return {
    file,
    id: asText(message["id"]),
    time: readTime(message["timestamp"]),
    model: asText(message["model"]),
    tokens: read,
    tools: Array.isArray(message["toolCalls"]) ? message["toolCalls"].length : 0,
  };
}

function takeRecord(json: Json, file: File): void {
  const set = asObject(json["$set"]);
  const id = asText(json["sessionId"]);
  const listed = [set?.["messages"], id === undefined ? undefined : json["messages"]].filter(Array.isArray).flat();
  const inside = listed.map(asObject).filter((one) => one !== undefined);
  const states = [json, ...inside].flatMap((one) => readState(one, file) ?? []);
  const first = [json["timestamp"], json["startTime"], set?.["lastUpdated"]].map(readTime).find((t) => t !== undefined);
  for (const state of states) file.states.push({ ...state, order: file.states.length });
  if (json["type"] !== "gemini" && first !== undefined) file.times.push(first);
  if (id !== undefined && file.ownSession === "") file.ownSession = id;
  if (id !== undefined && json["kind"] === "subagent") file.agent = "subagent";
  file.records++;
}

function readSession(path: string): File {
  const [folder, parent] = [dirname(path), dirname(dirname(path))];
  const isAgent = basename(folder) !== "chats" && basename(parent) === "chats";
  const isPlaced = isAgent || basename(folder) === "chats";
  const file: File = {
    path,
    ownSession: "",
    session: "",
    agent: isAgent ? "subagent" : "main",
    project: basename(isAgent ? dirname(parent) : isPlaced ? parent : folder),
    states: [],
    times: [],
    records: 0,
    skipped: [],
  };
  const bytes = readFileSync(path);
  if (path.endsWith(".json")) {
    const skip = (reason: SkippedLine["reason"]) => file.skipped.push({ path, line: 1, offset: 0, reason });
    let session: Json | undefined;
    try {
      session = asObject(JSON.parse(bytes.toString("utf8")));
    } catch {
      session = undefined;
    }
    if (!session) {
      if (bytes.length > 0) skip("pending");
    } else {
      const { sessionId, startTime, kind } = session;
      takeRecord({ sessionId, startTime, kind }, file);
      takeRecord({ $set: { lastUpdated: session["lastUpdated"] } }, file);
      for (const message of (Array.isArray(session["messages"]) ? session["messages"] : []) as unknown[]) {
        const object = asObject(message);
        if (!object) continue;
        const { id, timestamp, type, model, tokens, toolCalls } = object;
        try {
          takeRecord({ id, timestamp, type, model, tokens, toolCalls }, file);
        } catch {
          skip("malformed");
        }
      }
    }
  } else {
    for (let offset = 0, number = 1; offset < bytes.length; number++) {
      const lf = bytes.indexOf(0x0a, offset);
      const text = bytes.subarray(offset, lf < 0 ? bytes.length : lf).toString("utf8");
      if (text.trim() !== "") {
        try {
          const json = asObject(JSON.parse(text));
          if (json) takeRecord(json, file);
        } catch {
          file.skipped.push({ path, line: number, offset, reason: lf < 0 ? "pending" : "malformed" });
        }
      }
      offset = lf < 0 ? bytes.length : lf + 1;
    }
  }
  file.ownSession ||= basename(path).replace(/\.jsonl?$/, "");
  file.session = isAgent ? basename(folder) : file.ownSession;
  return file;
}

export function oracleGeminiScan(paths: string[], options: OracleOptions = {}): AgentResult {
  const files = findTranscripts(paths, (name) => name.endsWith(".jsonl") || name.endsWith(".json"))
    .map(({ path }) => readSession(path))
    .sort((a, b) => compareText(a.path, b.path));
  const states = files.flatMap((file) => file.states);
  const groups = new Map<unknown, State[]>();
  for (const state of states) {
    const isAlone = state.id === undefined || options.count === "records";
    const key = isAlone ? state : JSON.stringify([state.file.ownSession, state.id]);
    groups.set(key, [...(groups.get(key) ?? []), state]);
  }
  const updated = (file: File): number =>
    Math.max(...file.times, ...file.states.flatMap(({ time }) => time ?? []), -Infinity);
  const earliest = (some: readonly State[]): State =>
    some.reduce((best, one) => ((one.time ?? Infinity) < (best.time ?? Infinity) ? one : best));
  const copies = options.count === "records" ? new Set<State>() : importedIn([...groups.values()], files, earliest);

  const pieces: Piece[] = [];
  let [responses, responsesWithoutTime, clampedResponses] = [0, 0, 0];
  const keysOf = (file: File, model: string | undefined) => ({
    source: "gemini" as const,
    session: file.session,
    agent: file.agent,
    project: file.project,
    team: null,
    branch: null,
    model,
  });
  for (const group of groups.values()) {
    if (copies.has(group[0]!)) {
      for (const { file, time } of group) pieces.push({ keys: keysOf(file, undefined), time });
      continue;
    }
    const told = group.filter(({ tokens }) => tokens);
    const rank = (state: State): number[] => [
      state.file.path.endsWith(".json") ? 0 : 1,
      updated(state.file),
      files.indexOf(state.file),
      state.order,
    ];
    const [chosen] = told.toSorted((a, b) => {
      const [left, right] = [rank(a), rank(b)];
      const at = left.findIndex((value, i) => value !== right[i]);
      return at < 0 ? 0 : right[at]! > left[at]! ? 1 : -1;
    });
    const first = earliest(group);
    // Of the last state that names one, where none has tokens.
    const named = group
      .filter(({ model }) => model !== undefined)
      .reduce<State | undefined>(
        (best, one) => (best && (one.time ?? -Infinity) < (best.time ?? -Infinity) ? best : one),
        undefined,
      );
    const most = Math.max(...group.map(({ tools }) => tools));
    const ownModel = chosen ? chosen.model : named?.model;
    const keys = keysOf(first.file, ownModel ?? (chosen || most > 0 ? "unknown" : undefined));
    for (const { time } of group) pieces.push({ keys, time });
    if (most > 0) {
      const using = earliest(group.filter(({ tools }) => tools === most));
      pieces.push({ keys, time: using.time, toolUses: most });
    }
    if (!chosen) continue;
    const { input, output, cached, thoughts, tool } = chosen.tokens!;
    const read = Math.min(cached, input);
    responses++;
    if (first.time === undefined) responsesWithoutTime++;
    if (read < cached) clampedResponses++;
    const numbers = {
      input: BigInt(input - read) + BigInt(tool),
      output: BigInt(output) + BigInt(thoughts),
      reasoning: BigInt(thoughts),
      creation: 0n,
      creation5m: 0n,
      creation1h: 0n,
      read: BigInt(read),
      webSearches: 0n,
    };
    pieces.push({ keys, time: first.time, numbers, responses: 1 });
  }
  for (const file of files) for (const time of file.times) pieces.push({ keys: keysOf(file, undefined), time });

  const counted = {
    responses,
    usageRecords: states.filter(({ tokens }) => tokens).length,
    responsesWithoutTime,
    clampedResponses,
  };
  return resultOf(files, pieces, counted, options);
}

/** One id and time in several sessions: it is of the one whose files have the earliest time, then of the smaller name. Returns the first state of each copy. */
function importedIn(
  groups: readonly State[][],
  files: readonly File[],
  earliest: (some: readonly State[]) => State,
): ReadonlySet<State> {
  const beganAt = (session: string): number =>
    Math.min(
      Infinity,
      ...files
        .filter(({ ownSession }) => ownSession === session)
        .flatMap(({ times, states }) => [...times, ...states.flatMap(({ time }) => time ?? [])]),
    );
  const byMessage = new Map<string, State[]>();
  for (const group of groups) {
    const { id, time } = earliest(group);
    if (id === undefined || time === undefined) continue;
    const key = JSON.stringify([id, time]);
    byMessage.set(key, [...(byMessage.get(key) ?? []), group[0]!]);
  }
  const copies = new Set<State>();
  for (const some of byMessage.values()) {
    const [, ...others] = some.toSorted(({ file: { ownSession: a } }, { file: { ownSession: b } }) => {
      const [left, right] = [beganAt(a), beganAt(b)];
      return left === right ? compareText(a, b) : left - right;
    });
    for (const one of others) copies.add(one);
  }
  return copies;
}
