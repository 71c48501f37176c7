/** What stands in a table's lines, before anything is shortened. */
import type { Dimension, Figures, Row } from "../../types.ts";
import { isTime, keyText } from "../keys.ts";

export interface TableRow {
  readonly figures: Figures;
  /** One text a dimension; empty where the row above says the same. */
  readonly keys: readonly string[];
  /** Part of the row above it. */
  readonly isPart: boolean;
}

/** In front of what is part of the row above. */
export const PART_INDENT = "  ";

export function tableRows(shown: readonly Row[], dimensions: readonly Dimension[], home: string): TableRow[] {
  const rows: TableRow[] = [];
  let above: readonly string[] = [];
  for (const row of shown) {
    const keys = dimensions.map((dimension) => keyText(row, dimension, home));
    rows.push({ figures: row, keys: blankRepeats(keys, above, dimensions), isPart: false });
    above = keys;
    if (dimensions.includes("model")) continue;
    for (const part of row.models ?? []) {
      const name = PART_INDENT + keyText(part, "model", home);
      rows.push({
        figures: part,
        keys: dimensions.map((_, at) => (at === dimensions.length - 1 ? name : "")),
        isPart: true,
      });
    }
  }
  return rows;
}

/** The rows of one piece of time stand together: it is said once. */
function blankRepeats(keys: readonly string[], above: readonly string[], dimensions: readonly Dimension[]): string[] {
  let isRepeat = true;
  return keys.map((key, at) => {
    isRepeat &&= key === above[at] && at < keys.length - 1 && isTime(dimensions[at] as Dimension);
    return isRepeat ? "" : key;
  });
}
