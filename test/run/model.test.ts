/** Random runs with everything a session, a subagent and a window can be, against the words of the spec told once more. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { collectRun, type CollectedTeamState } from "tokensift";
import { expect, test } from "vitest";
import { uuid, World } from "./world.ts";

const RUNS = Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 100);
const SINCE_MS = Date.UTC(2026, 5, 10, 10);
const UNTIL_MS = SINCE_MS + 3_600_000;
const IDS = ["a", "A-worker", "a-b", "b", "report-writer"] as const;

/** Undefined: the record has no time. */
const time = fc.option(
  fc.oneof(
    fc.constantFrom(SINCE_MS - 1, SINCE_MS, UNTIL_MS, UNTIL_MS + 1),
    fc.integer({ min: SINCE_MS - 60_000, max: UNTIL_MS + 60_000 }),
  ),
  { nil: undefined, freq: 12 },
);
const says = fc.record(
  {
    teamName: fc.constantFrom("crew", "CREW", "others", ""),
    team: fc.record({ teamName: fc.constantFrom("Crew", "others") }),
    agentName: fc.constantFrom(
      "a",
      "A-Worker-2",
      "a-b-r1",
      "b-executor",
      "report-writer-002",
      "helper",
      "",
      "a-workers",
    ),
  },
  { requiredKeys: [] },
);
const record = fc.record({
  atMs: time,
  zone: fc.constantFrom("Z", "+09:00", "-03:30"),
  tokens: fc.nat(1000),
  says,
  isTitle: fc.boolean(),
});
type Said = Readonly<{ teamName?: string; team?: { teamName: string }; agentName?: string }>;
interface Record_ {
  readonly atMs: number | undefined;
  readonly zone: string;
  readonly tokens: number;
  readonly says: Said;
  readonly isTitle: boolean;
}
const records = fc.array(record, { minLength: 1, maxLength: 4 });
/** How a subagent's name is told, if at all. */
const subagent = fc.record({ records, way: fc.constantFrom("records", "meta", "call", "result"), called: says });
const session = fc.record({
  records,
  subagents: fc.array(subagent, { maxLength: 2 }),
  place: fc.constantFrom("app", "app/below", "trees/w", "app-two"),
});
type Session = typeof session extends fc.Arbitrary<infer T> ? T : never;

const zones: Readonly<Record<string, number>> = { Z: 0, "+09:00": 540, "-03:30": -210 };
const stamp = (ms: number, zone: string) =>
  new Date(ms + (zones[zone] as number) * 60_000).toISOString().replace("Z", zone);

function lineOf(name: string, { atMs, zone, tokens, says: said, isTitle }: Record_): string {
  const title = isTitle
    ? `${JSON.stringify({ type: "agent-name", agentName: "b-worker", ...named("teamName", "") })}\n`
    : "";
  return `${title}${JSON.stringify({
    ...said,
    type: "assistant",
    uuid: name,
    requestId: `req-${name}`,
    ...(atMs !== undefined && { timestamp: stamp(atMs, zone) }),
    message: { id: `msg-${name}`, model: "m", usage: { input_tokens: tokens, output_tokens: 0 } },
  })}\n`;
}
const named = (key: string, value: string) => (value === "" ? {} : { [key]: value });

const linesOf = (name: string, some: readonly Record_[]) => some.map((one, i) => lineOf(`${name}-${i}`, one)).join("");

function build(lead: Session, others: readonly Session[], isResumed: boolean) {
  const world = new World();
  world.write(world.path(".git/worktrees/w/gitdir"), `${world.base}/trees/w/.git\n`);
  for (const [n, one] of [lead, ...others].entries()) {
    const { place, subagents } = one;
    const cwd = `{"cwd":${JSON.stringify(join(world.base, n === 0 ? "app" : place))}}\n`;
    const copied = isResumed && n === 1 ? linesOf("s0", lead.records) : "";
    const calls = n === 0 ? subagents.map(callOf).join("") : "";
    const path = world.writeSession(n, cwd + copied + linesOf(`s${n}`, one.records) + calls, n === 0 ? "app" : place);
    for (const [i, { records: some, way, called }] of subagents.entries()) {
      const stem = join(path.replace(/\.jsonl$/, ""), "subagents", `agent-x${n}${i}`);
      world.write(`${stem}.jsonl`, linesOf(`a${n}-${i}`, some));
      if (way === "meta") world.write(`${stem}.meta.json`, JSON.stringify({ name: called.agentName ?? 7 }));
    }
  }
  const workers = IDS.map((workerId) => ({ workerId }));
  const state = { workers, runEndedAt: stamp(UNTIL_MS, "+09:00") };
  return { world, state: world.writeRun(state, { createdAt: stamp(SINCE_MS, "-03:30") }) };
}

