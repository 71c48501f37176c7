/** Faults that were found by looking for them, and what was made of them. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import { makeFolder, response, sessionId } from "../transcripts.ts";
import { manyMegabytes, scanInChild } from "./child.ts";

const FIRST = `${sessionId(1)}.jsonl`;
const advisor = (output: string) =>
  response(1).replace(
    '"input_tokens":1,',
    `"input_tokens":1,"iterations":[{"type":"message"},{"type":"advisor_message","model":"h","output_tokens":${output}}],`,
  );

test.each(["1e-400", "4503599627370496.4"])(
  "an iteration's count of %s is no integer and spoils its line",
  async (output) => {
    const { stats } = await scan({ paths: [makeFolder({ [FIRST]: [advisor(output)] })], threads: 0 });
    expect(stats.skipped.malformed).toBe(1);
  },
);

test("a file given through a link and directly goes by its own path, whichever comes first", async () => {
  const folder = makeFolder({ "own.jsonl": [response(1)] });
  symlinkSync("own.jsonl", join(folder, "link.jsonl"));
  const [link, own] = [join(folder, "link.jsonl"), join(folder, "own.jsonl")];
  for (const paths of [
    [own, link],
    [link, own],
  ]) {
    const { rows } = await scan({ paths, threads: 0, by: ["session"] });
    expect(rows.map((row) => row.key.session)).toEqual(["own"]);
  }
});

test("a dangling link that is not named like a transcript is none", async () => {
  const folder = makeFolder({ [FIRST]: [response(1)] });
  symlinkSync("nowhere", join(folder, "latest"));
  expect((await scan({ paths: [folder], threads: 0 })).diagnostics.unreadable).toEqual([]);
});

test.each([8.64e15, 8.64e15 - 8 * 3_600_000])(
  "a record at the end of time (%d ms) has a day in Tokyo too",
  async (timestamp) => {
    const folder = makeFolder({ [FIRST]: [response(1, { timestamp })] });
    expect((await scan({ paths: [folder], threads: 0, by: ["day"], timezone: "Asia/Tokyo" })).totals.responses).toBe(1);
  },
);

test("a span longer than all of time is refused with a ScanError", async () => {
  const scanning = scan({ paths: [makeFolder({ [FIRST]: [response(1)] })], threads: 0, since: "999999999d" });
  await expect(scanning).rejects.toMatchObject({ code: "INVALID_OPTION" });
});

// Given the signal, piscina ended the worker of an aborted task and started another in its place, and again when the first one's exit was seen.
test("aborted scans leave no worker alive", async () => {
  const options = { paths: [manyMegabytes()], threads: 4, rangeBytes: 50_000 };
  expect((await scanInChild(options, { abortAfterMs: 0, repeats: 15 })).workersAlive).toBe(0);
});
