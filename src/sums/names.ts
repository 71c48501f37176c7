/**
 * What Codex rollouts have to do with each other beside the ids in their events (`docs/decisions/0010`): a rollout without an id of its
 * own has that in its file's name, and any review may stand in any rollout that holds one.
 */
import { FLAG } from "../events.ts";
import type { MergedTable } from "../merge.ts";
import type { Transcript } from "../discover/transcript.ts";
import { hashText } from "../sources/hash.ts";
import { REVIEW } from "../tally/rollouts.ts";
import { transcriptsWith } from "./flagged.ts";
import type { Name } from "./sharing.ts";
import type { Told } from "./told.ts";

/** No text's hash. */
const REVIEWS = { low: 1, high: 0 };

/** Of all rollouts that are merged or told. */
export function namesOf(
  table: MergedTable,
  transcripts: readonly Transcript[],
  told: Told | undefined,
): readonly Name[] {
  const reviewing = reviewingIn(table, transcripts);
  const { sessionId, firstEvent } = table.transcript;
  return transcripts.flatMap(({ source, session, stem }, t): Name[] => {
    if (source !== "codex") return [];
    // One in which nothing stands has nothing to do with any other.
    const hasEvents = (firstEvent[t + 1] ?? table.length) > (firstEvent[t] as number);
    const isTold = told?.has(t) === true;
    if (!hasEvents && !isTold) return [];
    const name = { ...hashText(session ?? ((table.texts[sessionId[t] as number] as string) || stem)), transcript: t };
    return reviewing.has(t) || (isTold && told.hasReviews(t)) ? [name, { ...REVIEWS, transcript: t }] : [name];
  });
}

/** Rollouts that are reviews, and of those that are merged the ones that hold some. */
export function reviewingIn(table: MergedTable, transcripts: readonly Transcript[]): ReadonlySet<number> {
  const { texts, transcript } = table;
  const reviewing = transcriptsWith(FLAG.reviewStart | FLAG.reviewEnd, table);
  for (const [t, { source }] of transcripts.entries()) {
    if (source === "codex" && texts[transcript.agentName[t] as number] === REVIEW) reviewing.add(t);
  }
  return reviewing;
}
