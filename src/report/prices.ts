/** Rates, and costs as their sums, for people. */
import type { PriceList } from "../pricing/list.ts";
import type { CostClass, CostLine, ScanResult } from "../types.ts";
import { estimateText } from "./columns.ts";
import { counted, exact } from "./numbers.ts";
import { padEnd, padStart, printable, widthOf } from "./width.ts";

const NOTHING = "–";

export function priceLines({ models, surcharges, basis }: PriceList): string[] {
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
  const sources = models.map(({ model, from, comment }) =>
    from === null
      ? `  ${printable(model)}: no price is known (--prices FILE gives it one)`
      : `  ${printable(model)}: ${printable(from)}${comment === null ? "" : `. ${comment}`}`,
  );
  return [
    "US dollars per million tokens; searches per thousand",
    "",
    ...(cells.length > 0 ? aligned([titles, ...cells], new Set([0, titles.length - 1])) : ["No prices."]),
    "",
    "Where they come from",
    ...sources,
    ...(surcharges.length > 0 ? ["", `Multiplied for these (checked ${basis.surchargesCheckedAt})`] : []),
    ...surcharges.map(({ term, model, times, source }) => `  ${printable(model)} ${term}: x ${times} (${source})`),
  ];
}

const CLASS_NAMES: Readonly<Record<CostClass["name"], string>> = {
  input: "input",
  output: "output",
  cacheCreation5m: "cache creation, 5 minutes",
  cacheCreation1h: "cache creation, 1 hour",
  cacheRead: "cache read",
  webSearches: "web searches",
};

export function explanationLines(result: ScanResult): string[] {
  const { costLines = [], totals } = result;
  const total = totals.costUsd === null ? "no price is known" : `${usdText(totals.costUsd)} USD`;
  return [
    ...costLines.flatMap((line) => [headOf(line), ...classLines(line), ""]),
    `Total: ${total}${totals.costIsPartial && totals.costUsd !== null ? ", without what has no known price" : ""}`,
    `Each response is rounded once to nano-dollars. ${estimateText(result)}`,
  ];
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

function classLines({ classes }: CostLine): string[] {
  const cells = classes.map(({ name, amount, usdPerUnit, costUsd }) => [
    `  ${CLASS_NAMES[name]}`,
    exact(amount),
    usdPerUnit === null ? "" : `x ${usdPerUnit} / ${name === "webSearches" ? "1,000" : "1M"}`,
    costUsd === null ? "" : `= ${usdText(costUsd)}`,
  ]);
  return aligned(cells, new Set([0, 2]));
}

/** Up to twelve digits behind the point, of which zeros at the end say nothing. */
function usdText(dollars: number): string {
  const [whole = "", fraction = ""] = dollars.toFixed(12).split(".");
  return `${exact(Number(whole))}.${fraction.replace(/0+$/, "").padEnd(2, "0")}`;
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
