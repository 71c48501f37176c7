/** Calls that start agents, and their results, as the kernel and the source find them in lines. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { openBatch } from "../../src/events.ts";
import { claude } from "../../src/sources/claude.ts";
import { type Dispatch, readDispatches } from "../../src/sources/dispatches.ts";
import { LineScanner } from "../kernel/scan-lines.ts";

const scanner = new LineScanner(claude.record);

const found = (record: unknown) => foundIn(JSON.stringify(record));

function foundIn(line: string): Dispatch[] {
  const { events } = scanner;
  events.beginRange(0, 0);
  const isGood = scanner.row(line, (cells) => claude.decode(cells, events));
  expect(isGood).toBe(true);
  const batch = events.finish();
  return [...openBatch(batch).context.dispatches].flatMap((text) => readDispatches(batch.texts[text] || "[]"));
}

interface Block {
  readonly type: string;
  readonly id?: unknown;
  readonly name?: unknown;
  readonly input?: unknown;
  readonly tool_use_id?: unknown;
}

/** The same from the record itself. */
function expected(type: string, content: readonly Block[], result: Record<string, unknown>): Dispatch[] {
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
  const agentIds = [result["agentId"], result["agent_id"]].filter(isText);
  const ofBlocks = content.flatMap((block): Dispatch[] => {
    const name = (block.input as { name?: unknown } | undefined)?.name;
    if (block.type === "tool_use" && type === "assistant" && (block.name === "Agent" || block.name === "Task")) {
      return isText(block.id) && isText(name) ? [{ callId: block.id, name, agentId: "" }] : [];
    }
    if (block.type !== "tool_result" || !isText(block.tool_use_id)) return [];
    return agentIds.map((agentId) => ({ callId: block.tool_use_id as string, name: "", agentId }));
  });
  const { name } = result;
  return [...ofBlocks, ...(isText(name) ? agentIds.map((agentId) => ({ callId: "", name, agentId })) : [])];
}

test("a tool's name may be written with escapes", () => {
  const call = { type: "tool_use", id: "t", name: "Agent", input: { name: "a" } };
  for (const content of [[call], [{ type: "text", text: "" }, call]]) {
    const line = JSON.stringify({ type: "assistant", message: { content } }).replace('"Agent"', '"\\u0041gent"');
    expect(foundIn(line)).toEqual([{ callId: "t", name: "a", agentId: "" }]);
  }
});

test("of a key that stands twice, the last one counts", () => {
  const blocks =
    '[{"type":"text","id":"x","id":"t","type":"tool_use","name":"Agent","input":{"name":"a"},"input":{"name":"b"}},7,[]]';
  expect(foundIn(`{"type":"assistant","message":{"content":${blocks}}}`)).toEqual([
    { callId: "t", name: "b", agentId: "" },
  ]);
});

const text = fc.constantFrom("a", "codex-worker", 'q"u\\o\n', "ü", "Agent");
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 5 });
const block: fc.Arbitrary<Block> = fc.record(
  {
    type: fc.constantFrom("tool_use", "tool_use", "tool_result", "text", "thinking"),
    id: fc.oneof(text, fc.constant(7)),
    name: fc.constantFrom("Agent", "Task", "Bash", "Agents", 7),
    input: fc.oneof(fc.record({ name: maybe(fc.oneof(text, fc.constant(""))), prompt: text }), fc.constant("Agent")),
    tool_use_id: text,
  },
  { requiredKeys: ["type"] },
);

test("whatever stands in a record, the calls and results in it are found, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("assistant", "user", "system"),
      fc.array(block, { maxLength: 4 }),
      fc.record({ agentId: maybe(text), agent_id: maybe(text), name: maybe(text) }, { requiredKeys: [] }),
      (type, content, toolUseResult) => {
        // A tool use that the source counts makes a call; only such records are looked through.
        const record = { type, uuid: "u", toolUseResult, message: { content } };
        const hasUses = type === "assistant" && content.some((one) => one.type === "tool_use");
        const hasResult = ["agentId", "agent_id"].some((name) => (toolUseResult as Record<string, unknown>)[name]);
        const all = hasUses || hasResult ? expected(type, content, toolUseResult) : [];
        expect(found(record)).toEqual(all);
        // With white space wherever JSON allows it.
        expect(foundIn(JSON.stringify(record, null, 1).replaceAll("\n", "\t"))).toEqual(all);
        // With keys that are written otherwise.
        expect(foundIn(JSON.stringify(record).replaceAll('"name":', String.raw`"n\u0061me":`))).toEqual(all);
      },
    ),
    { numRuns: 2000 },
  );
});
