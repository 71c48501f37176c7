/** Gemini CLI sessions: the engine against its oracle, on real and on random ones, cold, cut and growing. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { scan } from "tokensift";
import { describe, expect, test } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import type { Dimension } from "../../src/types.ts";
import { answerOf, GROUPINGS, makeFolder, oracleOptions } from "../transcripts.ts";
import { compareScan } from "./compare.ts";
import { oracleGeminiScan } from "./oracle-gemini.ts";

const samples = fileURLToPath(new URL("../../../shared/samples/gemini", import.meta.url));
const areThere = existsSync(samples);
if (!areThere) console.warn(`no samples at ${samples}: their tests are skipped`);

describe.skipIf(!areThere)("real sessions", () => {
  test("a message written again with its tool calls counts once", async () => {
    const { totals } = await scan({ paths: [join(samples, "wingorithm")], threads: 0, cache: false });
    expect(totals.totalTokens).toBe(2_954_404 + 112_621);
  });

  test.each(["wingorithm", "Chiward-text_to_picture", "entire-test-repo"])("%s: as the oracle says", async (name) => {
    const paths = [join(samples, name)];
    for (const count of ["responses", "records"] as const) {
      for (const by of GROUPINGS) {
        const question = { paths, by, count, threads: 0, cache: false, timezone: "Asia/Tokyo" };
        const result = await scan(question);
        compareScan(result, oracleGeminiScan(paths, oracleOptions(question, result)));
      }
    }
  });
});

// ---------------------------------------------------------------------------------------------------- Random ones

const runs = Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 1000);
const timeout = 60_000 + runs * 500;

const instant = fc.nat(50).map((n) => new Date(Date.UTC(2026, 3, 9, 12, n)).toISOString());
const message = fc.record(
  {
    id: fc.constantFrom("m1", "m2", "m3", "m4"),
    timestamp: fc.oneof({ weight: 9, arbitrary: instant }, { weight: 1, arbitrary: fc.constant("soon") }),
    type: fc.constantFrom("gemini", "gemini", "gemini", "user", "info"),
    model: fc.constantFrom("gemini-3-pro", "gemini-3-flash", ""),
    tokens: fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          input: fc.nat(90),
          output: fc.nat(9),
          cached: fc.nat(60),
          thoughts: fc.nat(9),
          tool: fc.constantFrom(0, 0, 3),
        }),
      },
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom({ input: -1 }, { input: 2, output: 1.5 }, { total: "1" }) },
    ),
    toolCalls: fc.array(fc.constant({ name: "shell", result: ["}"] }), { maxLength: 2 }),
    content: fc.constant('"tokens":{"input":5}'),
  },
  { requiredKeys: ["type"] },
);

const record = fc.oneof(
  { weight: 8, arbitrary: message },
  { weight: 3, arbitrary: instant.map((lastUpdated) => ({ $set: { lastUpdated } })) },
  { weight: 1, arbitrary: fc.array(message, { maxLength: 3 }).map((messages) => ({ $set: { messages } })) },
  { weight: 1, arbitrary: fc.constantFrom({ $rewindTo: "m1" }, { $set: 1 }, { $set: { messages: {} } }) },
  {
    weight: 1,
    arbitrary: fc.record(
      { sessionId: fc.constantFrom("s1", "s1", ""), messages: fc.array(message, { maxLength: 3 }) },
      { requiredKeys: ["messages"] },
    ),
  },
);

const session = fc.record({
  header: fc.record(
    {
      sessionId: fc.constantFrom("s1", "s2"),
      projectHash: fc.constant("x"),
      startTime: instant,
      lastUpdated: instant,
      kind: fc.constantFrom("main", "subagent"),
    },
    { requiredKeys: ["sessionId", "projectHash"] },
  ),
  records: fc.array(record, { maxLength: 8 }),
  messages: fc.array(fc.oneof({ weight: 9, arbitrary: message }, { weight: 1, arbitrary: fc.constant(7) }), {
    maxLength: 5,
  }),
  place: fc.constantFrom("a/chats/session-1", "a/chats/session-2", "b/chats/session-3", "a/chats/s1/s2"),
  isDocument: fc.boolean(),
});

type Session = typeof session extends fc.Arbitrary<infer T> ? T : never;

function filesOf(sessions: readonly Session[]): Map<string, Buffer> {
  return new Map(
    sessions.map(({ header, records, messages, place, isDocument }) => [
      `.gemini/tmp/${place}.${isDocument ? "json" : "jsonl"}`,
      Buffer.from(
        isDocument
          ? JSON.stringify({ ...header, messages }, null, 2)
          : [header, ...records].map((one) => `${JSON.stringify(one)}\n`).join(""),
      ),
    ]),
  );
}

function put(folder: string, files: ReadonlyMap<string, Buffer>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
}

const BY: readonly Dimension[][] = [["session", "model"], ["hour", "agent"], ["project"], ["day", "source"]];

test("any sessions are as the oracle says, however they are cut", { timeout }, async () => {
  const folder = join(makeFolder(), "home");
  const property = fc.asyncProperty(
    fc.array(session, { minLength: 1, maxLength: 4 }),
    fc.nat(BY.length - 1),
    fc.constantFrom<ScanOptions["count"]>("responses", "responses", "records"),
    fc.integer({ min: 30, max: 2000 }),
    async (sessions, at, count, rangeBytes) => {
      put(folder, filesOf(sessions));
      const question = { paths: [folder], by: BY[at]!, count, threads: 0, cache: false, timezone: "UTC", rangeBytes };
      const result = await scan(question);
      compareScan(result, oracleGeminiScan([folder], oracleOptions(question, result)));
    },
  );
  await fc.assert(property, { numRuns: runs });
});

test("sessions that grow: a warm scan says what a cold one does", { timeout }, async () => {
  const root = makeFolder();
  const [folder, cacheDirectory] = [join(root, "home"), join(root, "cache")];
  const states = fc.array(fc.tuple(fc.array(session, { minLength: 1, maxLength: 3 }), fc.nat(100)), {
    minLength: 2,
    maxLength: 4,
  });
  const realNow = Date.now;
  const property = fc.asyncProperty(states, async (all) => {
    rmSync(cacheDirectory, { recursive: true, force: true });
    put(folder, new Map());
    // What was written a moment ago is never believed: a clock ahead makes the cursors count.
    Date.now = () => realNow() + 5000;
    try {
      for (const [sessions, percent] of all) {
        for (const [name, bytes] of filesOf(sessions)) {
          mkdirSync(dirname(join(folder, name)), { recursive: true });
          // A document is rewritten, perhaps only in part; lines are added.
          const isDocument = name.endsWith(".json");
          const end = isDocument && percent > 60 ? bytes.length : Math.floor((bytes.length * percent) / 100);
          writeFileSync(join(folder, name), bytes.subarray(0, end), { flag: isDocument ? "w" : "a" });
        }
        const question = { paths: [folder], by: ["session", "model"] as const, threads: 0, timezone: "UTC" };
        const warm = await scan({ ...question, cacheDirectory });
        expect(answerOf(warm)).toEqual(answerOf(await scan({ ...question, cache: false })));
      }
    } finally {
      Date.now = realNow;
    }
  });
  await fc.assert(property, { numRuns: Math.ceil(runs / 4) });
});

test("an unchanged document is not opened, a changed one is read as a whole", async () => {
  const root = makeFolder();
  const [folder, cacheDirectory] = [join(root, "home"), join(root, "cache")];
  const document = (input: number, messages = 1) =>
    Buffer.from(
      JSON.stringify({
        sessionId: "s1",
        projectHash: "x",
        messages: Array.from({ length: messages }, (_, i) => ({ id: `m${i}`, type: "gemini", tokens: { input } })),
      }),
    );
  const name = ".gemini/tmp/a/chats/session-1.json";
  const realNow = Date.now;
  Date.now = () => realNow() + 5000;
  try {
    const ask = async () => {
      const { stats, totals } = await scan({ paths: [folder], threads: 0, cacheDirectory });
      return [stats.bytesRead, stats.transcriptsUnchanged, totals.totalTokens];
    };
    put(folder, new Map([[name, document(5)]]));
    expect(await ask()).toEqual([document(5).length, 0, 5]);
    expect(await ask()).toEqual([0, 1, 5]);
    writeFileSync(join(folder, name), document(5, 2));
    expect(await ask()).toEqual([document(5, 2).length, 0, 10]);
    writeFileSync(join(folder, name), document(5, 2).subarray(0, -1));
    expect((await ask())[2]).toBe(0);
    expect((await ask())[1]).toBe(0);
  } finally {
    Date.now = realNow;
  }
});

// Before subagents had folders, from 21 February to 26 March 2026, only this told them apart (`chatRecordingService.ts` d2d345f).
test.each(["json", "jsonl"])("a session that says it is a subagent's, beside the others (.%s)", async (extension) => {
  const header = (kind: unknown) => ({ sessionId: "s1", projectHash: "x", kind });
  const answer = (id: string, input: number) => ({ id, type: "gemini", kind: "subagent", tokens: { input } });
  const file = (kind: unknown, ...messages: object[]) =>
    extension === "json"
      ? JSON.stringify({ ...header(kind), messages })
      : [header(kind), ...messages].map((line) => JSON.stringify(line));
  const paths = [
    makeFolder({
      [`.gemini/tmp/a/chats/session-1.${extension}`]: file("main", answer("m1", 1)),
      [`.gemini/tmp/a/chats/session-2.${extension}`]: file("subagent", answer("m2", 2), answer("m3", 4)),
      [`.gemini/tmp/a/chats/session-3.${extension}`]: file(undefined, answer("m4", 8)),
      [`.gemini/tmp/a/chats/session-4.${extension}`]: file(["subagent"], answer("m5", 16)),
    }),
  ];
  const { rows } = await scan({ paths, by: ["session", "agent"], threads: 0, cache: false });
  expect(rows.map(({ key, inputTokens }) => [key.session, key.agent, inputTokens])).toEqual([
    ["s1", "main", 25],
    ["s1", "subagent", 6],
  ]);
});

test("a whole session on one line is read as Gemini CLI reads it", async () => {
  const messages = [1, 2].map((n) => ({ id: `m${n}`, type: "gemini", tokens: { input: 10 * n } }));
  const session = { sessionId: "s1", projectHash: "x", messages };
  const ask = async (...records: object[]) => {
    const tree = { "exported.jsonl": records.map((record) => JSON.stringify(record)) };
    const { rows, stats } = await scan({ paths: [makeFolder(tree)], by: ["session"], threads: 0, cache: false });
    return [...rows.map(({ key, inputTokens }) => [key.session, inputTokens]), stats.skipped.malformed];
  };
  expect(await ask(session)).toEqual([["s1", 30], 0]);
  // What follows are new states.
  expect(await ask(session, { ...messages[1], tokens: { input: 25 } })).toEqual([["s1", 35], 0]);
  expect(await ask({ ...session, messages: [...messages, { type: "user", tokens: { input: -1 } }] })).toEqual([1]);
});

test("ids are compared as text, whatever text it is, in a line as in a checkpoint", async () => {
  const ids = ["\ud800", "\udfff", "\ud83d\ude00", "\ude00\ud83d", "\ufffd", "a\ud800b", '\0"\\', "é".repeat(50)];
  const messages = ids.map((id, n) => ({ id, type: "gemini", tokens: { input: 10 ** n } }));
  const header = { sessionId: "s1", projectHash: "x" };
  const tree = (...records: object[]) => ({
    ".gemini/tmp/a/chats/session-1.jsonl": [header, ...records].map((record) => JSON.stringify(record)),
  });
  for (const records of [messages, [{ $set: { messages } }], [...messages, { $set: { messages } }]]) {
    const { totals } = await scan({ paths: [makeFolder(tree(...records))], threads: 0, cache: false });
    expect([totals.responses, totals.inputTokens]).toEqual([8, 11_111_111]);
  }
});

// ------------------------------------------------------------------------------------------------- Imported ones

describe("gemini --session-file", () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 5, 1, 12, minute)).toISOString();
  const header = (sessionId: string, minute: number) =>
    JSON.stringify({ sessionId, projectHash: "x", startTime: at(minute), lastUpdated: at(minute), kind: "main" });
  const answer = (id: string, minute: number, input: number, more: object = {}) =>
    JSON.stringify({
      ...{ id, timestamp: at(minute), type: "gemini", content: "", model: "gemini-3-pro" },
      ...{
        tokens: { input, output: 1, cached: 0, thoughts: 0, tool: 0, total: input + 1 },
        toolCalls: [{ name: "ls" }],
      },
      ...more,
    });
  const original = [header("old", 0), answer("u1", 1, 10), answer("u2", 2, 20)];
  const imported = (session: string, minute: number, copies: readonly string[]) => [
    header(session, minute),
    JSON.stringify({ id: `import-${minute}`, type: "info", content: "Imported session", timestamp: at(minute) }),
    ...copies,
  ];
  const ask = async (tree: Record<string, readonly string[]>, count: "responses" | "records" = "responses") => {
    const paths = [makeFolder(Object.fromEntries(Object.entries(tree).map(([name, l]) => [`.gemini/tmp/${name}`, l])))];
    const { rows } = await scan({ paths, by: ["session"], threads: 0, cache: false, count });
    const figures = rows.map(({ key, inputTokens, responses, toolUses }) => [
      key.session,
      inputTokens,
      responses,
      toolUses,
    ]);
    return figures;
  };
  const own = answer("u3", 31, 40);
  // Its last message may be written once more.
  const first = [...imported("new", 30, original.slice(1)), answer("u2", 2, 20, { content: "x" }), own];

  test("copies count once, in the session that began first", async () => {
    expect(await ask({ "a/chats/session-1.jsonl": original, "a/chats/session-0.jsonl": first })).toEqual([
      ["new", 40, 1, 1],
      ["old", 30, 2, 2],
    ]);
    expect(await ask({ "a/chats/session-1.jsonl": original, "b/chats/session-0.jsonl": first }, "records")).toEqual([
      ["new", 90, 4, 4],
      ["old", 30, 2, 2],
    ]);
  });

  test("where the original is gone the first copy counts", async () => {
    const second = imported("newer", 50, first.slice(2));
    const third = imported("a newer one", 40, first.slice(2));
    expect(await ask({ "a/chats/session-0.jsonl": second, "a/chats/session-1.jsonl": third })).toEqual([
      // Both begin with one message: nothing else says which was first.
      ["a newer one", 70, 3, 3],
    ]);
    expect(await ask({ "a/chats/session-2.jsonl": first, "a/chats/session-1.jsonl": third })).toEqual([
      ["a newer one", 70, 3, 3],
    ]);
  });
});
