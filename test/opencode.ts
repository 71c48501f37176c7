/** What an OpenCode of ours leaves in a home folder, and scans of it. */
import { scan } from "tokensift";
import { onTestFinished } from "vitest";

export const DATA = ".local/share/opencode";
export const DATABASE = `${DATA}/opencode.db`;
export const atMs = (second: number) => Date.UTC(2026, 5, 1, 0, 0, second);

export const message = (session: string, second: number, input: number, more: object = {}) => ({
  sessionID: session,
  role: "assistant",
  modelID: "gpt-5.4",
  providerID: "openai",
  agent: "build",
  path: { cwd: "/srv/shop", root: "/srv/shop" },
  time: { created: atMs(second) },
  cost: 0,
  tokens: { input, output: 5, reasoning: 2, cache: { read: 100, write: 10 }, total: input + 115 },
  ...more,
});
export const scanHome = (home: string, more: object = {}) =>
  scan({
    environment: { variables: {}, home, platform: "linux" as const },
    by: ["source", "session", "agent", "model", "project"],
    threads: 0,
    cache: false,
    ...more,
  });

export const realNow = Date.now;
// What was written a moment ago is never believed: a clock ahead makes what is kept count.
export const clockAhead = () => {
  Date.now = () => realNow() + 5000;
  onTestFinished(() => {
    Date.now = realNow;
  });
};

/** Where a message of the property below is kept. */
