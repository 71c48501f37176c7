/** Patterns of filters: stars, question marks, braces and brackets are signs, whatever else stands in one is itself. */
import { scan } from "tokensift";
import { expect, test } from "vitest";
import { makeFolder, response } from "../transcripts.ts";

/** What some patterns find among some names. */
async function found(names: readonly string[], patterns: readonly string[]): Promise<string[]> {
  const lines = names.map((agentName, n) => response(n, { agentName }));
  const folder = makeFolder({ "a.jsonl": lines });
  const filters = { agent: patterns };
  const { rows } = await scan({ paths: [folder], by: ["agent"], filters, cache: false, threads: 0 });
  return rows.map(({ key }) => key.agent as string).sort();
}

test.each([
  ["app (copy)*", "app (copy)", "app copy"],
  ["/srv/app (copy)/*", "/srv/app (copy)/x", "/srv/app copy/x"],
  ["\\(x*", "(x)", "\\(x"],
  ["a|*", "a|b", "a"],
  ["+(a)*", "+(a)", "aa"],
  ["@(a|b)*", "@(a|b)", "@a"],
  ["!neg*", "!neg", "other"],
  ['"quoted*', '"quoted"', "quoted"],
  ["./*", "./x", "x"],
  ["c++*", "c++17", "ccc"],
  ["$^*", "$^.", "x"],
  ["*two*", "one\ntwo", "one"],
  ["claude-*-4-[56]", "claude-opus-4-6", "claude-opus-4-7"],
  ["{a,(b)}-?", "(b)-1", "b-1"],
])("%j finds %j and not %j", async (pattern, one, other) => {
  expect(await found([one, other], [pattern])).toEqual([one]);
});
