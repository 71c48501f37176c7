/**
 * Batches to one table. The batches come in the order of the shards, so records stand in transcript order and
 * within a transcript in byte order: comparing two indexes compares (path, offset). Order of arrival never shows.
 */
import {
  allocate,
  type Batch,
  type BatchColumns,
  type Columns,
  CONTEXT,
  copyColumns,
  EVENT,
  EXTRA,
  openBatch,
  RECORD,
  type SkippedAt,
  USAGE,
} from "./events.ts";
import { bytesOfTally, TallyMemory } from "./tally/memory.ts";
import type { SkipReason } from "./types.ts";

/** What is known of each transcript; text numbers, 0 is none. */
const TRANSCRIPT = {
  firstRecord: Uint32Array,
  sessionId: Uint32Array,
  agentName: Uint32Array,
  agentType: Uint32Array,
  team: Uint32Array,
  cwd: Uint32Array,
  cwdTimeMs: Float64Array, // Infinity: without time, or no working directory
} as const;

export interface EventTable {
  /** Where the columns lie. */
  readonly memory: TallyMemory;
  /** Events; their columns have some room behind them. */
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

/** As many skipped lines as are listed. */
const SKIPPED_LISTED = 100;

export function merge(batches: readonly Batch[], transcripts: number): EventTable {
  const merger = new Merger(batches, transcripts);
  for (const batch of batches) merger.add(batch);
  return merger.finish();
}

class Merger {
  readonly #memory: TallyMemory;
  readonly #event: EventTable["event"];
  readonly #record: EventTable["record"];
  readonly #usage: EventTable["usage"];
  readonly #extra: EventTable["extra"];
  readonly #context: EventTable["context"];
  readonly #transcriptOf: Uint32Array;
  readonly #transcript: EventTable["transcript"];
  readonly #texts = new TextTable();
  readonly #skipped = { malformed: 0, oversized: 0, pending: 0 };
  readonly #skippedLines: Array<EventTable["skippedLines"][number]> = [];
  readonly #unreadable = new Map<number, string>();
  readonly #total = { events: 0, records: 0, usages: 0, extras: 0, contexts: 0 };
  /** How many of each are in so far. */
  readonly #taken = { events: 0, records: 0, usages: 0, extras: 0, contexts: 0 };
  readonly #sums = { records: 0, usageRecords: 0, bytesRead: 0 };
  /** The transcript the last range was of, and the lines of its ranges so far. */
  #current = -1;
  #linesBefore = 0;

