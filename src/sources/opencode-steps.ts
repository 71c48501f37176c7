/**
 * Messages of OpenCode that took several requests (`docs/decisions/0012`): each step puts its tokens in the place of those before, while the cost is added
 * up; only the parts `step-finish` tell of all.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readRegular } from "../files/regular.ts";
import { isObject, type Json } from "../json.ts";

/** Undefined: there are not several, or one of them does not tell its tokens. The total is only there where all tell one. */
export function tokensOfSteps(steps: readonly unknown[]): Json | undefined {
  if (steps.length < 2 || !steps.every(isObject)) return undefined;
  const sum = (of: (step: Json) => unknown): number | undefined => {
    const counts = steps.map(of);
    return counts.every(isCount) ? counts.reduce((total, count) => total + count, 0) : undefined;
  };
  const cacheOf = (step: Json): Json => (isObject(step["cache"]) ? step["cache"] : {});
  const [input, output, reasoning] = ["input", "output", "reasoning"].map((name) => sum((step) => step[name] ?? 0));
  const [read, write] = ["read", "write"].map((name) => sum((step) => cacheOf(step)[name] ?? 0));
  if ([input, output, reasoning, read, write].includes(undefined)) return undefined;
  return { input, output, reasoning, total: sum((step) => step["total"]), cache: { read, write } };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

const MESSAGE_PLACE = /^(.*[\\/]storage)[\\/]message[\\/][^\\/]+[\\/](msg_[^\\/]*)\.json$/;

/** Where the parts of a message lie that is a file; undefined: it does not lie where OpenCode puts it. */
export function partsBeside(path: string): string | undefined {
  const [, storage, message] = MESSAGE_PLACE.exec(path) ?? [];
  return storage === undefined || message === undefined ? undefined : join(storage, "part", message);
}

/** What the steps in a folder of parts tell. Nothing where one of them cannot be read: then it is not known what all of them used. */
export function stepsIn(folder: string): unknown[] {
  const steps: unknown[] = [];
  try {
    for (const name of readdirSync(folder).sort()) {
      if (!/^prt_.*\.json$/.test(name)) continue;
      const text = readRegular(join(folder, name)).toString();
      // The others are many, and what is damaged of them is said where they are transcripts.
      if (!text.includes('"step-finish"')) continue;
      const part: unknown = JSON.parse(text);
      if (isObject(part) && part["type"] === "step-finish") steps.push(part["tokens"]);
    }
  } catch {
    return [];
  }
  return steps;
}
