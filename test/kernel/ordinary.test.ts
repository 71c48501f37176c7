/**
 * Records that become events in the kernel (`workers/kernel/claude.ts`, `codex.ts`), against the same records decoded by
 * the host: the events are the same, down to the order of records.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, type Columns, openBatch, type Spec } from "../../src/events.ts";
import { claude, RECORD } from "../../src/sources/claude.ts";
import { codex, RECORD as CODEX_RECORD } from "../../src/sources/codex.ts";
import { assignSlots } from "../../src/sources/fields.ts";
import type { Source } from "../../src/sources/source.ts";
import { TaskPattern } from "../../src/sources/task-ids.ts";
import { RowCells } from "../../workers/cells.ts";
import { EventColumns } from "../../workers/event-columns.ts";
import { Kernel } from "../../workers/kernel.ts";
import { BUFFER, STATUS } from "../../workers/layout.ts";
import { family, writeFamily } from "../parity/generate-codex.ts";
import { transcriptTree } from "../parity/generate.ts";

const module = new WebAssembly.Module(readFileSync(new URL("../../dist/src/kernel.wasm", import.meta.url)));
const MAX_LINE_BYTES = 1 << 20;

/** Reads lines with one kernel that makes events itself, or leaves every record to the host. */
class Reader {
  /** Records the host was asked about. */
  asked = 0;
  readonly #source: Source;
  readonly #kernel: Kernel;
  readonly #events: EventColumns;
  readonly #cells: RowCells;

  /** `isBare`: what only cursors and `run` need is left out. */
  constructor(source: Source, takes: boolean, isBare: boolean) {
    this.#source = source;
    const { slotCount } = assignSlots(source.record);
    this.#kernel = new Kernel(module, source.record, slotCount, 1 << 16);
    this.#events = new EventColumns(
      this.#kernel,
      { folds: true, wantsDispatches: !isBare },
      isBare ? undefined : new TaskPattern(String.raw`task-\d+`),
    );
    this.#cells = new RowCells(this.#kernel, slotCount);
    if (takes) this.#kernel.takeOrdinary(source.name, MAX_LINE_BYTES);
  }

  read(files: readonly Buffer[]): Batch {
    const kernel = this.#kernel;
    const cells = this.#cells;
    for (const [transcript, content] of files.entries()) {
      kernel.makeRoom(content.length + 1);
      kernel.bytes.set(content, BUFFER);
      kernel.resetLines();
      this.#events.beginRange(transcript, 0);
      const end = BUFFER + content.length;
      let records = 0;
      let from = BUFFER;
      do {
        from = kernel.scan(from, end, end, true);
        records += kernel.takeCount();
        for (let row = 0; row < kernel.rowCount; row++) {
          cells.moveTo(row);
          if (cells.status === STATUS.message) this.#source.noteMessage?.(cells, this.#events);
          else if (cells.status === STATUS.object && this.#decode()) records++;
          this.#events.endLine(cells.lineEnd - BUFFER);
        }
      } while (kernel.rowsAreFull);
      this.#events.endRange({ lines: kernel.lineCount, records, bytesRead: 0, committed: 0 });
    }
    return this.#events.finish();
  }

  #decode(): boolean {
    this.asked++;
    return this.#source.decode(this.#cells, this.#events);
  }
}

const TEXTS = new Set("model sessionId agentName agentType team cwd tasks1 tasks2 tasks3 taskPattern".split(" "));
const CONTEXTS = new Set(["context"]);

