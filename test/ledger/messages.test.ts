/** Tasks in what users wrote first, for the agents beside Claude Code (`task-ids.test.ts`). */
import { readdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ScanOptions } from "tokensift";
import { scanSessions } from "tokensift/ledger";
import { contentText } from "../../src/sources/messages.ts";
import { lines, makeFolder } from "../transcripts.ts";

const WANTED = { project: undefined, patterns: undefined };
const at = (second: number) => new Date(Date.UTC(2026, 5, 1, 0, 0, second)).toISOString();
const json = (value: unknown) => JSON.stringify(value);

/** A session of some agent whose user wrote these texts, with an answer of 15 tokens behind the first one. */
interface Agent {
  readonly path: string;
  readonly write: (...texts: string[]) => string;
  readonly isDocument?: true;
}

const geminiMessages = (texts: readonly string[]) => [
  { id: "u0", timestamp: at(0), type: "user", content: [{ text: texts[0] }] },
  {
    id: "g0",
    timestamp: at(1),
    type: "gemini",
    content: "task-99",
    model: "gemini-3-pro",
    tokens: { input: 10, output: 5, cached: 0, thoughts: 0, tool: 0, total: 15 },
  },
  { id: "i0", timestamp: at(1), type: "info", content: "task-98" },
  ...texts.slice(1).map((text, n) => ({ id: `u${n + 1}`, timestamp: at(n + 2), type: "user", content: text })),
];
const ampMessages = (texts: readonly string[]) => {
  const usage = { model: "m", timestamp: at(1), inputTokens: 10, outputTokens: 5, totalTokens: 15 };
  const users = texts.map((text, n) => ({ role: "user", messageId: `u${n}`, content: [{ type: "text", text }] }));
  const tool = { role: "user", content: [{ type: "tool_result", run: { text: "task-97" } }] };
  return [
    users[0],
    { role: "assistant", messageId: "a", content: [{ type: "text", text: "task-99" }], usage },
    tool,
    ...users.slice(1),
  ];
};
const ledger = [{ id: "e", timestamp: at(1), model: "m", tokens: { input: 10, output: 5 }, toMessageId: "a" }];

const AGENTS: Readonly<Record<string, Agent>> = {
  "Gemini CLI, lines": {
    path: "tmp/app/chats/session-2026-06-01T00-00-aaaaaaaa.jsonl",
    write: (...texts) => {
      const messages = geminiMessages(texts);
      const said = messages.map((message) => ({ ...message, content: "task-95" }));
      // The whole conversation again, which is nothing new.
      return lines(
        [{ sessionId: "s", projectHash: "h", startTime: at(0) }, ...messages, { $set: { messages: said } }].map(json),
      );
    },
  },
  "Gemini CLI, a document": {
    path: "tmp/app/chats/session-2026-06-01T00-00-aaaaaaaa.json",
    write: (...texts) =>
      JSON.stringify({ sessionId: "s", projectHash: "h", startTime: at(0), messages: geminiMessages(texts) }, null, 2),
    isDocument: true,
  },
  "Qwen Code, lines": {
    path: "projects/app/chats/s.jsonl",
    write: (...texts) => {
      const users = texts.map((text, n) => ({
        uuid: `u${n}`,
        sessionId: "s",
        timestamp: at(n),
        type: "user",
        cwd: "/srv/app",
        message: { role: "user", parts: [{ text }] },
      }));
      const answer = {
        uuid: "a",
        sessionId: "s",
        timestamp: at(1),
        type: "assistant",
        model: "m",
        message: { role: "model", parts: [{ text: "task-99" }] },
        usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5 },
      };
      const tool = {
        uuid: "t",
        sessionId: "s",
        type: "tool_result",
        message: { role: "user", parts: [{ functionResponse: { response: "task-97" } }, { text: "task-96" }] },
      };
      return lines([users[0], answer, tool, ...users.slice(1)].map(json));
    },
  },
  "Qwen Code, a document": {
    path: ".qwen/tmp/app/chats/session-a.json",
    write: (...texts) => JSON.stringify({ sessionId: "s", startTime: at(0), messages: geminiMessages(texts) }),
    isDocument: true,
  },
  Pi: {
    path: "s/p.jsonl",
    write: (...texts) => {
      const entry = (id: string, message: object) => ({ type: "message", id, timestamp: at(1), message });
      const users = texts.map((text, n) => entry(`u${n}`, { role: "user", content: [{ type: "text", text }] }));
      const usage = { input: 10, output: 5, cacheRead: 0, cacheWrite: 0, totalTokens: 15 };
      const content = [{ type: "text", text: "task-99" }];
      return lines(
        [
          { type: "session", version: 3, id: "s", timestamp: at(0), cwd: "/srv/app" },
          users[0],
          entry("a", { role: "assistant", model: "m", content, usage }),
          entry("t", { role: "toolResult", content: [{ type: "text", text: "task-97" }] }),
          ...users.slice(1),
        ].map(json),
      );
    },
  },
  "Amp, messages": {
    path: ".local/share/amp/threads/T-1.json",
    write: (...texts) => JSON.stringify({ id: "T-1", messages: ampMessages(texts) }),
    isDocument: true,
  },
  "Amp, a ledger": {
    path: ".local/share/amp/threads/T-1.json",
    write: (...texts) => JSON.stringify({ id: "T-1", messages: ampMessages(texts), usageLedger: { events: ledger } }),
    isDocument: true,
  },
};

