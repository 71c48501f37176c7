/** A thread that fails as soon as it is started: a server of its own, whose thread's file is broken. */
import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { sessionOf, taskHome } from "../ledger/home.ts";
import { makeFolder } from "../transcripts.ts";
import { type Document, hold } from "./document.ts";
import { serveFrom, until } from "./server.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** A copy of `dist` whose thread notes when it starts, and stops, or fails to load, while a file `broken` is there. */
function fragileCopy() {
  const folder = makeFolder();
  cpSync(join(REPOSITORY, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(REPOSITORY, "package.json"), join(folder, "package.json"));
  symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
  const [starts, broken, worker] = [join(folder, "starts"), join(folder, "broken"), join(folder, "dist/workers")];
  renameSync(join(worker, "snapshot.js"), join(worker, "whole.js"));
  const source = `
    import { appendFileSync, existsSync } from "node:fs";
    const isBroken = () => existsSync(${JSON.stringify(broken)});
    appendFileSync(${JSON.stringify(starts)}, Date.now() + "\\n");
    if (isBroken()) throw new Error("cannot be loaded");
    setInterval(() => isBroken() && process.exit(1), 20).unref();
    await import("./whole.js");`;
  writeFileSync(join(worker, "snapshot.js"), source);
  const startsMs = () => (existsSync(starts) ? readFileSync(starts, "utf8").trim().split("\n").map(Number) : []);
  return { cli: join(folder, "dist/src/cli.cjs"), broken, startsMs };
}

test(
  "is started again after a pause that grows, said once, and takes over when it can",
  { timeout: 60_000 },
  async () => {
    const { cli, broken, startsMs } = fragileCopy();
    const world = taskHome({ 1: sessionOf(1, "task-1") });
    const { get, said, child } = await serveFrom(cli, world);
    const document = JSON.parse((await get("/api/openapi.json")).body) as Document;
    expect((await get("/api/usage?by=none")).status).toBe(200);
    writeFileSync(broken, "");
    const health = await until(
      async () => get("/api/health"),
      ({ status }) => status !== 200,
    );
    hold(document, "/api/health", health, 503);
    expect(JSON.parse(health.body)).toMatchObject({ status: "stale", code: "STOPPED" });
    const stoppedMs = Date.now();
    while (Date.now() < stoppedMs + 4500) {
      for (const path of ["/api/token-usage", "/api/usage?by=none"]) hold(document, path, await get(path), 200);
      const refused = await get("/api/usage?by=week");
      hold(document, "/api/usage", refused, 503);
      expect(refused.body).not.toContain(world.home);
      await wait(100);
    }
    // After one second and after two more; four more have not passed.
    const [, first = 0, second = 0, ...more] = startsMs();
    expect([second - first >= 1900, more]).toEqual([true, []]);
    expect(said().match(/stopped/g)).toHaveLength(2);
    expect(said()).toMatch(
      /^tokensift: the thread that looks for changes stopped \(it ended\); another one is started\ntokensift: .* \(cannot be loaded\); another one is started\n$/,
    );
    rmSync(broken);
    const well = await until(
      async () => get("/api/health"),
      ({ status }) => status === 200,
    );
    hold(document, "/api/health", well, 200);
    hold(document, "/api/usage", await get("/api/usage?by=week"), 200);
    // From the beginning: the next failure pauses for a second again.
    const before = startsMs().length;
    writeFileSync(broken, "");
    await until(
      async () => get("/api/health"),
      () => startsMs().length > before + 1,
    );
    const [again = 0, then = 0] = startsMs().slice(before);
    expect(then - again).toBeGreaterThan(1900);
    expect(then - again).toBeLessThan(5000);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const killedMs = Date.now();
    child.kill("SIGTERM");
    expect(await ended).toBe(143);
    expect(Date.now() - killedMs).toBeLessThan(1500);
  },
);

test("that fails at once is one sentence, and nothing is served", async () => {
  const { cli, broken, startsMs } = fragileCopy();
  writeFileSync(broken, "");
  await expect(serveFrom(cli, taskHome({ 1: sessionOf(1, "task-1") }))).rejects.toThrow(
    /^exit code 2: tokensift: the thread that looks for changes stopped \(cannot be loaded\)\n$/,
  );
  expect(startsMs()).toHaveLength(1);
});
