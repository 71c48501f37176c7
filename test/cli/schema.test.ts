import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { closed } from "../closed.ts";
import { makeFolder } from "../transcripts.ts";
import { FIXTURES, tokensift } from "./tokensift.ts";

const SCHEMA = JSON.parse(readFileSync(new URL("../../schema/scan.schema.json", import.meta.url), "utf8")) as object;
const names = { CLAUDE_CONFIG_DIR: `${FIXTURES}/report/names` };

function check(schema: unknown, value: unknown): unknown {
  const validate = new Ajv.default({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema as object);
  validate(value);
  return validate.errors;
}

describe("scan --json is what schema/scan.schema.json says", () => {
  test.each([
    ["by source and model", []],
    ["by everything", ["--by", "day,week,month,hour,source,model,project,session,agent,team,task,branch"]],
    ["by none", ["--by", "none"]],
    ["with a breakdown", ["--by", "project", "--breakdown", "--top", "1"]],
    ["in a window", ["--since", "2026-06-01", "--until", "2026-06-02", "--timezone", "Europe/Berlin"]],
    ["by records", ["--count", "records"]],
    ["with nothing in it", ["--since", "2030-01-01"]],
  ])("%s", async (_, flags) => {
    const { stdout } = await tokensift(["scan", "--json", ...flags], { variables: names });
    expect(check(closed(SCHEMA), JSON.parse(stdout))).toBe(null);
  });

  test("on an empty machine", async () => {
    const { stdout } = await tokensift(["--json"], { home: makeFolder() });
    expect(check(closed(SCHEMA), JSON.parse(stdout))).toBe(null);
  });

  test("and not what it does not say", async () => {
    const { stdout } = await tokensift(["--json"], { variables: names });
    const result = JSON.parse(stdout) as { totals: Record<string, unknown> };
    result.totals["inputTokens"] = 1.5;
    expect(check(SCHEMA, result)).not.toBe(null);
    delete result.totals["inputTokens"];
    expect(check(SCHEMA, result)).not.toBe(null);
  });
});
