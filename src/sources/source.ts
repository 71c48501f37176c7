import type { EventWriter } from "../event-writer.ts";
import type { SourceName } from "../types.ts";
import type { Field } from "./fields.ts";

/** What one agent's records mean. One file a source; everything else treats all agents alike. */
export interface Source {
  readonly name: SourceName;
  /** The declared shape of a record. */
  readonly record: Field;
  /**
   * Turns one record into events. Returns false when a declared value is bad; then nothing of the line counts,
   * so nothing may have been written.
   */
  decode(cells: Cells, events: EventWriter): boolean;
  /** Notes what a user may have written in a record that became an event in the kernel (`workers/kernel/claude.ts`). */
  noteMessage?(cells: Cells, events: EventWriter): void;
  /**
   * The lines that stand for a document, or as bytes those that it holds as they are; undefined when it is none yet. What it
   * reads beside the document has to be in its stamp, too (`stampWithParts`). Throws an error with a `code` when it cannot be read.
   */
  unpack?(bytes: Buffer, path: string): string | Buffer | undefined;
}

/** One line's declared values, by slot. Valid until the next line. */
export interface Cells {
  has(slot: number): boolean;
  /** Whether any slot from `first` to `last` holds a bad count. */
  hasBadCount(first: number, last: number): boolean;
  /** A count; 0 when absent. */
  count(slot: number): number;
  /** Milliseconds UTC; NaN when absent or unreadable. */
  time(slot: number): number;
  /** A number as it is written; undefined when absent. */
  decimal(slot: number): string | undefined;
  /** A flag (0 or 1), the number of a listed text, a counter, or the elements of an array; 0 when absent. */
  integer(slot: number): number;
  /** The two halves of a 64-bit id; 0 when absent. */
  hashLow(slot: number): number;
  hashHigh(slot: number): number;
  /** The number of a text in this batch's table; 0 when absent. */
  text(slot: number): number;
  /** The same text itself. */
  textOf(slot: number): string;
  /** The JSON text of an array, or of what is text in its place, or of what is declared as `json`. */
  json(slot: number): string;
  /** Whether text stands in the place of an array; `json` gives it. */
  isText(slot: number): boolean;
  /** Its first bytes, as far as they are ASCII. */
  startOf(slot: number, bytes: number): string;
  /** Whether these ASCII characters, 2 to 8, stand in the line, before or behind the slot's value. */
  standsBeside(slot: number, text: string): boolean;
  /** The whole line. */
  line(): string;
}
