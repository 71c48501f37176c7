/** The oracle against cases counted by hand; the numbers in the titles are those of decision 0002. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { readTime } from "./oracle-read.ts";
import { oracleScan, type OracleOptions, type OracleResult } from "./oracle.ts";

type Json = Record<string, unknown>;

const A = "aaaaaaaa-0000-4000-8000-000000000001";
const B = "bbbbbbbb-0000-4000-8000-000000000002";
const at = (minute: number): string => new Date(Date.UTC(2026, 5, 1, 12, minute)).toISOString();

/** An assistant record with 10 tokens of input; `usage` and `message` are laid over the defaults. */
function assistant(fields: Json = {}, usage: Json = {}, message: Json = {}): string {
  return JSON.stringify({
    type: "assistant",
    timestamp: at(0),
    cwd: "/srv/app",
    message: {
      id: "msg_1",
      model: "m",
      stop_reason: "end_turn",
      usage: { input_tokens: 10, output_tokens: 1, ...usage },
      ...message,
    },
    requestId: "req_1",
    ...fields,
  });
}

const user = (fields: Json = {}): string =>
  JSON.stringify({ type: "user", message: { role: "user", content: "hi" }, ...fields });

const blocks = (...types: string[]): Json => ({ content: types.map((type) => ({ type })) });

