/** The columns of events and of what hangs on them, of some rows of a table. */
import type { TallyMemory } from "../tally/memory.ts";
import { type CURSOR, type NarrowTables, TABLES_OF_EVENTS } from "./columns.ts";
import type { Narrow } from "./narrow.ts";
import type { CursorTable } from "./table.ts";

type EventTableName = keyof typeof TABLES_OF_EVENTS;
export type EventTables = Pick<NarrowTables, EventTableName>;
type Lengths = Readonly<Record<(typeof TABLES_OF_EVENTS)[EventTableName], Uint32Array>>;

const NAMES = Object.keys(TABLES_OF_EVENTS) as EventTableName[];

/** How much of each table is of rows [from, to). */
export function lengthsOf(
  row: Pick<Record<keyof typeof CURSOR, Uint32Array>, keyof Lengths>,
  from: number,
  to: number,
) {
  const entries = NAMES.map((table) => [TABLES_OF_EVENTS[table], row[TABLES_OF_EVENTS[table]].subarray(from, to)]);
  return Object.fromEntries(entries) as Lengths;
}

/** The part of each column that is of rows [from, to), by where the elements of rows start. */
export function columnsOfRows(
  tables: EventTables,
  { events, records, usages, extras }: CursorTable["start"],
  from: number,
  to: number,
): EventTables {
  const starts = { event: events, record: records, usage: usages, extra: extras };
  const sliced = NAMES.map((table) => {
    const first = starts[table][from] as number;
    const length = (starts[table][to] as number) - first;
    const columns = Object.entries<Narrow>(tables[table]).map(([name, { address, width }]) => {
      return [name, { address: address + first * width, width, length }] as const;
    });
    return [table, Object.fromEntries(columns)] as const;
  });
  return Object.fromEntries(sliced) as EventTables;
}

/** A checksum of each row. `lengths` say how long the rows are that the columns are of, and lie in `memory`. */
export function checksumsOf(tables: EventTables, lengths: Lengths, memory: TallyMemory): Uint32Array {
  const columns = NAMES.flatMap((table) => {
    const { byteOffset } = lengths[TABLES_OF_EVENTS[table]];
    const there = Object.values<Narrow>(tables[table]).filter(({ width }) => width > 0);
    return there.map(({ address, width }) => [address, width, byteOffset] as const);
  });
  const list = memory.u32(columns.length * 3);
  list.set(columns.flat());
  const sums = memory.u32(lengths.events.length);
  memory.native.checksumRows(list.byteOffset, columns.length, sums.length, sums.byteOffset);
  return sums;
}
