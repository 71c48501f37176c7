import { createHash } from "node:crypto";
import type { Expected, Sums } from "./corpus/sums.ts";

/** What a program said about a corpus: as many of the sums as it reports, by name. */
export type Figures = Readonly<Record<string, number>>;

export interface Verdict {
  readonly isRight: boolean;
  /** Of the figures, so that two rows with different answers cannot look alike. */
  readonly digest: string;
  /** The first figure that differs, for the eye. */
  readonly complaint: string;
}

/** A program may leave sums out, but whatever it reports has to be exact, and it has to report something. */
export function judge(figures: Figures, expected: Expected): Verdict {
  const names = Object.keys(figures).toSorted();
  const digest = createHash("sha256")
    .update(names.map((name) => `${name}=${figures[name]}`).join("\n"))
    .digest("hex")
    .slice(0, 8);
  const truth = flatten(expected);
  const wrong = names.find((name) => figures[name] !== truth[name]);
  const complaint =
    names.length === 0 ? "no figures" : wrong === undefined ? "" : `${wrong} is ${figures[wrong]}, not ${truth[wrong]}`;
  return { isRight: complaint === "", digest, complaint };
}

/** `totalTokens`, `model/claude-opus-4-6/totalTokens`, `month/2026-01/totalTokens`, `records`, `bytes`. */
function flatten(expected: Expected): Record<string, number | undefined> {
  const flat: Record<string, number | undefined> = {
    records: expected.records,
    bytes: expected.bytes,
    files: expected.files,
  };
  const add = (prefix: string, sums: Sums): void => {
    for (const [name, value] of Object.entries(sums)) flat[prefix + name] = value;
  };
  add("", expected.totals);
  for (const [model, sums] of Object.entries(expected.models)) add(`model/${model}/`, sums);
  for (const [month, sums] of Object.entries(expected.months)) add(`month/${month}/`, sums);
  return flat;
}
