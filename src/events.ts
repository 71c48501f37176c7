/**
 * What records contribute, before any window, duplicate rule, price or zone: columns of numbers, not objects,
 * because objects made in many threads compete for the collector and must be copied to leave one.
 *
 * An event is what neighbouring records of one transcript say together: the records of one response, or records
 * that tell nothing but that something was written then. Where records are cut into events never shows: any event
 * may be split, so ranges, threads and cursors cut where they like.
 */

export const FLAG = {
  /** Carries token counts: its `usage` index is one. */
  usage: 1,
  /** On a side chain. */
  sideChain: 2,
  /** Of live copies of records that have, or had, their own transcript. */
  nested: 4,
  /** Has an id of its response, of its request. */
  responseId: 8,
  requestId: 16,
  /** Its output count is final. */
  final: 32,
  /** Holds a block that takes more tokens than a placeholder says. */
  longBlock: 64,
  // What the sources with running totals need; each is an event of its own, settled by the tally (`src/tally/codex.ts`).
  /** A reading of a running total: `usage` is the total. */
  reading: 128,
  /** A reading that tells only what the last request used: `usage` is that. */
  onlyLast: 256,
  /** Begins and ends another agent's work inside this transcript. */
  reviewStart: 512,
  reviewEnd: 1024,
  /** Names the model of what follows. */
  turn: 2048,
  /** Names a session: the transcript's own first, then those it was copied from. */
  session: 4096,
  /** One of several states of a message; its id is in the columns of response ids. */
  state: 8192,
  /** A running total of one model: `usage` is the total (`src/tally/copilot.ts`). */
  counter: 16384,
  /** Such totals begin at zero again. Of a rollout's own session: its totals do not, they go on from another rollout's. */
  restart: 32768,
  /** Says that a record has two ids: that in the request's place is the one in the response's (`src/tally/aliases.ts`). */
  alias: 65536,
  /** A state that telemetry tells of a response, of which a message may tell too (`src/tally/telemetry.ts`). */
  telemetry: 131072,
} as const;

/** Events with one of these are never one with their neighbours. */
export const STANDS_ALONE =
  FLAG.reading |
  FLAG.onlyLast |
  FLAG.reviewStart |
  FLAG.reviewEnd |
  FLAG.turn |
  FLAG.session |
  FLAG.state |
  FLAG.counter |
  FLAG.restart |
  FLAG.alias;

/** How a response was served where that has a price of its own. */
export const TERMS = { fast: 1, batch: 2, flex: 4, priority: 8, us: 16 } as const;

/** No usage: the event's index into the usage columns. */
export const NO_USAGE = 0xffffffff;
/** No context: events keep their own. */
export const NO_CONTEXT = 0xffffffff;

/** A column of numbers, and how wide they are. */
type Width = typeof Float64Array | typeof Uint32Array;
export type Spec<W extends Width = Width> = Readonly<Record<string, W>>;
export type Columns<S extends Spec> = { [K in keyof S]: InstanceType<S[K]> };

/**
 * One element an event, by their first records. Text columns hold text numbers; 0 is none. Record columns hold
 * indexes of RECORD. Either all records of an event have a time, or it is a single one without.
 */
export const EVENT = {
  /** Of its earliest record; Infinity: no time. */
  firstMs: Float64Array,
  /** Of its latest record; -Infinity: no time. */
  lastMs: Float64Array,
  /** Of the chosen record; -Infinity: no time. */
  chosenMs: Float64Array,
  responseLow: Uint32Array,
  responseHigh: Uint32Array,
  requestLow: Uint32Array,
  requestHigh: Uint32Array,
  flags: Uint32Array,
  /** Of the chosen record: the one with the largest output, then the latest. */
  usage: Uint32Array,
  /** Of the chosen record; without usage of the latest one that names any. */
  model: Uint32Array,
  toolUses: Uint32Array,
  context: Uint32Array,
  earliestRecord: Uint32Array,
  chosenRecord: Uint32Array,
  /**
   * Its records are those between these two, both included, that name it. Several only where they have one response
   * id, or tell nothing but their times.
   */
  firstRecord: Uint32Array,
  lastRecord: Uint32Array,
} as const satisfies Spec;

