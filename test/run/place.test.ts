/** Where a run's transcripts are, and when it was. */
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { collectRun, type CollectRunOptions } from "tokensift";
import { describe, expect, test } from "vitest";
import { transcript, World } from "./world.ts";

const AT_MS = Date.UTC(2026, 5, 10, 10);
const used = (tokens: number, minute = 0) => [{ atMs: AT_MS + minute * 60_000, input: tokens, output: 0 }];
const worker = (cwd: string) => ({ cwd, teamName: "crew", agentName: "codex-worker" });

async function workerTokens(world: World, options: CollectRunOptions = {}): Promise<number> {
  const state = world.writeRun({ workers: [{ workerId: "codex" }] });
  world.writeSession(0, transcript("lead", used(1)));
  const { usageSummary } = await collectRun(state, { ...world.options, ...options });
  return usageSummary.workerTotalTokens;
}

describe("a worker's folder is the project's", () => {
  const folders: Record<string, (world: World) => void> = {
    "when it is the root's own, whatever its working directory": (world) =>
      world.writeSession(1, transcript("w", used(10), worker("/elsewhere"))),
    "and whatever lies below it": (world) => {
      const path = join(world.projectFolder(), "kept/00000001-0000-4000-8000-000000000000.jsonl");
      world.write(path, transcript("w", used(10), worker("/elsewhere")));
    },
    "when it is below the root": (world) =>
      world.writeSession(1, transcript("w", used(10), worker(world.path("a/b"))), "app/a/b"),
    "when it is called something else but began below the root": (world) =>
      world.writeSession(1, transcript("w", used(10), worker(world.path("a"))), "elsewhere"),
    "when it is called something else, and a picture of 2 MB stands before the first working directory": (world) => {
      const picture = { type: "user", message: { content: "x".repeat(2 << 20) } };
      const lines = `${JSON.stringify(picture)}\n${transcript("w", used(10), worker(world.path("a")))}`;
      const path = world.writeSession(1, "", "elsewhere");
      world.write(path, lines);
    },
    "when it is a git worktree": (world) => {
      world.write(world.path(".git/worktrees/w/gitdir"), `${world.base}/trees/w/.git\n`);
      world.writeSession(1, transcript("w", used(10), worker(`${world.base}/trees/w`)), "trees/w");
    },
    "when it is below a git worktree with a relative path": (world) => {
      world.write(world.path(".git/worktrees/w/gitdir"), "../../../../trees/w/.git");
      world.writeSession(1, transcript("w", used(10), worker(`${world.base}/trees/w/sub`)), "trees/w/sub");
    },
    "in the other home of Claude Code": (world) => {
      const name = world.projectFolder().split("/").at(-1) as string;
      const path = join(world.home, ".config/claude/projects", name, "00000001-0000-4000-8000-000000000000.jsonl");
      world.write(path, transcript("w", used(10), worker(world.root)));
    },
  };
  test.each(Object.entries(folders))("%s", async (_, arrange) => {
    const world = new World();
    arrange(world);
    expect(await workerTokens(world)).toBe(10);
  });

  test("when its name was cut, by its first working directory", async () => {
    const world = new World();
    const deep = "x".repeat(220);
    const root = world.path(deep);
    mkdirSync(root, { recursive: true });
    const name = root.replaceAll(/[^A-Za-z0-9]/g, "-").slice(0, 200);
    const inFolder = (hash: string, cwd: string, n: number) =>
      world.write(
        join(world.home, ".claude/projects", `${name}-${hash}`, `0000000${n}-0000-4000-8000-000000000000.jsonl`),
        transcript(`w${n}`, used(10 ** n), worker(cwd)),
      );
    inFolder("abc", root, 1);
    inFolder("def", `${root}y`, 2);
    const state = { runDirectoryPath: ".runs/1", team: { teamName: "crew" }, lead: { sessionId: "l" } };
    const path = world.write(
      join(root, ".runs/1/state/team-state-1.json"),
      JSON.stringify({ ...state, workers: [{ workerId: "codex" }] }),
    );
    const { usageSummary } = await collectRun(path, world.options);
    expect(usageSummary.workerTotalTokens).toBe(10);
  });
});

