/**
 * Parts to one table. The parts come in the order of the transcripts, so records stand in transcript order and
 * within a transcript in byte order: comparing two indexes compares (path, offset). Order of arrival never shows.
 */
import {
  type BatchColumns,
  type Columns,
  type CONTEXT,
  copyColumns,
  type EVENT,
  type EXTRA,
  type RECORD,
  SKIPPED_LISTED,
  type USAGE,
} from "./events.ts";
import { addCounts, type Counts, MergedColumns, type Room } from "./merged-columns.ts";
import { addFacts, FIRSTS, MESSAGE_TEXTS, SUMS, TRANSCRIPT } from "./transcript-facts.ts";
import { TextNumbers } from "./text-numbers.ts";
import type { CursorTable } from "./cursors/table.ts";
import type { CursorRun, Part, RangeRun, ScannedBatch } from "./parts.ts";
import type { TallyMemory } from "./tally/memory.ts";
import type { SkipReason } from "./types.ts";

export interface MergedTable {
  /** Where its columns lie. */
  readonly memory: TallyMemory;
  /** Events; their columns may have room behind them. */
  readonly length: number;
  readonly event: Columns<typeof EVENT>;
  /** The number of each event's transcript. */
  readonly transcriptOf: Uint32Array;
  readonly eventRecords: number;
  readonly record: Columns<typeof RECORD>;
  readonly usages: number;
  readonly usage: Columns<typeof USAGE>;
  readonly extras: number;
  readonly extra: Columns<typeof EXTRA>;
  readonly contexts: number;
  /** Agent, team, branch and version of events, by number. */
  readonly context: Columns<typeof CONTEXT>;
  /** Texts by number; number 0 is none. */
  readonly texts: readonly string[];
  readonly transcripts: number;
  readonly transcript: Columns<typeof TRANSCRIPT>;
  /** JSON objects read. */
  readonly records: number;
  readonly usageRecords: number;
  readonly bytesRead: number;
  readonly skipped: Record<SkipReason, number>;
  /** The first of them, in transcript and line order; `line` counts from 1. */
  readonly skippedLines: ReadonlyArray<{ transcript: number; line: number; offset: number; reason: SkipReason }>;
  readonly unreadable: ReadonlyMap<number, string>;
}

/** The columns of events that hold records. */
const RECORDS_OF_EVENTS = ["earliestRecord", "chosenRecord", "firstRecord", "lastRecord"] as const;

export interface MergeOptions {
  /** Where the columns are to lie. */
  readonly memory: TallyMemory;
  /** Skipped lines are listed up to 100 of the whole scan, or of each transcript. */
  readonly listsSkipped: "of scan" | "of each transcript";
  /** Leaves room behind the columns of events for records that become events of their own (`splitRepeated`). */
  readonly hasSpareEvents: boolean;
  /** How far the memory may be taken up with room for parts that are still to come. */
  readonly earlyBytes?: number | undefined;
}

/** Throws `TOO_MANY_RECORDS` where the memory is too small. */
export function merge(parts: readonly Part[], transcripts: number, options: MergeOptions): MergedTable {
  return new Merger(transcripts, options).finish(parts);
}

/** Where the contexts and texts of a batch or of cursors went. */
interface Entered {
  readonly contexts: number;
  readonly texts: Uint32Array;
}

/** Puts parts together that are given in the order of the transcripts: all at the end, or some while others are still being read. */
export class Merger {
  readonly #memory: TallyMemory;
  readonly #options: MergeOptions;
  readonly #columns: MergedColumns;
  readonly #transcript: MergedTable["transcript"];
  readonly #texts = new TextNumbers();
  readonly #entered = new WeakMap<ScannedBatch | CursorTable, Entered>();
  readonly #skipped = { malformed: 0, oversized: 0, pending: 0 };
  readonly #skippedLines: Array<MergedTable["skippedLines"][number]> = [];
  readonly #unreadable = new Map<number, string>();
  #bytesRead = 0;
  /** The transcript that comes now. */
  #current = -1;