/** What a resumed session writes itself is no earlier than what it copied. */
function goesOn({ records: own, ...others }: Session, { records: copied }: Session): Session {
  const lastMs = Math.max(...copied.flatMap(({ atMs }) => atMs ?? []));
  return { ...others, records: own.map(({ atMs, ...one }) => ({ ...one, atMs: atMs && Math.max(atMs, lastMs) })) };
}

/** The lead's call of a subagent, or its result alone. */
function callOf({ way, called }: Session["subagents"][number], i: number): string {
  const { agentName: name = "" } = called;
  const line = (value: object) => `${JSON.stringify(value)}\n`;
  const result = { agentId: `x0${i}`, ...(way === "result" && named("name", name)) };
  const answer = line({
    type: "user",
    message: { content: [{ type: "tool_result", tool_use_id: `t${i}` }] },
    toolUseResult: result,
  });
  if (way === "result") return answer;
  if (way !== "call") return "";
  const use = { type: "tool_use", id: `t${i}`, name: i % 2 ? "Task" : "Agent", input: named("name", name) };
  return line({ type: "assistant", uuid: `call${i}`, message: { id: `call${i}`, content: [use] } }) + answer;
}

/** "An exact id first, then the longest matching stem, then the order in workers." */
function workerOf(name: string): string | undefined {
  const lower = name.toLowerCase();
  const fits = IDS.flatMap((id) =>
    ["-worker", "-executor", ""].flatMap((role) => {
      const stem = `${id}${role}`.toLowerCase();
      const isExact = lower === id.toLowerCase();
      return lower === stem || (lower.startsWith(stem) && /^(-[a-z0-9]+)+$/.test(lower.slice(stem.length)))
        ? [{ id, rank: isExact ? 1000 : stem.length }]
        : [];
    }),
  );
  return fits.toSorted((x, y) => y.rank - x.rank)[0]?.id;
}

const teamsOf = (some: readonly Record_[]) =>
  new Set(
    some
      .flatMap(({ says: { teamName, team } }) => [teamName ?? "", team?.teamName ?? ""])
      .filter((team) => team !== "")
      .map((team) => team.toLowerCase()),
  );
const nameOf = (some: readonly Record_[]) =>
  some.map(({ says: { agentName } }) => agentName ?? "").find((name) => name !== "") ?? "";
const isIn = ({ atMs }: Record_) => atMs === undefined || (atMs >= SINCE_MS && atMs <= UNTIL_MS);

interface Unit {
  readonly owner: string;
  readonly id: string;
  readonly records: readonly Record_[];
  /** Of another session: they say that this one was there, and count there. */
  readonly copied: readonly Record_[];
}

function unitsOf(lead: Session, others: readonly Session[], isResumed: boolean): Unit[] {
  const units: Unit[] = [];
  for (const [n, { records: own, subagents, place }] of [lead, ...others].entries()) {
    const copied = isResumed && n === 1 ? lead.records : [];
    const all = [...copied, ...own];
    const isOfTeam = teamsOf(all).has("crew") && place !== "app-two";
    if (n > 0 && !isOfTeam) continue;
    const name = nameOf(all);
    const isLead = n === 0 || (copied.length > 0 && name === "");
    const owner = isLead ? "lead" : (workerOf(name) ?? "unattributed");
    const mine = [...own];
    for (const [i, { records: some, way, called }] of subagents.entries()) {
      const teams = teamsOf(some);
      if (teams.size > 0 && !teams.has("crew")) continue;
      // Only the lead's subagents can be workers; its calls stand in the first session.
      const toldElsewhere = way === "meta" || (n === 0 && way !== "records") ? (called.agentName ?? "") : "";
      const worker = isLead ? [nameOf(some), toldElsewhere].flatMap((told) => workerOf(told) ?? [])[0] : undefined;
      if (worker === undefined) mine.push(...some);
      else units.push({ owner: worker, id: `x${n}${i}`, records: some, copied: [] });
    }
    units.push({ owner, id: uuid(n), records: mine, copied });
  }
  return units.filter(({ id, records: some, copied }) => id === uuid(0) || [...copied, ...some].some(isIn));
}

