/**
 * The file of sums in a cache folder (`docs/decisions/0017`):
 *
 *     magic | format | checksum, as in cursor files | envelope bytes | envelope (MessagePack) | columns, each from a multiple of 8 on
 *
 * Like a cursor file it is derived data: there is nothing between whole and absent.
 */
import { SUM_TABLES } from "./columns.ts";

/** "TSIFTSUM" as two numbers. */
export const MAGIC = [0x46495354, 0x4d555354] as const;
/** Goes up with every change to what stands in the file. */
export const FORMAT = 1;
export const HEADER_BYTES = 24;

export const TABLE_NAMES = Object.keys(SUM_TABLES) as Array<keyof typeof SUM_TABLES>;

export interface Envelope {
  /** With what figures were worked out: another one makes others. */
  readonly key: string;
  // JSON lists of texts, as in cursor files.
  /** Names of cursor files. */
  readonly files: string;
  readonly models: string;
  /** From which on those of sums count. */
  readonly firstQuarter: number;
  /** Elements of each table, and bytes of each column's numbers. */
  readonly lengths: readonly number[];
  readonly widths: Uint8Array;
}
