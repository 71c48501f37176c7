/** Which sessions are a run's, and whose. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { collectRun, type CollectedTeamState } from "tokensift";
import { describe, expect, test } from "vitest";
import { transcript, uuid, World } from "./world.ts";

const AT_MS = Date.UTC(2026, 5, 10, 10);
/** One response of so many tokens. */
const used = (tokens: number, minute = 0) => [{ atMs: AT_MS + minute * 60_000, input: tokens, output: 0 }];
const crew = { teamName: "crew" };

function tokensOf({ leadUsage, workers, usageSummary }: CollectedTeamState): Record<string, number | string> {
  const tokens = (usage: object | null) => (usage && "totalTokens" in usage ? Number(usage.totalTokens) : "none");
  return {
    lead: tokens(leadUsage),
    ...Object.fromEntries(workers.map(({ usage, workerId }) => [workerId, tokens(usage)])),
    unattributed: tokens(usageSummary.unattributedWorkerUsage),
  };
}

async function collected(world: World, workerIds: readonly string[], more: object = {}): Promise<CollectedTeamState> {
  const state = world.writeRun({ workers: workerIds.map((workerId) => ({ workerId })), ...more });
  return collectRun(state, world.options);
}

describe("a worker inside the lead's process is known", () => {
  const call = (blocks: readonly object[]) =>
    `${JSON.stringify({ type: "assistant", uuid: "call", message: { id: "call", content: blocks } })}\n`;
  const result = (result: object, blocks: readonly object[] = [{ type: "tool_result", tool_use_id: "t1" }]) =>
    `${JSON.stringify({ type: "user", uuid: "result", message: { content: blocks }, toolUseResult: result })}\n`;
  const agentCall = { type: "tool_use", id: "t1", name: "Agent", input: { name: "codex-worker", prompt: '"Agent"' } };
  const ways: Record<string, { lead?: string; says?: object; meta?: object; mark?: string }> = {
    "by the name on its records": { says: { agentName: "codex-worker" } },
    "by the name in its side file": { meta: { agentType: "general-purpose", name: "codex-worker" } },
    "by the name in its side file, behind a byte order mark": { meta: { name: "codex-worker" }, mark: "\uFEFF" },
    "by the call that its side file names, before there is a result": {
      lead: call([agentCall]),
      meta: { agentType: "general-purpose", toolUseId: "t1" },
    },
    "by the name in the lead's call": { lead: call([agentCall]) + result({ agentId: "a1" }) },
    "by that of the older tool": { lead: call([{ ...agentCall, name: "Task" }]) + result({ agentId: "a1" }) },
    "by a call among other blocks": {
      lead:
        call([{ type: "text", text: "…" }, agentCall, { type: "tool_use", id: "t2", name: "Bash", input: {} }]) +
        result({ status: "completed", agentId: "a1" }),
    },
    "by a result that comes before its call": { lead: result({ agentId: "a1" }) + call([agentCall]) },
    "by a result that names it itself": { lead: result({ agent_id: "a1", name: "codex-worker" }, []) },
  };
  test.each(Object.entries(ways))("%s", async (_, { lead = "", says = {}, meta, mark = "" }) => {
    const world = new World();
    const path = world.writeSession(0, transcript("lead", used(1)) + lead);
    const agent = join(path.replace(/\.jsonl$/, ""), "subagents", "agent-a1.jsonl");
    world.write(agent, transcript("a1", used(10), { isSidechain: true, ...says }));
    world.write(agent.replace("a1.jsonl", "a2.jsonl"), transcript("a2", used(100), { isSidechain: true }));
    if (meta) world.write(agent.replace(".jsonl", ".meta.json"), mark + JSON.stringify(meta));
    const answer = await collected(world, ["codex"]);
    expect(tokensOf(answer)).toEqual({ lead: 101, codex: 10, unattributed: "none" });
    expect(answer.workers[0]?.usage).toMatchObject({ sessionId: "a1", agentName: "codex-worker" });
    expect(await collectRun(world.path(".runs/1/state/team-state-1.json"), world.options)).toEqual(answer);
  });

  test("or it is said what could have named it, and cannot be read", async () => {
    const world = new World();
    const path = world.writeSession(0, transcript("lead", used(1)));
    const agent = join(path.replace(/\.jsonl$/, ""), "subagents", "agent-a1.jsonl");
    world.write(agent, transcript("a1", used(10), { isSidechain: true }));
    const side = agent.replace(".jsonl", ".meta.json");
    mkdirSync(side);
    const answer = await collected(world, ["codex"]);
    expect(tokensOf(answer)).toEqual({ lead: 11, codex: "none", unattributed: "none" });
    expect(answer.usageSummary.diagnostics.unreadable).toEqual([{ path: side, code: "EISDIR" }]);
  });

  test("and is not, where the call is of another tool, another agent or another name", async () => {
    const world = new World();
    const lead =
      call([{ ...agentCall, name: "Bash" }]) +
      result({ agentId: "a1" }) +
      call([{ ...agentCall, id: "t3" }]) +
      result({ agentId: "a7" }, [{ type: "tool_result", tool_use_id: "t3" }]);
    const path = world.writeSession(0, transcript("lead", used(1)) + lead);
    world.write(join(path.replace(/\.jsonl$/, ""), "subagents", "agent-a1.jsonl"), transcript("a1", used(10)));
    expect(tokensOf(await collected(world, ["codex"]))).toEqual({ lead: 11, codex: "none", unattributed: "none" });
  });
});

