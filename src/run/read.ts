/** The transcripts of some folders, with what cursors know of them and what is new. */
import type { Discovery } from "../discover/index.ts";
import type { CursorOptions, Cursors } from "../cursors/index.ts";
import type { CursorTable } from "../cursors/table.ts";
import type { Transcript } from "../discover/transcript.ts";
import { type CheckedOptions, defaultThreads } from "../options.ts";
import { type Part, PartList, wholeOf } from "../parts.ts";
import { bytesOf, plan, type Shard } from "../plan.ts";
import { readAll } from "../read-shards.ts";
import { cursorsOf, fromItsStart } from "../scan.ts";
import type { TallyMemory } from "../tally/memory.ts";
import type { UnreadableFile } from "../types.ts";

export interface ReadTranscripts extends ChosenTranscripts {
  readonly unreadable: readonly UnreadableFile[];
  readonly bytesRead: number;
  readonly transcriptsUnchanged: number;
  /** Why the cache could not be written: the system's code. */
  readonly cacheFailure: string | undefined;
  /** Nothing more will be chosen of them. */
  readonly close: () => void;
}

/** Where few of the transcripts will be chosen: leaves of others unread what cursors know of their events. */
export const HEADS_ARE_ENOUGH: ReadOptions = { isHeadEnough: () => true, keepsOpen: true };
export type ReadOptions = Pick<CursorOptions, "isHeadEnough" | "keepsOpen">;

/**
 * Reads what is new in the transcripts that `find` finds, and remembers how far that got. Rejects as `scan` does, and with
 * `DamagedCursors` where what was left unread at first turned out to be so.
 */
export async function readTranscripts(
  find: () => Discovery,
  checked: CheckedOptions,
  memory: TallyMemory,
  reading: ReadOptions = {},
): Promise<ReadTranscripts> {
  const takenMs = Date.now();
  const found = find();
  const cursors = await cursorsOf(found, checked, takenMs, memory, reading);
  try {
    return await readUnread(found, cursors, checked, memory);
  } catch (error) {
    cursors?.close();
    throw error;
  }
}

async function readUnread(
  found: Discovery,
  cursors: Cursors | undefined,
  checked: CheckedOptions,
  memory: TallyMemory,
): Promise<ReadTranscripts> {
  const { transcripts } = found;
  const unread = cursors?.unread ?? transcripts.map(fromItsStart);
  const bytesLeft = unread.reduce((sum, { sizeBytes, start }) => sum + sizeBytes - start, 0);
  const threads = checked.threads ?? defaultThreads(bytesLeft, unread.length);
  const { chunkBytes, maxLineBytes, rangeBytes, signal } = checked;
  // Nobody asks for tasks here, but whoever scans with these cursors may.
  const taskPattern = cursors && checked.taskPattern;
  const identifies = cursors !== undefined;
  const limits = { chunkBytes, maxLineBytes, folds: true, dispatches: true, identifies, taskPattern };
  let bytesDone = 0;
  const onShard = (shard: Shard) =>
    checked.onProgress?.({ bytesDone: (bytesDone += bytesOf(shard)), bytesTotal: bytesLeft });
  const scanned = await readAll(plan(unread, { threads, rangeBytes }), { threads, limits, signal, onShard });
  const cacheFailure = await cursors?.save(scanned);
  const parts = cursors?.parts(scanned) ?? scanned.map(wholeOf);
  const failed = scanned.flatMap(({ batch }) =>
    batch.unreadable.map(({ transcript, code }) => ({ path: (transcripts[transcript] as Transcript).path, code })),
  );
  const bytesScanned = scanned.reduce(
    (sum, { columns }) => sum + columns.range.bytesRead.reduce((a, b) => a + b, 0),
    0,
  );
  return {
    transcripts,
    parts,
    memory,
    unreadable: [...found.unreadable, ...failed],
    bytesRead: bytesScanned + (cursors?.bytesRead ?? 0),
    transcriptsUnchanged: cursors?.unchanged ?? 0,
    cacheFailure,
    close: () => cursors?.close(),
  };
}

/** Some transcripts with all that is known of them. */
export interface ChosenTranscripts {
  /** In path order. */
  readonly transcripts: readonly Transcript[];
  readonly parts: readonly Part[];
  /** Where cursors lie. */
  readonly memory: TallyMemory;
}

/** Some of them alone, by ascending numbers; they are numbered anew. */
export function choose(
  { transcripts, parts, memory }: ChosenTranscripts,
  chosen: readonly number[],
): ChosenTranscripts {
  return { transcripts: chosen.map((t) => transcripts[t] as Transcript), parts: partsOf(parts, chosen), memory };
}

function partsOf(parts: readonly Part[], chosen: readonly number[]): readonly Part[] {
  const numbers = new Map(chosen.map((t, number) => [t, number]));
  const list = new PartList();
  const rowsOf = new Map<CursorTable, number[]>();
  let next = 0;
  for (const part of parts) {
    if ("cursors" in part) {
      const rows = rowsOf.get(part.cursors) ?? [];
      rowsOf.set(part.cursors, rows);
      const [shift, end] = [part.from - part.transcript, part.transcript + part.to - part.from];
      // Few are chosen of thousands.
      for (; next < chosen.length && (chosen[next] as number) < end; next++) {
        const row = (chosen[next] as number) + shift;
        if (row < part.from) continue;
        list.addCursor(part.cursors, row, next);
        rows.push(row);
      }
    } else {
      const { transcript } = part.scanned.columns.range;
      for (let range = part.from; range < part.to; range++) {
        const t = transcript[range] as number;
        const number = numbers.get(t + part.shift);
        if (number !== undefined) list.addRange(part.scanned, range, number - t);
      }
    }
  }
  for (const [table, rows] of rowsOf) {
    table.load(rows);
    // A merge takes in every text of a table: of thousands of transcripts these are many.
    table.keepTextsOf(rows);
  }
  return list.parts;
}
