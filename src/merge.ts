/**
 * Batches to one table. The batches come in the order of the shards, so events stand in transcript order and
 * within a transcript in byte order: comparing two indexes compares (path, offset). Order of arrival never shows.
 */
import {
  allocate,
  type Batch,
  type Columns,
  CONTEXT,
  copyColumns,
  EVENT,
  EXTRA,
  NO_USAGE,
  openBatch,
  type SkippedAt,
  USAGE,
} from "./events.ts";
import type { SkipReason } from "./types.ts";

/** What is known of each transcript; text numbers, 0 is none. */
export const TRANSCRIPT = {
  firstEvent: Uint32Array,
  sessionId: Uint32Array,
  agentName: Uint32Array,
  agentType: Uint32Array,
  team: Uint32Array,
  cwd: Uint32Array,
  cwdTimeMs: Float64Array, // Infinity: without time, or no working directory
} as const;

export interface EventTable {
  readonly length: number;
  readonly event: Columns<typeof EVENT>;
  /** The number of each event's transcript. */
  readonly transcriptOf: Uint32Array;
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
  readonly records: number;
  readonly bytesRead: number;
  readonly skipped: Record<SkipReason, number>;
  /** The first of them, in transcript and line order; `line` counts from 1. */
  readonly skippedLines: ReadonlyArray<{ transcript: number; line: number; offset: number; reason: SkipReason }>;
  readonly unreadable: ReadonlyMap<number, string>;
}

/** As many skipped lines as are listed. */
const SKIPPED_LISTED = 100;

export function merge(batches: readonly Batch[], transcripts: number): EventTable {
  const total = { events: 0, usages: 0, extras: 0, contexts: 0 };
  for (const batch of batches) {
    total.events += batch.events;
    total.usages += batch.usages;
    total.extras += batch.extras;
    total.contexts += batch.contexts;
  }
  const event = allocate(EVENT, total.events);
  const usage = allocate(USAGE, total.usages);
  const extra = allocate(EXTRA, total.extras);
  const context = allocate(CONTEXT, total.contexts);
  const transcriptOf = new Uint32Array(total.events);
  const transcript = allocate(TRANSCRIPT, transcripts);
  transcript.cwdTimeMs.fill(Infinity);
  const texts = new TextTable();
  const skipped = { malformed: 0, oversized: 0, pending: 0 };
  const skippedLines: Array<EventTable["skippedLines"][number]> = [];
  const unreadable = new Map<number, string>();
  let records = 0;
  let bytesRead = 0;
  let [events, usages, extras, contexts] = [0, 0, 0, 0];
  let current = -1;
  let linesBefore = 0;

  for (const batch of batches) {
    const from = openBatch(batch);
    const number = batch.texts.map((text) => texts.number(text));
    copyColumns(from.event, event, events);
    copyColumns(from.usage, usage, usages);
    copyColumns(from.extra, extra, extras);
    copyColumns(from.context, context, contexts);
    for (const column of Object.values(context)) renumber(column, contexts, batch.contexts, number);
    renumber(event.model, events, batch.events, number);
    renumber(extra.model, extras, batch.extras, number);
    shift(event.context, events, batch.events, contexts);
    shift(event.usage, events, batch.events, usages);
    shift(extra.owner, extras, batch.extras, usages);

    let at = events;
    let listed = 0;
    for (let range = 0; range < batch.ranges; range++) {
      const { range: r } = from;
      const t = r.transcript[range] as number;
      if (t !== current) {
        // Transcripts between the two have no range: nothing of them was read.
        for (let skippedOver = current + 1; skippedOver <= t; skippedOver++) transcript.firstEvent[skippedOver] = at;
        current = t;
        linesBefore = 0;
      }
      const length = r.events[range] as number;
      transcriptOf.fill(t, at, at + length);
      at += length;
      records += r.records[range] as number;
      bytesRead += r.bytesRead[range] as number;
      skipped.malformed += r.malformed[range] as number;
      skipped.oversized += r.oversized[range] as number;
      skipped.pending += r.pending[range] as number;
      for (const name of ["sessionId", "agentName", "agentType", "team"] as const) {
        if (transcript[name][t] === 0) transcript[name][t] = number[r[name][range] as number] as number;
      }
      const hasCwd = (r.cwd[range] as number) !== 0;
      const isEarlier = (r.cwdTimeMs[range] as number) < (transcript.cwdTimeMs[t] as number);
      if (hasCwd && (transcript.cwd[t] === 0 || isEarlier)) {
        transcript.cwd[t] = number[r.cwd[range] as number] as number;
        transcript.cwdTimeMs[t] = r.cwdTimeMs[range] as number;
      }
      for (; batch.skipped[listed]?.range === range; listed++) {
        const { lineInRange, offset, reason } = batch.skipped[listed] as SkippedAt;
        if (skippedLines.length >= SKIPPED_LISTED) continue;
        skippedLines.push({ transcript: t, line: linesBefore + lineInRange + 1, offset, reason });
      }
      linesBefore += r.lines[range] as number;
    }
    for (const { transcript: t, code } of batch.unreadable) unreadable.set(t, code);
    events += batch.events;
    usages += batch.usages;
    extras += batch.extras;
    contexts += batch.contexts;
  }
  for (let rest = current + 1; rest < transcripts; rest++) transcript.firstEvent[rest] = events;

  return {
    length: total.events,
    event,
    transcriptOf,
    usages: total.usages,
    usage,
    extras: total.extras,
    extra,
    context,
    texts: texts.texts,
    transcripts,
    transcript,
    records,
    bytesRead,
    skipped,
    skippedLines,
    unreadable,
  };
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

function renumber(column: Uint32Array, from: number, length: number, number: readonly number[]): void {
  for (let i = from; i < from + length; i++) column[i] = number[column[i] as number] as number;
}

function shift(column: Uint32Array, from: number, length: number, by: number): void {
  for (let i = from; i < from + length; i++) {
    const value = column[i] as number;
    if (value !== NO_USAGE) column[i] = value + by;
  }
}