function world({ path, write }: Agent, ...texts: string[]) {
  const folder = makeFolder({ [path]: write(...texts) });
  const file = join(folder, path);
  const old = new Date("2026-01-01");
  utimesSync(file, old, old);
  const cacheDirectory = join(folder, "cache");
  const scan = async (options: ScanOptions = {}) => {
    const environment = { variables: {}, home: folder, platform: "linux" as const };
    const paths = path.startsWith(".") ? undefined : [join(folder, path.split("/")[0] as string)];
    const found = await scanSessions({ environment, paths, cacheDirectory, ...options }, WANTED, new Map());
    const sessions = [...found.sessions.values()];
    expect(sessions.map(({ total_tokens }) => total_tokens)).toEqual([15]);
    return { ids: sessions[0]?.mentioned, bytesRead: found.result.stats.bytesRead };
  };
  return { scan, file, cacheDirectory };
}

describe.each(Object.entries(AGENTS))("%s", (_, agent) => {
  test("what the user wrote counts, the first message that names any, and no fourth", async () => {
    const ids = async (...texts: string[]) => (await world(agent, ...texts).scan({ cache: false })).ids;
    expect(await ids("now task-3, not task-4")).toEqual(["task-3", "task-4"]);
    expect(await ids("hello", "so", "TASK-5")).toEqual(["task-5"]);
    expect(await ids("hello", " ", "", "so", "and task-6")).toEqual(["task-6"]);
    expect(await ids("a", "b", "c", "task-7")).toEqual([]);
    expect(await ids("작업 task-8.2을 진행해")).toEqual(["task-8.2"]);
  });

  test("is the same however it is cut, cold and warm, and with another pattern", async () => {
    const { scan } = world(agent, "hm", "task-1 of job-1", "job-2");
    for (const rangeBytes of [1, 40, 300]) {
      expect((await scan({ cache: false, rangeBytes, chunkBytes: 16 })).ids).toEqual(["task-1"]);
    }
    expect((await scan()).ids).toEqual(["task-1"]);
    expect((await scan()).ids).toEqual(["task-1"]);
    expect((await scan({ taskPattern: "job-\\d+" })).ids).toEqual(["job-1"]);
    expect((await scan({ taskPattern: "job-2" })).ids).toEqual(["job-2"]);
    expect((await scan()).ids).toEqual(["task-1"]);
  });

  test("no text of a message is in the cache", async () => {
    const { scan, cacheDirectory } = world(agent, "the secret of task-1", "hush");
    expect((await scan()).ids).toEqual(["task-1"]);
    const bytes = readdirSync(cacheDirectory)
      .map((name) => readFileSync(join(cacheDirectory, name), "latin1"))
      .join("");
    expect(bytes).toContain("task-1");
    expect(bytes).not.toMatch(/secret|hush/);
  });
});

test("the forms of content that agents write", () => {
  expect(contentText("a")).toBe("a");
  expect(contentText([{ text: "a" }, "b", { type: "text", text: "c" }, { type: "image", text: "d" }, 5, null])).toBe(
    "a\nb\nc",
  );
  expect(contentText({ text: "a" })).toBe("a");
  expect([undefined, null, 5, {}, [], [[]], { text: 5 }].map(contentText)).toEqual(["", "", "", "", "", "", ""]);
});
