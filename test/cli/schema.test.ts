import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { closed } from "../closed.ts";
import { makeFolder } from "../transcripts.ts";
import { makeHome, response } from "./home.ts";
import { FIXTURES, tokensift } from "./tokensift.ts";

const schemaOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../schema/${name}.schema.json`, import.meta.url), "utf8")) as object;
const SCHEMA = schemaOf("scan");
const names = { CLAUDE_CONFIG_DIR: `${FIXTURES}/report/names` };

/** `referred`: schemas that it refers to. */
function check(schema: unknown, value: unknown, ...referred: object[]): unknown {
  const ajv = new Ajv.default({ strict: true, allErrors: true, allowUnionTypes: true });
  ajv.addSchema(referred);
  const validate = ajv.compile(schema as object);
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

describe("blocks --json is what schema/blocks.schema.json says", () => {
  const schema = closed(schemaOf("blocks"));

  test.each([
    ["of all time", []],
    ["with a breakdown and a limit", ["--breakdown", "--token-limit", "max", "--source", "claude,codex"]],
    ["none active", ["--active", "--token-limit", "1M"]],
    ["in a window", ["--since", "2026-06-01T10:00Z", "--until", "2026-06-02", "--timezone", "Europe/Berlin"]],
    ["with nothing in it", ["--since", "2030-01-01"]],
  ])("%s", async (_, flags) => {
    const { stdout } = await tokensift(["blocks", "--json", ...flags], { variables: names });
    expect(check(schema, JSON.parse(stdout), closed(SCHEMA) as object)).toBe(null);
  });

  test("with one that is running", async () => {
    const at = (msAgo: number) => new Date(Date.now() - msAgo).toISOString();
    const home = makeHome(response({ timestamp: at(120_000) }), response({ timestamp: at(1000) }));
    const { stdout } = await tokensift(["blocks", "--json", "--token-limit", "1k"], { home });
    const { blocks } = JSON.parse(stdout) as { blocks: Array<{ isActive: boolean }> };
    expect(blocks.at(-1)?.isActive).toBe(true);
    expect(check(schema, JSON.parse(stdout), closed(SCHEMA) as object)).toBe(null);
  });
});