describe("a worker's folder is not the project's", () => {
  const folders: Record<string, (world: World) => void> = {
    "when its name only begins like the root's": (world) =>
      world.writeSession(1, transcript("w", used(10), worker(`${world.root}-two`)), "app-two"),
    "when it is a worktree of another repository": (world) => {
      world.write(world.path(".git/worktrees/w/gitdir"), `${world.base}/trees/w/.git\n`);
      world.writeSession(1, transcript("w", used(10), worker(`${world.base}/trees/w2`)), "trees/w2");
    },
    "when its name fits but no working directory says so": (world) =>
      world.writeSession(1, transcript("w", used(10), { teamName: "crew", agentName: "codex" }), "app/a"),
    "when it is above the root": (world) => world.writeSession(1, transcript("w", used(10), worker(world.base)), ""),
  };
  test.each(Object.entries(folders))("%s", async (_, arrange) => {
    const world = new World();
    arrange(world);
    expect(await workerTokens(world)).toBe(0);
  });
});

test("a root that is reached through a link is the same root", async () => {
  const world = new World();
  const state = world.writeRun({ workers: [{ workerId: "codex" }] });
  world.writeSession(0, transcript("lead", used(1)));
  world.writeSession(1, transcript("w", used(10), worker(world.root)));
  symlinkSync(world.root, join(world.base, "link"));
  const linked = state.replace("/app/", "/link/");
  const { usageSummary } = await collectRun(linked, world.options);
  expect(usageSummary.runTotalTokens).toBe(11);
});

test("a root that transcripts know by a link is the same root, from wherever it is called", async () => {
  const world = new World();
  const link = join(world.base, "link");
  symlinkSync(world.root, link);
  mkdirSync(world.path("a"), { recursive: true });
  const state = world.writeRun({ workers: [{ workerId: "codex" }] });
  world.writeSession(0, transcript("lead", used(1), { cwd: link }), "link");
  world.writeSession(1, transcript("w", used(10), worker(join(link, "a"))), "link/a");
  // A folder that is gone since.
  world.writeSession(2, transcript("x", used(100), worker(join(link, "b/c"))), "link/b/c");
  world.writeSession(3, transcript("y", used(1000), worker(`${link}-two`)), "link-two");
  const linked = state.replace("/app/", "/link/");
  for (const path of [state, linked]) {
    const { usageSummary } = await collectRun(path, world.options);
    expect(usageSummary.runTotalTokens).toBe(111);
  }
  const { usageSummary } = await collectRun(state, { ...world.options, projectRoot: link });
  expect(usageSummary.runTotalTokens).toBe(111);
});

test.each(["folder", "projects", "home", "file", "twice"])("transcripts behind a link count once: %s", async (what) => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1)));
  // No working directory says whose they are, only the folder's name does.
  const session = world.writeSession(1, transcript("w", used(10), { teamName: "crew", agentName: "codex" }));
  world.write(join(session.replace(/\.jsonl$/, ""), "subagents/agent-a1.jsonl"), transcript("a1", used(100)));
  const state = world.writeRun({ workers: [{ workerId: "codex" }] });
  const links = { folder: world.projectFolder(), projects: ".claude/projects", home: ".claude", file: session };
  if (what === "twice") {
    symlinkSync(world.projectFolder(), join(world.home, ".claude/projects/-again"));
  } else {
    const from = resolve(world.home, links[what as keyof typeof links]);
    const to = join(world.base, "disk.jsonl");
    renameSync(from, to);
    symlinkSync(to, from);
  }
  expect((await collectRun(state, world.options)).usageSummary.runTotalTokens).toBe(111);
});

test.each(["a b.c_d", "é-ü", "日本", "\u{1F600}x", "-x", "a\nb", `x'"y`])(
  "a project may be called %j",
  async (name) => {
    const world = new World();
    const root = join(world.base, name);
    const folder = join(world.home, ".claude/projects", root.replaceAll(/[^A-Za-z0-9]/g, "-"));
    world.write(join(folder, "00000000-0000-4000-8000-000000000000.jsonl"), transcript("lead", used(1)));
    const state = {
      runDirectoryPath: "läuft/1",
      team: { teamName: "ü" },
      lead: { sessionId: "00000000-0000-4000-8000-000000000000" },
    };
    const path = world.write(join(root, "läuft/1/state/team-state-ü 1.json"), JSON.stringify(state));
    world.write(join(root, "läuft/1/manifests/run-manifest-ü 1.json"), '{"createdAt":"2026-06-10T10:00:00Z"}');
    const { usageSummary } = await collectRun(path, world.options);
    expect(usageSummary).toMatchObject({ runTotalTokens: 1, diagnostics: { notes: [] } });
  },
);

