/** The rows of a database that are kept beside the cursors. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tokensift } from "../cli/tokensift.ts";
import { Agent, OPENCODE } from "../databases.ts";
import { clockAhead, DATABASE, message, realNow, scanHome } from "../opencode.ts";
import { answerOf, makeFolder } from "../transcripts.ts";

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
    expect(await run("info")).toMatchObject({ files: 1, transcripts: 1, unusable: 0 });
    expect(await run("prune")).toMatchObject({ files: 0 });
    rmSync(join(home, DATABASE));
    expect(await run("prune")).toMatchObject({ files: 1, transcripts: 1 });
    publish();
    await ask();
    expect(await run("clear")).toMatchObject({ files: 1 });
    expect(existsSync(cacheDirectory)).toBe(false);
  });

  test("is no matter where it cannot be kept: that is said", async () => {
    const { add, ask, publish } = begin();
    add(1);
    publish();
    const { totals, diagnostics } = await ask({ cacheDirectory: join(makeFolder({ file: "" }), "file", "below") });
    expect([totals.responses, diagnostics.cache]).toEqual([1, "ENOTDIR"]);
  });
});
