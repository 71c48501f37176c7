/**
 * Whole outputs, as files under `golden/`, with width, zone and colour fixed. A wanted change is written by
 * `TOKENSIFT_UPDATE_GOLDEN=1 npx vitest run test/report` and read in the diff.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { FIXTURES, tokensift } from "../cli/tokensift.ts";

const GOLDEN = fileURLToPath(new URL("golden", import.meta.url));
const isUpdate = process.env["TOKENSIFT_UPDATE_GOLDEN"] === "1";

interface Golden {
  readonly file: string;
  readonly fixture: "demo" | "report/names";
  readonly args: string;
  readonly columns?: number;
}

const GOLDENS: readonly Golden[] = [
  ...[80, 120].flatMap((columns): Golden[] => [
    { file: `table-${columns}/default.txt`, fixture: "demo", args: "", columns },
    { file: `table-${columns}/day-model.txt`, fixture: "demo", args: "--by day,model", columns },
    { file: `table-${columns}/session.txt`, fixture: "demo", args: "--by session", columns },
    { file: `table-${columns}/project-breakdown.txt`, fixture: "demo", args: "--by project --breakdown", columns },
    { file: `table-${columns}/agent-team.txt`, fixture: "report/names", args: "--by agent,team", columns },
    { file: `table-${columns}/project-model.txt`, fixture: "report/names", args: "--by project,model", columns },
    { file: `table-${columns}/branch-top.txt`, fixture: "report/names", args: "--by branch --top 2", columns },
    {
      file: `table-${columns}/hour-berlin.txt`,
      fixture: "report/names",
      args: "--by hour --timezone Europe/Berlin --since 2026-06-01 --until 2026-06-03",
      columns,
    },
  ]),
  ...[80, 160].map((columns): Golden => {
    return { file: `table-${columns}/blocks.txt`, fixture: "demo", args: "blocks --token-limit 100k", columns };
  }),
  {
    file: "table-80/blocks-breakdown.txt",
    fixture: "report/names",
    args: "blocks --breakdown --source claude,codex --timezone Europe/Berlin",
    columns: 80,
  },
  { file: "table-40/blocks.txt", fixture: "demo", args: "blocks", columns: 40 },
  { file: "table-80/blocks-active.txt", fixture: "demo", args: "blocks --active", columns: 80 },
  { file: "json/blocks.json", fixture: "demo", args: "blocks --json --token-limit max --breakdown" },
  { file: "table-40/day-model.txt", fixture: "report/names", args: "--by day,model", columns: 40 },
  { file: "table-200/session.txt", fixture: "report/names", args: "--by session,project", columns: 200 },
  { file: "table-80/none.txt", fixture: "demo", args: "--by none", columns: 80 },
  { file: "table-80/none-breakdown.txt", fixture: "demo", args: "--by none --breakdown", columns: 80 },
  { file: "md/none-breakdown.md", fixture: "demo", args: "--by none --breakdown --format md" },
  { file: "md/none-top.md", fixture: "demo", args: "--by none --top 0 --format md" },
  { file: "table-80/color.txt", fixture: "demo", args: "--by project --breakdown --color", columns: 80 },
  { file: "table-no-columns.txt", fixture: "demo", args: "" },
  ...(["json", "csv", "ndjson", "md"] as const).flatMap((format): Golden[] => [
    {
      file: `${format}/project-breakdown.${format}`,
      fixture: "demo",
      args: `--by project --breakdown --format ${format}`,
    },
    { file: `${format}/agent-team.${format}`, fixture: "report/names", args: `--by agent,team --format ${format}` },
    { file: `${format}/project.${format}`, fixture: "report/names", args: `--by project --top 3 --format ${format}` },
    { file: `${format}/none.${format}`, fixture: "report/names", args: `--by none --format ${format}` },
  ]),
];

describe("golden", () => {
  test.each(GOLDENS)("$file", async ({ file, fixture, args, columns }) => {
    const variables = {
      CLAUDE_CONFIG_DIR: `${FIXTURES}/${fixture}`,
      ...(columns === undefined ? {} : { COLUMNS: String(columns) }),
    };
    const { code, stdout, stderr } = await tokensift([...args.split(" ").filter(Boolean), "--no-cache"], {
      home: "/home/ada",
      variables,
    });
    expect(code).toBe(0);
    const kept = `${GOLDEN}/${file}`;
    const text = settle(stderr === "" || !file.startsWith("table-40") ? stdout : `${stdout}--- stderr\n${stderr}`);
    if (isUpdate) {
      mkdirSync(dirname(kept), { recursive: true });
      writeFileSync(kept, text);
    }
    expect(text).toBe(readFileSync(kept, "utf8"));
  });
});

/** What differs from run to run and from machine to machine. */
function settle(text: string): string {
  return text
    .replaceAll(FIXTURES, "FIXTURES")
    .replace(/"version":"[^"]*"/, '"version":"VERSION"')
    .replace(/"asOf": "[^"]*"/, '"asOf": "NOW"')
    .replace(
      /"elapsedMs":\d+,"stagesMs":\{[^}]*\}/,
      '"elapsedMs":0,"stagesMs":{"discover":0,"load":0,"scan":0,"merge":0,"save":0,"tally":0}',
    );
}