test("a subagent of a worker is the worker's, whatever name its records bear", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1)));
  const path = world.writeSession(1, transcript("c", used(10), { ...crew, agentName: "claude-worker" }));
  const says = { ...crew, agentName: "codex-worker" };
  world.write(join(path.replace(/\.jsonl$/, ""), "subagents", "agent-a1.jsonl"), transcript("a1", used(100), says));
  expect(tokensOf(await collected(world, ["claude", "codex"]))).toMatchObject({ claude: 110, codex: "none" });
});

test("so are its subagents at any depth, of any version of Claude Code", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1)));
  const path = world.writeSession(1, transcript("c", used(10), { ...crew, agentName: "claude-worker" }));
  const below = join(path.replace(/\.jsonl$/, ""), "subagents");
  world.write(join(below, "workflows/w1/agent-a1.jsonl"), transcript("a1", used(100)));
  world.write(join(below, "agent-a1/subagents/agent-a2.jsonl"), transcript("a2", used(1000)));
  const flat = transcript("a3", used(10_000), { sessionId: uuid(1), isSidechain: true });
  world.write(join(world.projectFolder(), "agent-a3.jsonl"), flat);
  expect(tokensOf(await collected(world, ["claude"]))).toMatchObject({ lead: 1, claude: 11_110 });
});

test("a team that a record names beside another one counts too", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1)));
  world.writeSession(
    1,
    transcript("c", used(10), { teamName: "others", team: { teamName: "Crew" }, agentName: "codex" }),
  );
  expect(tokensOf(await collected(world, ["codex"]))).toMatchObject({ codex: 10 });
});

test("a name on a record of type agent-name is a title", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1)));
  world.writeSession(1, transcript("c", used(10), crew) + '{"type":"agent-name","agentName":"codex-worker"}\n');
  expect(tokensOf(await collected(world, ["codex"]))).toMatchObject({ codex: "none", unattributed: 10 });
});

test("of a lead resumed twice every session is the lead's, and copies count once", async () => {
  const world = new World();
  const first = transcript("lead", used(1));
  const second = first + transcript("again", used(10, 5), crew);
  world.writeSession(0, first);
  world.writeSession(1, second);
  // What the second one wrote is all that the third shares.
  world.writeSession(2, transcript("again", used(10, 5), crew) + transcript("thrice", used(100, 9), crew));
  const answer = await collected(world, []);
  expect(answer.leadUsage).toMatchObject({
    totalTokens: 111,
    sessionId: uuid(0),
    additionalSessionIds: [uuid(1), uuid(2)],
  });
});

test("without a team only the lead is found, and that is said", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1), crew));
  world.writeSession(1, transcript("c", used(10), { ...crew, agentName: "codex" }));
  const answer = await collected(world, ["codex"], { team: undefined });
  expect(tokensOf(answer)).toEqual({ lead: 1, codex: "none", unattributed: "none" });
  expect(answer.workers[0]?.usage).toMatchObject({ source: "unavailable", note: expect.stringContaining("no team") });
  expect(answer.usageSummary.diagnostics.notes).toContainEqual(expect.stringContaining("names no team"));
});

test("a lead without a transcript has no invented zeros", async () => {
  const world = new World();
  world.writeSession(1, transcript("c", used(10), { ...crew, agentName: "codex" }));
  const answer = await collected(world, ["codex"]);
  expect(answer.leadUsage).toEqual({ source: "unavailable", note: expect.stringContaining(uuid(0)) as string });
  // Of the run's totals too: they would pass for the whole run's.
  expect(answer.usageSummary.diagnostics.notes).toContain(
    `no transcript of session ${uuid(0)} is in the project's folders: what the lead used is in no total`,
  );
  expect(tokensOf(answer)).toMatchObject({ codex: 10 });
});

