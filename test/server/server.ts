/** A running `tokensift serve`, and requests to it that no client library puts right. */
import { type ChildProcess, spawn } from "node:child_process";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { CLI } from "../cli/tokensift.ts";
import type { Home } from "../ledger/home.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Server {
  readonly port: number;
  readonly child: ChildProcess;
  /** On stderr, so far. */
  readonly said: () => string;
  readonly get: (path: string, headers?: Readonly<Record<string, string>>, method?: string) => Promise<Answer>;
}

/** Runs until its test is done. */
export async function serve(home: Home, ...flags: string[]): Promise<Server> {
  return serveFrom(CLI, home, ...flags);
}

/** The same with the command line of another `dist`. */
export async function serveFrom(cli: string, { home, ledger }: Home, ...flags: string[]): Promise<Server> {
  const child = spawn(process.execPath, [cli, "serve", "--port", "0", "--ledger", ledger, ...flags], {
    cwd: home,
    env: { PATH: process.env["PATH"], HOME: home, TZ: "UTC", TOKENSIFT_CACHE_DIR: join(home, "cache") },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += String(text)));
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (text: Buffer) => resolve(String(text).trim()));
    child.once("exit", (code) => reject(new Error(`exit code ${code}: ${said}`)));
  });
  const port = Number(new URL(address).port);
  return {
    port,
    child,
    said: () => said,
    get: async (path, headers = {}, method = "GET") => ask(port, path, headers, method),
  };
}

async function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  method: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Asks until the answer is as it should be, for ten seconds at most. */
export async function until<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const answer = await ask();
    if (isRight(answer) || attempt === 100) return answer;
    await wait(100);
  }
}
