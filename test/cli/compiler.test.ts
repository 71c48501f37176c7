/** V8's optimizing compiler is held back while threads read, and set back behind that; only where its flag is the one we know. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder, response, sessionId } from "../transcripts.ts";
import { tokensift } from "./tokensift.ts";

const isKnown = process.versions.v8.startsWith("11.3.");
const NOTED = /flag (\S+)/g;
/** While two functions are compiled that machine code is read with, once for each module (src/code-cache/machine-code.ts). */
const NATIVES = ["--allow-natives-syntax", "--no-allow-natives-syntax"];
// The test says what the command line set, and nothing else.
const NOTES = `
  const v8 = require("node:v8");
  const set = v8.setFlagsFromString;
  v8.setFlagsFromString = (flag) => { require("node:fs").writeSync(2, "flag " + flag + "\\n"); set(flag); };`;

test.each([
  ["2", isKnown ? ["--interrupt-budget=4194304", "--interrupt-budget=67584"] : []],
  ["1", isKnown ? ["--interrupt-budget=4194304", "--interrupt-budget=67584"] : []],
  ["0", []],
])("with %s threads", async (threads, flags) => {
  const folder = makeFolder({ [`${sessionId(1)}.jsonl`]: [response(1)], "notes.cjs": NOTES });
  const variables = { NODE_OPTIONS: `--require ${join(folder, "notes.cjs")}` };
  const args = ["scan", folder, "--json", "--no-progress", "--no-cache", "--threads", threads];
  const { code, stderr } = await tokensift(args, { variables });
  expect(code).toBe(0);
  const noted = Array.from(stderr.matchAll(NOTED), ([, flag]) => flag as string);
  const natives = noted.filter((flag) => NATIVES.includes(flag));
  expect(noted.filter((flag) => !NATIVES.includes(flag))).toEqual(flags);
  // Set back at once.
  expect(natives).toEqual(Array.from({ length: natives.length / NATIVES.length }, () => NATIVES).flat());
});

test.runIf(isKnown)("what it is set back to is what this V8 began with", () => {
  const options = execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
  expect(options).toContain("default: --interrupt-budget=67584");
});