test("a lead of whom only subagents are left is said, and one of whom only workers are left has no zeros", async () => {
  const world = new World();
  const below = join(world.projectFolder(), uuid(0), "subagents");
  world.write(join(below, "agent-a1.jsonl"), transcript("a1", used(10), { agentName: "codex" }));
  const workers = await collected(world, ["codex"]);
  expect(tokensOf(workers)).toEqual({ lead: "none", codex: 10, unattributed: "none" });
  expect(workers.usageSummary).toMatchObject({ sessionsFound: 1 });
  world.write(join(below, "agent-a2.jsonl"), transcript("a2", used(100)));
  const subagents = await collected(world, ["codex"]);
  expect(tokensOf(subagents)).toEqual({ lead: 100, codex: 10, unattributed: "none" });
  expect(subagents.usageSummary.diagnostics.notes).toContain(
    `session ${uuid(0)} has no transcript but its subagents': what the lead itself used is in no total`,
  );
});

test("a lead is found by its file's name where that is no UUID", async () => {
  const world = new World();
  world.write(join(world.projectFolder(), "lead-sid.jsonl"), transcript("lead", used(1), { sessionId: "another" }));
  world.write(join(world.projectFolder(), "lead-sid/subagents/agent-a1.jsonl"), transcript("a", used(10)));
  const answer = await collected(world, [], { lead: { sessionId: "lead-sid" } });
  expect(answer.leadUsage).toMatchObject({ source: "claude-jsonl", sessionId: "lead-sid", totalTokens: 11 });
});

test("and is one session then, with its subagents", async () => {
  const world = new World();
  const lead = transcript("lead", [...used(1), ...used(1, 5)], { sessionId: "another" });
  world.write(join(world.projectFolder(), "lead-sid.jsonl"), lead);
  const agent = transcript("a", [...used(10, 2), ...used(10, 7)]);
  world.write(join(world.projectFolder(), "lead-sid/subagents/agent-a1.jsonl"), agent);
  const answer = await collected(world, [], { lead: { sessionId: "lead-sid" } });
  expect(answer.leadUsage).toMatchObject({ totalTokens: 22, durationMs: 7 * 60_000 });
});

test("an id is the same in capitals, in every place that names the session", async () => {
  const world = new World();
  const id = "abcdef00-0000-4000-8000-000000000000";
  world.write(join(world.projectFolder(), `${id.toUpperCase()}.jsonl`), transcript("lead", used(1)));
  world.write(join(world.projectFolder(), `${id}/subagents/agent-a1.jsonl`), transcript("a", used(10)));
  for (const sessionId of [id, id.toUpperCase()]) {
    expect(tokensOf(await collected(world, [], { lead: { sessionId } }))).toMatchObject({ lead: 11 });
  }
});

test("re-dispatches add up in the order in which they started, whatever their files are called", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1)));
  const dispatch = (n: number, name: string, minute: number) =>
    world.writeSession(n, transcript(name, [...used(n, minute), ...used(n, minute + 1)], { ...crew, agentName: name }));
  dispatch(3, "codex-worker", 1);
  dispatch(1, "codex-worker-003", 30);
  dispatch(2, "codex-worker-002", 10);
  const answer = await collected(world, ["codex"]);
  expect(answer.workers[0]?.usage).toMatchObject({
    sessionId: uuid(3),
    additionalSessionIds: [uuid(2), uuid(1)],
    totalTokens: 12,
    durationMs: 180_000,
    startedAt: "2026-06-10T10:01:00.000Z",
    endedAt: "2026-06-10T10:31:00.000Z",
    agentName: "codex-worker",
  });
});

test.each([
  ["", {}],
  // That such a copy has two ids is noted beside it, without a time.
  [", copies by the Agent SDK too", { forkedFrom: { sessionId: uuid(7), messageUuid: "elsewhere" } }],
])("sessions outside the window are of another run of the same team%s", async (_, more) => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1, -60)));
  world.writeSession(1, transcript("old", used(10, -60), { ...crew, agentName: "codex", ...more }));
  world.writeSession(2, transcript("older", used(20, -60), crew));
  const state = world.writeRun({ workers: [{ workerId: "codex" }] }, { createdAt: "2026-06-10T10:00:00Z" });
  const answer = await collectRun(state, world.options);
  expect(answer.leadUsage).toMatchObject({ sessionId: uuid(0), totalTokens: 0, startedAt: null, model: null });
  expect(answer.workers[0]?.usage).toEqual({
    source: "unavailable",
    note: "its sessions have no record in the window",
  });
  expect(answer.usageSummary).toMatchObject({
    sessionsFound: 1,
    unattributedTeamSessions: [],
    unattributedWorkerUsage: null,
  });
});
