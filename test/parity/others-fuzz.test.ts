/** Qwen Code and Amp: generated trees, engine against oracle, for every grouping. */
import { join } from "node:path";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import { GROUPINGS, makeFolder, oracleOptions, type Tree } from "../transcripts.ts";
import { compareScan } from "./compare.ts";
import { oracleAmpScan, oracleQwenScan } from "./oracle-others.ts";

const runs = Math.ceil(Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 400) / 8);
const count: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 12, arbitrary: fc.nat(40) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, undefined, -1, 0.5, "7", 2 ** 53) },
);
const time: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: fc.nat(90).map((minute) => new Date(Date.UTC(2026, 5, 1, 23, minute)).toISOString()) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(undefined, "nonsense", 1_780_000_000) },
);
const model = fc.constantFrom("m1", "m2", undefined, "");

async function agrees(tree: Tree, oracle: typeof oracleQwenScan | typeof oracleAmpScan): Promise<void> {
  const paths = [makeFolder(tree)];
  for (const [n, by] of GROUPINGS.entries()) {
    const question = {
      ...{ paths, by, threads: 0, cache: false },
      ...(n % 3 === 1 && { since: "2026-06-01T23:20:00Z", until: "2026-06-02T00:10:00Z" }),
      ...(n % 4 === 3 && { count: "records" as const }),
    };
    const result = await scan(question);
    const expected = oracle(paths, oracleOptions(question, result));
    compareScan(result, expected);
    if ("untoldTokens" in expected) expect(result.diagnostics.untoldTokens).toBe(expected.untoldTokens);
  }
}

const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined, freq: 4 });

const qwenLine = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        uuid: fc.constantFrom("u1", "u2", "u3", "u4", undefined),
        sessionId: fc.constantFrom("s1", "s2", undefined),
        timestamp: time,
        type: fc.constantFrom("assistant", "assistant", "assistant", "user", "system"),
        cwd: maybe(fc.constantFrom("/srv/a", "/srv/b")),
        gitBranch: maybe(fc.constantFrom("main", "dev")),
        model,
        isSidechain: maybe(fc.boolean()),
        agentName: maybe(fc.constantFrom("explore", "")),
        forkedFrom: maybe(fc.constantFrom({ sessionId: "s1", messageUuid: "u1" }, { sessionId: "" }, null)),
        message: fc.record({
          role: fc.constant("model"),
          parts: fc.array(fc.constantFrom({ functionCall: { name: "ls" } }, { text: "x" }, null), { maxLength: 3 }),
        }),
        usageMetadata: maybe(
          fc.record({
            promptTokenCount: count,
            candidatesTokenCount: count,
            thoughtsTokenCount: count,
            cachedContentTokenCount: count,
            totalTokenCount: count,
          }),
        ),
      })
      .map((line) => JSON.stringify(line)),
  },
  { weight: 1, arbitrary: fc.constantFrom("{", "42", "", '{"type":') },
);

/** Few numbers, so that they are the same as those of messages now and then. */
const few = fc.constantFrom(0, 1, 2, undefined);
const qwenTelemetry = fc
  .record({
    uuid: fc.constantFrom("t1", "t2", "t3", undefined),
    sessionId: fc.constantFrom("s1", "s2"),
    timestamp: time,
    type: fc.constantFrom("system", "system", "system", "user"),
    isSidechain: maybe(fc.boolean()),
    agentName: maybe(fc.constantFrom("explore", "")),
    forkedFrom: maybe(fc.constantFrom({ sessionId: "s1", messageUuid: "u1" }, null)),
    systemPayload: fc.record({
      uiEvent: fc.record({
        "event.name": fc.constantFrom("qwen-code.api_response", "qwen-code.api_response", "qwen-code.tool_call"),
        response_id: fc.constantFrom("r1", "mock", undefined),
        subagent_name: maybe(fc.constantFrom("plan", "")),
        model,
        input_token_count: few,
        output_token_count: few,
        thoughts_token_count: few,
        cached_content_token_count: few,
        total_token_count: few,
      }),
    }),
  })
  .map((line) => JSON.stringify(line));
