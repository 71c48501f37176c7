/** Whether a transcript holds an id anywhere in its text. Asked only where two workers could own one session. */
import { closeSync, constants, openSync, readSync } from "node:fs";

const CHUNK_BYTES = 1 << 20;

/** False where it cannot be read. Ids are letters, digits and hyphens, so JSON writes them as they are. */
export function isMentioned(id: string, path: string): boolean {
  const needle = Buffer.from(id);
  const chunk = Buffer.alloc(CHUNK_BYTES + needle.length);
  let file = -1;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    let kept = 0;
    for (;;) {
      const got = readSync(file, chunk, kept, CHUNK_BYTES, null);
      if (got === 0) return false;
      const filled = kept + got;
      if (chunk.subarray(0, filled).includes(needle)) return true;
      // An id may stand across two chunks.
      kept = Math.min(filled, needle.length - 1);
      chunk.copyWithin(0, filled - kept, filled);
    }
  } catch {
    return false;
  } finally {
    if (file >= 0) closeSync(file);
  }
}
