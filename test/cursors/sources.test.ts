/** `cache verify` looks after the cursors of every agent. */
import { appendFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scan } from "tokensift";
import { afterEach, beforeEach, expect, test } from "vitest";
import { family, writeFamily } from "../parity/generate-codex.ts";
import { makeFolder, type Tree } from "../transcripts.ts";
import { tokensift } from "../cli/tokensift.ts";
import fc from "fast-check";

const realNow = Date.now;
// What was written a moment ago is never believed: a clock ahead makes the cursors count.
beforeEach(() => {
  Date.now = () => realNow() + 5000;
});
afterEach(() => {
  Date.now = realNow;
});

const DOCUMENT = ".gemini/tmp/a/chats/session-1.json";
const session = (...inputs: number[]) =>
  JSON.stringify({
    sessionId: "s1",
    projectHash: "x",
    messages: inputs.map((input, n) => ({ id: `m${n}`, type: "gemini", tokens: { input } })),
  });

async function scanned(tree: Tree) {
  const folder = makeFolder(tree);
  const cacheDirectory = makeFolder();
  const again = () => scan({ paths: [folder], cacheDirectory, threads: 0 });
  await again();
  const verify = async () => {
    const { code, stdout } = await tokensift(["cache", "verify", "--json", "--cache-dir", cacheDirectory]);
    return { code, ...(JSON.parse(stdout) as { transcripts: number; unused: number; differences: unknown[] }) };
  };
  return { folder, cacheDirectory, again, verify };
}

test("what was scanned of rollouts and sessions is found again", async () => {
  const trees = fc.sample(family, { numRuns: 5, seed: 7 }).map((sessions) => writeFamily(sessions));
  const files = Object.fromEntries(
    trees.flatMap((tree, n) => Object.entries(tree).map(([name, bytes]) => [`${n}/${name}`, bytes])),
  );
  const { verify } = await scanned({ ...files, [DOCUMENT]: session(1, 2) });
  expect(await verify()).toMatchObject({
    code: 0,
    transcripts: Object.keys(files).length + 1,
    unused: 0,
    differences: [],
  });
});

test("a rollout that grew between two scans is no difference: what repeats or goes on from the reading before says no more", async () => {
  const usage = (input: number) => ({ input_tokens: input, output_tokens: 1, total_tokens: input + 1 });
  const reading = (second: number, total: number, last: number) =>
    JSON.stringify({
      timestamp: `2026-06-01T10:00:0${second}Z`,
      type: "event_msg",
      payload: { type: "token_count", info: { total_token_usage: usage(total), last_token_usage: usage(last) } },
    });
  const name = "sessions/rollout-2026-06-01T10-00-00-00000001-0000-4000-8000-000000000000.jsonl";
  const { folder, again, verify } = await scanned({ [name]: [reading(1, 100, 100)] });
  // The first line of what is new repeats the one before, or goes on from it.
  for (const more of [reading(2, 100, 100), reading(3, 300, 200)]) {
    appendFileSync(join(folder, name), `${more}\n`);
    await again();
  }
  expect(await verify()).toMatchObject({ code: 0, transcripts: 1, differences: [] });
});

test("wherever rollouts were cut by scans while they grew, they are found again", async () => {
  const trees = fc.sample(family, { numRuns: 5, seed: 11 }).map((sessions) => writeFamily(sessions));
  const files = trees.flatMap((tree, n) =>
    Object.entries(tree).map(([name, bytes]) => [`${n}/${name}`, Buffer.from(bytes as Uint8Array)] as const),
  );
  const plain = files.filter(([name]) => name.endsWith(".jsonl"));
  const upTo = (share: number) =>
    Object.fromEntries(plain.map(([name, bytes]) => [name, bytes.subarray(0, Math.ceil(bytes.length * share))]));
  const { folder, again, verify } = await scanned(upTo(0.25));
  for (const share of [0.5, 0.75, 1]) {
    for (const [name, bytes] of Object.entries(upTo(share))) writeFileSync(join(folder, name), bytes);
    await again();
  }
  expect(await verify()).toMatchObject({ code: 0, transcripts: plain.length, differences: [] });
});

test("a document that has grown is no difference: its cursor is of no use", async () => {
  const { folder, verify } = await scanned({ [DOCUMENT]: session(1) });
  writeFileSync(join(folder, DOCUMENT), session(1, 2));
  expect(await verify()).toMatchObject({ code: 0, transcripts: 0, unused: 1, differences: [] });
});

test("rollouts lie in a folder a day; their cursors in a file a month, whichever days are asked for", async () => {
  const reading = (day: string) => [
    JSON.stringify({
      timestamp: `2026-${day}T10:00:00Z`,
      type: "event_msg",
      payload: { type: "token_count", info: { total_token_usage: { input_tokens: 7, total_tokens: 7 } } },
    }),
  ];
  const days = ["05-31", "06-01", "06-02", "06-03"];
  const paths = days.map((day) => `sessions/2026/${day.replace("-", "/")}/rollout-${day}.jsonl`);
  const { folder, cacheDirectory } = await scanned(
    Object.fromEntries(paths.map((p, n) => [p, reading(days[n] as string)])),
  );
  expect(readdirSync(cacheDirectory).filter((name) => name.endsWith(".cursors"))).toHaveLength(2);
  const of = async (...some: string[]) =>
    (await scan({ paths: some.map((one) => join(folder, one)), cacheDirectory, threads: 0 })).stats;
  appendFileSync(join(folder, paths[2] as string), `${reading("06-02").join("")}\n`);
  expect(await of("sessions/2026/06/02")).toMatchObject({ transcripts: 1, transcriptsUnchanged: 0 });
  expect(await of("sessions/2026/06")).toMatchObject({ transcripts: 3, transcriptsUnchanged: 3 });
  expect(await of("sessions")).toMatchObject({ transcripts: 4, transcriptsUnchanged: 4, responses: 4 });
});

test("a total changed in place, where the cursor is not looking, is a difference in its rollout", async () => {
  const reading = (input: number) =>
    JSON.stringify({
      timestamp: "2026-06-01T10:00:00Z",
      type: "event_msg",
      payload: { type: "token_count", info: { total_token_usage: { input_tokens: input } } },
    });
  const name = "sessions/rollout-2026-06-01T10-00-00-00000001-0000-4000-8000-000000000000.jsonl";
  const before = [100, 200, 300, 400, 500, 600].map(reading);
  const { folder, verify } = await scanned({ [name]: before });
  // Head and anchor are the same, and it grew: the one change no cursor can see.
  const after = before.with(2, reading(310));
  writeFileSync(join(folder, name), `${after.join("\n")}\n`);
  appendFileSync(join(folder, name), `${reading(700)}\n`);
  expect(await verify()).toMatchObject({ code: 1, differences: [{ what: ["responses"] }] });
  expect(await verify()).toMatchObject({ code: 0, differences: [] });
});

test("cache info says how large it is, and what it spares", async () => {
  const { cacheDirectory } = await scanned({ [DOCUMENT]: session(1) });
  const { stdout } = await tokensift(["cache", "info", "--cache-dir", cacheDirectory]);
  expect(stdout.replace(cacheDirectory, "FOLDER")).toMatch(
    /^Folder {7}FOLDER\nFiles {8}1, \d+ bytes, [\d.]+ % of these transcripts\nTranscripts {2}1, \d+ bytes need not be read again\nOldest file {2}\S+Z\n$/,
  );
});
