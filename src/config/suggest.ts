/** What somebody meant who wrote something else. */
import { distance } from "fastest-levenshtein";

/** The nearest name, when it is near enough to be meant. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  const written = text.toLowerCase();
  let best: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const candidate = name.toLowerCase();
    // A beginning is meant however much is missing: `total` is `totalTokens`.
    const isBeginning = written.length > 2 && candidate.startsWith(written);
    const edits = isBeginning ? 0.5 : distance(written, candidate);
    const mostEdits = Math.max(1, Math.floor(Math.max(written.length, candidate.length) / 3));
    if (edits < least && edits <= mostEdits) {
      least = edits;
      best = name;
    }
  }
  return best;
}

/** `did you mean day? ` before a remedy, or nothing. */
export function didYouMean(text: string, names: readonly string[]): string {
  const name = nearest(text, names);
  return name === undefined ? "" : `did you mean ${name}? `;
}
