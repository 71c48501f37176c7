/** Copilot CLI's session store, beside its sessions. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Agent, COPILOT } from "../databases.ts";
import { atMs, scanHome } from "../opencode.ts";
import { makeFolder } from "../transcripts.ts";

describe("Copilot CLI's session store", () => {
  const request = (
    id: number,
    session: string,
    second: number,
    input: number,
    more: Record<string, string | number | null> = {},
  ) => ({
    id,
    session_id: session,
    model: "gpt-5.4",
    input_tokens: input,
    output_tokens: 3,
    cache_read_tokens: 10,
    cache_write_tokens: 5,
    reasoning_tokens: 1,
    created_at: new Date(atMs(second)).toISOString(),
    ...more,
  });
  const line = (id: string, type: string, second: number, data: object) =>
    JSON.stringify({ type, data, id, timestamp: new Date(atMs(second)).toISOString(), parentId: null });
  const end = (id: string, second: number, inputTokens: number) =>
    line(id, "session.shutdown", second, { modelMetrics: { "gpt-5.4": { usage: { inputTokens, outputTokens: 9 } } } });

  test("counts instead of ends and messages, from its first row of a session on", async () => {
    const home = makeFolder({
      // Began before the store did: 100 + 9 of its first end are nowhere else. The crash at 00:10 is known by its message alone.
      ".copilot/session-state/old/events.jsonl": [
        line("a", "session.start", 0, { sessionId: "old", context: { cwd: "/srv/shop", branch: "main" } }),
        line("b", "assistant.message", 1, { outputTokens: 9, toolRequests: [{}] }),
        end("c", 2, 100),
        line("d", "assistant.message", 10, { model: "gpt-5.4", outputTokens: 4 }),
        line("e", "assistant.message", 500, { outputTokens: 3 }),
        end("f", 700, 250),
      ],
      ".copilot/session-state/without/events.jsonl": [
        line("g", "session.start", 0, { sessionId: "without", context: { cwd: "/srv/shop" } }),
        end("h", 2, 1000),
      ],
    });
    const agent = new Agent(COPILOT);
    agent.insert("sessions", { id: "old", cwd: "/srv/shop", branch: "main" });
    agent.insert("sessions", { id: "app", cwd: "/srv/app", branch: "dev" });
    agent.insert("assistant_usage_events", request(1, "old", 501, 50));
    agent.checkpoint();
    agent.insert("assistant_usage_events", request(2, "old", 600, 60, { parent_tool_call_id: "t" }));
    agent.insert(
      "assistant_usage_events",
      request(3, "app", 601, 12, { model: "auto", copilot_usage_model: "claude-sonnet-4.6" }),
    );
    agent.publish(join(home, ".copilot/session-store.db"));
    const { rows, diagnostics, stats } = await scanHome(home, {
      by: ["session", "agent", "model", "project", "branch"],
    });
    expect(rows).toMatchObject([
      { key: { session: "without", model: "gpt-5.4" }, inputTokens: 1000, outputTokens: 9 },
      {
        key: { session: "old", agent: "main", model: "gpt-5.4", project: "/srv/shop", branch: "main" },
        // 100 of the first end, 50 - 15 of the first row; outputs 9, 4 and 3.
        ...{
          inputTokens: 135,
          cacheReadTokens: 10,
          cacheCreation5mTokens: 5,
          outputTokens: 16,
          responses: 3,
          toolUses: 1,
        },
      },
      {
        key: { session: "old", agent: "subagent" },
        inputTokens: 45,
        cacheReadTokens: 10,
        outputTokens: 3,
        reasoningTokens: 1,
      },
      {
        key: { session: "app", model: "claude-sonnet-4.6", project: "/srv/app", branch: "dev" },
        ...{ inputTokens: 0, cacheReadTokens: 10, cacheCreation5mTokens: 2, outputTokens: 3 },
      },
    ]);
    expect(diagnostics).toMatchObject({ outputOnlyResponses: 1, clampedResponses: 1, unreadable: [] });
    expect(stats.transcripts).toBe(3);
  });

  test("of an older version, without usage, is no reason to say anything", async () => {
    const home = makeFolder();
    new Agent("CREATE TABLE sessions (id TEXT PRIMARY KEY, cwd TEXT)").publish(join(home, ".copilot/session-store.db"));
    const { diagnostics, totals } = await scanHome(home);
    expect([diagnostics.unreadable, totals.responses]).toEqual([[], 0]);
  });
});
