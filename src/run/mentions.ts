/** Which ids stand in a transcript, anywhere in its text. Asked only where two workers could own one session. */
import { closeSync, constants, openSync, readSync } from "node:fs";

const CHUNK_BYTES = 1 << 20;

export interface Mentions {
  readonly ids: ReadonlySet<string>;
  readonly bytesRead: number;
}

/** None where it cannot be read. Ids are letters, digits and hyphens, so JSON writes them as they are. */
export function mentionsIn(path: string, ids: readonly string[]): Mentions {
  const needles = ids.map((id) => ({ id, bytes: Buffer.from(id) }));
  const longest = Math.max(...needles.map(({ bytes }) => bytes.length));
  const chunk = Buffer.alloc(CHUNK_BYTES + longest);
  const found = new Set<string>();
  let bytesRead = 0;
  let file = -1;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    let kept = 0;
    while (found.size < needles.length) {
      const got = readSync(file, chunk, kept, CHUNK_BYTES, null);
      if (got === 0) break;
      bytesRead += got;
      const filled = kept + got;
      const text = chunk.subarray(0, filled);
      for (const { id, bytes } of needles) if (text.includes(bytes)) found.add(id);
      // An id may stand across two chunks.
      kept = Math.min(filled, longest - 1);
      chunk.copyWithin(0, filled - kept, filled);
    }
  } catch {
    // What was found until then is there.
  } finally {
    if (file >= 0) closeSync(file);
  }
  return { ids: found, bytesRead };
}