/** All that is in a batch, with texts and contexts in place of their numbers, which depend on who met them first. */
function contentsOf(batch: Batch) {
  const { event, record, usage, extra, context, range } = openBatch(batch);
  const textOf = (number: number) => batch.texts[number] ?? `no text ${number}`;
  const contextOf = (number: number) => Object.values(context).map((column) => textOf(column[number] as number));
  const valueOf = (name: string, value: number) => {
    if (CONTEXTS.has(name)) return contextOf(value);
    return TEXTS.has(name) ? textOf(value) : value;
  };
  const rowsOf = (columns: Columns<Spec>, length: number) =>
    Array.from({ length }, (_, i) =>
      Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, valueOf(name, column[i] as number)])),
    );
  return {
    events: rowsOf(event, batch.events),
    records: rowsOf(record, batch.records),
    usages: rowsOf(usage, batch.usages),
    extras: rowsOf(extra, batch.extras),
    ranges: rowsOf(range, batch.ranges),
  };
}

function expectSame(files: readonly Buffer[], source = claude) {
  const read = (isBare: boolean) => {
    const taking = new Reader(source, true, isBare);
    const batch = taking.read(files);
    expect(contentsOf(batch)).toEqual(contentsOf(new Reader(source, false, isBare).read(files)));
    return { asked: taking.asked, records: batch.records };
  };
  return { ...read(false), askedBare: read(true).asked };
}

const lines = (...records: unknown[]) => [Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(""))];

const USAGE = {
  input_tokens: 3,
  cache_creation_input_tokens: 900,
  cache_read_input_tokens: 12_000,
  cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 700 },
  output_tokens: 40,
  output_tokens_details: { thinking_tokens: 60 },
  server_tool_use: { web_search_requests: 2 },
  service_tier: "batch",
};
const RESPONSE = {
  type: "assistant",
  uuid: "u1",
  requestId: "r1",
  timestamp: "2026-03-01T10:00:00.000Z",
  sessionId: "s1",
  cwd: "C:\\work",
  gitBranch: "main",
  version: "2.1.0",
  message: {
    id: "m1",
    model: "claude-opus-4-5",
    content: [{ type: "tool_use", id: "t1", name: "Bash", input: {} }],
    stop_reason: "tool_use",
    usage: USAGE,
  },
};

/** The slots in a file of the kernel, which is AssemblyScript and cannot be imported. */
function slotsIn(file: string): Record<string, number> {
  const source = readFileSync(new URL(`../../workers/kernel/${file}`, import.meta.url), "utf8");
  const numbers = [...source.matchAll(/^export const (\w+): u32 = (\d+);/gm)];
  return Object.fromEntries(numbers.map(([, name, number]) => [name, Number(number)]));
}

test("slots of Codex have the numbers the kernel knows them by", () => {
  const { slots } = assignSlots(CODEX_RECORD);
  const { payload } = slots;
  const { total_token_usage: total, last_token_usage: last } = payload.info;
  expect(slotsIn("codex.ts")).toEqual({
    TIMESTAMP: slots.timestamp,
    TYPE: slots.type,
    PAYLOAD_TYPE: payload.type,
    TOTAL: total.self,
    TOTAL_INPUT: total.input_tokens,
    TOTAL_CACHED_INPUT: total.cached_input_tokens,
    TOTAL_CACHE_WRITE: total.cache_write_input_tokens,
    TOTAL_OUTPUT: total.output_tokens,
    TOTAL_REASONING: total.reasoning_output_tokens,
    TOTAL_TOKENS: total.total_tokens,
    LAST: last.self,
    LAST_TOKENS: last.total_tokens,
    INFO_MODEL: payload.info.model,
    PAYLOAD_MODEL: payload.model,
    PAYLOAD_CWD: payload.cwd,
  });
});

