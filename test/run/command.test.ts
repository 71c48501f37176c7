/** `tokensift run` as its callers meet it: files, exit codes, streams. */
import { appendFileSync, chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { endOf, start, tokensift } from "../cli/tokensift.ts";
import { filesIn, run, withoutTime } from "./command.ts";
import { TEAM_STATE, transcript, uuid, World } from "./world.ts";

interface Answer {
  readonly leadUsage: { readonly totalTokens: number };
  readonly usageSummary: { readonly runTotalTokens: number };
}

describe("--write", () => {
  test("adds our keys and keeps every other byte; what is printed is what is written", async () => {
    const world = World.fromFixture("whole-team");
    const path = world.path(TEAM_STATE);
    const odd = readFileSync(path, "utf8").replace('"schemaVersion": "1.0",', '"10": 1.0,  "2" : [1e2 ,\n\n -0],');
    writeFileSync(path, odd);
    chmodSync(path, 0o640);
    const { code, stdout, stderr } = await run(world, TEAM_STATE, "--write", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const written = readFileSync(path, "utf8");
    expect(stdout).toBe(written);
    expect(written).toContain('"10": 1.0,  "2" : [1e2 ,\n\n -0],');
    expect((JSON.parse(written) as Answer).usageSummary.runTotalTokens).toBe(2273);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(filesIn(dirname(path))).toEqual(["team-state-r1.json"]);
    await run(world, TEAM_STATE, "--write");
    expect(withoutTime(readFileSync(path, "utf8"))).toBe(withoutTime(written));
  });

  test("without it nothing is written, in the project or to a transcript", async () => {
    const world = World.fromFixture("whole-team");
    const before = readFileSync(world.path(TEAM_STATE), "utf8");
    expect((await run(world, TEAM_STATE)).code).toBe(0);
    expect(readFileSync(world.path(TEAM_STATE), "utf8")).toBe(before);
  });

  test("a worker's usage goes to that worker when the list was reordered meanwhile", async () => {
    const { readTeamState, writeUsage } = await import("../../src/run/file.ts");
    const world = new World();
    const path = world.writeRun({ workers: [{ workerId: "a" }, { workerId: "b" }] });
    const file = readTeamState(path);
    const usage = (note: string) => ({ source: "unavailable", note }) as const;
    const collected = { leadUsage: usage("lead"), workerUsages: [usage("a"), usage("b")], usageSummary: {} };
    const changed = JSON.parse(file.text) as { workers: object[] };
    changed.workers.reverse();
    writeFileSync(path, JSON.stringify({ ...changed, progress: 7 }));
    const text = writeUsage(file, collected as never, (edited, isUnchanged) => {
      expect(isUnchanged()).toBe(true);
      writeFileSync(path, edited);
      return true;
    });
    expect(JSON.parse(text)).toMatchObject({
      progress: 7,
      workers: [
        { workerId: "b", usage: { note: "b" } },
        { workerId: "a", usage: { note: "a" } },
      ],
    });
  });

  test("a file that changes each time it is looked at, or is about another run now, is left alone", async () => {
    const { readTeamState, writeUsage } = await import("../../src/run/file.ts");
    const world = new World();
    const path = world.writeRun({});
    const file = readTeamState(path);
    const collected = { leadUsage: {}, workerUsages: [], usageSummary: {} } as never;
    let looks = 0;
    const busy = () => {
      appendFileSync(path, " ");
      looks++;
      return false;
    };
    expect(() => writeUsage(file, collected, busy)).toThrow(/changed while the run was collected/);
    expect(looks).toBe(2);
    writeFileSync(path, file.text.replace(/"sessionId": "[^"]*"/, '"sessionId": "another"'));
    expect(() => writeUsage(file, collected, () => true)).toThrow(/changed while the run was collected/);
  });
});

test("the second time nothing is read, and cold, warm and --no-cache print the same", async () => {
  const world = World.fromFixture("whole-team");
  // The cursors of files written a moment ago have to be looked at again.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  const cold = await run(world, TEAM_STATE, "--json", "--stats");
  const warm = await run(world, TEAM_STATE, "--json", "--stats");
  const none = await run(world, TEAM_STATE, "--json", "--no-cache");
  expect(withoutTime(warm.stdout)).toBe(withoutTime(cold.stdout));
  expect(withoutTime(none.stdout)).toBe(withoutTime(cold.stdout));
  expect(cold.stderr).toMatch(/^\d+ transcripts, 0 unchanged, \d+\.\d kB read\n$/);
  expect(warm.stderr).toMatch(/^(\d+) transcripts, \1 unchanged, 0 bytes read\n$/);
  // Nor is it for a team that nobody asked for before.
  const path = world.path(TEAM_STATE);
  writeFileSync(path, readFileSync(path, "utf8").replace("okstra-TG:TID:tid", "OKSTRA-other"));
  const other = await run(world, TEAM_STATE, "--json", "--stats");
  expect(other.stderr).toMatch(/^(\d+) transcripts, \1 unchanged, 0 bytes read\n$/);
  const { workers } = JSON.parse(other.stdout) as { workers: ReadonlyArray<{ usage: object }> };
  expect(workers[1]?.usage).toMatchObject({ sessionId: uuid(10), totalTokens: 5500 });
  const fresh = await run(world, TEAM_STATE, "--json", "--no-cache");
  expect(withoutTime(fresh.stdout)).toBe(withoutTime(other.stdout));
});

test("a scan by task knows of transcripts that a run has read what one without cursors knows", async () => {
  const world = new World();
  const asked = JSON.stringify({ type: "user", uuid: "asked", message: { role: "user", content: "task-930" } });
  const answered = transcript("lead", [{ atMs: Date.UTC(2026, 5, 10, 10), input: 1, output: 1 }]);
  world.writeSession(0, `${asked}\n${answered}`);
  await run(world, world.writeRun({}));
  const byTask = async (...flags: string[]) => {
    const variables = { TOKENSIFT_CACHE_DIR: world.cache };
    const { stdout } = await tokensift(["scan", "--by", "task", "--format", "csv", ...flags], {
      home: world.home,
      variables,
    });
    return stdout;
  };
  expect(await byTask()).toBe(await byTask("--no-cache"));
  expect(await byTask()).toContain("task-930");
});

test("bytes read once are not looked at again: what is destroyed in their middle does not show", async () => {
  const world = new World();
  const spent = Array.from({ length: 50 }, (_, i) => ({ atMs: Date.UTC(2026, 5, 10, 10, i), input: 1, output: 1 }));
  const path = world.writeSession(0, transcript("lead", spent));
  const state = world.writeRun({});
  await run(world, state);
  const bytes = readFileSync(path);
  bytes.fill("#", 300, bytes.length - 300);
  writeFileSync(path, Buffer.concat([bytes, Buffer.from(transcript("more", spent.slice(0, 1)))]));
  const { stdout } = await run(world, state, "--json");
  expect((JSON.parse(stdout) as Answer).leadUsage.totalTokens).toBe(102);
});

test.each(["shorter", "of the same length"])("a transcript that was replaced by one %s is read anew", async (how) => {
  const world = new World();
  const spent = (input: number) => [{ atMs: Date.UTC(2026, 5, 10, 10), input, output: 0 }];
  const state = world.writeRun({});
  world.writeSession(0, transcript("lead", spent(11)) + (how === "shorter" ? transcript("x", spent(1)) : ""));
  await run(world, state);
  world.writeSession(0, transcript("lead", spent(22)));
  const { stdout } = await run(world, state, "--json");
  expect((JSON.parse(stdout) as Answer).leadUsage.totalTokens).toBe(22);
});

test("the table has a line for everybody, and --summary says what the figures are", async () => {
  const world = World.fromFixture("whole-team");
  const { stdout, code } = await run(world, TEAM_STATE, "--summary");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^lead +467 /m);
  expect(stdout).toMatch(/^unattributed \(2\) +165 /m);
  expect(stdout).toMatch(/^Workers +1,806 /m);
  expect(stdout).toMatch(/^Run +2,273 /m);
  expect(stdout).toMatch(/^critic: no session of team /m);
  expect(stdout).toMatch(/^totalTokens: Input \+ output \+ cache creation/m);
  // What a scan names and counts otherwise under the same word.
  expect(stdout).toMatch(/^Total is input \+ output \+ cache creation; the total of a scan has/m);
});

test("the table fits its terminal, says what it left out, and that costs are estimates", async () => {
  const world = World.fromFixture("whole-team");
  for (const [columns, leftOut] of [
    [120, undefined],
    [80, "Left out to fit 80 columns: cache creation, billable-equivalent tokens, tool"],
    [50, "Left out to fit 50 columns: cache creation, cache"],
  ] as const) {
    const variables = { TOKENSIFT_CACHE_DIR: world.cache, COLUMNS: String(columns) };
    const { stdout } = await tokensift(["run", TEAM_STATE, "--summary"], {
      home: world.home,
      folder: world.root,
      variables,
    });
    const lines = stdout.split("\n");
    // The names of figures stay whole.
    expect(lines.filter((line) => line.length > Math.max(columns, 50))).toEqual([]);
    expect(lines.find((line) => line.startsWith("Left out"))).toBe(leftOut);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "Cost is an estimate from list prices at the time of use, not a bill.",
    );
    // 44 tokens of Haiku are not free.
    expect(stdout).toMatch(/^gemini .*<\$0\.0001/m);
  }
});

test("every figure has a definition", async () => {
  const world = World.fromFixture("whole-team");
  const { leadUsage, usageSummary, workers } = JSON.parse((await run(world, TEAM_STATE, "--json")).stdout) as {
    leadUsage: object;
    usageSummary: { definitions: object };
    workers: ReadonlyArray<{ usage: object }>;
  };
  const cli = ["TotalTokens", "InputTokens", "CachedInputTokens", "OutputTokens", "ReasoningTokens"];
  const figures = [leadUsage, usageSummary, ...workers.map(({ usage }) => usage)].flatMap((block) =>
    Object.entries(block).flatMap(([name, value]) => (typeof value === "number" ? name : [])),
  );
  for (const name of [...figures, ...cli.map((name) => `cli${name}`), "cliEstimatedCostUsd"]) {
    expect(usageSummary.definitions).toHaveProperty(name);
  }
});

describe("what could not run ends with 2, one line and nothing written", () => {
  const good = { runDirectoryPath: ".runs/1", lead: { sessionId: "l" }, workers: [{ workerId: "a" }] };
  const cases: Record<string, [state: unknown, says: RegExp]> = {
    "no JSON": ["{", /team-state-1\.json: is no JSON \(/],
    "no object": [[], /is no JSON object/],
    "no lead": [{ ...good, lead: undefined }, /lead is missing/],
    "no session": [{ ...good, lead: { sessionId: "" } }, /lead\.sessionId is missing/],
    "a lead that is a list": [{ ...good, lead: [] }, /lead is no object/],
    "a session that is a number": [{ ...good, lead: { sessionId: 7 } }, /lead\.sessionId is no text/],
    "no folder": [{ ...good, runDirectoryPath: null }, /runDirectoryPath is missing/],
    "a folder that is a number": [{ ...good, runDirectoryPath: 7 }, /runDirectoryPath is no text/],
    "another folder": [{ ...good, runDirectoryPath: "elsewhere" }, /runDirectoryPath "elsewhere" .*--project-root/],
    "a worker without id": [{ ...good, workers: [{}] }, /workers\[0\]\.workerId is missing/],
    "a worker twice": [
      { ...good, workers: [{ workerId: "a" }, { workerId: "A" }] },
      /workers\[1\]\.workerId "A" is there twice/,
    ],
    "no team name": [{ ...good, team: {} }, /team\.teamName is missing/],
    "a team that is a text": [{ ...good, team: "crew" }, /team is no object/],
    "no time": [{ ...good, runEndedAt: "soon" }, /runEndedAt is no time/],
    "a worker that is a text": [{ ...good, workers: ["a"] }, /workers\[0\] is no object/],
    "lists in lists, too many of them": [
      `{\n  "notes": "[{\\"[",\n  "deep": {"a": [1], "b": ${"[".repeat(50_000)}${"]".repeat(50_000)}}\n}`,
      /team-state-1\.json: is nested too deeply from line 3, column 11 on \(take that list or object out\)/,
    ],
    "workers that are no list": [{ ...good, workers: {} }, /workers is no list/],
  };
  test.each(Object.entries(cases))("%s", async (_, [state, says]) => {
    const world = new World();
    const text = typeof state === "string" ? state : JSON.stringify(state);
    const path = world.write(world.path(".runs/1/state/team-state-1.json"), text);
    const { code, stdout, stderr } = await run(world, path, "--write");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    // What, where, and what to do.
    expect(stderr).toMatch(/^tokensift: [^\n]+ \([^\n]+\)\n$/);
    expect(stderr).toMatch(says);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test.each([
    [["nowhere.json"], /no such file or folder: nowhere\.json/],
    [["."], /\.: is a folder/],
    [["STATE", "--interval", "3"], /--interval: "3" needs --watch/],
    [["STATE", "--watch", "--interval", "0"], /--interval: "0" is no number of seconds/],
    [["STATE", "--watch", "--write"], /--write and --watch/],
    [["STATE", "--since", "soon"], /--since: "soon" is no time/],
    [["STATE", "--project-root", "nowhere"], /--project-root: no such folder: nowhere/],
    [["STATE", "--wirte"], /did you mean --write/],
    [["STATE", "another"], /run: too many arguments/],
    [[], /missing required argument/],
  ])("%j", async (args, says) => {
    const world = new World();
    const state = world.writeRun({});
    const { code, stdout, stderr } = await run(world, ...args.map((arg) => (arg === "STATE" ? state : arg)));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^tokensift: [^\n]+\n$/);
    expect(stderr).toMatch(says);
  });

  test.each([
    ["no JSON", "{", /run-manifest-1\.json: is no JSON object/],
    ["no time", '{"createdAt":"soon"}', /run-manifest-1\.json: createdAt is no time/],
  ])("a manifest with %s", async (_, text, says) => {
    const world = new World();
    const state = world.writeRun({});
    world.writeSession(0, transcript("lead", [{ atMs: Date.UTC(2026, 5, 10, 10), input: 1, output: 1 }]));
    world.write(world.path(".runs/1/manifests/run-manifest-1.json"), text);
    const { code, stderr } = await run(world, state);
    expect({ code, says: says.test(stderr) }).toEqual({ code: 2, says: true });
    // Who says when the run began need not mend it first.
    expect(await run(world, state, "--since", "2026-06-10")).toMatchObject({ code: 0, stderr: "" });
  });
});

test("a run outside the window of flags set elsewhere is not cut by them", async () => {
  const world = World.fromFixture("whole-team");
  const ending = await tokensift(["run", TEAM_STATE, "--json"], {
    home: world.home,
    folder: world.root,
    variables: { TOKENSIFT_SINCE: "2027-01-01", TOKENSIFT_TIMEZONE: "Asia/Tokyo" },
  });
  expect((JSON.parse(ending.stdout) as Answer).usageSummary.runTotalTokens).toBe(2273);
});

describe("--watch", () => {
  const spent = (minute: number) => [{ atMs: Date.UTC(2026, 5, 10, 10, minute), input: 5, output: 5 }];

  test.each([[[]], [["--json"]]])("prints a line for each change until the run has ended %j", async (flags) => {
    const world = new World();
    const path = world.writeSession(0, transcript("lead", spent(0)));
    const state = world.writeRun({});
    const child = start(["run", state, "--watch", "--interval", "0.05", ...flags], { home: world.home });
    let lines = 0;
    child.stdout?.on("data", () => {
      lines++;
      if (lines === 1) appendFileSync(path, transcript("more", spent(1)));
      if (lines === 2) {
        writeFileSync(state, "{"); // half written
        setTimeout(() => world.writeRun({ runEndedAt: "2026-06-10T11:00:00Z" }), 60);
      }
    });
    const { code, stdout, stderr } = await endOf(child);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const said = stdout.trimEnd().split("\n");
    expect(said).toHaveLength(3);
    if (flags.length > 0) {
      const totals = said.map((line) => (JSON.parse(line) as Answer["usageSummary"]).runTotalTokens);
      expect(totals).toEqual([10, 20, 20]);
    } else {
      expect(said[0]).toMatch(/^\d\d:\d\d:\d\d {2}lead 10 {2}workers 0 {2}run 10 {2}estimated \$0\.0001 {2}1 session$/);
      expect(said[1]).toMatch(/run 20 \(\+10\)/);
      expect(said[2]).toMatch(/ended$/);
    }
  });

  test("ends with 130 on Ctrl-C", async () => {
    const world = new World();
    world.writeSession(0, transcript("lead", spent(0)));
    const child = start(["run", world.writeRun({}), "--watch", "--interval", "60"], { home: world.home });
    child.stdout?.once("data", () => setTimeout(() => child.kill("SIGINT"), 100));
    expect(await endOf(child)).toMatchObject({ code: 130, stderr: "" });
  });
});
