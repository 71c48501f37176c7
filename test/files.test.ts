import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeAtomic } from "../src/files/atomic.ts";
import { makeFolder as makeOurFolder } from "../src/files/folder.ts";
import { tokensift } from "./cli/tokensift.ts";
import { makeFolder } from "./transcripts.ts";

test("a folder and those above it are made for their owner, and may be there already", () => {
  const root = makeFolder();
  const folder = join(root, "a/b/c");
  makeOurFolder(folder);
  makeOurFolder(folder);
  expect([folder, join(root, "a")].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
});

test("a file in its place is an error", () => {
  const root = makeFolder({ file: "x" });
  expect(() => makeOurFolder(join(root, "file"))).toThrow("EEXIST");
  expect(() => makeOurFolder(join(root, "file/folder"))).toThrow("ENOTDIR");
});

// With `recursive`, Node would try forever.
test.skipIf(process.platform !== "linux")("a folder that takes none is an error", () => {
  expect(() => makeOurFolder("/proc/tokensift/cache")).toThrow("ENOENT");
});

// As root, `/dev/null` itself was set aside and replaced by a ledger.
test("what is no regular file is never replaced, set aside or waited for", async () => {
  const folder = makeFolder();
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  expect(() => writeAtomic("--timers", pipe, "x", "owner")).toThrow(`--timers: ${pipe} is no regular file`);
  for (const [flag, ...args] of [
    ["--ledger", "tasks", "scan"],
    ["--ledger", "tasks", "summary"],
    ["--ledger", "tasks", "record", "--session", "s", "--task", "task-1"],
    ["--insert", "tasks", "report", "--task", "task-1", "--refresh"],
  ] as const) {
    const { code, stderr } = await tokensift([...args, flag, pipe], { home: folder, folder });
    expect([args[1], code, stderr]).toEqual([
      args[1],
      2,
      expect.stringMatching(`^tokensift: ${flag}: ${pipe} is no regular file \\(.*\\)\n$`),
    ]);
  }
  expect([statSync(pipe).isFIFO(), readdirSync(folder)]).toEqual([true, ["pipe"]]);
});
