import type { Sample } from "./harness.ts";

const COLUMNS = [
  "bench",
  "shape",
  "contestant",
  "version",
  "round",
  "digest",
  "isRight",
  "wallMs",
  "userMs",
  "sysMs",
  "maxRssKiB",
  "scanMs",
  "bytes",
  "records",
  "load",
] as const satisfies readonly (keyof Sample)[];
const TEXTS: ReadonlySet<string> = new Set(["bench", "shape", "contestant", "version", "digest"]);

/** No value holds a comma, so nothing is quoted. */
export function toCsv(samples: readonly Sample[]): string {
  const cell = (value: Sample[keyof Sample]): string =>
    value === null ? "" : typeof value === "number" ? String(Math.round(value * 1000) / 1000) : String(value);
  return `${[COLUMNS.join(","), ...samples.map((sample) => COLUMNS.map((column) => cell(sample[column])).join(","))].join("\n")}\n`;
}

export function fromCsv(text: string): Sample[] {
  const [, ...lines] = text.trim().split("\n");
  return lines.map((line) => {
    const cells = line.split(",");
    const entries = COLUMNS.map((column, i) => {
      const cell = cells[i] ?? "";
      if (TEXTS.has(column)) return [column, cell];
      if (column === "isRight") return [column, cell === "true"];
      return [column, cell === "" ? null : Number(cell)];
    });
    return Object.fromEntries(entries);
  });
}
