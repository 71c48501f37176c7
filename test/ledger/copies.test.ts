/** Forks whose originals go: what was counted once is never counted again, and nothing that is new is lost. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Ledger } from "../../src/ledger/types.ts";
import { lines, response, sessionId } from "../transcripts.ts";
import { forgetIds, type Home, message, PROJECT_FOLDER, taskHome, transcriptOf } from "./home.ts";

async function scanned(home: Home, ...flags: string[]): Promise<Ledger> {
  const { code, stderr } = await home.run("tasks", "scan", "--quiet", ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return read(home);
}

const read = ({ ledger }: Home) => JSON.parse(readFileSync(ledger, "utf8")) as Ledger;

/** Responses by session, then those of all tasks. */
async function counted(home: Home, ...sessions: number[]): Promise<Array<number | undefined>> {
  return countsIn(await scanned(home), ...sessions);
}

function countsIn({ sessions, summary }: Ledger, ...some: number[]): Array<number | undefined> {
  return [...some.map((n) => sessions[sessionId(n)]?.message_count), summary.total_tokens / 111];
}

const pathOf = (home: Home, n: number) => join(home.home, transcriptOf(n));
const remove = (home: Home, n: number) => rmSync(pathOf(home, n));
const grow = (home: Home, n: number, ...more: string[]) => appendFileSync(pathOf(home, n), lines(more));
const rewrite = (home: Home, n: number, ...some: string[]) => writeFileSync(pathOf(home, n), lines(some));

/** A message that is its session's own record, on a day of May. */
const own = (n: number, day: number) =>
  message(`task-${n}`, { uuid: `own-${n}`, timestamp: `2026-05-${String(day).padStart(2, "0")}T00:00:00.000Z` });
/** The same at an hour: 5 of session 2, 6 of session 3. */
const later = (n: number) => message(`task-${n}`, { uuid: `own-${n}`, timestamp: `2026-06-01T0${n + 3}:00:00.000Z` });
const responses = (...some: number[]) => some.map((n) => response(n));

