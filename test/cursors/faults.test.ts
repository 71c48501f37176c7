/**
 * What goes wrong on real machines: the disk, the rights, a process that is killed, two at once. Whatever it is, the
 * run says its figures and ends well, with one line of warning at most; and the next one is right.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ScanResult } from "../../src/types.ts";
import { CLI, type Ending, endOf, start, tokensift, type World } from "../cli/tokensift.ts";
import { response, sessionId } from "../transcripts.ts";
import { Corpus, projects } from "./corpus.ts";
import { sayingsOf } from "./scan.ts";

const NOBODY = 65_534;
const IS_ROOT = process.getuid?.() === 0;
const KILLS = 100;
const RACES = 50;

/** Three projects with four transcripts each. */
function makeCorpus(): Corpus {
  const corpus = new Corpus(projects(3, 4, 12));
  for (const folder of [corpus.folder, corpus.root]) chmodSync(folder, 0o755);
  return corpus;
}
const someTranscript = (n: number): string => `-srv-app${n % 3}/${sessionId((n % 3) * 4 + (n % 4))}.jsonl`;

let fresh = 1_000_000;
/** Something for the next run to save. */
function grow(corpus: Corpus, ...some: number[]): void {
  for (const n of some) corpus.append(someTranscript(n), `${response(fresh++)}\n`);
}

interface Asked extends World {
  readonly by?: string;
  readonly cacheDirectory?: string | null;
}

const argsOf = (corpus: Corpus, { by = "session", cacheDirectory = corpus.cacheDirectory }: Asked = {}): string[] => [
  ...["scan", corpus.root, "--json", "--by", by],
  ...(cacheDirectory === null ? [] : ["--cache-dir", cacheDirectory]),
];

async function run(corpus: Corpus, asked: Asked = {}): Promise<Ending> {
  return tokensift(argsOf(corpus, asked), asked);
}

/** A run that went well: its figures are those without cursors, and it said one line on stderr at most. */
async function expectRight(corpus: Corpus, { code, stdout, stderr }: Ending, by = "session"): Promise<ScanResult> {
  expect(stderr.split("\n").filter((line) => line !== "").length, stderr).toBeLessThanOrEqual(1);
  expect(code, stderr).toBe(0);
  const result = JSON.parse(stdout) as ScanResult;
  const cold = await corpus.cold({ by: [by as "session"] });
  expect(sayingsOf(result)).toEqual(sayingsOf(JSON.parse(JSON.stringify(cold)) as ScanResult));
  return result;
}

/** The cursors are as good as ever: they are right, and the run after next reads nothing. */
async function expectHealthy(corpus: Corpus): Promise<void> {
  await corpus.checked();
  const { stats } = await corpus.checked();
  expect(stats).toMatchObject({ bytesRead: 0, transcriptsUnchanged: stats.transcripts });
}

/** Names in the cache folder of a corpus whose runs all went well. */
async function namesOfHealthyCache(corpus: Corpus): Promise<string[]> {
  const elsewhere = join(corpus.folder, "healthy");
  await corpus.warm({ cacheDirectory: elsewhere });
  const healthy = Object.assign(Object.create(corpus) as Corpus, { cacheDirectory: elsewhere });
  const names = namesOf(healthy);
  rmSync(elsewhere, { recursive: true });
  return names;
}

/** But for sums, which are there as soon as there is something that a run can be told by. */
function namesOf(corpus: Corpus): string[] {
  const names = corpus.cacheFiles().map((path) => path.slice(corpus.cacheDirectory.length));
  return names.filter((name) => !name.endsWith(".sums"));
}

/** Files that are no part of a healthy cache are gone once they are old. */
async function expectSwept(corpus: Corpus): Promise<void> {
  const healthy = await namesOfHealthyCache(corpus);
  const dayAgoS = Date.now() / 1000 - 86_400;
  for (const path of corpus.cacheFiles()) {
    if (!healthy.includes(path.slice(corpus.cacheDirectory.length))) utimesSync(path, dayAgoS, dayAgoS);
  }
  grow(corpus, 0, 1, 2);
  await corpus.checked();
  expect(namesOf(corpus)).toEqual(healthy);
}