test("slots of Claude Code have the numbers the kernel knows them by", () => {
  const { slots } = assignSlots(RECORD);
  const { message, data, toolUseResult: result } = slots;
  const { usage, content } = message;
  expect(slotsIn("claude.ts")).toEqual({
    TYPE: slots.type,
    TIMESTAMP: slots.timestamp,
    UUID: slots.uuid,
    REQUEST_ID: slots.requestId,
    SESSION_ID: slots.sessionId,
    IS_SIDECHAIN: slots.isSidechain,
    CWD: slots.cwd,
    GIT_BRANCH: slots.gitBranch,
    VERSION: slots.version,
    AGENT_NAME: slots.agentName,
    ATTRIBUTION_AGENT: slots.attributionAgent,
    TEAM_NAME: slots.teamName,
    TEAM_TEAM_NAME: slots.team.teamName,
    MESSAGE_ID: message.id,
    MODEL: message.model,
    STOP_REASON: message.stop_reason,
    HAS_USAGE: usage.self,
    INPUT_TOKENS: usage.input_tokens,
    OUTPUT_TOKENS: usage.output_tokens,
    CACHE_CREATION_TOKENS: usage.cache_creation_input_tokens,
    CACHE_READ_TOKENS: usage.cache_read_input_tokens,
    SPLIT_5M: usage.cache_creation.ephemeral_5m_input_tokens,
    SPLIT_1H: usage.cache_creation.ephemeral_1h_input_tokens,
    THINKING_TOKENS: usage.output_tokens_details.thinking_tokens,
    WEB_SEARCHES: usage.server_tool_use.web_search_requests,
    ITERATIONS: usage.iterations.self,
    OWN_MESSAGES: usage.iterations.ownMessages,
    SPEED: usage.speed,
    SERVICE_TIER: usage.service_tier,
    INFERENCE_GEO: usage.inference_geo,
    CONTENT: content.self,
    TOOL_USES: content.toolUses,
    THINKING: content.thinking,
    TOOL_NAME: content.name,
    RESULT_AGENT_ID: result.agentId,
    RESULT_OTHER_AGENT_ID: result.agent_id,
    FORKED_FROM: slots.forkedFrom.messageUuid,
    COST_USD: slots.costUSD,
    DATA_TYPE: data.type,
    NESTED_TYPE: data.message.type,
    NESTED_UUID: data.message.uuid,
    NESTED_REQUEST_ID: data.message.requestId,
    NESTED_TIMESTAMP: data.message.timestamp,
    NESTED: data.message.message.id - message.id,
  });
});

describe("the host is not asked about", () => {
  const NESTED = { type: "agent_progress", message: { ...RESPONSE, message: { ...RESPONSE.message, id: "m2" } } };
  const RESULT = [{ tool_use_id: "t1", type: "tool_result", content: "task-1" }];
  test.each([
    ["a response", RESPONSE],
    ["its next snapshot", { ...RESPONSE, uuid: "u2", timestamp: "2026-03-01T10:00:01.000Z" }],
    ["a response on a side chain of a team", { ...RESPONSE, isSidechain: true, teamName: "t", agentName: "worker" }],
    ["a tool's result", { ...RESPONSE, type: "user", message: { content: RESULT } }],
    ["what a user wrote", { ...RESPONSE, type: "user", message: { content: "do task-7" } }],
    ["a summary", { type: "summary", summary: "x", leafUuid: "y" }],
    ["progress with a record in it", { ...RESPONSE, type: "progress", message: undefined, data: NESTED }],
    ["one API pass that is the response itself", withUsage({ iterations: [{ type: "message", input_tokens: 3 }] })],
  ])("%s", (_, record) => {
    expect(expectSame(lines(RESPONSE, record))).toMatchObject({ asked: 0 });
  });
});

describe("of Codex the host is not asked about", () => {
  const timestamp = "2026-03-01T10:00:00.000Z";
  const TURN = { timestamp, type: "turn_context", payload: { cwd: "/src/app", model: "gpt-5.2-codex" } };
  const reading = { type: "token_count", info: { total_token_usage: { input_tokens: 7, total_tokens: 7 } } };
  test.each([
    ["a turn", TURN],
    ["a turn of another model, elsewhere", { ...TURN, payload: { cwd: "C:\\src", model: 'o"3' } }],
    ["a turn that names neither", { ...TURN, payload: {} }],
    ["a turn without a time", { ...TURN, timestamp: undefined }],
    ["a tool call", { ...TURN, type: "response_item", payload: { type: "function_call", name: "shell" } }],
    ["a total that is repeated", { ...TURN, type: "event_msg", payload: reading }],
  ])("%s", (_, record) => {
    const first = { timestamp, type: "event_msg", payload: reading };
    const { asked } = expectSame(lines(first, record, TURN, first), codex);
    // Of the first total, which fell from nothing.
    expect(asked).toBe(1);
  });
});

