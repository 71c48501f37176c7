/** Text to values: what somebody wrote behind a flag, in a variable or in a config file. Throws `INVALID_OPTION`. */
import { WEEKDAYS, type Weekday } from "../calendar.ts";
import { invalidOption } from "../errors.ts";
import { type Dimension, DIMENSIONS, SORT_FIELDS } from "../types.ts";
import { didYouMean } from "./suggest.ts";

/** Makes a value of a text; `origin` says where the text stands: `--by`, `TOKENSIFT_BY` or `"by" in FILE`. */
export type Parse<Value> = (text: string, origin: string) => Value;

export const parseText: Parse<string> = (text, origin) => {
  if (text.trim() === "") throw invalidOption(origin, text, "is empty (give a value or leave it out)");
  return text;
};

/** One of a few names, in any case. */
export function oneOf<Name extends string>(names: readonly Name[], noun: string): Parse<Name> {
  return (text, origin) => {
    const name = names.find((candidate) => candidate === text.trim().toLowerCase());
    if (name !== undefined) return name;
    throw invalidOption(origin, text, `is no ${noun} (${didYouMean(text, names)}one of ${names.join(", ")})`);
  };
}

/** Names of a list, separated by commas. */
export function someOf<Name extends string>(names: readonly Name[], noun: string): Parse<readonly Name[]> {
  return (text, origin) => {
    const written = text.split(",").map((part) => part.trim());
    return written.map((part) => {
      const name = names.find((candidate) => candidate === part.toLowerCase());
      if (name !== undefined) return name;
      const hint = `${didYouMean(part, names)}one or more of ${names.join(", ")}, with commas between`;
      throw invalidOption(origin, part, `is no ${noun} (${hint})`);
    });
  };
}

export const parseDimensions: Parse<readonly Dimension[]> = someOf(DIMENSIONS, "dimension");
export const parseWeekday: Parse<Weekday> = oneOf(WEEKDAYS, "day");

export const parseSort: Parse<string> = (text, origin) => {
  const [field = "", direction = "asc", ...more] = text.trim().split(":");
  const name = SORT_FIELDS.find((candidate) => candidate.toLowerCase() === field.toLowerCase());
  if (name === undefined) {
    const hint = `${didYouMean(field, SORT_FIELDS)}one of ${SORT_FIELDS.join(", ")}`;
    throw invalidOption(origin, text, `names no figure (${hint})`);
  }
  if (more.length > 0 || (direction !== "asc" && direction !== "desc")) {
    throw invalidOption(origin, text, "has no such direction (give :asc or :desc, or neither)");
  }
  return text.includes(":") ? `${name}:${direction}` : name;
};

export function wholeNumber(least: number, most: number): Parse<number> {
  return (text, origin) => {
    const value = Number(text);
    if (/^\d+$/.test(text.trim()) && value >= least && value <= most) return value;
    const limits = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
    throw invalidOption(origin, text, `is no whole number ${limits}`);
  };
}

/** A number such as `2` or `2.5`, above `least`. */
export function numberAbove(least: number): Parse<number> {
  return (text, origin) => {
    const value = Number(text);
    if (/^\d+(?:\.\d+)?$/.test(text.trim()) && value > least) return value;
    throw invalidOption(origin, text, `is no number above ${least}`);
  };
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  kib: 2 ** 10,
  kb: 1e3,
  m: 2 ** 20,
  mib: 2 ** 20,
  mb: 1e6,
  g: 2 ** 30,
  gib: 2 ** 30,
  gb: 1e9,
};

/** A size in bytes: `65536`, `256MiB` (2^20), `1GB` (10^9), `64k` (2^10). */
export function size(mostBytes: number): Parse<number> {
  return (text, origin) => {
    const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
    const unitBytes = UNIT_BYTES[unit.toLowerCase()];
    const bytes = digits === undefined || unitBytes === undefined ? NaN : Math.floor(Number(digits) * unitBytes);
    if (!(bytes >= 1))
      throw invalidOption(origin, text, "is no size (give bytes, or a number with KiB, MiB, KB or MB)");
    if (bytes > mostBytes) throw invalidOption(origin, text, `is too large (at most ${mostBytes / 2 ** 20}MiB)`);
    return bytes;
  };
}

/** A comma parts thousands and nothing else: `0,5` is half a dollar to some, and five to nobody. */
const DOLLARS = /^\$?((?:\d+|[1-9]\d{0,2}(?:[,_]\d{3})+)(?:\.\d+)?)$/;

/** US dollars: `25`, `0.5`, `$1,200`. */
export const parseDollars: Parse<number> = (text, origin) => {
  const [, digits] = DOLLARS.exec(text.trim()) ?? [];
  if (digits !== undefined) return Number(digits.replaceAll(/[,_]/g, ""));
  throw invalidOption(origin, text, "is no number of dollars (give one such as 25 or 0.5)");
};

const ZEROS: Readonly<Record<string, number>> = { "": 0, k: 3, m: 6, b: 9, g: 9, t: 12 };

/** A number of tokens: `1500000`, `1_500_000`, `1.5M`, `200k`, `2B`. */
export const parseTokens: Parse<number> = (text, origin) => {
  const [, whole = "", fraction = "", unit = ""] = /^(\d[\d_]*)(?:\.(\d+))?\s*([kmbgt]?)$/i.exec(text.trim()) ?? [];
  const zeros = ZEROS[unit.toLowerCase()] ?? 0;
  // The point is moved in the text: 1.1 times a million is not 1100000 in binary.
  const tokens = Number(whole.replaceAll("_", "") + fraction.padEnd(zeros, "0"));
  if (whole !== "" && fraction.length <= zeros && Number.isSafeInteger(tokens)) return tokens;
  throw invalidOption(origin, text, "is no number of tokens (give one such as 1500000, 200k or 1.5M)");
};
