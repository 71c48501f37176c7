import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder as makeOurFolder } from "../src/files/folder.ts";
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