describe("a fork, in the scan that misses its original first,", () => {
  test("that has grown gets what it grew by, and no copies", async () => {
    const shared = responses(1, 2);
    const home = taskHome({ 1: [own(1, 1), ...shared], 2: [...shared, message("task-2"), response(3)] });
    expect(await counted(home, 1, 2)).toEqual([2, 1, 3]);
    const before = read(home).sessions[sessionId(2)];
    remove(home, 1);
    grow(home, 2, response(4));
    expect(await counted(home, 1, 2)).toEqual([2, 2, 4]);
    expect(await counted(home, 1, 2)).toEqual([2, 2, 4]);
    grow(home, 2, response(5));
    await home.run("tasks", "record", "--session", sessionId(2), "--task", "task-2");
    expect(await counted(home, 1, 2)).toEqual([2, 3, 5]);
    // Nor does it begin when its original did.
    expect(read(home).sessions[sessionId(2)]?.first_at).toBe(before?.first_at);
  });

  test("that nobody has seen before gets its own", async () => {
    const shared = responses(1, 2);
    const home = taskHome({ 1: [own(1, 1), ...shared] });
    expect(await counted(home, 1)).toEqual([2, 2]);
    remove(home, 1);
    rewrite(home, 2, own(1, 1), ...shared, message("task-2"), response(3));
    expect(await counted(home, 1, 2)).toEqual([2, 1, 3]);
    // From its own message on.
    expect(read(home).sessions[sessionId(2)]).toMatchObject({
      first_at: "2026-06-01T00:00:00.000Z",
      last_at: "2026-06-01T00:03:00.000Z",
      span_seconds: 180,
    });
  });

  test("that has lost or changed what was its own has what is left", async () => {
    const shared = responses(1, 2);
    const start = {
      1: [own(1, 1), ...shared],
      2: [...shared, message("task-2"), ...responses(3, 4)],
      3: [...shared, message("task-3"), ...responses(5, 6)],
      4: [...shared, message("task-4"), response(7)],
    };
    const home = taskHome(start);
    expect(await counted(home, 1, 2, 3, 4)).toEqual([2, 2, 2, 1, 7]);
    remove(home, 1);
    rewrite(home, 2, ...shared, message("task-2"), response(3));
    // Of the copies a part, then others.
    rewrite(home, 3, response(2), message("task-3"), ...responses(8, 9, 10));
    rewrite(home, 4, message("task-4"), ...responses(11, 12));
    // What they have lost is said, once.
    const { stderr } = await home.run("tasks", "scan");
    expect(stderr.match(/no transcript holds \d responses? of its last figures/g)).toEqual([
      "no transcript holds 1 response of its last figures",
      "no transcript holds 2 responses of its last figures",
      "no transcript holds 1 response of its last figures",
    ]);
    expect(await counted(home, 1, 2, 3, 4)).toEqual([2, 1, 3, 2, 8]);
  });

  test("of several that all grow each gets its own", async () => {
    const home = taskHome({
      1: [own(1, 1), ...responses(1, 2, 3)],
      2: [...responses(1, 2), message("task-2"), response(11)],
      3: [...responses(1, 2, 3), message("task-3"), response(21)],
      4: [response(1), message("task-4")],
    });
    expect(await counted(home, 1, 2, 3, 4)).toEqual([3, 1, 1, undefined, 5]);
    remove(home, 1);
    grow(home, 2, response(12));
    grow(home, 3, ...responses(22, 23));
    expect(await counted(home, 1, 2, 3, 4)).toEqual([3, 2, 3, undefined, 8]);
    grow(home, 4, response(31));
    remove(home, 3);
    expect(await counted(home, 1, 2, 3, 4)).toEqual([3, 2, 3, 1, 9]);
  });

  test("of a fork that goes with the original, or before, or after it, gets its own", async () => {
    for (const order of [[[1, 2]], [[1], [2]], [[2], [1]]]) {
      const home = taskHome({
        1: [own(1, 1), ...responses(1, 2)],
        2: [own(1, 1), ...responses(1, 2), later(2), ...responses(303, 304)],
        3: [own(1, 1), ...responses(1, 2), later(2), ...responses(303, 304), later(3), response(365)],
      });
      expect(await counted(home, 1, 2, 3)).toEqual([2, 2, 1, 5]);
      let last = 370;
      for (const gone of order) {
        for (const n of gone) remove(home, n);
        grow(home, 3, response(last++));
        await scanned(home);
      }
      expect(await counted(home, 1, 2, 3)).toEqual([2, 2, 1 + order.length, 5 + order.length]);
    }
  });

  test("gives its original back what is its, should that return", async () => {
    const shared = responses(1, 2);
    const home = taskHome({ 1: [own(1, 1), ...shared], 2: [...shared, message("task-2"), response(3)] });
    await scanned(home);
    const bytes = readFileSync(pathOf(home, 1));
    remove(home, 1);
    grow(home, 2, response(4));
    await scanned(home);
    writeFileSync(pathOf(home, 1), bytes);
    grow(home, 1, response(9));
    expect(await counted(home, 1, 2)).toEqual([3, 2, 5]);
    expect(readFileSync(home.ledger, "utf8")).not.toMatch(/held_back|"retained"/);
  });

  test("has the figures, of every kind, that it has while its original is there", async () => {
    const haiku = { model: "claude-haiku-4-5" };
    const usage = { cache_creation_input_tokens: 1000, server_tool_use: { web_search_requests: 1 } };
    const shared = [response(1, {}, usage), response(2, {}, { input_tokens: 7 }, haiku), response(3)];
    const more = [response(4, {}, usage, haiku), response(5, {}, { output_tokens: 99 }, { model: "unpriced-1" })];
    const start = { 1: [own(1, 1), ...shared], 2: [...shared, message("task-2"), response(6, {}, usage)] };
    const [there, gone] = [taskHome(start), taskHome(start)];
    for (const home of [there, gone]) await scanned(home);
    remove(gone, 1);
    const figures: unknown[] = [];
    for (const home of [there, gone]) {
      grow(home, 2, ...more);
      const { sessions, tasks } = await scanned(home);
      figures.push([sessions[sessionId(2)], tasks["task-2"]].map((one) => ({ ...one, scanned_at: "" })));
    }
    expect(figures[1]).toEqual(figures[0]);
  });

  test("gets no copies that have no request, and no others that have no id", async () => {
    const gateway = (n: number, session: number) =>
      response(n, { requestId: null, sessionId: sessionId(session) }, {}, n === 3 ? { id: null } : {});
    const home = taskHome({
      1: [own(1, 1), gateway(1, 1), gateway(3, 1)],
      2: [gateway(1, 2), gateway(3, 2), message("task-2"), gateway(4, 2)],
    });
    expect(await counted(home, 1, 2)).toEqual([2, 1, 3]);
    remove(home, 1);
    // A gateway uses ids again.
    const again = { requestId: null, uuid: "another", sessionId: sessionId(3) };
    rewrite(home, 3, message("task-3"), response(9, again, {}, { id: "msg_1" }));
    grow(home, 2, gateway(5, 2));
    expect(await counted(home, 1, 2, 3)).toEqual([2, 2, 1, 5]);
  });
});

