/** The columns of the table that parts are merged into, with room for what is still to come. */
import {
  type BatchColumns,
  byteLength,
  type Columns,
  CONTEXT,
  copyColumns,
  EVENT,
  EXTRA,
  RECORD,
  type Spec,
  USAGE,
} from "./events.ts";
import type { TallyMemory } from "./tally/memory.ts";

/** How many elements of each table. */
export interface Counts {
  events: number;
  records: number;
  usages: number;
  extras: number;
}

/** As many of each, and of contexts. */
export interface Room extends Counts {
  contexts: number;
}
const TABLES = ["events", "records", "usages", "extras", "contexts"] as const;

const MERGED_EVENT = { ...EVENT, transcript: Uint32Array } as const;

/** Room for parts that are still to come, in terms of what they will need if they are like those before: the first that may be had. */
const EARLY_ROOMS = [2, 1.25] as const;

export class MergedColumns {
  readonly #memory: TallyMemory;
  /** With the number of each event's transcript. */
  event: Columns<typeof MERGED_EVENT>;
  record: BatchColumns["record"];
  usage: BatchColumns["usage"];
  extra: BatchColumns["extra"];
  context: BatchColumns["context"];
  /** How many of each are in so far, and how many would find room. */
  readonly taken: Room = { events: 0, records: 0, usages: 0, extras: 0, contexts: 0 };
  #room: Room = { ...this.taken };
  #isTooLarge = false;

  readonly #earlyBytes: number;
  readonly #hasSpareEvents: boolean;

  /**
   * Beyond `earlyBytes` of memory, tables are made when their size is known. With `hasSpareEvents` there is room for records that
   * become events of their own.
   */
  constructor(memory: TallyMemory, earlyBytes: number, hasSpareEvents: boolean) {
    this.#memory = memory;
    this.#earlyBytes = earlyBytes;
    this.#hasSpareEvents = hasSpareEvents;
    this.event = memory.columns(MERGED_EVENT, 0);
    this.record = memory.columns(RECORD, 0);
    this.usage = memory.columns(USAGE, 0);
    this.extra = memory.columns(EXTRA, 0);
    this.context = memory.columns(CONTEXT, 0);
  }

  /**
   * Makes room for `parts`, and for as many again as are to be expected where this and what is in is a `share` of all, from
   * 0 to 1. False, from then on: that may be too much to be made before it is known.
   */
  expect(parts: Room, share: number): boolean {
    if (this.#isTooLarge) return false;
    const needed = sumOf(this.taken, parts);
    if (TABLES.every((table) => needed[table] <= this.#room[table])) return true;
    const rooms = EARLY_ROOMS.map((more) =>
      this.#withSpare(mapRoom(needed, (count) => Math.ceil((count / share) * more))),
    );
    const room = rooms.find((one) => this.#memory.next + bytesFor(one) <= this.#earlyBytes);
    if (room) this.#makeRoom(room);
    this.#isTooLarge = room === undefined;
    return !this.#isTooLarge;
  }

  /** Makes room for `more` and no others. Throws `TOO_MANY_RECORDS` where the memory is too small. */
  makeRoom(more: Room): void {
    this.#makeRoom(this.#withSpare(sumOf(this.taken, more)));
  }

  #withSpare(room: Room): Room {
    return this.#hasSpareEvents ? { ...room, events: room.events + Math.ceil(room.records / 4) } : room;
  }

  /** Pages that are never written to take no memory, so there may be more room than it needs. */
  #makeRoom(room: Room): void {
    const memory = this.#memory;
    const grown = <S extends Spec>(table: keyof Room, spec: S, columns: Columns<S>): Columns<S> => {
      if (room[table] <= this.#room[table]) return columns;
      const larger = memory.columns(spec, room[table]);
      copyColumns(columns, larger, 0, 0, this.taken[table]);
      memory.giveBack(...Object.values(columns));
      return larger;
    };
    this.event = grown("events", MERGED_EVENT, this.event);
    this.record = grown("records", RECORD, this.record);
    this.usage = grown("usages", USAGE, this.usage);
    this.extra = grown("extras", EXTRA, this.extra);
    this.context = grown("contexts", CONTEXT, this.context);
    this.#room = mapRoom(room, (count, table) => Math.max(count, this.#room[table]));
    memory.bind("event", this.event);
    memory.bind("record", this.record);
    memory.bind("extra", this.extra);
  }

  /** Those that are in; columns of events with the room behind them. */
  finished() {
    const { events, records, usages, extras, contexts } = this.taken;
    const { transcript: transcriptOf, ...event } = this.event;
    return {
      length: events,
      event,
      transcriptOf,
      eventRecords: records,
      record: cutTo(this.record, records),
      usages,
      usage: cutTo(this.usage, usages),
      extras,
      extra: cutTo(this.extra, extras),
      contexts,
      context: cutTo(this.context, contexts),
    };
  }
}

export function addCounts(to: Counts, by: Counts): void {
  to.events += by.events;
  to.records += by.records;
  to.usages += by.usages;
  to.extras += by.extras;
}

function sumOf(a: Room, b: Room): Room {
  return mapRoom(a, (count, table) => count + b[table]);
}

function mapRoom(room: Room, to: (count: number, table: keyof Room) => number): Room {
  const { events, records, usages, extras, contexts } = room;
  return {
    events: to(events, "events"),
    records: to(records, "records"),
    usages: to(usages, "usages"),
    extras: to(extras, "extras"),
    contexts: to(contexts, "contexts"),
  };
}

function bytesFor({ events, records, usages, extras, contexts }: Room): number {
  const tables = byteLength(MERGED_EVENT, events) + byteLength(RECORD, records) + byteLength(USAGE, usages);
  return tables + byteLength(EXTRA, extras) + byteLength(CONTEXT, contexts);
}

function cutTo<S extends Spec>(columns: Columns<S>, length: number): Columns<S> {
  const cut = Object.entries(columns).map(([name, column]) => [name, column.subarray(0, length)]);
  return Object.fromEntries(cut) as Columns<S>;
}
