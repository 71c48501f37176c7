/** The rows of a database that are kept beside the cursors. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { fileName } from "../../src/cursors/file.ts";
import { hashBytes } from "../../src/cursors/hash.ts";
import type { StoredSession } from "../../src/databases/stored-session.ts";
import { tokensift } from "../cli/tokensift.ts";
import { Agent, COPILOT, OPENCODE } from "../databases.ts";
import { clockAhead, DATABASE, message, realNow, scanHome } from "../opencode.ts";
import { answerOf, makeFolder } from "../transcripts.ts";

/** A file with other rows under the same state of the database, and with the checksum of theirs. */
function forged(
  whole: string,
  change: (sessions: StoredSession[]) => unknown,
  { problem, untoldTokens = 0 }: { problem?: unknown; untoldTokens?: unknown } = {},
): string {
  const [header = "", body = ""] = whole.split("\n");
  const sessions = JSON.parse(body) as StoredSession[];
  const changed = JSON.stringify(change(sessions) ?? sessions);
  const { path, format, version, database, log } = JSON.parse(header) as Record<string, unknown>;
  const { low, high } = hashBytes(Buffer.from(changed));
  // The order is the header's.
  return `${JSON.stringify({ path, format, version, database, log, problem, untoldTokens, low, high })}\n${changed}`;
}