/** What is said of everybody: ids and tokens; of those without copies also the times. */
function expected(units: readonly Unit[], isResumed: boolean) {
  const of = (owner: string) => {
    const mine = units.filter((unit) => unit.owner === owner);
    if (mine.length === 0) return undefined;
    const counted = mine.map(({ records: some }) => some.filter(isIn));
    const times = counted.map((some) => some.flatMap(({ atMs }) => atMs ?? []));
    const totalTokens = counted.flat().reduce((sum, { tokens }) => sum + tokens, 0);
    const ids = mine.map(({ id }) => id).sort();
    if (isResumed) return { totalTokens, ids };
    const span = (some: readonly number[]) => (some.length === 0 ? 0 : Math.max(...some) - Math.min(...some));
    const [first, last] = [Math.min(...times.flat()), Math.max(...times.flat())];
    const iso = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : null);
    const durationMs = times.reduce((sum, some) => sum + span(some), 0);
    return { totalTokens, ids, durationMs, startedAt: iso(first), endedAt: iso(last) };
  };
  return Object.fromEntries(["lead", ...IDS, "unattributed"].map((owner) => [owner, of(owner)]));
}

function found({ leadUsage, workers, usageSummary }: CollectedTeamState, isResumed: boolean) {
  const of = (usage: CollectedTeamState["leadUsage"] | null) => {
    if (usage === null || usage.source === "unavailable") return undefined;
    const { totalTokens, durationMs, startedAt, endedAt, sessionId, additionalSessionIds } = usage;
    const ids = [sessionId, ...additionalSessionIds].sort();
    return isResumed ? { totalTokens, ids } : { totalTokens, ids, durationMs, startedAt, endedAt };
  };
  return {
    lead: of(leadUsage),
    ...Object.fromEntries(workers.map(({ workerId, usage }) => [String(workerId), of(usage)])),
    unattributed: of(usageSummary.unattributedWorkerUsage),
  };
}

const said = (answer: CollectedTeamState) => JSON.stringify(answer).replaceAll(/"collectedAt":"[^"]*"/g, "");

test(
  "everybody gets what the spec says, cold, warm and without a cache",
  { timeout: 60_000 + RUNS * 1000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        session,
        fc.array(session, { maxLength: 4 }),
        fc.boolean(),
        fc.nat(),
        async (lead, some, resumes, cut) => {
          const isResumed = resumes && some.length > 0;
          const others = isResumed ? [goesOn(some[0] as Session, lead), ...some.slice(1)] : some;
          const { world, state } = build(lead, others, isResumed);
          // First a part of a session, so that its cursor is one of several pieces.
          const n = cut % (others.length + 1);
          const grown = join(
            world.projectFolder(n === 0 ? "app" : (others[n - 1] as Session).place),
            `${uuid(n)}.jsonl`,
          );
          const bytes = readFileSync(grown);
          writeFileSync(grown, bytes.subarray(0, cut % bytes.length));
          await collectRun(state, world.options);
          appendFileSync(grown, bytes.subarray(cut % bytes.length));
          const answer = await collectRun(state, world.options);
          expect(found(answer, isResumed)).toEqual(expected(unitsOf(lead, others, isResumed), isResumed));
          expect(said(await collectRun(state, world.options))).toBe(said(answer));
          expect(said(await collectRun(state, { ...world.options, cache: false }))).toBe(said(answer));
        },
      ),
      { numRuns: RUNS },
    );
  },
);