describe("nor are copies counted", () => {
  test.skipIf(process.getuid?.() === 0)("where an original's transcript cannot be read", async () => {
    const shared = responses(1, 2);
    const home = taskHome({ 1: [own(1, 1), ...shared], 2: [...shared, message("task-2"), response(3)] });
    await scanned(home, "--no-cache");
    chmodSync(pathOf(home, 1), 0);
    grow(home, 2, response(4));
    await home.run("tasks", "scan", "--no-cache");
    expect(countsIn(read(home), 1, 2)).toEqual([2, 2, 4]);
  });

  test("by a scan of folders where the original is not", async () => {
    const shared = responses(1, 2);
    const fork = `.claude/projects/-elsewhere/${sessionId(2)}.jsonl`;
    const there = { cwd: "/elsewhere" };
    const home = taskHome(
      { 1: [own(1, 1), ...shared] },
      { [fork]: [...shared, message("task-2", there), response(3, there)] },
    );
    expect(await counted(home, 1, 2)).toEqual([2, 1, 3]);
    appendFileSync(join(home.home, fork), lines([response(4, there)]));
    await scanned(home, join(home.home, fork, ".."));
    expect(countsIn(read(home), 1, 2)).toEqual([2, 2, 4]);
    // And with a ledger that keeps to one project.
    remove(home, 1);
    appendFileSync(join(home.home, fork), lines([response(5, there)]));
    await scanned(home, "--project", "/elsewhere");
    expect(countsIn(read(home), 1, 2)).toEqual([2, 3, 5]);
  });
});

test("a project's ledger does not get what another project's session used, when that goes", async () => {
  const there = { cwd: "/elsewhere" };
  const original = `.claude/projects/-elsewhere/${sessionId(1)}.jsonl`;
  const shared = [response(1, there), response(2, there)];
  const home = taskHome(
    { 2: [...shared, message("task-2"), response(3)], 3: [response(1, there), message("task-3")] },
    { [original]: [own(1, 1).replace("/srv/app", "/elsewhere"), ...shared] },
  );
  const scan = async () => {
    await scanned(home, "--project", "/srv/app");
    return countsIn(read(home), 1, 2, 3);
  };
  expect(await scan()).toEqual([undefined, 1, undefined, 1]);
  rmSync(join(home.home, original));
  grow(home, 2, response(4));
  for (let i = 0; i < 2; i++) expect(await scan()).toEqual([undefined, 2, undefined, 2]);
  grow(home, 3, response(31));
  remove(home, 2);
  for (let i = 0; i < 2; i++) expect(await scan()).toEqual([undefined, 2, 1, 3]);
  expect(await home.run("tasks", "get", "--task", "task-3")).toMatchObject({ code: 0, stderr: "" });
});

describe("a session of which only subagents' transcripts are left", () => {
  const agent = `${PROJECT_FOLDER}/${sessionId(1)}/subagents/agent-a.jsonl`;
  const shared = responses(1, 2);
  const start = () =>
    taskHome(
      { 1: [own(1, 1), ...shared], 2: [...shared, message("task-2"), response(3)] },
      { [agent]: [response(50, { isSidechain: true })] },
    );

  test("keeps its last figures and its task, marked, and no fork gets its copies", async () => {
    const home = start();
    expect(await counted(home, 1, 2)).toEqual([3, 1, 4]);
    const bytes = readFileSync(pathOf(home, 1));
    remove(home, 1);
    grow(home, 2, response(4));
    for (let i = 0; i < 2; i++) {
      expect(await counted(home, 1, 2)).toEqual([3, 2, 5]);
      expect(read(home).tasks["task-1"]?.retained_session_ids).toEqual([sessionId(1)]);
    }
    writeFileSync(pathOf(home, 1), bytes);
    expect(await counted(home, 1, 2)).toEqual([3, 2, 5]);
    expect(read(home).sessions[sessionId(1)]).not.toHaveProperty("retained");
  });

  test("says so where these are still written", async () => {
    const home = start();
    await scanned(home);
    remove(home, 1);
    appendFileSync(join(home.home, agent), lines([response(51, { isSidechain: true })]));
    const { stderr } = await home.run("tasks", "scan", "--quiet");
    expect(stderr).toBe(
      `tokensift: session ${sessionId(1)}: its main transcript is gone, so it keeps its last figures; what its subagents wrote after 2026-06-01T00:50:00.000Z is not in them\n`,
    );
    expect(countsIn(read(home), 1)).toEqual([3, 4]);
  });
});

