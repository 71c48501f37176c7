/** Copilot CLI: real sessions, and sessions made up of requests whose tokens are known. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { scan } from "tokensift";
import { describe, expect, test } from "vitest";
import { answerOf, makeFolder } from "../transcripts.ts";

const samples = fileURLToPath(new URL("../../../shared/samples/others/copilot-cli", import.meta.url));

describe.skipIf(!existsSync(samples))("real sessions", () => {
  test.each(existsSync(samples) ? readdirSync(samples) : [])("%s", async (name) => {
    const path = join(samples, name);
    const records = readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
    const start = records.find(({ type }) => type === "session.start");
    const end = records.findLast(({ type }) => type === "session.shutdown");
    const [[model, { usage }]] = Object.entries(end.data.modelMetrics) as [[string, { usage: Record<string, number> }]];
    const calls = records.flatMap(({ type, data }) => (type === "assistant.message" ? data.toolRequests : []));
    const { rows, diagnostics } = await scan({
      paths: [path],
      by: ["source", "session", "project", "branch", "model"],
      threads: 0,
      cache: false,
    });
    expect(diagnostics).toMatchObject({ outputOnlyResponses: 0, skippedLines: [] });
    const { sessionId, context } = start.data;
    expect(rows).toMatchObject([
      {
        key: { source: "copilot", session: sessionId, project: context.cwd, branch: context.branch, model },
        inputTokens: usage["inputTokens"]! - usage["cacheReadTokens"]!,
        cacheReadTokens: usage["cacheReadTokens"],
        outputTokens: usage["outputTokens"],
        toolUses: calls.length,
      },
    ]);
  });
});

/** One request of a model, or something that happens between two. */
type Step =
  | { readonly model: string; readonly input: number; readonly cached: number; readonly output: number }
  | "end"
  | "compaction"
  | "copied to here";

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        model: fc.constantFrom("a", "b"),
        input: fc.nat(9),
        cached: fc.nat(9),
        output: fc.integer({ min: 1, max: 9 }),
      })
      .map((one) => ({ ...one, cached: Math.min(one.cached, one.input) })),
  },
  { weight: 2, arbitrary: fc.constantFrom<Step>("end", "end", "compaction", "copied to here") },
);

/** What such a session leaves on disk, and what can be known of it by hand. */
function play(session: string, steps: readonly Step[]) {
  const lines: string[] = [];
  const copies: string[] = [];
  const write = (type: string, data: object) => {
    const n = lines.length;
    const timestamp = new Date(Date.UTC(2026, 5, 1, 0, 0, n)).toISOString();
    lines.push(JSON.stringify({ type, data, id: `${session}-${n}`, timestamp, parentId: n === 0 ? null : "p" }));
  };
  const known = { inputTokens: 0, cacheReadTokens: 0, outputTokens: 0, outputOnly: 0 };
  let totals: Record<string, { inputTokens: number; outputTokens: number; cacheReadTokens: number }> = {};
  let open: Array<Exclude<Step, string>> = [];
  const loseInput = () => {
    for (const { output } of open) known.outputTokens += output;
    known.outputOnly += open.length;
    open = [];
  };
  write("session.start", { sessionId: session, context: { cwd: "/srv/app" } });
  for (const one of steps) {
    if (one === "end") {
      write("session.shutdown", {
        modelMetrics: structuredClone(Object.fromEntries(Object.entries(totals).map(([m, usage]) => [m, { usage }]))),
      });
      for (const { input, cached, output } of open) {
        known.inputTokens += input - cached;
        known.cacheReadTokens += cached;
        known.outputTokens += output;
      }
      open = [];
    } else if (one === "compaction") {
      write("session.compaction_complete", { success: true });
      totals = {};
      loseInput();
    } else if (one === "copied to here") {
      copies.push(`${lines.join("\n")}\n`);
    } else {
      const total = (totals[one.model] ??= { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0 });
      total.inputTokens += one.input;
      total.cacheReadTokens += one.cached;
      total.outputTokens += one.output;
      write("assistant.message", { model: one.model, outputTokens: one.output, toolRequests: [{}] });
      open.push(one);
    }
  }
  const isEnded = open.length === 0;
  loseInput();
  return { lines, copies, known, isEnded, messages: steps.filter((one) => typeof one === "object").length };
}

const runs = Math.ceil(Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 400) / 4);

