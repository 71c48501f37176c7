/** Databases that are damaged, locked, written to, or met without the library that reads them. */
import { spawn, spawnSync } from "node:child_process";
import fs, {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import { copyPrivately } from "../../src/databases/private-copy.ts";
import { Agent, OPENCODE } from "../databases.ts";
import { makeFolder, response, sessionId } from "../transcripts.ts";

const DATA = ".local/share/opencode";
const DATABASE = `${DATA}/opencode.db`;
const data = (input: number) =>
  JSON.stringify({ role: "assistant", modelID: "m", time: { created: 1 }, tokens: { input } });
const repository = fileURLToPath(new URL("../..", import.meta.url));
const copiesIn = (folder: string) => readdirSync(folder).filter((name) => name.startsWith("tokensift-copy-"));

function homeWith(messages: number, options: { withLog?: boolean } = {}): { home: string; agent: Agent } {
  const home = makeFolder({ [`.claude/projects/-srv/${sessionId(1)}.jsonl`]: [response(1)] });
  const agent = new Agent(OPENCODE);
  for (let n = 0; n < messages; n++) agent.insert("message", { id: `m${n}`, session_id: "s", data: data(1) });
  if (options.withLog === false) agent.checkpoint();
  agent.publish(join(home, DATABASE), options);
  return { home, agent };
}

async function ask(home: string) {
  const environment = { variables: {}, home, platform: "linux" as const };
  const { rows, diagnostics, stats } = await scan({ environment, by: ["source"], threads: 0, cache: false });
  return {
    responses: Object.fromEntries(rows.map(({ key, responses }) => [key.source, responses])),
    codes: diagnostics.unreadable.map(({ code }) => code),
    stats,
  };
}

const corrupt = (path: string, change: (bytes: Buffer) => Buffer) => writeFileSync(path, change(readFileSync(path)));

test.each<[string, (bytes: Buffer) => Buffer, string]>([
  ["empty", () => Buffer.alloc(0), "UNKNOWN_SCHEMA"],
  [
    "no database",
    () => Buffer.from("not a database at all, but long enough to be looked at ".repeat(20)),
    "NO_DATABASE",
  ],
  ["cut off", (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2)), "NO_DATABASE"],
  [
    "overwritten",
    (bytes) => Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 0xff)]),
    "NO_DATABASE",
  ],
])("a database that is %s is said, and the rest counts", async (_, change, code) => {
  const { home } = homeWith(200, { withLog: false });
  corrupt(join(home, DATABASE), change);
  expect(await ask(home)).toMatchObject({ responses: { claude: 1 }, codes: [code], stats: { transcripts: 2 } });
});

test("a log that is cut off counts as far as its whole transactions go", async () => {
  const { home } = homeWith(3);
  corrupt(`${join(home, DATABASE)}-wal`, (bytes) => bytes.subarray(0, bytes.length - 100));
  expect(await ask(home)).toMatchObject({ responses: { opencode: 2 }, codes: [] });
});

test("what an agent without a log left half written is said, not counted", async () => {
  const home = makeFolder();
  mkdirSync(join(home, DATA), { recursive: true });
  // Killed inside a transaction that no longer fitted into its memory, so that part of it stood in the database.
  const script = `
    const { Database } = require("node-sqlite3-wasm");
    const db = new Database(process.argv[1]);
    db.exec(process.argv[2]);
    const add = (n, data) => db.run("INSERT INTO message (id, session_id, data) VALUES (?, 's', ?)", ["m" + n, data]);
    for (let n = 0; n < 300; n++) add(n, process.argv[3] + " ".repeat(500));
    db.exec("PRAGMA cache_size = 5; BEGIN");
    for (let n = 0; n < 300; n++) db.run("UPDATE message SET data = replace(data, '1}', '9}') WHERE id = ?", ["m" + n]);
    process.kill(process.pid, "SIGKILL");`;
  spawnSync(process.execPath, ["-e", script, join(home, DATABASE), OPENCODE, data(1)], { cwd: repository });
  rmSync(`${join(home, DATABASE)}.lock`, { recursive: true, force: true });
  expect(statSync(join(home, `${DATABASE}-journal`)).size).toBeGreaterThan(0);
  expect(await ask(home)).toMatchObject({ responses: {}, codes: ["HALF_WRITTEN"] });
  expect(readdirSync(join(home, DATA)).sort()).toEqual(["opencode.db", "opencode.db-journal"]);
  // Done with: its beginning is gone.
  corrupt(`${join(home, DATABASE)}-journal`, (bytes) => bytes.fill(0, 0, 28));
  expect((await ask(home)).codes).toEqual([]);
});