/** One element a record that has a part in events, in the order of the bytes; a record nested in another is one too. */
export const RECORD = {
  timeMs: Float64Array, // NaN: no time
  idLow: Uint32Array, // both halves 0: no id
  idHigh: Uint32Array,
  event: Uint32Array,
  toolUses: Uint32Array,
} as const satisfies Spec;

/** What seldom changes from one record to the next; events share it. Text numbers. */
export const CONTEXT = {
  agentName: Uint32Array,
  agentType: Uint32Array,
  team: Uint32Array,
  branch: Uint32Array,
  version: Uint32Array,
  /** A second team that a record names beside `team`. */
  otherTeam: Uint32Array,
  /** Calls that start agents, and results that name them: `readDispatches` of `src/sources/dispatches.ts`. */
  dispatches: Uint32Array,
} as const satisfies Spec;

/** What adds up of what was used. */
export const AMOUNTS = {
  input: Float64Array,
  output: Float64Array,
  reasoning: Float64Array,
  cacheCreation5m: Float64Array,
  cacheCreation1h: Float64Array,
  cacheRead: Float64Array,
  webSearches: Float64Array,
} as const satisfies Spec;

/** One element an event that carries usage. */
export const USAGE = {
  ...AMOUNTS,
  /** What the transcript itself says it cost: nano-dollars plus 1; 0: it says nothing. */
  recordedCost: Float64Array,
  /** How it was served, beyond the ordinary: bits of `TERMS`. */
  terms: Uint32Array,
} as const satisfies Spec;

/**
 * Tokens a response used beside its own, under another model (`iterations`). `event` has the response's own. Of a
 * reading: what its last request used.
 */
export const EXTRA = { event: Uint32Array, model: Uint32Array, ...USAGE } as const satisfies Spec;

/** Of a transcript, its first messages that a user wrote, and the tasks they name. */
export const MESSAGES = {
  /** At most `MESSAGES_READ`. */
  messages: Uint32Array,
  /** Behind the last of them. */
  messagesEnd: Float64Array,
  // Text numbers: JSON lists of task ids; 0: the message names none, or there is none.
  tasks1: Uint32Array,
  tasks2: Uint32Array,
  tasks3: Uint32Array,
  /** Text number: the hash of the pattern they were found with. */
  taskPattern: Uint32Array,
} as const satisfies Spec;
export const MESSAGE_TASKS = ["tasks1", "tasks2", "tasks3"] as const;
/** As many messages are looked at. */
export const MESSAGES_READ = MESSAGE_TASKS.length;
/** In place of a pattern's hash: some were found with one, others with another. */
export const MIXED_PATTERNS = "mixed";

/** What is known of a transcript as a whole. Text columns hold text numbers; 0 is none. Cursor files have them in this order. */
export const FACTS = {
  lines: Uint32Array,
  records: Uint32Array,
  usageRecords: Uint32Array,
  malformed: Uint32Array,
  oversized: Uint32Array,
  sessionId: Uint32Array,
  agentName: Uint32Array,
  agentType: Uint32Array,
  team: Uint32Array,
  cwd: Uint32Array,
  cwdTimeMs: Float64Array, // Infinity: without time, or no working directory
  ...MESSAGES,
} as const satisfies Spec;

/** One element a range; the sum over a transcript's ranges is the transcript. */
export const RANGE = {
  transcript: Uint32Array,
  start: Float64Array,
  events: Uint32Array,
  eventRecords: Uint32Array,
  usages: Uint32Array,
  extras: Uint32Array,
  usageRecords: Uint32Array,
  lines: Uint32Array,
  records: Uint32Array,
  bytesRead: Float64Array,
  committed: Float64Array, // behind the last LF taken in; 0: none
  isTail: Uint32Array, // 1: the last line of its transcript, without LF
  // When asked for, hashes of the transcript's head, in the range that begins it, and of what stands before `committed`.
  headLow: Uint32Array,
  headHigh: Uint32Array,
  anchorLow: Uint32Array,
  anchorHigh: Uint32Array,
  malformed: Uint32Array,
  oversized: Uint32Array,
  pending: Uint32Array,
  // The first of its kind in the range; 0 is none.
  sessionId: Uint32Array,
  agentName: Uint32Array,
  agentType: Uint32Array,
  team: Uint32Array,
  cwd: Uint32Array, // the one with the earliest time
  cwdTimeMs: Float64Array, // Infinity: it has no time
  ...MESSAGES,
} as const satisfies Spec;

