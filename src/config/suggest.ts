/** What somebody meant who wrote something else. */
import { distance } from "fastest-levenshtein";

/** The nearest name, when it is near enough to be meant: one letter in three may be wrong, two may have changed places. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  const written = plainOf(text);
  let best: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const wanted = plainOf(name);
    const edits = editsBetween(written, wanted);
    if (edits < least && edits <= Math.max(1, Math.floor(Math.max(written.length, wanted.length) / 3))) {
      least = edits;
      best = name;
    }
  }
  return best;
}

function editsBetween(written: string, wanted: string): number {
  // A beginning is meant however much is missing: `total` is `totalTokens`.
  if (written.length > 2 && wanted.startsWith(written)) return 0.5;
  const letters = (text: string) => Array.from(text).sort().join("");
  return letters(written) === letters(wanted) ? Math.min(1, distance(written, wanted)) : distance(written, wanted);
}

function plainOf(text: string): string {
  return text.toLowerCase().replace(/^-+/, "");
}

/** `did you mean day? ` before a remedy, or nothing. */
export function didYouMean(text: string, names: readonly string[]): string {
  const name = nearest(text, names);
  return name === undefined ? "" : `did you mean ${name}? `;
}
