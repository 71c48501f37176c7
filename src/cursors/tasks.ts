/** Tasks in first messages, found anew with another pattern: transcripts are read up to the end of these messages. */
import type { Transcript } from "../discover/transcript.ts";
import { MESSAGE_TASKS } from "../events.ts";
import { merge } from "../merge.ts";
import { DEFAULT_CHUNK_BYTES, defaultThreads } from "../options.ts";
import { type Part, wholeOf } from "../parts.ts";
import { plan, type Unread } from "../plan.ts";
import { readAll } from "../read-shards.ts";
import { type TallyMemory, withMemory } from "../tally/memory.ts";
import type { CursorTable } from "./table.ts";

/** A cursor whose tasks were found with another pattern. */
export interface Outdated {
  readonly transcript: Transcript;
  readonly table: CursorTable;
  readonly row: number;
}

/** Puts the rows right. Returns the bytes read. A transcript that cannot be read keeps what it had: the next scan asks again. */
export async function findTasks(outdated: readonly Outdated[], pattern: string, maxLineBytes: number): Promise<number> {
  const unread = outdated.map(({ transcript: { source, path }, table, row }, at): Unread => {
    return { transcript: at, source, path, start: 0, sizeBytes: table.row.messagesEnd[row] as number };
  });
  const bytes = unread.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const threads = defaultThreads(bytes, unread.length);
  const limits = {
    chunkBytes: DEFAULT_CHUNK_BYTES,
    maxLineBytes,
    folds: true,
    dispatches: false,
    identifies: false,
    taskPattern: pattern,
  };
  const parts = (await readAll(plan(unread, { threads }), { threads, limits })).map(wholeOf);
  return withMemory(async (memory) => putRight(outdated, parts, memory));
}

function putRight(outdated: readonly Outdated[], parts: readonly Part[], memory: TallyMemory): number {
  const merging = { memory, listsSkipped: "of scan", hasSpareEvents: false } as const;
  const found = merge(parts, outdated.length, merging);
  for (const [at, { table, row }] of outdated.entries()) {
    if (found.unreadable.has(at)) continue;
    for (const name of ["taskPattern", ...MESSAGE_TASKS] as const) {
      const number = found.transcript[name][at] as number;
      table.row[name][row] = number === 0 ? 0 : table.texts.push(found.texts[number] as string) - 1;
    }
  }
  return found.bytesRead;
}