export type UsageNumbers = Record<keyof typeof USAGE, number>;

export function allocate<S extends Spec>(spec: S, length: number, buffer?: ArrayBufferLike, from = 0): Columns<S> {
  const columns: Record<string, Float64Array | Uint32Array> = {};
  let at = from;
  // Of whichever kind: columns are the same on both, and types tell them apart where `width` may be either of two.
  const memory = (buffer ?? new ArrayBuffer(byteLength(spec, length))) as ArrayBuffer;
  // Wide columns first, so that each starts aligned.
  for (const width of [Float64Array, Uint32Array] as const) {
    for (const [name, type] of Object.entries(spec)) {
      if (type !== width) continue;
      columns[name] = new width(memory, at, length);
      at += width.BYTES_PER_ELEMENT * length;
    }
  }
  return columns as Columns<S>;
}

/** Bytes of `length` elements, rounded up so that another table can follow. */
export function byteLength(spec: Spec, length: number): number {
  let bytes = 0;
  for (const type of Object.values(spec)) bytes += type.BYTES_PER_ELEMENT * length;
  return paddedTo8(bytes);
}

export function paddedTo8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** Copies columns into `to`, from its element `at` on; all of them, or their elements from `start` to before `end`. */
export function copyColumns<S extends Spec>(
  from: Columns<S>,
  to: Columns<S>,
  at: number,
  start?: number,
  end?: number,
): void {
  if (start !== undefined && start === end) return;
  for (const [name, column] of Object.entries(from)) {
    // A view costs more than a short column.
    const isWhole = start === undefined || (start === 0 && end === column.length);
    (to[name] as Float64Array).set((isWhole ? column : column.subarray(start, end)) as Float64Array, at);
  }
}

/** As many skipped lines are listed: of a transcript, and of a scan. */
export const SKIPPED_LISTED = 100;

export interface SkippedAt {
  readonly transcript: number;
  /** From 0, counted from the start of the range. */
  readonly lineInRange: number;
  readonly range: number;
  readonly offset: number;
  readonly reason: "malformed" | "oversized" | "pending";
}

/** What a shard's ranges hold, in a form that goes from thread to thread: one buffer, which they share, and few small objects. */
export interface Batch {
  readonly buffer: SharedArrayBuffer;
  readonly events: number;
  readonly records: number;
  readonly usages: number;
  readonly extras: number;
  readonly contexts: number;
  readonly ranges: number;
  /** Texts by number; 0 is none. */
  readonly texts: readonly string[];
  /** The first of each transcript, in the order of the ranges. */
  readonly skipped: readonly SkippedAt[];
  readonly unreadable: ReadonlyArray<{ readonly transcript: number; readonly code: string }>;
}

export interface BatchColumns {
  readonly event: Columns<typeof EVENT>;
  readonly record: Columns<typeof RECORD>;
  readonly usage: Columns<typeof USAGE>;
  readonly extra: Columns<typeof EXTRA>;
  readonly context: Columns<typeof CONTEXT>;
  readonly range: Columns<typeof RANGE>;
}

/** The columns of a batch, as views on its buffer. */
export function openBatch(batch: Batch): BatchColumns {
  let at = 0;
  const open = <S extends Spec>(spec: S, length: number): Columns<S> => {
    const columns = allocate(spec, length, batch.buffer, at);
    at += byteLength(spec, length);
    return columns;
  };
  return {
    event: open(EVENT, batch.events),
    record: open(RECORD, batch.records),
    usage: open(USAGE, batch.usages),
    extra: open(EXTRA, batch.extras),
    context: open(CONTEXT, batch.contexts),
    range: open(RANGE, batch.ranges),
  };
}