  constructor(batches: readonly Batch[], transcripts: number) {
    const total = this.#total;
    for (const batch of batches) {
      total.events += batch.events;
      total.records += batch.records;
      total.usages += batch.usages;
      total.extras += batch.extras;
      total.contexts += batch.contexts;
    }
    // Some records of forks become events of their own (`splitRepeated`); room that is not used costs nothing.
    const room = total.events + (total.records >>> 2);
    const texts = batches.reduce((sum, batch) => sum + batch.texts.length, 0);
    const memory = (this.#memory = new TallyMemory(bytesOfTally({ ...total, events: room, texts })));
    this.#event = memory.columns(EVENT, room);
    this.#record = memory.columns(RECORD, total.records);
    this.#usage = memory.columns(USAGE, total.usages);
    this.#extra = memory.columns(EXTRA, total.extras);
    this.#context = memory.columns(CONTEXT, total.contexts);
    this.#transcriptOf = memory.u32(room);
    this.#transcript = allocate(TRANSCRIPT, transcripts);
    this.#transcript.cwdTimeMs.fill(Infinity);
  }

  add(batch: Batch): void {
    const from = openBatch(batch);
    const { native } = this.#memory;
    const number = this.#memory.u32(batch.texts.length);
    batch.texts.forEach((text, at) => (number[at] = this.#texts.number(text)));
    const renumber = (column: Uint32Array, from: number, length: number) =>
      native.renumber(column.byteOffset + from * 4, length, number.byteOffset);
    const shift = (column: Uint32Array, from: number, length: number, by: number) =>
      native.shift(column.byteOffset + from * 4, length, by);
    const { events, records, usages, extras, contexts } = this.#taken;
    copyColumns(from.event, this.#event, events);
    copyColumns(from.record, this.#record, records);
    copyColumns(from.usage, this.#usage, usages);
    copyColumns(from.extra, this.#extra, extras);
    copyColumns(from.context, this.#context, contexts);
    for (const column of Object.values(this.#context)) renumber(column, contexts, batch.contexts);
    renumber(this.#event.model, events, batch.events);
    renumber(this.#extra.model, extras, batch.extras);
    shift(this.#event.context, events, batch.events, contexts);
    shift(this.#event.usage, events, batch.events, usages);
    for (const name of RECORDS_OF_EVENTS) shift(this.#event[name], events, batch.events, records);
    shift(this.#record.event, records, batch.records, events);
    shift(this.#extra.event, extras, batch.extras, events);

    let event = events;
    let record = records;
    let listed = 0;
    for (let range = 0; range < batch.ranges; range++) {
      this.#moveTo(from.range.transcript[range] as number, record);
      const end = event + (from.range.events[range] as number);
      this.#transcriptOf.fill(this.#current, event, end);
      event = end;
      record += from.range.eventRecords[range] as number;
      this.#addRange(from.range, range, number);
      for (; batch.skipped[listed]?.range === range; listed++) this.#listSkipped(batch.skipped[listed] as SkippedAt);
      this.#linesBefore += from.range.lines[range] as number;
    }
    for (const { transcript, code } of batch.unreadable) this.#unreadable.set(transcript, code);
    this.#taken.events += batch.events;
    this.#taken.records += batch.records;
    this.#taken.usages += batch.usages;
    this.#taken.extras += batch.extras;
    this.#taken.contexts += batch.contexts;
  }

  /** The next range is of transcript `t`, its records from `at` on. Of those passed over nothing was read. */
  #moveTo(t: number, at: number): void {
    if (t === this.#current) return;
    for (let passed = this.#current + 1; passed <= t; passed++) this.#transcript.firstRecord[passed] = at;
    this.#current = t;
    this.#linesBefore = 0;
  }

  #addRange(range: BatchColumns["range"], i: number, number: Uint32Array): void {
    const { sessionId, agentName, agentType, team, cwd, cwdTimeMs } = this.#transcript;
    const t = this.#current;
    this.#sums.records += range.records[i] as number;
    this.#sums.usageRecords += range.usageRecords[i] as number;
    this.#sums.bytesRead += range.bytesRead[i] as number;
    this.#skipped.malformed += range.malformed[i] as number;
    this.#skipped.oversized += range.oversized[i] as number;
    this.#skipped.pending += range.pending[i] as number;
    if (sessionId[t] === 0) sessionId[t] = number[range.sessionId[i] as number] as number;
    if (agentName[t] === 0) agentName[t] = number[range.agentName[i] as number] as number;
    if (agentType[t] === 0) agentType[t] = number[range.agentType[i] as number] as number;
    if (team[t] === 0) team[t] = number[range.team[i] as number] as number;
    const isEarlier = (range.cwdTimeMs[i] as number) < (cwdTimeMs[t] as number);
    if (range.cwd[i] !== 0 && (cwd[t] === 0 || isEarlier)) {
      cwd[t] = number[range.cwd[i] as number] as number;
      cwdTimeMs[t] = range.cwdTimeMs[i] as number;
    }
  }

  #listSkipped({ lineInRange, offset, reason }: SkippedAt): void {
    if (this.#skippedLines.length >= SKIPPED_LISTED) return;
    this.#skippedLines.push({ transcript: this.#current, line: this.#linesBefore + lineInRange + 1, offset, reason });
  }

  finish(): EventTable {
    this.#transcript.firstRecord.fill(this.#taken.records, this.#current + 1);
    return {
      memory: this.#memory,
      length: this.#total.events,
      event: this.#event,
      transcriptOf: this.#transcriptOf,
      eventRecords: this.#total.records,
      record: this.#record,
      usages: this.#total.usages,
      usage: this.#usage,
      extras: this.#total.extras,
      extra: this.#extra,
      context: this.#context,
      texts: this.#texts.texts,
      transcripts: this.#transcript.firstRecord.length,
      transcript: this.#transcript,
      ...this.#sums,
      skipped: this.#skipped,
      skippedLines: this.#skippedLines,
      unreadable: this.#unreadable,
    };
  }
}

/** Texts and their numbers. */
class TextTable {
  readonly texts: string[] = [""];
  readonly #numbers = new Map<string, number>([["", 0]]);

  number(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.texts.push(text) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }
}