describe("the host reads, for cursors and run alone,", () => {
  test.each([
    ["a call that starts an agent", withContent([{ type: "tool_use", id: "t", name: "Task", input: { name: "w" } }])],
    ["a call among several blocks", withContent([{ type: "text" }, { type: "tool_use", id: "t", name: "Bash" }])],
    ["a result that names an agent", { ...RESPONSE, type: "user", toolUseResult: { agentId: "a1" } }],
    ["a result that names one by an odd id", { ...RESPONSE, type: "user", toolUseResult: { agentId: 'a"1' } }],
  ])("%s", (_, record) => {
    expect(expectSame(lines(record))).toMatchObject({ asked: 1, askedBare: 0 });
  });
});

describe("the host reads", () => {
  test.each([
    ["passes of another model", withUsage({ iterations: [{ type: "advisor_message", model: "b", output_tokens: 7 }] })],
    ["what a record says it cost", { ...RESPONSE, costUSD: 0.25 }],
    ["a fork's copy", { ...RESPONSE, forkedFrom: { sessionId: "s1", messageUuid: "u0" } }],
    ["a bad count", withUsage({ output_tokens: -1 })],
    ["a time that is a number", { ...RESPONSE, timestamp: 1_772_359_200_000 }],
    ["a response that the client made up", { ...RESPONSE, message: { ...RESPONSE.message, model: "<synthetic>" } }],
  ])("%s", (_, record) => {
    expect(expectSame(lines(record))).toMatchObject({ asked: 1, askedBare: 1 });
  });
});

function withUsage(more: object) {
  return { ...RESPONSE, message: { ...RESPONSE.message, usage: { ...USAGE, ...more } } };
}

function withContent(content: readonly object[]) {
  return { ...RESPONSE, message: { ...RESPONSE.message, content } };
}

test("more records than there is room for, more texts and more contexts than are kept at hand", () => {
  const records = Array.from({ length: 25_000 }, (_, i) => ({
    ...RESPONSE,
    uuid: `u${i}`,
    requestId: `r${i >> 1}`,
    cwd: `/work/${i % 3000}`,
    gitBranch: `branch-${i % 700}`,
    ...(i % 50 === 0 && { costUSD: 0.01 }),
    message: { ...RESPONSE.message, id: `m${i >> 1}` },
  }));
  expect(expectSame(lines(...records))).toMatchObject({ records: 25_000 });
});

test("generated transcripts, a few hundred trees of them", () => {
  let asked = 0;
  let records = 0;
  fc.assert(
    fc.property(transcriptTree, ({ files }) => {
      const contents = Object.entries(files).flatMap(([name, content]) => (name.endsWith(".jsonl") ? [content] : []));
      const found = expectSame(contents);
      asked += found.asked;
      records += found.records;
    }),
    { numRuns: Math.min(500, Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 300)) },
  );
  // Both ways are gone: generated records are far odder than real ones.
  expect(asked).toBeGreaterThan(records * 0.05);
  expect(asked).toBeLessThan(records * 0.95);
});

test("generated families of Codex, a few hundred of them", () => {
  let asked = 0;
  let records = 0;
  fc.assert(
    fc.property(family, (sessions) => {
      const found = expectSame(Object.values(writeFamily(sessions)), codex);
      asked += found.asked;
      records += found.records;
    }),
    { numRuns: Math.min(500, Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 300)) },
  );
  expect(asked).toBeGreaterThan(records * 0.05);
  expect(asked).toBeLessThan(records * 0.95);
});
