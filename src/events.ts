/**
 * What one record contributes, before any window, duplicate rule, price or zone: columns of numbers, not objects,
 * because objects made in many threads compete for the collector and must be copied to leave one.
 */

export const FLAG = {
  /** Carries token counts: its `usage` index is one. */
  usage: 1,
  /** On a side chain. */
  sideChain: 2,
  /** A live copy of a record that has, or had, its own transcript. */
  nested: 4,
  /** Has an id of its response, of its request, of its own. */
  responseId: 8,
  requestId: 16,
  recordId: 32,
  /** Its output count is final. */
  final: 64,
  /** Holds a block that takes more tokens than a placeholder says. */
  longBlock: 128,
  /** Stands in bytes after the last LF: may still be being written. */
  tail: 256,
} as const;

/** No usage: the event's index into the usage columns. */
export const NO_USAGE = 0xffffffff;

/** A column of numbers, and how wide they are. */
type Width = typeof Float64Array | typeof Uint32Array;
type Spec<W extends Width = Width> = Readonly<Record<string, W>>;
export type Columns<S extends Spec> = { [K in keyof S]: InstanceType<S[K]> };

/** One element an event, in the order of the bytes. Text columns hold text numbers; 0 is none. */
export const EVENT = {
  timeMs: Float64Array, // NaN: no time
  recordLow: Uint32Array,
  recordHigh: Uint32Array,
  responseLow: Uint32Array,
  responseHigh: Uint32Array,
  requestLow: Uint32Array,
  requestHigh: Uint32Array,
  flags: Uint32Array,
  usage: Uint32Array,
  toolUses: Uint32Array,
  model: Uint32Array,
  context: Uint32Array,
} as const satisfies Spec;

/** What seldom changes from one record to the next; events share it. Text numbers. */
export const CONTEXT = {
  agentName: Uint32Array,
  agentType: Uint32Array,
  team: Uint32Array,
  branch: Uint32Array,
  version: Uint32Array,
} as const satisfies Spec;

/** One element an event that carries usage. */
export const USAGE = {
  input: Float64Array,
  output: Float64Array,
  reasoning: Float64Array,
  cacheCreation5m: Float64Array,
  cacheCreation1h: Float64Array,
  cacheRead: Float64Array,
  webSearches: Float64Array,
} as const satisfies Spec;

/** Tokens a response used beside its own, under another model (`iterations`). `owner` is an index of USAGE. */
export const EXTRA = { owner: Uint32Array, model: Uint32Array, ...USAGE } as const satisfies Spec;

/** One element a range; the sum over a transcript's ranges is the transcript. */
const RANGE = {
  transcript: Uint32Array,
  start: Float64Array,
  events: Uint32Array,
  lines: Uint32Array,
  records: Uint32Array,
  bytesRead: Float64Array,
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
} as const satisfies Spec;

export type UsageNumbers = Record<keyof typeof USAGE, number>;

/** Columns that grow, and keep what they grew to. */
class Table<S extends Spec> {
  length = 0;
  columns: Columns<S>;
  readonly #spec: S;
  #room: number;

  constructor(spec: S, room: number) {
    this.#spec = spec;
    this.#room = room;
    this.columns = allocate(spec, room);
  }

  /** Room for one more; returns its index. The element may hold anything. */
  add(): number {
    if (this.length === this.#room) {
      this.#room *= 2;
      const grown = allocate(this.#spec, this.#room);
      copyColumns(this.columns, grown, 0);
      this.columns = grown;
    }
    return this.length++;
  }
}

export function allocate<S extends Spec>(spec: S, length: number, buffer?: ArrayBuffer, from = 0): Columns<S> {
  const columns: Record<string, Float64Array | Uint32Array> = {};
  let at = from;
  const memory = buffer ?? new ArrayBuffer(byteLength(spec, length));
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
function byteLength(spec: Spec, length: number): number {
  let bytes = 0;
  for (const type of Object.values(spec)) bytes += type.BYTES_PER_ELEMENT * length;
  return Math.ceil(bytes / 8) * 8;
}

/** Copies whole columns into `to`, from its element `at` on. */
export function copyColumns<S extends Spec>(from: Columns<S>, to: Columns<S>, at: number, length?: number): void {
  for (const [name, column] of Object.entries(from)) {
    (to[name] as Float64Array).set((length === undefined ? column : column.subarray(0, length)) as Float64Array, at);
  }
}

export interface SkippedAt {
  readonly transcript: number;
  /** From 0, counted from the start of the range. */
  readonly lineInRange: number;
  readonly range: number;
  readonly offset: number;
  readonly reason: "malformed" | "oversized" | "pending";
}

/** What a shard's ranges hold, in a form that moves between threads: one buffer and few small objects. */
export interface Batch {
  readonly buffer: ArrayBuffer;
  readonly events: number;
  readonly usages: number;
  readonly extras: number;
  readonly contexts: number;
  readonly ranges: number;
  /** Texts by number; 0 is none. */
  readonly texts: readonly string[];
  /** The first of them, in the order of the ranges. */
  readonly skipped: readonly SkippedAt[];
  readonly unreadable: ReadonlyArray<{ readonly transcript: number; readonly code: string }>;
}

export interface BatchColumns {
  readonly event: Columns<typeof EVENT>;
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
    usage: open(USAGE, batch.usages),
    extra: open(EXTRA, batch.extras),
    context: open(CONTEXT, batch.contexts),
    range: open(RANGE, batch.ranges),
  };
}

const SKIPPED_LISTED = 100;

/** Collects the events of one shard after the other; `finish` hands over what came since the last one. */
export class EventWriter {
  readonly event = new Table(EVENT, 4096);
  readonly usage = new Table(USAGE, 2048);
  readonly extra = new Table(EXTRA, 16);
  readonly context = new Table(CONTEXT, 64);
  readonly range = new Table(RANGE, 64);
  #texts: string[] = [""];
  readonly #textNumbers = new Map<string, number>();
  readonly #contextNumbers = new Map<string, number>();
  #lastContext = -1;
  #skipped: SkippedAt[] = [];
  #unreadable: Array<{ transcript: number; code: string }> = [];

