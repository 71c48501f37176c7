/** Rates, and costs as their sums, for people. */
import type { PriceList } from "../pricing/list.ts";
import type { CostClass, CostLine, Dimension, Figures, Row, ScanResult } from "../types.ts";
import { estimateText } from "./columns.ts";
import { keyText, keyTitle } from "./keys.ts";
import { counted, exact } from "./numbers.ts";
import type { Look } from "./look.ts";
import { groupBy } from "../tally/group-by.ts";
import { printable } from "./printable.ts";
import { padEnd, padStart, widthOf } from "./width.ts";
import { wrap } from "./wrap.ts";

const NOTHING = "–";

export function priceLines({ models, surcharges, basis }: PriceList, width: number): string[] {
  const cells = models.flatMap(({ model, rows }) =>
    rows.map((row, at) => {
      const { usdPerMillion: usd, usdPerThousandSearches: searches } = row;
      const rates = [usd.input, usd.output, usd.cacheCreation5m, usd.cacheCreation1h, usd.cacheRead, searches];
      return [
        at === 0 ? printable(model) : "",
        ...rates.map((rate) => (rate === null ? NOTHING : String(rate))),
        row.holds,
      ];
    }),
  );
  const titles = ["Model", "Input", "Output", "Write 5m", "Write 1h", "Read", "Searches", "Holds"];
  const sources = models.map(({ model, from, meant, comment }) =>
    from === null
      ? `  ${printable(model)}: no price is known (${meant === null ? "" : `did you mean '${printable(meant)}'? `}--prices FILE gives it one)`
      : `  ${printable(model)}: ${printable(from)}${comment === null ? "" : `. ${comment}`}`,
  );
  return [
    "US dollars per million tokens; searches per thousand",
    "",
    ...(cells.length > 0 ? tableLines([titles, ...cells], width) : ["No prices."]),
    ...(sources.length > 0 ? ["", "Where they come from"] : []),
    ...sources.flatMap((line) => wrap(line, width)),
    ...(surcharges.length > 0 ? ["", `Multiplied for these (checked ${basis.surchargesCheckedAt})`] : []),
    ...surchargeLines(surcharges).flatMap((line) => wrap(line, width)),
  ];
}

/** When a row holds stands behind it, or below where there is no room. */
function tableLines(rows: ReadonlyArray<readonly string[]>, width: number): string[] {
  const last = (rows[0]?.length ?? 0) - 1;
  const lines = aligned(rows, new Set([0, last]));
  if (lines.every((line) => widthOf(line) <= width)) return lines;
  const without = aligned(
    rows.map((cells) => cells.slice(0, last)),
    new Set([0]),
  );
  const holds = rows.map((cells, at) => (at === 0 ? "" : (cells[last] ?? "")));
  return without.flatMap((line, at) => (holds[at] === "" ? [line] : [line, `  ${holds[at]}`]));
}

/** Models of one factor and one source together. */
function surchargeLines(surcharges: PriceList["surcharges"]): string[] {
  const alike = groupBy(surcharges, ({ term, times, source }) => [term, times, source].join(" "));
  return [...alike.values()].flatMap((some) => {
    const [first] = some;
    const models = some.map(({ model }) => printable(model)).join(", ");
    return first ? `  ${first.term}: x ${first.times} for ${models} (${first.source})` : [];
  });
}

const CLASS_NAMES: Readonly<Record<CostClass["name"], string>> = {
  input: "input",
  output: "output",
  cacheCreation5m: "cache creation, 5 minutes",
  cacheCreation1h: "cache creation, 1 hour",
  cacheRead: "cache read",
  webSearches: "web searches",
};

/** `shown`: the rows that are to be explained, one by one. Default: all of them together. */
export function explanationLines(
  result: ScanResult,
  shown: readonly Row[] | undefined,
  { home, width }: Pick<Look, "home" | "width">,
): string[] {
  const { costLines = [], totals, by, rows, rowsOmitted } = result;
  const what = shown !== undefined && shown.length < rows.length + rowsOmitted ? "Total of all rows" : "Total";
  const lines = [
    ...(shown?.flatMap((row) => rowLines(row, by, home)) ?? blocksOf(costLines)),
    `${what}: ${sumText(totals)}`,
    `Each response is rounded once to nano-dollars. ${estimateText(result)}`,
  ];
  return lines.flatMap((line) => wrap(line, width));
}

/** What a row is called, its cost, and below what that is the sum of. */
function rowLines(row: Row, by: readonly Dimension[], home: string): string[] {
  const names = by.map((dimension) => `${keyTitle(dimension)} ${keyText(row, dimension, home)}`);
  const blocks = blocksOf(row.costLines ?? []);
  return [`${names.join(", ")}: ${sumText(row)}`, ...(blocks.length > 0 ? blocks.map(indented) : [""])];
}

function blocksOf(costLines: readonly CostLine[]): string[] {
  return costLines.flatMap((line) => [headOf(line), ...classLines(line), ""]);
}

function indented(line: string): string {
  return line === "" ? "" : `  ${line}`;
}

function sumText({ costUsd, costIsPartial }: Figures): string {
  if (costUsd === null) return "no price is known";
  return `${usdText(costUsd)} USD${costIsPartial ? ", without what has no known price" : ""}`;
}

function headOf({ model, terms, responses, from, since, aboveTokens, costUsd }: CostLine): string {
  const what = [
    printable(model),
    ...terms,
    ...(aboveTokens === null ? [] : [`above ${exact(aboveTokens)} tokens of input`]),
    ...(since === null ? [] : [`since ${since.slice(0, 10)}`]),
    counted(responses, "response"),
  ];
  if (costUsd === null) return `${what.join(", ")}: no price is known`;
  return `${what.join(", ")}: ${usdText(costUsd)} USD${from === null ? "" : ` (${printable(from)})`}`;
}

function classLines({ classes, roundingUsd }: CostLine): string[] {
  const cells = classes.map(({ name, amount, usdPerUnit, costUsd }) => [
    `  ${CLASS_NAMES[name]}`,
    exact(amount),
    usdPerUnit === null ? "" : `x ${usdPerUnit} / ${name === "webSearches" ? "1,000" : "1M"}`,
    costUsd === null ? "" : `= ${usdText(costUsd)}`,
  ]);
  if (roundingUsd !== 0) cells.push(["  rounded, response by response", "", "", `= ${usdText(roundingUsd)}`]);
  return aligned(cells, new Set([0, 2]));
}

/** Up to twelve digits behind the point, of which zeros at the end say nothing. */
function usdText(dollars: number): string {
  const size = Math.abs(dollars);
  // Beyond its sixteenth digit a double says what was not meant.
  const [whole = "", fraction = ""] = (size < 1e-3 ? size.toFixed(12) : String(size)).split(".");
  return `${dollars < 0 ? "-" : ""}${exact(Number(whole))}.${fraction.replace(/0+$/, "").padEnd(2, "0")}`;
}

function aligned(rows: readonly (readonly string[])[], texts: ReadonlySet<number>): string[] {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, widthOf(cell))),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, at) => (texts.has(at) ? padEnd : padStart)(cell, widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
