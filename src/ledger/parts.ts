/** Sessions of which less is there than was known of them. */
import type { ScanOptions } from "../options.ts";
import { decodeIds, IdSet } from "./response-ids.ts";
import { type Known, scanSessions, type Seen, type SessionScan, type Wanted } from "./sessions.ts";
import type { SessionEntry } from "./types.ts";

/**
 * A scan in which a part of a session does not stand for all of it: such a session stays as it is known, and once more is looked what
 * others hold of it. Rejects as `scanSessions` does.
 */
export async function scanKnown(
  options: ScanOptions,
  wanted: Wanted,
  known: Known,
  seen: Pick<Seen, "before"> = {},
): Promise<SessionScan> {
  const scan = await scanSessions(options, wanted, known, seen);
  const parts = [...scan.sessions].filter(([id, session]) => {
    const before = known.get(id);
    return before && scan.perhapsParts.has(id) && !scan.rewritten.has(id) && losesAny(before, session);
  });
  if (parts.length === 0) return scan;
  return scanSessions(options, wanted, known, { ...seen, parts: new Set(parts.map(([id]) => id)) });
}

/** Whether it was known with responses that it has not been found with. */
export function losesAny({ response_ids: before }: SessionEntry, { response_ids: now }: SessionEntry): boolean {
  if (before === undefined || now === undefined || before === now) return false;
  const ids = new IdSet([now]);
  return decodeIds(before).some((id) => !ids.has(id));
}