describe("a full disk", () => {
  const mounts = canMount() ? test : test.skip;
  if (!canMount()) console.log("no disk is really full here: this user may not mount a tmpfs");

  mounts.each([
    ["no block", "size=64k", 0],
    ["4 KiB", "size=64k", 1],
    ["8 KiB", "size=64k", 2],
    ["12 KiB", "size=64k", 3],
    ["no inode", "size=1m,nr_inodes=1", null],
    ["one inode", "size=1m,nr_inodes=2", null],
    ["three inodes", "size=1m,nr_inodes=4", null],
  ])("with %s left on it costs the cursors, not the figures", async (_, size, blocksLeft) => {
    const corpus = makeCorpus();
    const disk = mountTmpfs(join(corpus.folder, "disk"), size);
    if (blocksLeft !== null) writeFileSync(join(disk, "filler"), Buffer.alloc((16 - blocksLeft) * 4096));
    const cacheDirectory = join(disk, "cache");
    await expectRight(corpus, await run(corpus, { cacheDirectory }));
    await expectRight(corpus, await run(corpus, { cacheDirectory }));
    rmSync(join(disk, "filler"), { force: true });
    await expectRight(corpus, await run(corpus, { cacheDirectory }));
  });

  test.each([
    ["once", { FAIL_ONCE: "1" }],
    ["from then on", {}],
  ])("at any change of the cache folder, %s, costs the cursors, not the figures", async (_, how) => {
    const corpus = makeCorpus();
    const healthy = await namesOfHealthyCache(corpus);
    const changes = await atEachChange(corpus, how, async (ending, change) => {
      await expectRight(corpus, ending);
      await corpus.checked();
      expect(namesOf(corpus), `a failure of change ${change} left a file`).toEqual(healthy);
    });
    expect(changes).toBeGreaterThanOrEqual(9); // to open, write and rename three files
    await expectHealthy(corpus);
  });
});

test("a run that is killed at any change of the cache folder leaves a next run that is right", async () => {
  const corpus = makeCorpus();
  const changes = await atEachChange(corpus, { FAIL_KILLS: "1" }, async ({ signal }) => {
    expect(signal).toBe("SIGKILL");
    await corpus.checked();
  });
  expect(changes).toBeGreaterThanOrEqual(9); // to open, write and rename three files
  await expectHealthy(corpus);
  await expectSwept(corpus);
});

/** A run for each change that a run makes below the cache folder, in which that change fails. Returns how many there are. */
async function atEachChange(
  corpus: Corpus,
  how: Readonly<Record<string, string>>,
  check: (ending: Ending, change: number) => Promise<void>,
): Promise<number> {
  const report = join(corpus.folder, "changes");
  const preload = pathToFileURL(join(import.meta.dirname, "fail-writes.mjs")).href;
  for (let change = 1; ; change++) {
    // Every other time there is no cache folder yet.
    if (change % 2 === 1) rmSync(corpus.cacheDirectory, { recursive: true, force: true });
    grow(corpus, 0, 1, 2);
    writeFileSync(report, "0");
    const ending = await run(corpus, {
      variables: {
        ...how,
        NODE_OPTIONS: `--import=${preload}`,
        FAIL_BELOW: corpus.cacheDirectory,
        FAIL_FROM: String(change),
        FAIL_REPORT: report,
      },
    });
    // Such a run makes fewer changes.
    if (Number(readFileSync(report, "utf8")) < change) return change - 1;
    await check(ending, change);
  }
}