test("an absolute run folder is the project's whose .git stands above it, or wants to be told", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1)));
  const state = world.writeRun({ runDirectoryPath: world.path(".runs/1") });
  await expect(collectRun(state, world.options)).rejects.toThrow(/is absolute.*--project-root/);
  const told = await collectRun(state, { ...world.options, projectRoot: world.root });
  mkdirSync(world.path(".git"));
  const found = await collectRun(state, world.options);
  expect([told, found].map(({ usageSummary }) => usageSummary.runTotalTokens)).toEqual([1, 1]);
  expect(found.workers).toEqual([]);
});

describe("a team-state that lies elsewhere than its run folder says wants to be told", () => {
  const places: Record<string, [path: string, runDirectoryPath: string]> = {
    "beside the folder of states": [".runs/1/copies/team-state-1.json", ".runs/1"],
    "in another run's folder": [".runs/2/state/team-state-1.json", ".runs/1"],
    "in another run's folder than an absolute one": [".runs/2/state/team-state-1.json", "/.runs/1"],
  };
  test.each(Object.entries(places))("%s", async (_, [path, runDirectoryPath]) => {
    const world = new World();
    mkdirSync(world.path(".git"), { recursive: true });
    world.writeSession(0, transcript("lead", [...used(1), ...used(10, 30)]));
    // Another run's manifest must not decide about this one unasked.
    world.write(world.path(".runs/1/manifests/run-manifest-1.json"), '{"createdAt":"2026-06-10T10:20:00Z"}');
    const written = runDirectoryPath.startsWith("/") ? `${world.root}${runDirectoryPath}` : runDirectoryPath;
    const state = { runDirectoryPath: written, lead: { sessionId: "00000000-0000-4000-8000-000000000000" } };
    const file = world.write(world.path(path), JSON.stringify(state));
    await expect(collectRun(file, world.options)).rejects.toThrow(/runDirectoryPath ".*" .*--project-root/);
    const told = await collectRun(file, { ...world.options, projectRoot: world.root });
    expect(told.usageSummary.runTotalTokens).toBe(10);
  });
});

test("a link to a team-state is of the same run, whatever it is called", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", [...used(1), ...used(10, 30)]));
  const state = world.writeRun({}, { createdAt: "2026-06-10T10:20:00Z" });
  const links = [".runs/1/state/latest.json", ".runs/1/state/team-state.json", ".runs/1/latest.json", "latest.json"];
  for (const link of links) {
    symlinkSync(state, world.path(link));
    const { usageSummary } = await collectRun(world.path(link), world.options);
    expect(usageSummary.runTotalTokens, link).toBe(10);
    expect(usageSummary.diagnostics.notes, link).toEqual([]);
  }
  // Where the link has a manifest of its own name, that is the run's.
  world.write(world.path(".runs/1/manifests/run-manifest.json"), '{"createdAt":"2026-06-10T10:00:00Z"}');
  const { usageSummary } = await collectRun(world.path(".runs/1/state/team-state.json"), world.options);
  expect(usageSummary.runTotalTokens).toBe(11);
});

test("of folders that hold each other the nearest one that fits is the root", async () => {
  const world = new World();
  const nested = world.path("packages/app");
  const state = { runDirectoryPath: ".runs/1", lead: { sessionId: "00000000-0000-4000-8000-000000000000" } };
  const path = world.write(join(nested, ".runs/1/state/team-state.json"), JSON.stringify(state));
  world.writeSession(0, transcript("lead", used(1), { cwd: nested }), "app/packages/app");
  expect((await collectRun(path, world.options)).usageSummary.runTotalTokens).toBe(1);
  const wider = { ...state, runDirectoryPath: "packages/app/.runs/1" };
  world.write(path, JSON.stringify(wider));
  expect((await collectRun(path, world.options)).usageSummary.runTotalTokens).toBe(1);
});