const qwenPlain = fc
  .record({
    uuid: fc.constantFrom("u1", "u2", "u3", "u4", "u5", "u6"),
    sessionId: fc.constantFrom("s1", "s2"),
    timestamp: time,
    type: fc.constant("assistant"),
    model,
    message: fc.constant({ parts: [] }),
    usageMetadata: maybe(
      fc.record({ promptTokenCount: few, candidatesTokenCount: few, thoughtsTokenCount: few, totalTokenCount: few }),
    ),
  })
  .map((line) => JSON.stringify(line));

test("Qwen Code: telemetry", { timeout: 60_000 + runs * 1000 }, async () => {
  // Of lines that are not telemetry none would show whose they are.
  const first = '{"uuid":"u0","sessionId":"s1","message":{"parts":[]}}';
  const some = fc.array(fc.oneof(qwenTelemetry, qwenPlain), { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(fc.array(some, { minLength: 1, maxLength: 3 }), async (files) => {
    const texts = files.map((lines) => [first, ...lines].join("\n"));
    await agrees(
      Object.fromEntries(texts.map((text, n) => [`.qwen/projects/p/chats/f${n}.jsonl`, text])),
      oracleQwenScan,
    );
  });
  await fc.assert(property, { numRuns: runs });
});

test("Qwen Code", { timeout: 60_000 + runs * 1000 }, async () => {
  const file = fc.tuple(fc.array(qwenLine, { maxLength: 8 }), fc.constantFrom("\n", ""));
  const files = fc.array(file, { minLength: 1, maxLength: 4 });
  const property = fc.asyncProperty(files, async (some) => {
    const names = some.map((_, n) => `.qwen/projects/p${n % 2}/chats/f${n}.jsonl`);
    const texts = some.map(([lines, end]) => lines.join("\n") + end);
    await agrees(Object.fromEntries(names.map((name, n) => [name, texts[n]!])), oracleQwenScan);
  });
  await fc.assert(property, { numRuns: runs });
});

const ampUsage = fc.record({
  model,
  timestamp: time,
  inputTokens: count,
  outputTokens: count,
  cacheCreationInputTokens: count,
  cacheReadInputTokens: count,
  totalTokens: count,
});
const ampThread = fc.record({
  id: fc.constantFrom("T-1", "T-2", undefined),
  // In every copy: only where copies begin would else show which of them is the original.
  created: fc.constant(Date.UTC(2026, 5, 1)),
  messages: fc.array(
    fc.record({
      role: fc.constantFrom("assistant", "assistant", "user"),
      messageId: maybe(fc.nat(3)),
      content: fc.array(fc.constantFrom({ type: "tool_use" }, { type: "text" }), { maxLength: 2 }),
      usage: maybe(ampUsage),
    }),
    { maxLength: 4 },
  ),
  usageLedger: fc.option(
    fc.record({
      events: fc.array(
        fc.record({
          id: fc.constantFrom<unknown>("e1", "e2", "e3", undefined, "", 7),
          timestamp: time,
          model,
          tokens: maybe(
            fc.record(
              { input: count, output: count, total: fc.nat(9), cacheReadInputTokens: fc.nat(9) },
              { requiredKeys: ["input", "output"] },
            ),
          ),
          // Several lead to one message.
          toMessageId: fc.nat(1),
        }),
        { maxLength: 5 },
      ),
    }),
    { nil: undefined },
  ),
});

test("Amp", { timeout: 60_000 + runs * 1000 }, async () => {
  const property = fc.asyncProperty(
    fc.array(ampThread, { minLength: 1, maxLength: 3 }),
    fc.boolean(),
    async (threads, isCut) => {
      const texts = threads.map((thread) => JSON.stringify(thread));
      if (isCut) texts.push(texts[0]!.slice(0, -1));
      await agrees(Object.fromEntries(texts.map((text, n) => [`t/T-${n}.json`, text])), oracleAmpScan);
    },
  );
  await fc.assert(property, { numRuns: runs });
});

const samples = fileURLToPath(new URL("../../../shared/samples/others/qwen", import.meta.url));

test.skipIf(!existsSync(samples))("the sample of Qwen Code", async () => {
  const paths = [join(samples, "splitrail-qwen_code.jsonl")];
  const question = { paths, by: ["session", "model", "day"] as const, threads: 0, cache: false };
  const result = await scan(question);
  expect(result.totals.totalTokens).toBe(1125);
  compareScan(result, oracleQwenScan(paths, oracleOptions(question, result)));
});
