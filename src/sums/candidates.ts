/** What can be told by its sums from now on. */
import type { Cursors } from "../cursors/index.ts";
import type { Member } from "../cursors/project.ts";
import type { CursorTable } from "../cursors/table.ts";
import { mtimeMs } from "../discover/stamp.ts";
import type { Transcript } from "../discover/transcript.ts";
import { FLAG } from "../events.ts";
import type { MergedTable } from "../merge.ts";
import { transcriptsWith } from "./flagged.ts";
import { idsOf } from "./ids.ts";
import { reviewingIn } from "./names.ts";
import type { Told } from "./told.ts";

/** By transcript. Those with ids in common are candidates together, or none of them is. */
export interface Candidates {
  readonly has: Uint8Array;
  /** The first of all that one is together with. */
  readonly together: Uint32Array;
  /** Copies in them have ids of their own, and name records by ids that no column of theirs has. */
  readonly withAliases: ReadonlySet<number>;
  /** Rollouts that are reviews or hold some. */
  readonly reviewing: ReadonlySet<number>;
  /** By the table that cursors of candidates are in, the checksum of its ids. */
  readonly idsChecksums: ReadonlyMap<CursorTable, number>;
}

/**
 * Writing all sums takes longer than reading the events of a few transcripts, and what has just been written to may soon
 * be again: few that have not rested for so long wait for others.
 */
const REST_MS = 10 * 60 * 1000;
/** One of so many transcripts is few. */
const FEW = 64;

/**
 * Transcripts of a merged table whose cursors are as they were, if that is so of all they have ids in common with.
 * Undefined: there is nothing that was not known before, or too little to be kept yet. To be asked before the tally, which takes the place of
 * cursors in the memory. Throws `DamagedCursors`.
 */
export function findCandidates(
  table: MergedTable,
  together: Uint32Array,
  { members, outdated }: Pick<Cursors, "members" | "outdated">,
  told: Told | undefined,
  transcripts: readonly Transcript[],
): Candidates | undefined {
  const has = new Uint8Array(members.length);
  const isLeft = new Uint8Array(members.length);
  const { firstEvent } = table.transcript;
  for (let t = 0; t < members.length; t++) {
    const hasEvents = (firstEvent[t + 1] ?? table.length) > (firstEvent[t] as number);
    if (!hasEvents) continue;
    const { isUnchanged, isWhole, table: cursors } = members[t] as Member;
    const isKept = isUnchanged && isWhole && cursors && !outdated.has(cursors) && isTellable(transcripts[t]);
    if (isKept && told?.isRefused(t) !== true) has[t] = 1;
    else isLeft[together[t] as number] = 1;
  }
  const idsChecksums = new Map<CursorTable, number>();
  const restedMs = Date.now() - REST_MS;
  let [added, rested] = [0, 0];
  for (let t = 0; t < members.length; t++) {
    const cursors = members[t]?.table;
    if (has[t] === 0 || !cursors) continue;
    if (isLeft[together[t] as number] === 1) {
      has[t] = 0;
      continue;
    }
    if ((told?.knownAs[t] ?? -1) < 0) {
      added++;
      if (mtimeMs((transcripts[t] as Transcript).stamp) < restedMs) rested++;
    }
    if (!idsChecksums.has(cursors)) idsChecksums.set(cursors, 0);
  }
  const isWorthIt = rested > 0 || added * FEW >= (told?.stored.decoded.member.row.length ?? 0);
  if (added === 0 || !isWorthIt) return undefined;
  for (const cursors of idsChecksums.keys()) {
    const { next } = table.memory;
    idsChecksums.set(cursors, idsOf(cursors, table.memory).checksum);
    table.memory.release(next);
  }
  return {
    has,
    together,
    idsChecksums,
    withAliases: transcriptsWith(FLAG.alias, table),
    reviewing: reviewingIn(table, transcripts),
  };
}

/** What others tell depends on more than ids, and there is little of it. */
function isTellable(transcript: Transcript | undefined): boolean {
  return transcript?.source === "claude" || transcript?.source === "codex";
}