test("nothing is written beside a database, and no copy is left", async () => {
  const { home } = homeWith(5);
  const state = () =>
    readdirSync(join(home, DATA)).map((name) => {
      const { size, mtimeMs, ctimeMs } = statSync(join(home, DATA, name));
      return [name, size, mtimeMs, ctimeMs, readFileSync(join(home, DATA, name)).toString("base64")];
    });
  const before = state();
  const temporary = makeFolder();
  const { code, stdout } = await runAlone(home, temporary);
  expect([code, JSON.parse(stdout).totals.responses]).toEqual([0, 6]);
  expect(state()).toEqual(before);
  expect(readdirSync(temporary)).toEqual([]);
});

test("a copy is private, and one that a killed run left behind goes after an hour", () => {
  const { home } = homeWith(1);
  const temporary = makeFolder();
  const old = join(temporary, "tokensift-copy-old");
  const young = join(temporary, "tokensift-copy-young");
  for (const folder of [old, young]) mkdirSync(folder);
  utimesSync(old, new Date(), new Date(Date.now() - 2 * 60 * 60 * 1000));
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = temporary;
  try {
    const copy = copyPrivately(join(home, DATABASE));
    const own = copiesIn(temporary).find((name) => !young.endsWith(name));
    expect(statSync(join(temporary, own!)).mode & 0o777).toBe(0o700);
    expect(copiesIn(temporary)).toHaveLength(2);
    expect(copy.bytes).toBe(statSync(join(home, DATABASE)).size + statSync(join(home, `${DATABASE}-wal`)).size);
    copy.remove();
    expect(copiesIn(temporary)).toEqual(["tokensift-copy-young"]);
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
});

/** The built command from a folder of its own, where no package is found. */
async function runAlone(home: string, temporary: string, cli = join(repository, "dist/src/cli.cjs")) {
  const child = spawn(process.execPath, [cli, "scan", "--json", "--no-cache", "--threads", "0"], {
    env: { PATH: process.env["PATH"], HOME: home, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => (stdout += text));
  child.stderr.on("data", (text) => (stderr += text));
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

test("without the library that reads databases everything else counts, and what is missing is said in one line", async () => {
  const alone = mkdtempSync(join(tmpdir(), "tokensift-alone-"));
  try {
    cpSync(join(repository, "dist"), join(alone, "dist"), { recursive: true });
    const { home } = homeWith(1);
    const { code, stdout, stderr } = await runAlone(home, makeFolder(), join(alone, "dist/src/cli.cjs"));
    expect([code, JSON.parse(stdout).totals.responses]).toEqual([0, 1]);
    expect(stderr).toBe(
      "Could not read 1 file\n" +
        `  ${join(home, DATABASE)} (a database; the package node-sqlite3-wasm, which reads it, is not installed)\n`,
    );
  } finally {
    rmSync(alone, { recursive: true, force: true });
  }
});

/** Writes pairs of messages as fast as it can, with a checkpoint now and then, until it is told to end. */
const WRITER = `
  const { Database } = require("node-sqlite3-wasm");
  const [path, schema] = process.argv.slice(1);
  const db = new Database(path);
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 20");
  db.exec(schema);
  process.stdout.write("ready");
  let n = 0, isOver = false;
  process.stdin.on("data", () => (isOver = true));
  const data = JSON.stringify({ role: "assistant", modelID: "m", time: { created: 1 }, tokens: { input: 1 } });
  const write = () => {
    if (isOver) { process.stdout.write(" " + n); process.exit(0); }
    db.exec("BEGIN");
    for (let i = 0; i < 2; i++) db.run("INSERT INTO message (id, session_id, data) VALUES (?, 's', ?)", ["m" + n++, data]);
    db.exec("COMMIT");
    setTimeout(write, 1);
  };
  write();
`;

test(
  "while an agent writes, a scan has whole transactions, never fewer than the one before",
  { timeout: 120_000 },
  async () => {
    const home = makeFolder();
    mkdirSync(join(home, DATA), { recursive: true });
    const child = spawn(process.execPath, ["-e", WRITER, join(home, DATABASE), OPENCODE], {
      cwd: repository,
      stdio: ["pipe", "pipe", "inherit"],
    });
    let said = "";
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (text) => {
        said += text;
        resolve();
      });
    });
    let most = 0;
    let read = 0;
    for (let round = 0; round < 15; round++) {
      const { responses, codes } = await ask(home);
      if (codes.length > 0) {
        expect(codes).toEqual(["CHANGED"]);
        continue;
      }
      const now = responses["opencode"] ?? 0;
      expect(now % 2).toBe(0);
      expect(now).toBeGreaterThanOrEqual(most);
      most = now;
      read++;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    child.stdin.write("end");
    await new Promise((resolve) => child.on("close", resolve));
    const written = Number(said.split(" ").at(-1));
    expect(read).toBeGreaterThan(0);
    expect(most).toBeGreaterThan(0);
    rmSync(`${join(home, DATABASE)}.lock`, { recursive: true, force: true });
    expect((await ask(home)).responses).toEqual({ opencode: written });
  },
);

test("what an agent puts from its log into the database while both are copied is copied again", async () => {
  const { home, agent } = homeWith(30);
  const path = join(home, DATABASE);
  const { copyFileSync } = fs;
  let copies = 0;
  fs.copyFileSync = (from, ...rest) => {
    copyFileSync(from, ...rest);
    if (from !== path || ++copies > 1) return;
    // The database was copied without what its log held, and the log holds other things now.
    agent.checkpoint();
    agent.insert("message", { id: "m30", session_id: "s", data: data(1) });
    agent.publish(path);
  };
  syncBuiltinESMExports();
  try {
    expect(await ask(home)).toMatchObject({ responses: { claude: 1, opencode: 31 }, codes: [] });
    expect(copies).toBe(2);
  } finally {
    fs.copyFileSync = copyFileSync;
    syncBuiltinESMExports();
  }
});

test("a run that is killed leaves no rows behind once the database is open", () => {
  // The copy's folder is gone while its rows are read: a kill at any later time finds nothing to leave.
  const { home } = homeWith(1);
  const temporary = makeFolder();
  const watch = `
    const fs = require("node:fs");
    const { Database } = require("node-sqlite3-wasm");
    const prepare = Database.prototype.prepare;
    Database.prototype.prepare = function (sql) {
      if (!sql.includes("FROM message")) return prepare.call(this, sql);
      fs.writeFileSync(process.argv[1] + "/seen", String(fs.readdirSync(process.argv[1]).length));
      process.kill(process.pid, "SIGKILL");
    };
    process.argv.splice(2, 0, "scan", "--no-cache", "--threads", "0");
    require(${JSON.stringify(join(repository, "dist/src/cli.cjs"))});
  `;
  const { signal } = spawnSync(process.execPath, ["-e", watch, temporary], {
    cwd: repository,
    env: { PATH: process.env["PATH"], HOME: home, TMPDIR: temporary },
  });
  expect([signal, readdirSync(temporary), readFileSync(join(temporary, "seen"), "utf8")]).toEqual([
    "SIGKILL",
    ["seen"],
    "0",
  ]);
});

test("a program that has the library from Node itself reads databases and says what is none", () => {
  const { home } = homeWith(2);
  mkdirSync(join(home, ".copilot"));
  writeFileSync(join(home, ".copilot/session-store.db"), "no database");
  const source = `
    import { scan } from "tokensift";
    const environment = { variables: {}, home: ${JSON.stringify(home)}, platform: "linux" };
    const { totals, diagnostics } = await scan({ environment, cache: false, threads: 0 });
    console.log(JSON.stringify([totals.responses, diagnostics.unreadable.map(({ code }) => code)]));`;
  // Vitest has the names of packages that Node knows by their default alone.
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", source], {
    cwd: repository,
    encoding: "utf8",
  });
  expect({ stdout, stderr }).toEqual({ stdout: '[3,["NO_DATABASE"]]\n', stderr: "" });
});