/** Lays the files out (arrays are lines), scans them, and takes the folder out of the answer. */
function scan(
  files: Record<string, string[] | string | Buffer>,
  options: OracleOptions & { paths?: string[] } = {},
): OracleResult {
  const folder = mkdtempSync(join(tmpdir(), "oracle-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      const bytes = Array.isArray(content) ? content.map((line) => `${line}\n`).join("") : content;
      writeFileSync(join(folder, name), bytes);
    }
    const result = oracleScan(
      (options.paths ?? [""]).map((path) => join(folder, path)),
      options,
    );
    return JSON.parse(JSON.stringify(result).replaceAll(`${folder}/`, "")) as OracleResult;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const main = (...lines: string[]): Record<string, string[]> => ({ [`p/${A}.jsonl`]: lines });
const keysOf = (result: OracleResult): unknown[] => result.rows.map((row) => row.key);
const keyOf = (result: OracleResult): unknown => {
  expect(result.rows).toHaveLength(1);
  return result.rows[0]!.key;
};
const skipsOf = (result: OracleResult): string[] =>
  result.diagnostics.skippedLines.map((s) => `${s.reason} ${s.line} ${s.offset}`);

describe("lines", () => {
  test("one response gives exactly these figures", () => {
    const result = scan(main(assistant({}, { cache_read_input_tokens: 5 })));
    expect(result).toEqual({
      rows: [{ key: { source: "claude", model: "m" }, ...result.totals }],
      totals: {
        inputTokens: 10,
        outputTokens: 1,
        reasoningTokens: 0,
        cacheCreationTokens: 0,
        cacheCreation5mTokens: 0,
        cacheCreation1hTokens: 0,
        cacheReadTokens: 5,
        totalTokens: 16,
        responses: 1,
        toolUses: 0,
        webSearches: 0,
        firstAt: "2026-06-01T12:00:00.000Z",
        lastAt: "2026-06-01T12:00:00.000Z",
        durationMs: 0,
        billableEquivalentTokens: 15.5,
      },
      stats: {
        transcripts: 1,
        records: 1,
        responses: 1,
        duplicateRecords: 0,
        skipped: { malformed: 0, oversized: 0, pending: 0 },
      },
      diagnostics: { skippedLines: [], responsesWithoutTime: 0, lowOutputResponses: {} },
    });
  });

  test("1: a byte order mark at offset 0 is no part of the line, elsewhere it is damage", () => {
    const result = scan({ [`p/${A}.jsonl`]: `\ufeff${user()}\n\ufeff${user()}\n` });
    expect(result.stats.records).toBe(1);
    expect(skipsOf(result)).toEqual([`malformed 2 ${3 + user().length + 1}`]);
  });

  test("2: a blank line has a number and nothing else", () => {
    const result = scan(main(" \t\r", "{", "\f"));
    expect(skipsOf(result)).toEqual(["malformed 2 4", "malformed 3 6"]);
    expect(result.stats.records).toBe(0);
  });

  test("3: values that are no object count nowhere; control characters, NUL, bad UTF-8 are damage", () => {
    const lines = ["42", "[1]", "null", '{"a":"\t"}', '{"a":1}{"b":2}', "// x", '{"a":"\u0000"}', "{}"];
    const bytes = Buffer.concat([Buffer.from(`${lines.join("\n")}\n`), Buffer.from('{"a":"\xff"}\n', "latin1")]);
    const result = scan({ [`p/${A}.jsonl`]: bytes });
    expect(result.stats.records).toBe(1);
    expect(result.diagnostics.skippedLines.map((s) => s.line)).toEqual([4, 5, 6, 7, 9]);
  });

  test("4: texts of another type are absent, null numbers are 0", () => {
    const record = assistant(
      { requestId: 7, gitBranch: "", cwd: ["x"], timestamp: true },
      { input_tokens: null, cache_creation: [1], server_tool_use: "x" },
      { model: {}, id: "" },
    );
    const result = scan(main(record), { by: ["project", "branch", "model"] });
    expect(keyOf(result)).toEqual({ project: "p", branch: null, model: "unknown" });
    expect(result.totals.totalTokens).toBe(1);
    expect(result.diagnostics.responsesWithoutTime).toBe(1);
  });

  test.each([["-1"], ["1.5"], ["1e400"], ['"12"'], ["true"], ["9007199254740992"], ["[]"], ["{}"]])(
    "4: the number %s makes the line malformed",
    (number) => {
      for (const path of [
        '"input_tokens"',
        '"cache_creation":{"ephemeral_1h_input_tokens"',
        '"server_tool_use":{"web_search_requests"',
      ]) {
        const close = path.includes("{") ? "}" : "";
        const result = scan(main(`{"message":{"usage":{${path}:${number}${close}}}}`));
        expect(result.stats).toMatchObject({ records: 0, responses: 0, skipped: { malformed: 1 } });
      }
    },
  );

  test.each([
    ["1e1", 10],
    ["10.0", 10],
    ["-0", 0],
    ["1E2", 100],
    ["9007199254740991", 2 ** 53 - 1],
  ])("4: the number %s is %i", (number, value) => {
    const result = scan(main(`{"message":{"usage":{"input_tokens":${number}}}}`));
    expect(result.totals.inputTokens).toBe(value);
    expect(Object.is(result.totals.inputTokens, value)).toBe(true);
  });

  test("5: a tail counts when it is valid, else it is pending whatever is wrong", () => {
    const whole = scan({ [`p/${A}.jsonl`]: assistant() });
    expect([whole.stats.responses, whole.stats.records]).toEqual([1, 1]);
    for (const tail of ['{"message":{"usage":{"input_tokens":-1}}}', '{"a', "{}{}", "\u0000"]) {
      expect(skipsOf(scan({ [`p/${A}.jsonl`]: `{}\n${tail}` }))).toEqual(["pending 2 3"]);
    }
    expect(skipsOf(scan({ [`p/${A}.jsonl`]: "{}\n \r", "p/empty.jsonl": "" }))).toEqual([]);
  });

  test("6: a line or tail longer than maxLine is oversized", () => {
    const result = scan({ [`p/${A}.jsonl`]: '{"a":1}\n{"ab":1}\n{"abc":1}' }, { maxLine: 7 });
    expect(skipsOf(result)).toEqual(["oversized 2 8", "oversized 3 17"]);
    expect(result.stats.records).toBe(1);
  });

  test("7: the last of duplicate keys wins as a whole", () => {
    const line =
      '{"message":{"id":"x","model":"early","usage":{"output_tokens":-1}},"message":{"usage":{"input_tokens":1.5,"input_tokens":3}}}';
    const result = scan(main(line));
    expect(keyOf(result)).toEqual({ source: "claude", model: "unknown" });
    expect(result.totals.totalTokens).toBe(3);
  });
});

describe("time", () => {
  const noon = Date.UTC(2026, 5, 1, 12);
  test.each([
    ["2026-06-01T12:00:00.000Z", noon],
    ["2026-06-01", noon - 12 * 3_600_000],
    ["2026-06-01 12:00", noon],
    ["2026-06-01t12:00:00,1239z", noon + 123],
    ["2026-06-01T12:00:00.5", noon + 500],
    ["2026-06-01T14:00+02", noon],
    ["2026-06-01T06:30:00-0530", noon],
    ["2026-06-01T17:30:00.000+05:30", noon],
    ["1969-12-31T23:59:59.9999Z", -1],
    ["0001-01-01", -62_135_596_800_000],
    [1_780_315_200, 1_780_315_200_000],
    [1_780_315_200.5, 1_780_315_200_500],
    [1_780_315_200_123.9, 1_780_315_200_123],
    [99_999_999_999, 99_999_999_999_000],
    [100_000_000_000, 100_000_000_000],
    [-0, 0],
  ])("8: %s is %i", (value, ms) => expect(readTime(value)).toBe(ms));

  test.each([
    ["2026-02-29"],
    ["2026-13-01"],
    ["2026-06-01T24:00"],
    ["2026-06-01T12:00:60"],
    ["2026-06-01T12"],
    ["2026-06-01T12:00:00."],
    ["2026-06-01T12:00+24:00"],
    [" 2026-06-01T12:00"],
    ["2026-06-01T12:00 "],
    ["1780315200"],
    [""],
    [-1],
    [8.640000000000001e15],
    [null],
    [true],
  ])("8: %s is no time", (value) => expect(readTime(value)).toBeUndefined());

  test("9: records without a time are never the earliest and never the latest", () => {
    const result = scan(
      main(
        assistant({ timestamp: "soon", gitBranch: "none" }, {}, { model: "a" }),
        assistant({ timestamp: at(1), gitBranch: "timed" }, {}, { model: "b" }),
      ),
      { by: ["day", "branch", "model"] },
    );
    expect(keyOf(result)).toEqual({ day: "2026-06-01", branch: "timed", model: "b" });
  });
});

describe("usage", () => {
  test("10: the split wins when it is larger; what it leaves over is 5m; reasoning is clamped", () => {
    const figures = (usage: Json): number[] => {
      const t = scan(main(assistant({}, usage))).totals;
      return [
        t.cacheCreationTokens,
        t.cacheCreation5mTokens,
        t.cacheCreation1hTokens,
        t.reasoningTokens,
        t.webSearches,
      ];
    };
    const split = { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 };
    expect(figures({ cache_creation_input_tokens: 9 })).toEqual([9, 9, 0, 0, 0]);
    expect(figures({ cache_creation_input_tokens: 9, cache_creation: split })).toEqual([9, 5, 4, 0, 0]);
    expect(figures({ cache_creation_input_tokens: 5, cache_creation: split })).toEqual([7, 3, 4, 0, 0]);
    expect(
      figures({
        output_tokens: 6,
        output_tokens_details: { thinking_tokens: 8 },
        server_tool_use: { web_search_requests: 2 },
      }),
    ).toEqual([0, 0, 0, 6, 2]);
  });

  test("usage elsewhere is a copy", () => {
    const copy = { usage: { input_tokens: 5 }, message: { usage: { input_tokens: 7 } } };
    const result = scan(main(user({ toolUseResult: copy, usage: { input_tokens: 9 }, data: { message: copy } })));
    expect(result.rows).toEqual([]);
    expect(result.stats).toMatchObject({ records: 1, responses: 0, duplicateRecords: 0 });
  });

  test("11: <synthetic> without tokens is no response and no model; with tokens it is synthetic", () => {
    const zero = { input_tokens: 0, output_tokens: 0 };
    const result = scan(
      main(
        assistant({ requestId: "z" }, zero, { model: "<synthetic>", ...blocks("tool_use") }),
        assistant({}, { input_tokens: 2 }, { id: "msg_2", model: "<synthetic>" }),
      ),
    );
    expect(result.rows.map((row) => [row.key.model, row.responses, row.toolUses])).toEqual([
      ["synthetic", 1, 0],
      ["unknown", 0, 1],
    ]);
  });

  test("12, 22: usage without a model is unknown", () => {
    expect(keyOf(scan(main(assistant({}, {}, { model: "" }))))).toEqual({
      source: "claude",
      model: "unknown",
    });
  });
});

describe("groups", () => {
  const count = (files: Record<string, string[]>): number => scan(files).stats.responses;
  const two = (a: Json, b: Json, idA = "msg_1", idB = "msg_1"): string[] => [
    assistant(a, {}, { id: idA }),
    assistant(b, {}, { id: idB }),
  ];
  const inTwoSessions = ([a, b]: string[]): Record<string, string[]> => ({
    [`p/${A}.jsonl`]: [a!],
    [`p/${B}.jsonl`]: [b!],
  });

  test("rule 1: equal message and request id in any transcripts; other ids are other responses", () => {
    expect(count(inTwoSessions(two({}, {})))).toBe(1);
    expect(count(main(...two({}, { requestId: "req_2" })))).toBe(2);
    expect(count(main(...two({}, {}, "msg_1", "msg_2")))).toBe(2);
  });

  test("rule 2: without a request id, the same session or an equal uuid", () => {
    expect(count(main(...two({}, { requestId: null })))).toBe(1);
    expect(count(inTwoSessions(two({}, { requestId: null })))).toBe(2);
    expect(count(inTwoSessions(two({ uuid: "u" }, { uuid: "u", requestId: null })))).toBe(1);
    expect(count(inTwoSessions(two({ requestId: null, uuid: "u" }, { uuid: "v", requestId: null })))).toBe(2);
  });

  test("rule 3: another request id in the same session, one on a side chain", () => {
    expect(count(main(...two({}, { requestId: "req_2", isSidechain: true })))).toBe(1);
    expect(count(main(...two({}, { requestId: "req_2", isSidechain: "true" })))).toBe(2);
    expect(count(inTwoSessions(two({}, { requestId: "req_2", isSidechain: true })))).toBe(2);
  });

  test("rule 4: equal uuid where both lack a message id", () => {
    const noId = { id: null } as Json;
    const files = inTwoSessions([
      assistant({ uuid: "u" }, {}, noId),
      assistant({ uuid: "u", requestId: "other" }, {}, noId),
    ]);
    expect(count(files)).toBe(1);
    expect(count(inTwoSessions([assistant({ uuid: "u" }), assistant({ uuid: "u" }, {}, noId)]))).toBe(2);
    expect(count(main(assistant({}, {}, noId), assistant({}, {}, noId)))).toBe(2);
  });

  test("the rules are closed transitively", () => {
    // 1 - 2 by rule 3 (session A), 2 - 3 by rule 1 (sessions A and B); 1 and 3 alone would be two.
    const first = assistant({ requestId: "req_1" });
    const link = assistant({ requestId: "req_2", isSidechain: true });
    const third = assistant({ requestId: "req_2" });
    expect(count({ [`p/${A}.jsonl`]: [first, link], [`p/${B}.jsonl`]: [third] })).toBe(1);
    expect(count({ [`p/${A}.jsonl`]: [first], [`p/${B}.jsonl`]: [third] })).toBe(2);
  });

  test("13: a record without usage belongs to its response: its time and its tools", () => {
    const result = scan(
      main(
        assistant({ timestamp: at(-60) }, {}, { usage: null, ...blocks("tool_use") }),
        assistant({ timestamp: at(5) }, { output_tokens: 9 }),
      ),
      { by: ["hour"] },
    );
    expect(result.rows).toMatchObject([{ key: { hour: "2026-06-01T11+00:00" }, responses: 1, toolUses: 1 }]);
    expect(result.stats).toMatchObject({ responses: 1, duplicateRecords: 0 });
  });

  test("16: the largest output is chosen as a whole, among equals the latest", () => {
    const outputs = (lines: string[]): unknown => {
      const row = scan(main(...lines)).rows[0]!;
      return [row.key.model, row.inputTokens, row.outputTokens];
    };
    const record = (output: number, input: number, model: string, minute: number): string =>
      assistant({ timestamp: at(minute) }, { output_tokens: output, input_tokens: input }, { model });
    expect(outputs([record(9, 1, "a", 0), record(8, 100, "b", 1)])).toEqual(["a", 1, 9]);
    expect(outputs([record(9, 1, "a", 1), record(9, 100, "b", 0)])).toEqual(["a", 1, 9]);
    expect(outputs([record(9, 1, "a", 0), record(9, 2, "b", 0)])).toEqual(["b", 2, 9]);
  });

  test("17: the response stands at its earliest record", () => {
    const lines = [assistant({ timestamp: at(9) }, { output_tokens: 50 }), assistant({ timestamp: at(3) })];
    const inside = { since: Date.parse(at(4)), until: Date.parse(at(10)) };
    expect(scan(main(...lines), inside).rows).toEqual([]);
    expect(scan(main(...lines), inside).totals).toMatchObject({ totalTokens: 0, firstAt: at(9) }); // (29)
    expect(scan(main(...lines), { until: Date.parse(at(3)) }).totals).toMatchObject({
      outputTokens: 50,
    });
  });
});

describe("nested records (15)", () => {
  const progress = (message: Json, fields: Json = {}): string =>
    JSON.stringify({
      type: "progress",
      timestamp: at(30),
      gitBranch: "outer",
      data: { type: "agent_progress", message },
      ...fields,
    });
  const inner = (fields: Json = {}): Json => ({
    type: "assistant",
    uuid: "n1",
    requestId: "req_1",
    timestamp: at(1),
    message: {
      id: "msg_1",
      model: "n",
      usage: { input_tokens: 7, output_tokens: 1 },
      content: [{ type: "tool_use" }],
    },
    ...fields,
  });

  test("counts when no transcript holds the response", () => {
    const result = scan(main(progress(inner()), progress(inner({ uuid: "n2" }))), {
      by: ["model", "agent", "branch"],
    });
    expect(result.rows).toMatchObject([
      {
        key: { model: "n", agent: "subagent", branch: "outer" },
        responses: 1,
        toolUses: 2,
        firstAt: at(1),
        lastAt: at(1),
      },
    ]);
    expect(result.totals).toMatchObject({ inputTokens: 7, lastAt: at(30) });
    expect(result.stats).toMatchObject({ records: 2, responses: 1, duplicateRecords: 1 });
  });

  test("is silent when one does, also by another request id (rule 3)", () => {
    for (const requestId of ["req_1", "req_2"]) {
      const result = scan({
        [`p/${A}.jsonl`]: [progress(inner({ requestId }))],
        [`p/${A}/subagents/agent-x.jsonl`]: [assistant({ isSidechain: true })],
      });
      expect(result.rows).toMatchObject([{ key: { model: "m" }, responses: 1, toolUses: 0 }]);
      expect(result.stats.duplicateRecords).toBe(1);
    }
  });

  test("never joins other records, and counts beside records without usage", () => {
    // The nested req_2 would join msg_1/req_1 and msg_1/req_2 of one session by rule 3.
    const joined = scan(main(assistant(), assistant({ requestId: "req_2" }), progress(inner({ requestId: "req_2" }))));
    expect(joined.stats).toMatchObject({ responses: 2, duplicateRecords: 1 });
    const beside = scan(main(progress(inner()), assistant({ gitBranch: "x" }, {}, { usage: null })), {
      by: ["branch"],
    });
    expect(beside.rows).toMatchObject([{ key: { branch: "outer" }, responses: 1 }]);
  });

  test("other data and missing usage are nothing, a bad nested number spoils the line", () => {
    const other = JSON.stringify({
      type: "progress",
      data: { type: "bash_progress", message: inner() },
    });
    const noUsage = progress(inner({ message: { id: "q", content: [{ type: "tool_use" }] } }));
    const bad = progress(inner({ message: { usage: { output_tokens: -1 } } }));
    const result = scan(main(other, noUsage, bad));
    expect(result.rows).toEqual([]);
    expect(result.stats).toMatchObject({ records: 2, skipped: { malformed: 1 } });
  });
});

describe("attribution", () => {
  const sessions = (files: Record<string, string[]>): unknown[] => keysOf(scan(files, { by: ["session"] }));
  const shared = assistant({ uuid: "s", timestamp: at(5) });
  const own = user({ uuid: "own", timestamp: at(4) });

  test("18: the earliest main-chain record, else the earliest", () => {
    const lines = [
      assistant({ timestamp: at(0), isSidechain: true, gitBranch: "side" }),
      assistant({ timestamp: at(2), gitBranch: "main" }),
    ];
    expect(keyOf(scan(main(...lines), { by: ["branch", "agent"] }))).toEqual({
      branch: "main",
      agent: "main",
    });
    expect(keyOf(scan(main(lines[0]!), { by: ["branch", "agent"] }))).toEqual({
      branch: "side",
      agent: "subagent",
    });
  });

  test("18: of copies that tie, the transcript with a record of its own before the last shared one", () => {
    expect(sessions({ [`p/${A}.jsonl`]: [shared], [`p/${B}.jsonl`]: [own, shared] })).toEqual([{ session: B }]);
    expect(sessions({ [`p/${A}.jsonl`]: [shared], [`p/${B}.jsonl`]: [shared] })).toEqual([{ session: A }]);
    const late = user({ uuid: "late", timestamp: at(5) });
    expect(sessions({ [`p/${A}.jsonl`]: [shared], [`p/${B}.jsonl`]: [shared, late] })).toEqual([{ session: A }]);
    const noUuid = user({ timestamp: at(4) });
    expect(sessions({ [`p/${A}.jsonl`]: [shared], [`p/${B}.jsonl`]: [noUuid, shared] })).toEqual([{ session: B }]);
    const both = { [`p/${A}.jsonl`]: [noUuid, shared], [`p/${B}.jsonl`]: [own, shared] };
    expect(sessions(both)).toEqual([{ session: A }]);
  });

  test("18: a record that stands in a third transcript is nobody's own", () => {
    const files = {
      [`p/${A}.jsonl`]: [shared],
      [`p/${B}.jsonl`]: [own, shared],
      "p/cccccccc-0000-4000-8000-000000000003.jsonl": [own],
    };
    expect(sessions(files)).toEqual([{ session: A }]);
  });

  test("19: a group without usage has the model of its latest record that names one", () => {
    const tool = (minute: number, model: string | null): string =>
      assistant({ timestamp: at(minute) }, {}, { usage: null, model, ...blocks("tool_use") });
    expect(keyOf(scan(main(tool(0, "x"), tool(1, "y"), tool(2, null))))).toMatchObject({
      model: "y",
    });
    expect(keyOf(scan(main(tool(0, null))))).toMatchObject({ model: "unknown" });
  });
});

describe("iterations (20)", () => {
  const added = (iterations: unknown, message: Json = {}): unknown[] =>
    scan(main(assistant({}, { iterations }, message))).rows.map((r) => [r.key.model, r.totalTokens, r.responses]);
  const entry = (type: string, model?: string, tokens = 100): Json => ({
    type,
    model,
    input_tokens: tokens,
  });

  test("messages repeat, others add, the last fallback does not", () => {
    expect(added([entry("message")])).toEqual([["m", 11, 1]]);
    expect(added([entry("advisor_message", "x")])).toEqual([
      ["x", 100, 0],
      ["m", 11, 1],
    ]);
    expect(added([entry("compaction")])).toEqual([["m", 111, 1]]);
    expect(added([entry("fallback_message", "x"), entry("fallback_message", "y")])).toEqual([
      ["x", 100, 0],
      ["m", 11, 1],
    ]);
    expect(added([entry("fallback_message", "x"), entry("message", "m")])).toEqual([["m", 11, 1]]);
    expect(added([entry("compaction", "<synthetic>")])).toEqual([
      ["synthetic", 100, 0],
      ["m", 11, 1],
    ]);
    expect(added([entry("message", "x"), entry("message", "m"), entry("message", "x")])).toEqual([
      ["x", 100, 0],
      ["m", 11, 1],
    ]);
    expect(added([{ input_tokens: 5 }, 7, null])).toEqual([["m", 16, 1]]);
    expect(added({ 0: entry("compaction") })).toEqual([["m", 11, 1]]);
  });

  test("a bad number in an added entry spoils the line, others are not read", () => {
    expect(added([{ type: "advisor_message", output_tokens: -1 }])).toEqual([]);
    expect(added([{ type: "message", output_tokens: -1 }])).toEqual([["m", 11, 1]]);
    expect(added([{ type: "message", model: "x", output_tokens: -1 }, entry("message")])).toEqual([]);
  });

  test("only those of the chosen record", () => {
    const lines = [assistant({}, { iterations: [entry("compaction")] }), assistant({}, { output_tokens: 2 })];
    expect(scan(main(...lines)).totals.totalTokens).toBe(12);
  });
});

test("21: copies with one uuid count once, the largest; uses stand at their record's time and their group's keys", () => {
  const result = scan(
    main(
      assistant({ uuid: "t", timestamp: "2026-06-01T23:59:00Z" }, {}, blocks("tool_use")),
      assistant(
        { uuid: "t", timestamp: "2026-06-02T01:00:00Z" },
        {},
        blocks("tool_use", "tool_use", "text", "tool_use_x"),
      ),
      assistant({ uuid: "u", requestId: "other", timestamp: "2026-06-03" }, {}, { usage: null, ...blocks("tool_use") }),
      assistant({ type: "user", uuid: "v", timestamp: "2026-06-04" }, {}, blocks("tool_use")),
      assistant({ timestamp: "2026-06-05" }, {}, blocks("tool_use")),
      assistant({ timestamp: "2026-06-05" }, {}, blocks("tool_use")),
    ),
    { by: ["day"] },
  );
  expect(result.rows.map((row) => [row.key.day, row.responses, row.toolUses])).toEqual([
    ["2026-06-01", 1, 0],
    ["2026-06-02", 0, 2],
    ["2026-06-03", 0, 1],
    ["2026-06-05", 0, 2],
  ]);
});

describe("agents, teams, sessions, projects", () => {
  const agent = (name: string, lines: string[], more: Record<string, string> = {}): unknown =>
    keyOf(scan({ [name]: lines, ...more }, { by: ["agent"] }));
  const sub = `p/${A}/subagents/agent-x.jsonl`;
  const meta = { [`p/${A}/subagents/agent-x.meta.json`]: '{"agentType":"Explore"}' };

  test("23: name, attribution, meta, subagent, main", () => {
    expect(agent(`p/${A}.jsonl`, [user({ agentName: "dev" }), assistant()])).toEqual({
      agent: "dev",
    });
    expect(agent(`p/${A}.jsonl`, [user({ type: "agent-name", agentName: "title" }), assistant()])).toEqual({
      agent: "main",
    });
    expect(agent(`p/${A}.jsonl`, [assistant({ attributionAgent: "Plan" })])).toEqual({
      agent: "main",
    });
    expect(agent(`p/${A}.jsonl`, [user({ attributionAgent: "Plan" }), assistant({ isSidechain: true })])).toEqual({
      agent: "subagent",
    });
    expect(agent(`p/${A}.jsonl`, [assistant({ isSidechain: true, attributionAgent: "Plan" })])).toEqual({
      agent: "Plan",
    });
    expect(agent(sub, [assistant(), user({ attributionAgent: "Plan" })], meta)).toEqual({
      agent: "Plan",
    });
    expect(agent(sub, [assistant()], meta)).toEqual({ agent: "Explore" });
    expect(agent(sub, [assistant()], { [`p/${A}/subagents/agent-x.meta.json`]: "{" })).toEqual({
      agent: "subagent",
    });
    expect(agent("p/agent-y.jsonl", [assistant()])).toEqual({ agent: "subagent" });
  });

  test("24: the record's team, the transcript's, the session's, null", () => {
    const teams = (files: Record<string, string[]>): unknown[] => keysOf(scan(files, { by: ["team"] }));
    expect(teams(main(assistant({ teamName: "red", team: { teamName: "blue" } })))).toEqual([{ team: "red" }]);
    expect(teams(main(assistant(), user({ team: { teamName: "blue" } })))).toEqual([{ team: "blue" }]);
    const inMain = { [`p/${A}.jsonl`]: [user({ teamName: "red" })] };
    expect(teams({ ...inMain, [sub]: [assistant()] })).toEqual([{ team: "red" }]);
    expect(teams({ ...inMain, [`p/${B}.jsonl`]: [assistant()] })).toEqual([{ team: null }]);
  });

  test("25, 26: session and project folder by the path", () => {
    const key = (name: string, fields: Json = {}): unknown =>
      keyOf(scan({ [name]: [assistant({ cwd: null, ...fields })] }, { by: ["project", "session"] }));
    expect(key(`p/${A}.jsonl`, { sessionId: B })).toEqual({ project: "p", session: A });
    expect(key(`p/${A}/subagents/workflows/w/agent-x.jsonl`, { sessionId: B })).toEqual({
      project: "p",
      session: A,
    });
    expect(key(`p/s/subagents/${B}.jsonl`)).toEqual({ project: "p", session: "s" });
    expect(key(`p/${A}/tool/${B}.jsonl`)).toEqual({ project: "p", session: A });
    expect(key("p/agent-x.jsonl", { sessionId: B })).toEqual({ project: "p", session: B });
    expect(key("p/notes.jsonl")).toEqual({ project: "p", session: "notes" });
  });

  test("26: the first cwd of the folder's main transcripts, else of all", () => {
    const projects = (files: Record<string, string[]>): unknown[] => keysOf(scan(files, { by: ["project"] }));
    const late = {
      [`p/${A}.jsonl`]: [assistant({ cwd: "/late", timestamp: at(9) }), user({ cwd: "/untimed" })],
    };
    const early = { "p/agent-x.jsonl": [assistant({ cwd: "/early" })] };
    expect(projects({ ...late, ...early })).toEqual([{ project: "/late" }]);
    expect(projects(early)).toEqual([{ project: "/early" }]);
    expect(
      projects({
        "h1/-src/a.jsonl": [assistant({ cwd: null })],
        "h2/-src/b.jsonl": [user(), assistant({ cwd: null, requestId: "r" })],
      }),
    ).toEqual([{ project: "-src" }]);
  });

  test("a link is followed once, what is not *.jsonl is passed over", () => {
    const folder = mkdtempSync(join(tmpdir(), "oracle-"));
    mkdirSync(join(folder, "p", "x.jsonl"), { recursive: true });
    writeFileSync(join(folder, "p", "a.jsonl"), assistant());
    writeFileSync(join(folder, "p", "a.txt"), assistant());
    symlinkSync(join(folder, "p"), join(folder, "p", "loop"));
    symlinkSync(join(folder, "p", "a.jsonl"), join(folder, "p", "b.jsonl"));
    symlinkSync(join(folder, "nowhere"), join(folder, "p", "c.jsonl"));
    expect(oracleScan([folder, join(folder, "p", "a.jsonl")]).stats).toMatchObject({
      transcripts: 1,
      records: 1,
    });
    rmSync(folder, { recursive: true });
  });
});

test("27: placeholders are counted by version", () => {
  const low = (fields: Json, usage: Json, message: Json): unknown =>
    scan(main(assistant(fields, usage, { stop_reason: null, ...message }))).diagnostics.lowOutputResponses;
  expect(low({ version: "2" }, { output_tokens: 8 }, blocks("thinking"))).toEqual({ 2: 1 });
  expect(low({}, { output_tokens: 0 }, blocks("redacted_thinking"))).toEqual({ unknown: 1 });
  expect(low({}, { output_tokens: 9 }, blocks("tool_use"))).toEqual({});
  expect(low({}, {}, blocks("text"))).toEqual({});
  expect(low({}, {}, { ...blocks("tool_use"), stop_reason: "tool_use" })).toEqual({});
});

test("28: --count records switches the duplicate rules off", () => {
  const lines = [
    assistant({ uuid: "u", timestamp: at(0) }, { iterations: [{ type: "x", input_tokens: 5 }] }, blocks("tool_use")),
    assistant({ uuid: "u", timestamp: at(1) }, {}, blocks("tool_use")),
    assistant({}, { input_tokens: 0, output_tokens: 0 }, { model: "<synthetic>" }),
  ];
  const result = scan(main(...lines), { count: "records" });
  expect(result.rows).toMatchObject([
    { key: { model: "m" }, responses: 2, toolUses: 2, totalTokens: 22, durationMs: 60_000 },
  ]);
  expect(result.stats).toMatchObject({ responses: 2, duplicateRecords: 0 });
});

describe("rows", () => {
  test("30: spans are per session; user records have no model", () => {
    const files = {
      [`p/${A}.jsonl`]: [
        user({ timestamp: at(-5) }),
        assistant({ timestamp: at(0) }),
        assistant({ timestamp: at(7), requestId: "b" }),
      ],
      [`p/${B}.jsonl`]: [
        assistant({ timestamp: at(20), requestId: "c" }),
        assistant({ timestamp: at(21), requestId: "d" }),
      ],
    };
    const result = scan(files, { by: ["model"] });
    expect(result.rows).toMatchObject([{ firstAt: at(0), lastAt: at(21), durationMs: 8 * 60_000 }]);
    expect(result.totals).toMatchObject({
      firstAt: at(-5),
      lastAt: at(21),
      durationMs: 13 * 60_000,
    });
    expect(scan(files, { by: ["project"] }).rows).toMatchObject([{ durationMs: 13 * 60_000 }]);
  });

  test("31: windows are inclusive; what has no time belongs to all of them", () => {
    const lines = [assistant(), assistant({ requestId: "x", timestamp: null })];
    const moment = Date.parse(at(0));
    expect(scan(main(...lines), { since: moment, until: moment }).totals.responses).toBe(2);
    expect(scan(main(...lines), { since: moment + 1 }).totals.responses).toBe(1);
    expect(keysOf(scan(main(...lines), { by: ["day"], until: moment - 1 }))).toEqual([{ day: "unknown" }]);
  });

  test("32: filters read the group's keys, an iteration its own model", () => {
    const line = assistant(
      { gitBranch: "b" },
      { iterations: [{ type: "advisor_message", model: "x", input_tokens: 5 }] },
    );
    expect(scan(main(line, user({ timestamp: at(9) })), { filters: { model: ["x"] } })).toMatchObject({
      rows: [{ key: { model: "x" }, totalTokens: 5, responses: 0 }],
      totals: { lastAt: at(0) },
      stats: { responses: 1 },
    });
    expect(scan(main(line), { filters: { project: ["/srv/*"], session: ["a*1", "z"] } }).totals.responses).toBe(1);
    expect(scan(main(line), { filters: { team: ["*"] } }).rows).toEqual([]);
  });

  test("33: time ascends, then tokens descend, then the other keys", () => {
    const line = (
      requestId: string,
      timestamp: string | null,
      model: string,
      branch: string | null,
      tokens = 10,
    ): string => assistant({ requestId, timestamp, gitBranch: branch }, { input_tokens: tokens }, { model });
    const lines = [
      line("1", null, "m", "a"),
      line("2", at(0), "b", null),
      line("3", at(0), "b", "z"),
      line("4", at(0), "a", null),
      line("5", at(0), "a", "y", 11),
      line("6", "2025-01-01", "z", "z"),
    ];
    expect(
      scan(main(...lines), { by: ["model", "day", "branch"] }).rows.map((r) => Object.values(r.key).join(" ")),
    ).toEqual(["z 2025-01-01 z", "a 2026-06-01 y", "a 2026-06-01 ", "b 2026-06-01 z", "b 2026-06-01 ", "m unknown a"]);
  });

  test("time keys in zones: half hours, the day that starts late, two hours with one name", () => {
    const keys = (times: string[], by: OracleOptions["by"], timezone: string, startOfWeek?: number): unknown[] =>
      scan(main(...times.map((timestamp, i) => assistant({ timestamp, requestId: `${i}` }))), {
        by: by!,
        timezone,
        ...(startOfWeek === undefined ? {} : { startOfWeek }),
      }).rows.map((row) => Object.values(row.key)[0]);
    expect(keys(["2026-05-31T20:00:00Z"], ["hour"], "Asia/Kolkata")).toEqual(["2026-06-01T01+05:30"]);
    expect(keys(["2026-06-01T02:00:00Z"], ["hour"], "America/St_Johns")).toEqual(["2026-05-31T23-02:30"]);
    expect(keys(["2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z"], ["hour"], "Europe/Berlin")).toEqual([
      "2026-10-25T02+02:00",
      "2026-10-25T02+01:00",
    ]);
    expect(keys(["2026-03-01T00:00:00Z"], ["month"], "America/St_Johns")).toEqual(["2026-02"]);
    expect(keys(["2026-06-01T00:00:00Z"], ["week"], "UTC")).toEqual(["2026-06-01"]); // a Monday
    expect(keys(["2026-06-01T00:00:00Z"], ["week"], "UTC", 0)).toEqual(["2026-05-31"]);
    expect(keys(["2026-06-01T00:00:00Z"], ["week"], "UTC", 2)).toEqual(["2026-05-26"]);
  });

  test("34: stats are of the whole scan, before windows and filters", () => {
    const result = scan(main(assistant(), assistant(), "{"), {
      until: 0,
      filters: { model: ["x"] },
    });
    expect(result.rows).toEqual([]);
    expect(result.stats).toMatchObject({
      records: 2,
      responses: 1,
      duplicateRecords: 1,
      skipped: { malformed: 1 },
    });
  });

  test("35: a sum beyond 2^53 - 1 stops the run", () => {
    const big = assistant({}, { input_tokens: 2 ** 53 - 1, output_tokens: 0 });
    expect(scan(main(big)).totals.totalTokens).toBe(2 ** 53 - 1);
    expect(() => scan(main(big, assistant({ requestId: "x" })))).toThrow(RangeError);
    expect(() => scan(main(assistant({}, { input_tokens: 2 ** 53 - 1 })))).toThrow(RangeError);
  });

  test("the order of paths never shows", () => {
    const files = {
      [`p/${A}.jsonl`]: [assistant({ uuid: "u" })],
      [`q/${B}.jsonl`]: [assistant({ uuid: "u" })],
    };
    const by: OracleOptions["by"] = ["session", "project"];
    expect(scan(files, { by: by, paths: ["p", "q"] })).toEqual(scan(files, { by: by, paths: ["q", "p"] }));
    expect(scan(files, { by: ["none"] }).rows).toMatchObject([{ key: {}, responses: 1 }]);
  });
});