  constructor(transcripts: number, options: MergeOptions) {
    const memory = (this.#memory = options.memory);
    this.#options = options;
    this.#columns = new MergedColumns(memory, options.earlyBytes ?? 0, options.hasSpareEvents);
    this.#transcript = memory.columns(TRANSCRIPT, transcripts);
    this.#transcript.cwdTimeMs.fill(Infinity);
  }

  /**
   * Takes in a part while others are still being read, so that its batch need not be kept. `share` is how much of all
   * that is to be read has then been read, from 0 to 1. False: there may be too much for that; this part and those that
   * follow are for `finish`.
   */
  addEarly(part: RangeRun, share: number): boolean {
    const more = { ...countsOf(part), contexts: part.scanned.batch.contexts };
    const hasRoom = this.#columns.expect(more, share);
    if (hasRoom) this.#add(part);
    return hasRoom;
  }

  /** With the parts that are not in yet. Throws `TOO_MANY_RECORDS` where the memory is too small. */
  finish(parts: readonly Part[]): MergedTable {
    this.#columns.makeRoom(countAll(parts));
    for (const part of parts) this.#add(part);
    return this.#table();
  }

  #add(part: Part): void {
    if ("cursors" in part) this.#addCursors(part);
    else this.#addRanges(part);
    addCounts(this.#columns.taken, countsOf(part));
  }

  /** A transcript's cursor comes before what was scanned of it, so what it says stands as it is. */
  #addCursors({ cursors, from, to, transcript, isTold }: CursorRun): void {
    const { contexts, texts } = this.#enter(cursors, cursors.texts, (columns, at) => cursors.copyContexts(columns, at));
    const { taken, event, extra } = this.#columns;
    const { events, records, usages, extras } = taken;
    const { row, start } = cursors;
    this.#moveTo(transcript, events, records, usages, extras);
    const facts = this.#transcript;
    if (isTold) {
      facts.firstEvent.fill(events, transcript, transcript + to - from);
      facts.firstRecord.fill(records, transcript, transcript + to - from);
      facts.firstUsage.fill(usages, transcript, transcript + to - from);
      facts.firstExtra.fill(extras, transcript, transcript + to - from);
    } else {
      cursors.copyRows(from, to, this.#columns, { ...taken, contexts, transcript });
      const length = cursors.countsOf(from, to);
      this.#memory.renumber(event.model, events, length.events, texts);
      this.#memory.renumber(extra.model, extras, length.extras, texts);
      const move = (firsts: Uint32Array, starts: Uint32Array, at: number) => {
        firsts.set(starts.subarray(from, to), transcript);
        this.#memory.shift(firsts, transcript, to - from, at - (starts[from] as number));
      };
      move(facts.firstEvent, start.events, events);
      move(facts.firstRecord, start.records, records);
      move(facts.firstUsage, start.usages, usages);
      move(facts.firstExtra, start.extras, extras);
    }
    for (const name of [...SUMS, ...FIRSTS, "cwd", "cwdTimeMs", "messages", "messagesEnd", ...MESSAGE_TEXTS] as const) {
      facts[name].set(row[name].subarray(from, to), transcript);
    }
    for (const name of [...FIRSTS, "cwd", ...MESSAGE_TEXTS] as const)
      this.#memory.renumber(facts[name], transcript, to - from, texts);
    const [firstSkipped, endSkipped] = [start.skipped[from] as number, start.skipped[to] as number];
    for (let i = from, skipped = firstSkipped; skipped < endSkipped; i++) {
      this.#current = transcript + i - from;
      for (; skipped < (start.skipped[i + 1] as number); skipped++) this.#listSkipped(cursors.skippedLine(skipped));
    }
    this.#current = transcript + to - from - 1;
  }

  #addRanges({ scanned, from, to, shift: by }: RangeRun): void {
    const { batch, columns } = scanned;
    const { contexts, texts } = this.#enter(scanned, batch.texts, (to, at) => copyColumns(columns.context, to, at));
    const starts = {
      events: scanned.startsOf("events"),
      records: scanned.startsOf("eventRecords"),
      usages: scanned.startsOf("usages"),
      extras: scanned.startsOf("extras"),
    };
    const merged = this.#columns;
    const { taken } = merged;
    const copy = <C extends "events" | "records" | "usages" | "extras">(table: C, source: object, target: object) => {
      const [start, end] = [starts[table][from] as number, starts[table][to] as number];
      copyColumns(source as BatchColumns["usage"], target as BatchColumns["usage"], taken[table], start, end);
      return { at: taken[table], length: end - start, by: taken[table] - start };
    };
    const event = copy("events", columns.event, merged.event);
    const record = copy("records", columns.record, merged.record);
    const usage = copy("usages", columns.usage, merged.usage);
    const extra = copy("extras", columns.extra, merged.extra);
    this.#memory.renumber(merged.event.model, event.at, event.length, texts);
    this.#memory.renumber(merged.extra.model, extra.at, extra.length, texts);
    this.#memory.shift(merged.event.context, event.at, event.length, contexts);
    this.#memory.shift(merged.event.usage, event.at, event.length, usage.by);
    for (const name of RECORDS_OF_EVENTS) this.#memory.shift(merged.event[name], event.at, event.length, record.by);
    this.#memory.shift(merged.record.event, record.at, record.length, event.by);
    this.#memory.shift(merged.extra.event, extra.at, extra.length, event.by);

    let listed = batch.skipped.findIndex((skipped) => skipped.range >= from);
    if (listed < 0) listed = batch.skipped.length;
    for (let range = from; range < to; range++) {
      const at = (table: keyof typeof starts, move: number) => (starts[table][range] as number) + move;
      const first = at("events", event.by);
      const t = (columns.range.transcript[range] as number) + by;
      this.#moveTo(t, first, at("records", record.by), at("usages", usage.by), at("extras", extra.by));
      merged.event.transcript.fill(t, first, first + (columns.range.events[range] as number));
      for (; batch.skipped[listed]?.range === range; listed++) {
        const { lineInRange, offset, reason } = batch.skipped[listed] as (typeof batch.skipped)[number];
        const line = (this.#transcript.lines[t] as number) + lineInRange + 1;
        this.#listSkipped({ line, offset, reason });
      }
      this.#transcript.lines[t] = (this.#transcript.lines[t] as number) + (columns.range.lines[range] as number);
      this.#skipped.pending += columns.range.pending[range] as number;
      this.#bytesRead += columns.range.bytesRead[range] as number;
    }
    addFacts(this.#transcript, columns.range, { from, to, by }, texts, this.#texts);
    for (const { transcript, code } of batch.unreadable) this.#unreadable.set(transcript + by, code);
  }

  /** Where the contexts of cursors went. Undefined: nothing of them is merged. */
  contextsOf(cursors: CursorTable): number | undefined {
    return this.#entered.get(cursors)?.contexts;
  }

  /** The number of a text in the table; that of a text in no part stands for nothing. */
  numberOf(text: string): number {
    return this.#texts.number(text);
  }

  /** Takes in the contexts and texts of a batch or of cursors, when they are met first. */
  #enter(
    from: ScannedBatch | CursorTable,
    texts: readonly string[],
    copyContexts: (to: MergedTable["context"], at: number) => void,
  ): Entered {
    let entered = this.#entered.get(from);
    if (entered) return entered;
    const { taken, context } = this.#columns;
    const at = taken.contexts;
    const length = "batch" in from ? from.batch.contexts : from.contexts;
    const numbers = this.#memory.u32(texts.length);
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i] as string;
      if (text !== "") numbers[i] = this.#texts.number(text);
    }
    entered = { contexts: at, texts: numbers };
    copyContexts(context, at);
    for (const column of Object.values(context)) this.#memory.renumber(column, at, length, entered.texts);
    taken.contexts += length;
    this.#entered.set(from, entered);
    return entered;
  }

  /** What comes next is of transcript `t`. Of those passed over there is nothing. */
  #moveTo(t: number, event: number, record: number, usage: number, extra: number): void {
    if (t === this.#current) return;
    const { firstEvent, firstRecord, firstUsage, firstExtra } = this.#transcript;
    for (let passed = this.#current + 1; passed <= t; passed++) {
      firstEvent[passed] = event;
      firstRecord[passed] = record;
      firstUsage[passed] = usage;
      firstExtra[passed] = extra;
    }
    this.#current = t;
  }

  #listSkipped(line: Omit<MergedTable["skippedLines"][number], "transcript">): void {
    const last = this.#skippedLines.at(-SKIPPED_LISTED);
    const isFull = this.#options.listsSkipped === "of scan" ? last !== undefined : last?.transcript === this.#current;
    if (!isFull) this.#skippedLines.push({ transcript: this.#current, ...line });
  }

  #table(): MergedTable {
    const { events, records, usages, extras } = this.#columns.taken;
    const transcripts = this.#transcript.lines.length;
    this.#moveTo(transcripts, events, records, usages, extras);
    const sum = (column: Uint32Array) => column.reduce((total, value) => total + value, 0);
    return {
      memory: this.#memory,
      ...this.#columns.finished(),
      texts: this.#texts.texts,
      transcripts,
      transcript: this.#transcript,
      records: sum(this.#transcript.records),
      usageRecords: sum(this.#transcript.usageRecords),
      bytesRead: this.#bytesRead,
      skipped: {
        malformed: sum(this.#transcript.malformed),
        oversized: sum(this.#transcript.oversized),
        pending: this.#skipped.pending,
      },
      skippedLines: this.#skippedLines,
      unreadable: this.#unreadable,
    };
  }
}

/** How many elements all parts have together. */
function countAll(parts: readonly Part[]): Room {
  const total: Counts = { events: 0, records: 0, usages: 0, extras: 0 };
  const entered = new Map<object, { readonly contexts: number }>();
  for (const part of parts) {
    addCounts(total, countsOf(part));
    if ("cursors" in part) entered.set(part.cursors, part.cursors);
    else entered.set(part.scanned, part.scanned.batch);
  }
  let contexts = 0;
  for (const one of entered.values()) contexts += one.contexts;
  return { ...total, contexts };
}

function countsOf(part: Part): Counts {
  if ("cursors" in part && part.isTold) return { events: 0, records: 0, usages: 0, extras: 0 };
  if ("cursors" in part) return part.cursors.countsOf(part.from, part.to);
  const length = (table: Parameters<ScannedBatch["startsOf"]>[0]) => {
    const starts = part.scanned.startsOf(table);
    return (starts[part.to] as number) - (starts[part.from] as number);
  };
  return {
    events: length("events"),
    records: length("eventRecords"),
    usages: length("usages"),
    extras: length("extras"),
  };
}
