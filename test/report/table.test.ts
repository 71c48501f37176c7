import { stripVTControlCharacters } from "node:util";
import {
  array,
  assert as assertProperty,
  constant as constantly,
  constantFrom,
  integer,
  nat,
  oneof,
  property,
  string as anyString,
  tuple,
} from "fast-check";
import { describe, expect, test } from "vitest";
import { colours, plain } from "../../src/report/palette.ts";
import { renderTable } from "../../src/report/table/index.ts";
import { widthOf } from "../../src/report/width.ts";
import type { Dimension, Figures, ScanResult } from "../../src/types.ts";

const look = { width: 120, palette: plain, home: "/home/ada", offsetMs: () => 0 };

function figures(n: number): Figures {
  return {
    inputTokens: n,
    outputTokens: n * 2,
    reasoningTokens: 0,
    cacheCreationTokens: n * 3,
    cacheCreation5mTokens: n * 3,
    cacheCreation1hTokens: 0,
    cacheReadTokens: n * 40,
    totalTokens: n * 46,
    responses: 7,
    toolUses: 8,
    webSearches: 0,
    costUsd: null,
    firstAt: null,
    lastAt: null,
    durationMs: 0,
    billableEquivalentTokens: 0,
    costIsPartial: false,
  };
}

function resultOf(
  by: readonly Dimension[],
  keys: ReadonlyArray<readonly (string | null)[]>,
  n = 12_345_678,
): ScanResult {
  return {
    schemaVersion: 1,
    tool: { name: "tokensift", version: "0.0.0" },
    window: { since: null, until: null, timezone: "UTC" },
    by,
    rows: keys.map((names) => ({
      key: Object.fromEntries(by.map((d, at) => [d, names[at] as string | null])),
      ...figures(n),
    })),
    rowsOmitted: 0,
    totals: figures(n * keys.length),
    costBasis: null,
    stats: {
      transcripts: 1,
      transcriptsUnchanged: 0,
      bytesTotal: 0,
      bytesRead: 0,
      records: 0,
      responses: 0,
      duplicateRecords: 0,
      skipped: { malformed: 0, oversized: 0, pending: 0 },
      threads: 0,
      elapsedMs: 0,
      stagesMs: { discover: 0, load: 0, scan: 0, merge: 0, save: 0, tally: 0 },
    },
    diagnostics: {
      cache: null,
      roots: [],
      unreadable: [],
      skippedLines: [],
      responsesWithoutTime: 0,
      clampedResponses: 0,
      outputOnlyResponses: 0,
      untoldTokens: 0,
      lowOutputResponses: {},
      unpricedModels: [],
      unpricedTokens: 0,
    },
  };
}

/** The lines from the header to the totals. */
function body(text: string): string[] {
  const lines = text.trimEnd().split("\n");
  const note = lines.lastIndexOf("");
  return lines.slice(2, note > 1 ? note : undefined);
}

describe("a table", () => {
  const models = resultOf(
    ["source", "model"],
    [
      ["claude", "claude-opus-4-6"],
      ["claude", "claude-sonnet-4-5-20250929"],
    ],
  );

  test("shows exact figures while they fit, whatever else must go", () => {
    for (let width = 76; width <= 200; width++) {
      const text = renderTable(models, { ...look, width });
      expect(text).toContain("1,135,802,376");
      expect(text).not.toContain("rounded");
    }
  });

  test("says so when numbers are rounded, and only then rounds", () => {
    const text = renderTable(models, { ...look, width: 50 });
    expect(text).toContain("1.14B");
    expect(text).toContain("Numbers are rounded to fit 50 columns; --format json has them exact.");
  });

  test("says what was left out and what was put together", () => {
    const text = renderTable(models, { ...look, width: 90 });
    expect(text).toContain("\nCache: cache creation + cache read.\n");
    expect(text).toMatch(/\nLeft out to fit 90 columns: tool uses.*\.\n/);
  });

  test("has every column where there is room, and nothing to say", () => {
    const text = renderTable(models, { ...look, width: 200 });
    expect(text).toMatch(/Tool$/m);
    expect(text).not.toContain("Left out");
  });

  test("is never wider than asked for, down to 40 columns", () => {
    const name = oneof(constantly(null), anyString({ unit: "grapheme", minLength: 1, maxLength: 60 }));
    const anyKeys = array(tuple(name, name), { minLength: 1, maxLength: 5 });
    const anyBy = constantFrom<Dimension[]>(
      ["project", "model"],
      ["session", "agent"],
      ["team", "branch"],
      ["day", "model"],
    );
    assertProperty(
      property(anyBy, anyKeys, integer({ min: 45, max: 160 }), nat(1e12), (by, keys, width, n) => {
        const dated = by[0] === "day" ? keys.map(([, model]) => ["2026-06-01", model] as const) : keys;
        const text = renderTable(resultOf(by, dated, n), { ...look, width });
        for (const line of body(text)) expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  test("is one line a row, so that no number is ever wrapped", () => {
    for (const width of [20, 40, 80, 120]) {
      const lines = body(renderTable(models, { ...look, width }));
      expect(lines.filter((line) => /\d/.test(line))).toHaveLength(3);
    }
  });

  test("colour changes no letter", () => {
    const strip = (text: string) => stripVTControlCharacters(text);
    expect(strip(renderTable(models, { ...look, palette: colours }))).toBe(renderTable(models, look));
  });

  test("shows a session by as much as tells it from the others", () => {
    const ids = ["0a0a0a0a-1111-4222-8333-444444444444", "0a0a0a0a-9999-4222-8333-444444444444"];
    const text = renderTable(
      resultOf(
        ["session"],
        ids.map((id) => [id]),
      ),
      { ...look, width: 80 },
    );
    expect(text).toContain("0a0a0a0a-1111…");
    expect(text).toContain("0a0a0a0a-9999…");
  });

  test("takes twenty thousand rows in its stride", () => {
    const keys = Array.from({ length: 20_000 }, (_, n) => [`/srv/project ${n}`, "claude-opus-4-6"]);
    const startedMs = performance.now();
    renderTable(resultOf(["project", "model"], keys), { ...look, width: 80 });
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });
});
