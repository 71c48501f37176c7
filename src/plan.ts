/** Which bytes are read together. Pure: plain data in, plain data out. */
import { isDocument } from "./sources/parsers.ts";
import type { SourceName } from "./types.ts";

/** The lines that begin at `start` or later and before `end`. Offsets in bytes. */
export interface ByteRange {
  /** The transcript's number. */
  readonly transcript: number;
  readonly path: string;
  /** The whole transcript, where it is in memory. */
  readonly content?: Uint8Array;
  readonly start: number;
  /** Whether a line is known to begin at `start`. */
  readonly startsLine?: boolean;
  /** The last bytes before `start`, where they are at hand and their hash may be asked for. */
  readonly before?: Uint8Array;
  readonly end: number;
  /** Of the transcript when it was listed; nothing behind it is read. */
  readonly size: number;
}

/** What one thread scans at once. */
export interface Shard {
  readonly source: SourceName;
  readonly ranges: readonly ByteRange[];
}

export interface ScanLimits {
  /** Bytes of one read. */
  readonly chunkBytes: number;
  /** Longer lines are skipped as `oversized`. */
  readonly maxLineBytes: number;
  /** Whether neighbouring records that say the same become one event. */
  readonly folds: boolean;
  /** What names a task in the first messages of a transcript; undefined: nobody asks. */
  readonly taskPattern?: string | undefined;
  /** Whether calls that start agents are noted, and results that name them: for `run`, and for its cursors. */
  readonly dispatches: boolean;
  /** Whether what identifies a transcript is hashed, for its cursor. */
  readonly identifies: boolean;
}

/** What has to be read of a transcript. */
export interface Unread {
  /** The transcript's number. */
  readonly transcript: number;
  readonly source: SourceName;
  readonly path: string;
  readonly content?: Uint8Array;
  /** Where a line begins: 0, or what a cursor says. */
  readonly start: number;
  readonly before?: Uint8Array;
  readonly sizeBytes: number;
}

export interface PlanOptions {
  /** Cut transcripts into ranges of this many bytes; default: whatever shares the work well. */
  readonly rangeBytes?: number | undefined;
  /** Threads that will scan at once. */
  readonly threads: number;
}

/** What opening a file costs, in bytes that could be scanned in the same time (measured: 20,000 small files). */
const FILE_WEIGHT_BYTES = 64 << 10;
const SMALLEST_SHARD_BYTES = 512 << 10;
const LARGEST_SHARD_BYTES = 16 << 20;
/** Shards a thread gets, at least: the last one decides how long the others wait. */
const SHARDS_PER_THREAD = 8;

/** Transcripts, in path order, to shards, in path order. */
export function plan(unread: readonly Unread[], options: PlanOptions): Shard[] {
  const weight = unread.reduce((sum, { sizeBytes, start }) => sum + sizeBytes - start + FILE_WEIGHT_BYTES, 0);
  const fair = weight / (Math.max(1, options.threads) * SHARDS_PER_THREAD);
  const shardBytes = Math.min(LARGEST_SHARD_BYTES, Math.max(SMALLEST_SHARD_BYTES, Math.ceil(fair)));
  const rangeBytes = options.rangeBytes ?? shardBytes;

  const shards: Shard[] = [];
  let ranges: ByteRange[] = [];
  let filled = 0;
  let source: SourceName | undefined;
  const flush = () => {
    if (source !== undefined && ranges.length > 0) shards.push({ source, ranges });
    ranges = [];
    filled = 0;
  };
  for (const part of unread) {
    if (part.source !== source) flush();
    source = part.source;
    const longest = isDocument(part.source, part.path) ? Infinity : rangeBytes;
    let { start } = part;
    // At least one, even if it is empty: an unreadable transcript has to be met.
    do {
      const range = rangeOf(part, start, Math.min(part.sizeBytes, start + longest));
      ranges.push(range);
      filled += range.end - start + FILE_WEIGHT_BYTES;
      if (filled >= shardBytes) flush();
      start = range.end;
    } while (start < part.sizeBytes);
  }
  flush();
  return shards;
}

/** How much there is to read. */
export function bytesOf({ ranges }: Shard): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Of thousands: objects are not spread where nothing is to be added. */
function rangeOf(part: Unread, start: number, end: number): ByteRange {
  const { transcript, path, content, before, sizeBytes: size } = part;
  if (start > part.start) return { transcript, path, start, end, size };
  const first = { transcript, path, start, startsLine: true, end, size };
  return content || before ? { ...first, ...(before && { before }), ...(content && { content }) } : first;
}