describe("with a ledger of an earlier version, which does not know its responses,", () => {
  const shared = responses(1, 2);
  const start = { 1: [own(1, 1), ...shared], 2: [...shared, message("task-2"), response(3)] };

  test("a fork that has not changed keeps its figures, and the same amount is taken off later", async () => {
    const home = taskHome(start);
    await scanned(home);
    forgetIds(home);
    remove(home, 1);
    expect(await counted(home, 1, 2)).toEqual([2, 1, 3]);
    grow(home, 2, response(4));
    expect(await counted(home, 1, 2)).toEqual([2, 2, 4]);
    expect(read(home).sessions[sessionId(2)]?.held_back?.message_count).toBe(2);
  });

  test("where it has grown that is said, once", async () => {
    const home = taskHome(start);
    await scanned(home);
    forgetIds(home);
    remove(home, 1);
    grow(home, 2, response(4));
    const { code, stderr } = await home.run("tasks", "scan", "--quiet");
    expect([code, stderr]).toEqual([
      0,
      `tokensift: the transcripts of session ${sessionId(1)} are gone, and an earlier version did not note which responses they held: what new or grown forks copied of them may count twice (move the ledger away and scan again, and only what is still there counts)\n`,
    ]);
    await scanned(home);
  });

  test("sessions that are still there are noted by the next scan", async () => {
    const home = taskHome(start);
    await scanned(home);
    const sound = readFileSync(home.ledger, "utf8");
    forgetIds(home);
    await scanned(home);
    const { response_ids: ids } = read(home);
    expect(ids).toEqual((JSON.parse(sound) as Ledger).response_ids);
    remove(home, 1);
    grow(home, 2, response(4));
    expect(await counted(home, 1, 2)).toEqual([2, 2, 4]);
  });
});

test("what a session loses with transcripts of its subagents is said, once", async () => {
  const agent = (name: string) => `${PROJECT_FOLDER}/${sessionId(1)}/subagents/agent-${name}.jsonl`;
  const home = taskHome(
    { 1: [own(1, 1), response(1)] },
    { [agent("a")]: responses(50, 51), [agent("b")]: responses(60) },
  );
  expect(await counted(home, 1)).toEqual([4, 4]);
  rmSync(join(home.home, agent("a")));
  const { code, stderr } = await home.run("tasks", "scan", "--quiet");
  expect([code, stderr]).toEqual([
    0,
    `tokensift: session ${sessionId(1)}: transcripts of 1 subagent are gone, and with them 222 tokens of its figures (agents delete old transcripts; Claude Code keeps them for cleanupPeriodDays)\n`,
  ]);
  expect(await counted(home, 1)).toEqual([2, 2]);
});

test("what another run noted as gone meanwhile is not counted either", async () => {
  const shared = responses(1, 2);
  const home = taskHome({ 1: [own(1, 1), ...shared] });
  await scanned(home);
  const noted = readFileSync(home.ledger);
  rmSync(home.ledger);
  remove(home, 1);
  rewrite(home, 2, ...shared, message("task-2"), response(3));
  // Held by another run until this one has scanned: cursors are written after the ledger was read.
  mkdirSync(`${home.ledger}.lock`);
  const cursors = join(home.home, "cache");
  rmSync(cursors, { recursive: true });
  const scan = home.run("tasks", "scan", "--quiet");
  for (let i = 0; i < 500 && !existsSync(cursors); i++) await wait(10);
  expect(existsSync(cursors)).toBe(true);
  writeFileSync(home.ledger, noted);
  rmdirSync(`${home.ledger}.lock`);
  expect(await scan).toMatchObject({ code: 0, stderr: "" });
  expect(countsIn(read(home), 1, 2)).toEqual([2, 1, 3]);
});

test("what responses are known by is the same in every version, or of another number", async () => {
  const home = taskHome({ 1: [message("task-1"), ...responses(1, 2, 2)] });
  expect((await scanned(home)).response_ids).toEqual({
    version: 1,
    sessions: { [sessionId(1)]: "WSsEM3ENALqGB20BeS8n8g==" },
  });
  // Another number is of no use, and harmless.
  writeFileSync(home.ledger, readFileSync(home.ledger, "utf8").replace('"version": 1', '"version": 2'));
  expect((await scanned(home)).response_ids?.version).toBe(1);
});