test(
  "whatever is known of each request is counted once, also from copies",
  { timeout: 60_000 + runs * 100 },
  async () => {
    const property = fc.asyncProperty(
      fc.array(fc.array(step, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
      async (sessions) => {
        const played = sessions.map((steps, n) => play(`s${n}`, steps));
        const folder = makeFolder(
          Object.fromEntries(
            played.flatMap(({ lines, copies }, n) => [
              [`session-state/s${n}/events.jsonl`, lines] as const,
              ...copies.map((copy, c) => [`backup-${c}/session-state/s${n}/events.jsonl`, copy] as const),
            ]),
          ),
        );
        const sum = (name: "inputTokens" | "cacheReadTokens" | "outputTokens" | "outputOnly") =>
          played.reduce((all, { known }) => all + known[name], 0);
        const question = { paths: [folder], threads: 0, cache: false } as const;
        const result = await scan({ ...question, by: ["session", "model"] });
        expect(result.totals).toMatchObject({
          inputTokens: sum("inputTokens"),
          cacheReadTokens: sum("cacheReadTokens"),
          outputTokens: sum("outputTokens"),
          toolUses: played.reduce((all, { messages }) => all + messages, 0),
        });
        expect(result.diagnostics.outputOnlyResponses).toBe(sum("outputOnly"));
        const cut = await scan({ ...question, by: ["session", "model"], rangeBytes: 150, chunkBytes: 64 });
        expect(answerOf(cut)).toEqual(answerOf(result));
      },
    );
    await fc.assert(property, { numRuns: runs });
  },
);

describe("a session that was entered several times", () => {
  type Told = number | "resume" | { readonly end: number };
  /** Numbers are messages by their output, `resume` is a new process, and an end tells an output, ten times the input, five times of it cached. */
  const session = (some: readonly Told[]) => {
    const records = some.map((one) => {
      if (one === "resume") return { type: "session.resume", data: {} };
      if (typeof one === "number") return { type: "assistant.message", data: { outputTokens: one, toolRequests: [] } };
      const usage = { inputTokens: one.end * 10, outputTokens: one.end, cacheReadTokens: one.end * 5 };
      return { type: "session.shutdown", data: { modelMetrics: { m: { usage } } } };
    });
    return [{ type: "session.start", data: { sessionId: "s" } }, ...records].map((record, n) =>
      JSON.stringify({
        ...record,
        id: `${n}`,
        timestamp: new Date(Date.UTC(2026, 3, 1, 0, 0, n)).toISOString(),
        parentId: null,
      }),
    );
  };
  const read = async (...some: readonly Told[]) => {
    const paths = [makeFolder({ "session-state/s/events.jsonl": session(some) })];
    const { totals, diagnostics } = await scan({ paths, threads: 0, cache: false });
    const { inputTokens, cacheReadTokens, outputTokens } = totals;
    return [inputTokens, cacheReadTokens, outputTokens, diagnostics.outputOnlyResponses];
  };

  test("by a version whose ends tell what was used since they were begun, or since the session was", async () => {
    const both = [487 * 5, 487 * 5, 487, 0];
    expect(await read(171, 16, { end: 187 }, "resume", 200, 100, { end: 300 })).toEqual(both);
    expect(await read(171, 16, { end: 187 }, "resume", 200, 100, { end: 487 })).toEqual(both);
    // What no message tells of, as a title, does not change that.
    expect(await read(171, 16, { end: 190 }, "resume", 200, 100, { end: 310 })).toEqual([2500, 2500, 500, 0]);
    expect(await read(171, 16, { end: 190 }, "resume", 200, 100, { end: 500 })).toEqual([2500, 2500, 500, 0]);
    // Messages of versions that do not tell their output say nothing.
    expect(await read({ end: 187 }, "resume", { end: 300 })).toEqual([1500, 1500, 300, 0]);
  });

  test("and did not end each time: what no end tells of counts with its output", async () => {
    expect(await read(10, { end: 10 }, "resume", 20, "resume", 40, { end: 50 })).toEqual([250, 250, 70, 1]);
    expect(await read(10, { end: 10 }, "resume", 20, "resume", 40, { end: 40 })).toEqual([250, 250, 70, 1]);
    expect(await read(10, { end: 10 }, "resume", 20, "resume", 40, { end: 70 })).toEqual([350, 350, 70, 0]);
    expect(await read(20, "resume", 40, { end: 40 })).toEqual([200, 200, 60, 1]);
    expect(await read(20, "resume", 40, { end: 60 })).toEqual([300, 300, 60, 0]);
    expect(await read(10, { end: 10 }, "resume", 20, "resume", { end: 10 })).toEqual([50, 50, 30, 1]);
  });
});

test("moved by XDG_STATE_HOME in older versions, whose sessions newer ones take over when they start", async () => {
  const end = (id: string) =>
    JSON.stringify({
      type: "session.shutdown",
      data: { modelMetrics: { m: { usage: { inputTokens: 10, outputTokens: 1 } } } },
      id,
      parentId: null,
    });
  const home = makeFolder({
    "state/.copilot/session-state/s/events.jsonl": [end("a")],
    "state/.copilot/session-state/t/events.jsonl": [end("b")],
    ".copilot/session-state/s/events.jsonl": [end("a")],
  });
  const read = async (variables: Record<string, string>) => {
    const environment = { variables, home, platform: "linux" as const };
    return (await scan({ environment, threads: 0, cache: false })).totals.responses;
  };
  expect(await read({ XDG_STATE_HOME: join(home, "state") })).toBe(2);
  expect(await read({ XDG_STATE_HOME: join(home, "state"), COPILOT_HOME: join(home, "nowhere") })).toBe(2);
  expect(await read({ XDG_STATE_HOME: home })).toBe(1);
});

test("moved by COPILOT_HOME; more cached than input is clamped and said", async () => {
  const usage = { inputTokens: 10, outputTokens: 1, cacheReadTokens: 8, cacheWriteTokens: 5 };
  const end = JSON.stringify({
    type: "session.shutdown",
    data: { modelMetrics: { m: { usage } } },
    id: "e",
    parentId: null,
  });
  const home = makeFolder({ "elsewhere/session-state/s/events.jsonl": [end] });
  const environment = { variables: { COPILOT_HOME: join(home, "elsewhere") }, home, platform: "linux" as const };
  const { rows, diagnostics } = await scan({ environment, by: ["source", "session"], threads: 0, cache: false });
  expect(rows).toMatchObject([
    { key: { source: "copilot", session: "s" }, inputTokens: 0, cacheReadTokens: 8, cacheCreation5mTokens: 2 },
  ]);
  expect(diagnostics).toMatchObject({ clampedResponses: 1, responsesWithoutTime: 1 });
});