describe("what is kept of a database", () => {
  const begin = () => {
    clockAhead();
    const home = makeFolder();
    const cacheDirectory = join(makeFolder(), "cache");
    const agent = new Agent(OPENCODE);
    const add = (n: number) =>
      agent.insert("message", { id: `m${n}`, session_id: "s", data: JSON.stringify(message("s", n, n)) });
    const ask = (more: object = {}) => scanHome(home, { cache: true, cacheDirectory, ...more });
    const files = () => readdirSync(cacheDirectory).filter((name) => name.endsWith(".rows"));
    const publish = () => agent.publish(join(home, DATABASE));
    return { home, cacheDirectory, agent, add, ask, files, publish };
  };

  test("is used while neither it nor its log has changed", async () => {
    const { add, ask, files, publish, cacheDirectory, home } = begin();
    add(1);
    publish();
    const first = await ask();
    expect([first.stats.transcriptsUnchanged, first.stats.bytesRead > 0]).toEqual([0, true]);
    const second = await ask();
    expect([second.stats.transcriptsUnchanged, second.stats.bytesRead]).toEqual([1, 0]);
    expect(answerOf(second)).toEqual(answerOf(first));
    const [name] = files();
    expect(statSync(join(cacheDirectory, name!)).mode & 0o777).toBe(0o600);
    // Same size, only the log is another.
    const log = readFileSync(join(home, `${DATABASE}-wal`));
    writeFileSync(join(home, `${DATABASE}-wal`), log.fill(0, 40));
    expect((await ask()).totals.responses).toBe(0);
    add(2);
    publish();
    expect((await ask()).totals).toMatchObject({ responses: 2, inputTokens: 3 });
  });

  test("is not kept of one that was written a moment ago, nor with --no-cache", async () => {
    const { add, ask, files, publish, cacheDirectory } = begin();
    add(1);
    publish();
    await ask({ cache: false });
    expect(existsSync(cacheDirectory)).toBe(false);
    Date.now = realNow;
    expect((await ask()).totals.responses).toBe(1);
    expect(existsSync(cacheDirectory) ? files() : []).toEqual([]);
  });

  test("is not used when it is damaged, anywhere", async () => {
    const { add, ask, files, publish, cacheDirectory } = begin();
    for (let n = 1; n < 4; n++) add(n);
    publish();
    const right = answerOf(await ask());
    const path = join(cacheDirectory, files()[0]!);
    const whole = readFileSync(path);
    for (let cut = 0; cut < 40; cut++) {
      const at = Math.floor((whole.length * cut) / 40);
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      for (const bytes of [flipped, whole.subarray(0, at)]) {
        writeFileSync(path, bytes);
        expect(answerOf(await ask())).toEqual(right);
      }
    }
  });

  test("holds nothing that anybody wrote, and goes with the cache", async () => {
    const { home, agent, add, ask, files, publish, cacheDirectory } = begin();
    add(1);
    const said = { role: "user", summary: { title: "SECRET" }, system: "SECRET", time: { created: 1 } };
    agent.insert("message", { id: "u", session_id: "s", data: JSON.stringify(said) });
    agent.insert("part", { id: "p", message_id: "u", session_id: "s", data: '{"type":"text","text":"SECRET"}' });
    agent.insert("session", { id: "s", title: "SECRET", directory: "/srv/shop" });
    publish();
    await ask();
    expect(readFileSync(join(cacheDirectory, files()[0]!), "utf8")).not.toContain("SECRET");
    const run = async (action: string) => {
      const { stdout } = await tokensift(["cache", action, "--json", "--cache-dir", cacheDirectory]);
      return JSON.parse(stdout) as object;
    };
    const bytes = [DATABASE, `${DATABASE}-wal`].reduce((sum, name) => sum + statSync(join(home, name)).size, 0);
    expect(await run("info")).toMatchObject({ files: 1, transcripts: 1, transcriptBytes: bytes, unusable: 0 });
    expect(await run("prune")).toMatchObject({ files: 0 });
    rmSync(join(home, DATABASE));
    expect(await run("prune")).toMatchObject({ files: 1, transcripts: 1 });
    publish();
    await ask();
    expect(await run("clear")).toMatchObject({ files: 1 });
    expect(existsSync(cacheDirectory)).toBe(false);
  });

  test("is compared with the database by cache verify, and put right", { timeout: 180_000 }, async () => {
    const { home, add, ask, files, publish, cacheDirectory } = begin();
    for (let n = 1; n < 4; n++) add(n);
    publish();
    const right = answerOf(await ask());
    // The command has no clock ahead.
    await wait(2100);
    const verify = async () => {
      const { code, stdout } = await tokensift(["cache", "verify", "--json", "--cache-dir", cacheDirectory]);
      return { code, ...(JSON.parse(stdout) as object) };
    };
    const text = async () => (await tokensift(["cache", "verify", "--cache-dir", cacheDirectory])).stdout;
    const database = join(home, DATABASE);
    const bytesRead = statSync(database).size + statSync(`${database}-wal`).size;
    const none = { code: 0, transcripts: 1, unused: 0, bytesRead, differences: [] };
    expect(await verify()).toMatchObject(none);
    expect(await text()).toMatch(/^0 cursors and 1 database compared with .* of transcripts: no difference\n$/);

    const path = join(cacheDirectory, files()[0]!);
    const whole = readFileSync(path, "utf8");
    const forge = (change: (sessions: StoredSession[]) => unknown, about?: object) =>
      writeFileSync(path, forged(whole, change, about));
    forge(() => undefined);
    expect(readFileSync(path, "utf8")).toBe(whole);
    const forgeries: ReadonlyArray<readonly [string, () => void]> = [
      ["lines", () => forge(([session]) => void session!.lines.pop())],
      [
        "lines",
        () => forge(([session]) => void (session!.lines[1] = session!.lines[1]!.replace('"input":1', '"input":9'))),
      ],
      ["isAgents", () => forge((sessions) => [{ ...sessions[0]!, isAgents: true }])],
      ["sessions", () => forge(() => [])],
      ["sessions", () => forge((sessions) => [...sessions, { ...sessions[0]!, id: "another" }])],
      ["sessions", () => forge((sessions) => [...sessions, sessions[0]!])],
      ["problem", () => forge(() => undefined, { problem: "NO_TOOL_CALLS" })],
      ["untoldTokens", () => forge(() => undefined, { untoldTokens: 7 })],
    ];
    for (const [what, make] of forgeries) {
      make();
      // What a scan would believe.
      const wrong = await ask();
      expect(wrong.stats.bytesRead).toBe(0);
      expect(answerOf(wrong)).not.toEqual(right);
      expect(await verify(), what).toMatchObject({
        ...none,
        code: 1,
        differences: [{ path: database, what: [what] }],
      });
      expect(readFileSync(path, "utf8")).toBe(whole);
    }
    expect(await verify()).toMatchObject(none);
    forgeries[0]![1]();
    expect(await text()).toMatch(/: 1 difference, put right\n {2}\S+opencode\.db: lines\n$/);
    expect(answerOf(await ask())).toEqual(right);

    // Of no use to a scan: damaged, of no shape, of another state, of none.
    for (const damage of [
      () => writeFileSync(path, whole.slice(0, -1)),
      () => forge(() => ({})),
      () => forge(() => [{ id: 1 }]),
      () => forge(() => [null]),
      () => forge(() => undefined, { problem: { toString: 1 } }),
      () => forge(() => undefined, { problem: "ANYTHING" }),
      () => forge(() => undefined, { untoldTokens: -1 }),
      () => forge(() => undefined, { untoldTokens: "1" }),
    ]) {
      damage();
      expect(await verify()).toMatchObject({ code: 0, transcripts: 0, unused: 1, bytesRead: 0, differences: [] });
      expect(answerOf(await ask())).toEqual(right);
      writeFileSync(path, whole);
    }
    writeFileSync(join(cacheDirectory, "opencode-0123456789abcdef.rows"), whole);
    expect(await verify()).toMatchObject({ ...none, unused: 1 });
    expect(await text()).toMatch(/\n1 of no use: gone, changed or damaged\n$/);
    rmSync(join(cacheDirectory, "opencode-0123456789abcdef.rows"));
    add(4);
    publish();
    expect(await verify()).toMatchObject({ code: 0, transcripts: 0, unused: 1, differences: [] });
    rmSync(database);
    expect(await verify()).toMatchObject({ code: 0, transcripts: 0, unused: 1, differences: [] });
  });

  test("is dropped by cache verify where the database cannot be read", async () => {
    const { home, add, ask, files, publish, cacheDirectory } = begin();
    add(1);
    publish();
    await ask();
    // The rows of one database under the name and state of another, which is none.
    const broken = join(home, "broken.db");
    writeFileSync(broken, "no database at all".repeat(100));
    const first = statSync(broken, { bigint: true });
    const [header = "", body = ""] = readFileSync(join(cacheDirectory, files()[0]!), "utf8").split("\n");
    const state = `${first.dev} ${first.ino} ${first.size} ${first.mtimeNs} ${first.ctimeNs} `;
    const made = { ...(JSON.parse(header) as object), path: broken, database: state, log: "" };
    rmSync(join(cacheDirectory, files()[0]!));
    writeFileSync(join(cacheDirectory, fileName("opencode", broken, "rows")), `${JSON.stringify(made)}\n${body}`);
    const { code, stdout } = await tokensift(["cache", "verify", "--json", "--cache-dir", cacheDirectory]);
    expect([code, JSON.parse(stdout)]).toMatchObject([
      1,
      { transcripts: 1, differences: [{ path: broken, what: ["NO_DATABASE"] }] },
    ]);
    expect(files()).toEqual([]);
  });

  test("is compared of every agent that has one, each by itself", async () => {
    const { home, add, ask, files, publish, cacheDirectory } = begin();
    add(1);
    publish();
    const store = new Agent(COPILOT);
    const request = { id: 1, session_id: "s", model: "gpt-5.4", input_tokens: 7, output_tokens: 3 };
    store.insert("assistant_usage_events", { ...request, created_at: "2026-06-01T00:00:00.000Z" });
    const storePath = join(home, ".copilot/session-store.db");
    store.publish(storePath);
    const right = answerOf(await ask());
    await wait(2100);
    const name = files().find((file) => file.startsWith("copilot-"))!;
    const path = join(cacheDirectory, name);
    const whole = readFileSync(path, "utf8");
    expect(files()).toHaveLength(2);
    writeFileSync(
      path,
      forged(whole, (sessions) => sessions.map(({ id }) => ({ id, isAgents: false, lines: [] }))),
    );
    const { code, stdout } = await tokensift(["cache", "verify", "--json", "--cache-dir", cacheDirectory]);
    expect([code, JSON.parse(stdout)]).toMatchObject([
      1,
      { transcripts: 2, unused: 0, differences: [{ path: storePath, what: ["lines"] }] },
    ]);
    expect(readFileSync(path, "utf8")).toBe(whole);
    expect(answerOf(await ask())).toEqual(right);
  });

  test("is no matter where it cannot be kept: that is said", async () => {
    const { add, ask, publish } = begin();
    add(1);
    publish();
    const { totals, diagnostics } = await ask({ cacheDirectory: join(makeFolder({ file: "" }), "file", "below") });
    expect([totals.responses, diagnostics.cache]).toEqual([1, "ENOTDIR"]);
  });
});