describe("the window", () => {
  const minutes = [-1, 0, 30, 60, 61];
  const spend = minutes.map((minute, i) => ({ atMs: AT_MS + minute * 60_000, input: 10 ** i, output: 0 }));
  const iso = (minute: number) => new Date(AT_MS + minute * 60_000).toISOString();

  async function leadTokens(arrange: (world: World) => string, options: CollectRunOptions = {}) {
    const world = new World();
    world.writeSession(0, transcript("lead", spend));
    const { usageSummary } = await collectRun(arrange(world), { ...world.options, ...options });
    return { tokens: usageSummary.runTotalTokens, ...usageSummary.window };
  }

  test("is open where nothing says otherwise", async () => {
    expect(await leadTokens((world) => world.writeRun({}))).toEqual({ tokens: 11_111, since: null, until: null });
  });

  test("is that of the manifest and runEndedAt, both ends included, in whatever zone they are written", async () => {
    const arrange = (world: World) =>
      world.writeRun({ runEndedAt: "2026-06-10T20:00:00+09:00" }, { createdAt: "2026-06-10T10:00:00Z" });
    expect(await leadTokens(arrange)).toEqual({ tokens: 1110, since: iso(0), until: iso(60) });
  });

  test("of a date alone ends with its day, as --until does", async () => {
    const arrange = (world: World) => world.writeRun({ runEndedAt: "2026-06-10" }, { createdAt: "2026-06-10" });
    const [since, until] = ["2026-06-10T00:00:00.000Z", "2026-06-10T23:59:59.999Z"];
    expect(await leadTokens(arrange)).toEqual({ tokens: 11_111, since, until });
  });

  test("ends when the final status was written, where no runEndedAt says so", async () => {
    const arrange = (world: World) => {
      const state = world.writeRun({ runEndedAt: null }, { createdAt: AT_MS });
      const status = world.write(world.path(".runs/1/status/final-1.status"), "done");
      utimesSync(status, new Date(), new Date(AT_MS + 30 * 60_000));
      return state;
    };
    expect(await leadTokens(arrange)).toEqual({ tokens: 110, since: iso(0), until: iso(30) });
  });

  test.runIf(process.platform === "linux")("ends in the millisecond of that moment, however late in it", async () => {
    const arrange = (world: World) => {
      const state = world.writeRun({});
      const status = world.write(world.path(".runs/1/status/final-1.status"), "done");
      // A double holds milliseconds of our time to a fourth of a microsecond: this one would become the next.
      execFileSync("touch", ["-d", `@${AT_MS / 1000}.000999999`, status]);
      return state;
    };
    expect(await leadTokens(arrange)).toMatchObject({ tokens: 11, until: iso(0) });
  });

  test("is what is asked for instead, bound by bound", async () => {
    const arrange = (world: World) => world.writeRun({ runEndedAt: iso(60) }, { createdAt: iso(0) });
    expect(await leadTokens(arrange, { since: iso(-1) })).toEqual({ tokens: 1111, since: iso(-1), until: iso(60) });
    expect(await leadTokens(arrange, { until: iso(61) })).toEqual({ tokens: 11_110, since: iso(0), until: iso(61) });
  });

  test("has a manifest without a suffix beside a team-state without one", async () => {
    const arrange = (world: World) => {
      world.write(world.path(".runs/1/manifests/run-manifest.json"), JSON.stringify({ createdAt: iso(30) }));
      world.write(world.path(".runs/1/manifests/run-manifest-2.json"), JSON.stringify({ createdAt: iso(60) }));
      const state = { runDirectoryPath: ".runs/1", lead: { sessionId: "00000000-0000-4000-8000-000000000000" } };
      return world.write(world.path(".runs/1/state/team-state.json"), JSON.stringify(state));
    };
    expect(await leadTokens(arrange)).toMatchObject({ tokens: 11_100, since: iso(30) });
  });

  test("that ends before it begins is an error", async () => {
    const arrange = (world: World) => world.writeRun({ runEndedAt: iso(-5) }, { createdAt: iso(0) });
    await expect(leadTokens(arrange)).rejects.toThrow(/ends before it begins/);
  });
});

test("a run that is stopped before it begins rejects, also where nothing is new", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1)));
  const state = world.writeRun({});
  const stopped = async () => collectRun(state, { ...world.options, signal: AbortSignal.abort() });
  await expect(stopped()).rejects.toMatchObject({ code: "ABORTED" });
  // Cursors of files written a moment ago have to be looked at again.
  await new Promise((done) => setTimeout(done, 2100));
  await collectRun(state, world.options);
  await expect(stopped()).rejects.toMatchObject({ code: "ABORTED" });
});

test("a team-state from memory wants a project root and says that its window is open below", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1)));
  const state = { runDirectoryPath: ".runs/1", lead: { sessionId: "00000000-0000-4000-8000-000000000000" }, extra: 1 };
  await expect(collectRun(state, world.options)).rejects.toThrow(/give projectRoot/);
  const answer = await collectRun(state, { ...world.options, projectRoot: world.root });
  expect(answer).toMatchObject({ extra: 1, workers: [], usageSummary: { runTotalTokens: 1 } });
  expect(answer.usageSummary.diagnostics.notes).toContainEqual(expect.stringContaining("no lower bound"));
  expect(state).not.toHaveProperty("usageSummary");
});