function canMount(): boolean {
  if (!IS_ROOT || process.platform !== "linux") return false;
  const folder = makeScratch();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", folder], { stdio: "ignore" });
    execFileSync("umount", [folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeScratch(): string {
  return mkdtempSync(join(tmpdir(), "tokensift-mount-"));
}

/** A disk of its own at this folder, unmounted when the test is done. */
function mountTmpfs(folder: string, options: string): string {
  mkdirSync(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", folder]);
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  return folder;
}

describe("a cache folder without the rights", () => {
  test.skipIf(!IS_ROOT)(
    "that may be read only is read, and costs one line when there is something to save",
    async () => {
      const corpus = makeCorpus();
      await corpus.warm();
      chmodSync(corpus.cacheDirectory, 0o555);
      for (const path of corpus.cacheFiles()) chmodSync(path, 0o444);
      const still = await expectRight(corpus, await run(corpus, { user: NOBODY }));
      expect(still.stats.bytesRead).toBe(0);
      grow(corpus, 1);
      const before = filesOf(corpus);
      const grown = await expectRight(corpus, await run(corpus, { user: NOBODY }));
      expect(grown.stats.bytesRead).toBeLessThan(2000);
      expect(filesOf(corpus)).toEqual(before);
      await expectHealthy(corpus);
    },
  );

  test.skipIf(!IS_ROOT)("that may not be entered costs one line", async () => {
    const corpus = makeCorpus();
    await corpus.warm();
    chmodSync(corpus.cacheDirectory, 0o700);
    const { diagnostics } = await expectRight(corpus, await run(corpus, { user: NOBODY }));
    expect(diagnostics.cache).toBe("EACCES");
    await expectHealthy(corpus);
  });

  test.skipIf(!IS_ROOT)("that holds files of somebody else costs one line", async () => {
    const corpus = makeCorpus();
    await corpus.warm();
    chownSync(corpus.cacheDirectory, NOBODY, NOBODY);
    await expectRight(corpus, await run(corpus, { user: NOBODY }));
    grow(corpus, 2);
    await expectRight(corpus, await run(corpus, { user: NOBODY }));
    await expectHealthy(corpus);
  });

  test.skipIf(!canMount())("on a disk that may only be read costs one line", async () => {
    const corpus = makeCorpus();
    const disk = mountTmpfs(join(corpus.folder, "disk"), "size=1m");
    const cacheDirectory = join(disk, "cache");
    await run(corpus, { cacheDirectory });
    execFileSync("mount", ["-o", "remount,ro", disk]);
    expect((await expectRight(corpus, await run(corpus, { cacheDirectory }))).stats.bytesRead).toBe(0);
    grow(corpus, 3);
    await expectRight(corpus, await run(corpus, { cacheDirectory }));
    await expectRight(corpus, await run(corpus, { cacheDirectory: join(disk, "new") }));
  });

  test("is made for its owner alone, and so are its files", async () => {
    const corpus = makeCorpus();
    await run(corpus);
    expect(statSync(corpus.cacheDirectory).mode & 0o777).toBe(0o700);
    for (const path of corpus.cacheFiles()) expect(statSync(path).mode & 0o777, path).toBe(0o600);
  });
});

const filesOf = (corpus: Corpus): string[] => corpus.cacheFiles().map((path) => readFileSync(path, "hex"));

describe("a cache folder that is none", () => {
  test("but a file stays that file", async () => {
    const corpus = makeCorpus();
    writeFileSync(corpus.cacheDirectory, "somebody's notes");
    const { diagnostics } = await expectRight(corpus, await run(corpus));
    expect(diagnostics.cache).toMatch(/^(EEXIST|ENOTDIR)$/);
    expect(readFileSync(corpus.cacheDirectory, "utf8")).toBe("somebody's notes");
  });

  test("and lies below a file costs one line", async () => {
    const corpus = makeCorpus();
    writeFileSync(join(corpus.folder, "file"), "");
    await expectRight(corpus, await run(corpus, { cacheDirectory: join(corpus.folder, "file", "cache") }));
  });

  test("but a link that leads nowhere, or in a circle, costs one line", async () => {
    const corpus = makeCorpus();
    symlinkSync(join(corpus.folder, "nowhere"), corpus.cacheDirectory);
    await expectRight(corpus, await run(corpus));
    rmSync(corpus.cacheDirectory);
    symlinkSync(corpus.cacheDirectory, corpus.cacheDirectory);
    await expectRight(corpus, await run(corpus));
  });

  test("because cursor files are folders costs one line at most", async () => {
    const corpus = makeCorpus();
    await corpus.warm();
    for (const path of corpus.cacheFiles()) {
      rmSync(path);
      mkdirSync(join(path, "inside"), { recursive: true });
    }
    await expectRight(corpus, await run(corpus));
    await expectRight(corpus, await run(corpus));
  });

  test("because cursor files are pipes costs one line at most, and nobody waits", async () => {
    const corpus = makeCorpus();
    await corpus.warm();
    for (const path of corpus.cacheFiles()) {
      rmSync(path);
      execFileSync("mkfifo", [path]);
    }
    await expectRight(corpus, await run(corpus));
    await expectHealthy(corpus);
  });
});

describe("no place for a cache", () => {
  test.each([
    ["no such HOME", { home: "/nonexistent/home" }],
    ["HOME that is a device", { home: "/dev/null" }],
    ["an empty HOME", { home: "" }],
    ["a cache home that is a file", { variables: { XDG_CACHE_HOME: "/dev/null" } }],
    ["a named folder that cannot be", { variables: { TOKENSIFT_CACHE_DIR: "/dev/null/cache" } }],
    ["OKSTRA_HOME that cannot be", { variables: { OKSTRA_HOME: "/proc/okstra" } }],
  ] as [string, World][])("with %s costs one line at most", async (_, world) => {
    const corpus = makeCorpus();
    const asked = { ...world, ...(IS_ROOT ? { user: NOBODY } : {}), cacheDirectory: null };
    await expectRight(corpus, await run(corpus, asked));
    grow(corpus, 1);
    await expectRight(corpus, await run(corpus, asked));
  });

  test("without HOME at all", async () => {
    const corpus = makeCorpus();
    const child = spawn(process.execPath, [CLI, ...argsOf(corpus, { cacheDirectory: null })], {
      env: { PATH: process.env["PATH"], TZ: "UTC" },
      stdio: ["ignore", "pipe", "pipe"],
      ...(IS_ROOT ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    await expectRight(corpus, await endOf(child));
  });

  test("quiet says nothing of it", async () => {
    const corpus = makeCorpus();
    writeFileSync(corpus.cacheDirectory, "");
    const ending = await tokensift([...argsOf(corpus), "--quiet"]);
    await expectRight(corpus, ending);
    expect(ending.stderr).toBe("");
  });
});

test(
  `a run that is killed at any moment leaves a next run that is right (${KILLS} times)`,
  { timeout: 120_000 },
  async () => {
    const corpus = makeCorpus();
    const startedMs = performance.now();
    await run(corpus);
    await run(corpus);
    let runMs = (performance.now() - startedMs) / 2;
    let killed = 0;
    for (let i = 0; i < KILLS; i++) {
      if (i % 4 === 3) rmSync(corpus.cacheDirectory, { recursive: true, force: true });
      grow(corpus, i, i + 1, i + 2);
      const begunMs = performance.now();
      const child = start(argsOf(corpus));
      let tookMs = Infinity;
      child.once("exit", () => (tookMs = performance.now() - begunMs));
      const ending = endOf(child);
      // Node's own start takes the first half; what can be torn is behind it.
      await sleep(runMs * (0.4 + (0.6 * i) / KILLS));
      child.kill("SIGKILL");
      if ((await ending).signal === "SIGKILL") killed++;
      // The machine had more to do when it was measured.
      else runMs = Math.min(runMs, tookMs);
      await corpus.checked({ by: ["session"] });
    }
    expect(killed).toBeGreaterThan(KILLS / 4);
    await expectHealthy(corpus);
    await expectSwept(corpus);
  },
);

test("a killed run's temporary file is swept, a young one of another run is not", async () => {
  const corpus = makeCorpus();
  await corpus.warm();
  const torn = await tornTemporary(corpus);
  grow(corpus, 1);
  await corpus.checked();
  expect(existsSync(torn)).toBe(true);
  await expectSwept(corpus);
  expect(existsSync(torn)).toBe(false);
});

/** A temporary file as a run leaves it that is killed just before it renames it. */
async function tornTemporary(corpus: Corpus): Promise<string> {
  const before = corpus.cacheFiles();
  grow(corpus, 0);
  const preload = `data:text/javascript,${encodeURIComponent(`
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    fs.renameSync = () => process.kill(process.pid, "SIGKILL");
    syncBuiltinESMExports();
  `)}`;
  const { signal } = await run(corpus, { variables: { NODE_OPTIONS: `--import=${preload}` } });
  expect(signal).toBe("SIGKILL");
  const torn = corpus.cacheFiles().find((path) => !before.includes(path));
  if (torn === undefined) throw new Error("no temporary file was left");
  return torn;
}

test(`two runs at once are both right, and so is the next (${RACES} times)`, { timeout: 120_000 }, async () => {
  const corpus = makeCorpus();
  for (let i = 0; i < RACES; i++) {
    if (i % 5 === 4) rmSync(corpus.cacheDirectory, { recursive: true, force: true });
    grow(corpus, i, i + 1);
    const [first, second] = await Promise.all([run(corpus), run(corpus, { by: "model" })]);
    await expectRight(corpus, first);
    await expectRight(corpus, second, "model");
    const { stats } = await corpus.checked();
    // The loser's bytes at most.
    expect(stats.bytesRead).toBeLessThan(stats.bytesTotal);
  }
  await expectHealthy(corpus);
  expect(namesOf(corpus)).toEqual(await namesOfHealthyCache(corpus));
});