  /** The number of a text in this batch. */
  textNumber(text: string): number {
    let number = this.#textNumbers.get(text);
    if (number === undefined) {
      number = this.#texts.push(text) - 1;
      this.#textNumbers.set(text, number);
    }
    return number;
  }

  /** The number of a context in this batch. */
  contextNumber(agentName: number, agentType: number, team: number, branch: number, version: number): number {
    const { columns } = this.context;
    const last = this.#lastContext;
    const isLast =
      last >= 0 &&
      columns.agentName[last] === agentName &&
      columns.agentType[last] === agentType &&
      columns.team[last] === team &&
      columns.branch[last] === branch &&
      columns.version[last] === version;
    if (isLast) return last;
    const key = `${agentName} ${agentType} ${team} ${branch} ${version}`;
    let number = this.#contextNumbers.get(key);
    if (number === undefined) {
      number = this.context.add();
      const added = this.context.columns;
      added.agentName[number] = agentName;
      added.agentType[number] = agentType;
      added.team[number] = team;
      added.branch[number] = branch;
      added.version[number] = version;
      this.#contextNumbers.set(key, number);
    }
    this.#lastContext = number;
    return number;
  }

  beginRange(transcript: number, start: number): void {
    const i = this.range.add();
    for (const column of Object.values(this.range.columns)) column[i] = 0;
    this.range.columns.transcript[i] = transcript;
    this.range.columns.start[i] = start;
    this.range.columns.events[i] = this.event.length;
    this.range.columns.cwdTimeMs[i] = Infinity;
  }

  endRange(totals: { readonly lines: number; readonly records: number; readonly bytesRead: number }): void {
    const i = this.range.length - 1;
    const { events, lines, records, bytesRead } = this.range.columns;
    events[i] = this.event.length - (events[i] as number);
    lines[i] = totals.lines;
    records[i] = totals.records;
    bytesRead[i] = totals.bytesRead;
  }

  /** Notes a text in a column of the range, unless one stands there. */
  noteFirst(column: Uint32Array, textNumber: number): void {
    const i = this.range.length - 1;
    if (column[i] === 0) column[i] = textNumber;
  }

  /** Notes a working directory; the earliest stays. */
  noteCwd(textNumber: number, timeMs: number): void {
    const { cwd, cwdTimeMs } = this.range.columns;
    const i = this.range.length - 1;
    const at = Number.isNaN(timeMs) ? Infinity : timeMs;
    if (cwd[i] !== 0 && at >= (cwdTimeMs[i] as number)) return;
    cwd[i] = textNumber;
    cwdTimeMs[i] = at;
  }

  skip(reason: SkippedAt["reason"], lineInRange: number, offset: number): void {
    const i = this.range.length - 1;
    const column = this.range.columns[reason];
    column[i] = (column[i] as number) + 1;
    if (this.#skipped.length >= SKIPPED_LISTED) return;
    const transcript = this.range.columns.transcript[i] as number;
    this.#skipped.push({ transcript, lineInRange, range: i, offset, reason });
  }

  unreadable(transcript: number, code: string): void {
    this.#unreadable.push({ transcript, code });
  }

  /** What came since the last call, in one buffer of its own. The writer is then empty. */
  finish(): Batch {
    const tables: ReadonlyArray<readonly [Spec, Table<Spec>]> = [
      [EVENT, this.event],
      [USAGE, this.usage],
      [EXTRA, this.extra],
      [CONTEXT, this.context],
      [RANGE, this.range],
    ];
    const bytes = tables.reduce((sum, [spec, { length }]) => sum + byteLength(spec, length), 0);
    const buffer = new ArrayBuffer(bytes);
    let at = 0;
    for (const [spec, { columns, length }] of tables) {
      copyColumns(columns, allocate(spec, length, buffer, at), 0, length);
      at += byteLength(spec, length);
    }
    const batch = {
      buffer,
      events: this.event.length,
      usages: this.usage.length,
      extras: this.extra.length,
      contexts: this.context.length,
      ranges: this.range.length,
      texts: this.#texts,
      skipped: this.#skipped,
      unreadable: this.#unreadable,
    };
    for (const [, table] of tables) table.length = 0;
    this.#texts = [""];
    this.#textNumbers.clear();
    this.#contextNumbers.clear();
    this.#lastContext = -1;
    this.#skipped = [];
    this.#unreadable = [];
    return batch;
  }
}
