/**
 * Copies of responses whose original is gone. A fork's transcript repeats its original's responses, which are counted
 * there; when the original's transcripts go, a scan gives them to the fork, while the ledger still has the original's last figures.
 */
import { figuresOf, subtractFigures } from "./figures.ts";
import type { SessionEntry } from "./types.ts";

/**
 * A session as found, without what it was given only because another one has gone: `hasLost` says whether one has since
 * the ledger was written, `hasRetained` whether any is gone at all.
 */
export function withoutCopies(
  known: SessionEntry,
  found: SessionEntry,
  { hasLost, hasRetained }: { readonly hasLost: boolean; readonly hasRetained: boolean },
): SessionEntry {
  if (!hasRetained) return found;
  const isSame = known.transcript_bytes === found.transcript_bytes && known.subagents === found.subagents;
  // Nothing was written, and yet there is more.
  if (hasLost && isSame && found.total_tokens > known.total_tokens) {
    const more = subtractFigures(found, known);
    return more ? { ...found, ...figuresOf(known), held_back: more, ...(known.is_copy && { is_copy: true }) } : found;
  }
  const { held_back: held } = known;
  const left = held && subtractFigures(found, held);
  // Less than there was: its original has come back, and has its own again.
  if (!left || left.total_tokens < known.total_tokens) return found;
  const isCopy = known.is_copy === true && left.message_count === 0 && left.total_tokens === 0;
  return { ...found, ...left, held_back: held, ...(isCopy && { is_copy: true }) };
}
