/** Who may not ask `tokensift serve`, and what nobody can do to it. */
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { isLoopback, refuse } from "../../src/server/guard.ts";
import { sessionOf, taskHome } from "../ledger/home.ts";
import { serve } from "./server.ts";

const home = () => taskHome({ 1: sessionOf(1, "task-1") });
const TOKEN = "a-token-of-some-length";

describe("where it listens", () => {
  test.each(["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"])("%s is this machine only", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  test.each([
    "0.0.0.0",
    "::",
    "192.168.0.1",
    "example.org",
    "127.0.0.1.example.org",
    "localhost.example.org",
    "1270.0.0.1",
    "",
  ])("%j is not", (host) => expect(isLoopback(host)).toBe(false));

  test("any other address wants a token, or it refuses to start", async () => {
    const { run } = home();
    const refused = await run("serve", "--port", "0", "--host", "0.0.0.0");
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toBe(
      "tokensift: --host: 0.0.0.0 can be reached by others (add --token, or leave --host out)\n",
    );
    expect((await run("serve", "--token", "short")).code).toBe(2);
    expect((await run("serve", "--port", "70000")).code).toBe(2);
  });

  test("a port that is taken is one sentence", async () => {
    const world = home();
    const { port } = await serve(world);
    const { code, stderr } = await world.run("serve", "--port", String(port));
    expect([code, stderr]).toEqual([
      2,
      `tokensift: --port: 127.0.0.1:${port} cannot be listened on (EADDRINUSE; give another --port)\n`,
    ]);
  });
});

describe("the token", () => {
  test("is asked of everybody, whatever they ask", async () => {
    const { get } = await serve(home(), "--host", "0.0.0.0", "--token", TOKEN);
    for (const path of ["/", "/api/token-usage", "/api/health", "/metrics", "/api/openapi.json", "/nothing"]) {
      const { status, headers, body } = await get(path);
      expect([path, status, headers["www-authenticate"]]).toEqual([path, 401, 'Bearer realm="tokensift"']);
      expect(body).not.toContain(TOKEN);
    }
    for (const wrong of [
      TOKEN,
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(1)}`,
      "Bearer",
      "Bearer  ",
    ]) {
      expect((await get("/", { authorization: wrong })).status).toBe(401);
    }
    expect((await get("/api/health", { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    expect((await get("/api/health", { authorization: `bearer ${TOKEN}` })).status).toBe(200);
    expect((await get("/api/openapi.json", { authorization: `Bearer ${TOKEN}` })).body).toContain('"scheme":"bearer"');
  });
});

describe("names and origins", () => {
  const guard = { host: "127.0.0.1", token: undefined };
  const ask = (headers: Record<string, string>, options: Parameters<typeof refuse>[1] = guard) =>
    refuse({ method: "GET", url: "/", headers }, options, 4777)?.code;

  test.each(["127.0.0.1:4777", "localhost:4777", "LocalHost:4777", "[::1]:4777"])("Host %s is ours", (host) => {
    expect(ask({ host })).toBeUndefined();
  });

  test.each([
    "evil.example:4777",
    "localhost:4778",
    "localhost",
    "127.0.0.1.evil.example:4777",
    "",
    "localhost:4777@evil.example",
    "localhost:4777:1",
    "192.168.0.1:4777",
    "a b",
  ])("Host %j is not (DNS rebinding)", (host) => expect(ask({ host })).toBe("WRONG_HOST"));

  test("behind all addresses any address is ours, and no name but the one given", () => {
    const everywhere = { host: "0.0.0.0", token: TOKEN };
    expect(ask({ host: "192.168.0.7:4777", authorization: `Bearer ${TOKEN}` }, everywhere)).toBeUndefined();
    expect(ask({ host: "evil.example:4777", authorization: `Bearer ${TOKEN}` }, everywhere)).toBe("WRONG_HOST");
    const named = { host: "box.lan", token: TOKEN };
    expect(ask({ host: "box.lan:4777", authorization: `Bearer ${TOKEN}` }, named)).toBeUndefined();
  });

  test.each<[Record<string, string>, string | undefined]>([
    [{ origin: "http://localhost:4777" }, undefined],
    [{ origin: "http://evil.example" }, "WRONG_ORIGIN"],
    [{ origin: "https://localhost:4777" }, "WRONG_ORIGIN"],
    [{ origin: "http://localhost:4778" }, "WRONG_ORIGIN"],
    [{ origin: "null" }, "WRONG_ORIGIN"],
    [{ origin: "" }, "WRONG_ORIGIN"],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" }, "WRONG_ORIGIN"],
    [{ "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" }, "WRONG_ORIGIN"],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }, "WRONG_ORIGIN"],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }, undefined],
    [{ "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" }, undefined],
  ])("%j", (headers, code) => expect(ask({ host: "localhost:4777", ...headers })).toBe(code));

  test("over the wire too: no CORS, and nothing is told to strangers", async () => {
    const { get, port } = await serve(home());
    const own = await get("/api/health", { origin: `http://127.0.0.1:${port}` });
    expect(own.status).toBe(200);
    expect(Object.keys(own.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    for (const headers of [{ host: "evil.example" }, { origin: "http://evil.example" }]) {
      const { status, body } = await get("/api/token-usage", headers);
      expect(status).toBe(403);
      expect(body).not.toContain("task");
    }
    const preflight = await get(
      "/api/token-usage",
      { origin: "http://evil.example", "access-control-request-method": "GET" },
      "OPTIONS",
    );
    expect(preflight.status).toBe(403);
  });
});

describe("methods, headers, limits", () => {
  test("only GET and HEAD", async () => {
    const { get } = await serve(home());
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]) {
      const { status, headers } = await get("/api/token-usage", {}, method);
      expect([method, status, headers.allow]).toEqual([method, 405, "GET, HEAD"]);
    }
  });

  test("every answer has the security headers, errors too", async () => {
    const { get } = await serve(home());
    for (const path of ["/", "/api/token-usage", "/api/token-usage?task=no", "/nothing", "/api/usage?by=x"]) {
      expect((await get(path)).headers).toMatchObject({
        "content-security-policy": expect.stringContaining("default-src 'none'") as string,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "private, no-cache",
      });
    }
  });

  test("long URLs and headers are refused", async () => {
    const { get } = await serve(home());
    expect((await get(`/api/usage?by=${"day,".repeat(600)}day`)).status).toBe(414);
    expect((await get("/", { "x-long": "x".repeat(10_000) })).status).toBe(431);
    expect((await get("/")).status).toBe(200);
  });

  test("bytes that are no HTTP are refused, and others are still answered", async () => {
    const { get, port } = await serve(home());
    const answer = await raw(port, "\u0000\u0001 nonsense\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect((await get("/")).status).toBe(200);
  });

  test("clients that are stuck or slow hold nobody up", async () => {
    const { get, port } = await serve(home());
    const stuck: Socket[] = [];
    onTestFinished(() => stuck.forEach((socket) => socket.destroy()));
    for (let n = 0; n < 200; n++) {
      const socket = connect(port, "127.0.0.1").on("error", () => {});
      stuck.push(socket);
      // Half of a request, or many requests whose answers are never read.
      if (n % 2 === 0) {
        socket.write("GET / HTTP/1.1\r\nHost: ");
        continue;
      }
      socket.write(`GET /api/token-usage HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`.repeat(50));
      socket.pause();
    }
    await wait(300);
    // Those that are stuck are cut off after fifteen seconds: nobody waited for that.
    const sentMs = performance.now();
    const answers = await Promise.all(Array.from({ length: 50 }, () => get("/api/health")));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(performance.now() - sentMs).toBeLessThan(10_000);
  });

  test("a client that sends half a request is cut off", async () => {
    const { port } = await serve(home());
    const answer = await raw(port, "GET / HTTP/1.1\r\nHost: ");
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  }, 60_000);
});

/** What comes back until the connection ends. */
async function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.setEncoding("latin1").on("data", (part: string) => (answer += part));
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}
