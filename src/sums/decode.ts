/** The bytes of a file to sums, or to nothing where they are no use; `layout.ts` says how they lie there. */
import { unpack } from "msgpackr/unpack";
import { areCounts } from "../cursors/check.ts";
import { CursorFile } from "../cursors/file.ts";
import { checksumOf, textList } from "../cursors/layout.ts";
import { isWidth, MOST_ELEMENTS, type Narrow, paddedBytes } from "../cursors/narrow.ts";
import { ScanError } from "../errors.ts";
import { type Columns, paddedTo8, type Spec } from "../events.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { FILE, FIRST_MODEL, MEMBER, SUM_TABLES } from "./columns.ts";
import { type Envelope, FORMAT, HEADER_BYTES, MAGIC, TABLE_NAMES } from "./layout.ts";

export type NarrowSums = { readonly [Name in keyof typeof SUM_TABLES]: Readonly<Record<string, Narrow>> };

/** The sums in a file. */
export interface DecodedSums {
  /** Names of cursor files, in the order of the columns. */
  readonly files: readonly string[];
  readonly models: readonly string[];
  readonly file: Columns<typeof FILE>;
  readonly member: Columns<typeof MEMBER>;
  /** From which on those in `tables` count. */
  readonly firstQuarter: number;
  /** Where the members of each file begin, and where those of the last one end. */
  readonly firstMember: Uint32Array;
  readonly tables: NarrowSums;
}

/** What a file has whose key is right, its columns in `memory`. Undefined: absent, or no use. */
export function readSums(
  path: string,
  isRight: (key: string) => boolean,
  memory: TallyMemory,
): DecodedSums | undefined {
  const start = memory.next;
  const file = CursorFile.open(path, memory);
  let stored: DecodedSums | undefined;
  try {
    if (file?.read(0, file.bytes.length)) stored = decodeSums(file.bytes, isRight, memory);
  } catch (error) {
    // Else only what is no MessagePack or no JSON comes here: a forged file.
    if (error instanceof ScanError) throw error;
  } finally {
    file?.close();
    if (!stored) memory.release(start);
  }
  return stored;
}

function decodeSums(
  bytes: Uint8Array<ArrayBuffer>,
  isRight: (key: string) => boolean,
  memory: TallyMemory,
): DecodedSums | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const [low, high, format, checksum, packedBytes = 0] = new Uint32Array(
    bytes.buffer,
    bytes.byteOffset,
    HEADER_BYTES / 4,
  );
  if (low !== MAGIC[0] || high !== MAGIC[1] || format !== FORMAT) return undefined;
  if (packedBytes > bytes.length - HEADER_BYTES || checksum !== checksumOf(bytes, memory)) return undefined;
  const packed = bytes.slice(HEADER_BYTES, HEADER_BYTES + packedBytes);
  const envelope = unpack(packed) as Partial<Envelope> | null;
  if (typeof envelope !== "object" || typeof envelope?.key !== "string" || !isRight(envelope.key)) return undefined;
  const tables = openTables(envelope, bytes, paddedTo8(HEADER_BYTES + packedBytes));
  const [files, models] = [textList(envelope.files), textList(envelope.models)];
  const { firstQuarter = -1 } = envelope;
  if (!tables || !files || !models || firstQuarter >>> 0 !== firstQuarter) return undefined;
  const file = widen(FILE, tables.file, memory);
  const member = widen(MEMBER, tables.member, memory);
  const members = member.row.length;
  const firstMember = memory.u32(files.length + 1);
  const isBelow = (table: "member" | "kind" | "sum" | "low", name: string, end: number) =>
    tables[table][name]?.length === 0 || largestOf(tables[table][name], memory) < end;
  const isSound =
    files.length === file.members.length &&
    memory.native.sumStarts(file.members.byteOffset, files.length, firstMember.byteOffset) === members &&
    isBelow("member", "cluster", members) &&
    isBelow("kind", "member", members) &&
    isBelow("kind", "model", models.length + FIRST_MODEL) &&
    isBelow("sum", "kind", tables.kind["member"]?.length ?? 0) &&
    isBelow("low", "member", members) &&
    isBelow("sum", "quarter", 2 ** 32 - firstQuarter) &&
    Object.values(tables.sum).every((column) => areCounts(column, memory.native));
  return isSound ? { files, models, file, member, firstQuarter, firstMember, tables } : undefined;
}

/** Where the columns of a file lie; undefined when they are not all the rest of its bytes. */
function openTables({ lengths, widths }: Partial<Envelope>, bytes: Uint8Array, from: number): NarrowSums | undefined {
  if (!Array.isArray(lengths) || !(widths instanceof Uint8Array)) return undefined;
  const tables: Record<string, Record<string, Narrow>> = {};
  let [at, column] = [from, 0];
  for (const [i, table] of TABLE_NAMES.entries()) {
    const length: unknown = lengths[i];
    if (!Number.isInteger(length) || (length as number) < 0 || (length as number) > MOST_ELEMENTS) return undefined;
    const columns: Record<string, Narrow> = {};
    for (const [name, type] of Object.entries<Spec[string]>(SUM_TABLES[table])) {
      const width = widths[column++];
      if (!isWidth(width) || (type === Uint32Array && width > 4)) return undefined;
      columns[name] = { address: bytes.byteOffset + at, width, length: length as number };
      at += paddedBytes(width, length as number);
    }
    // What is made of a file is not to be far larger than it is.
    if (Object.values(columns).every(({ width }) => width === 0) && length !== 0) return undefined;
    tables[table] = columns;
  }
  return at === bytes.length && column === widths.length ? (tables as NarrowSums) : undefined;
}

function widen<S extends Spec>(spec: S, narrow: NarrowSums[keyof NarrowSums], memory: TallyMemory): Columns<S> {
  const length = Object.values(narrow)[0]?.length ?? 0;
  const columns = memory.columns(spec, length);
  for (const [name, column] of Object.entries(columns)) widenInto(narrow[name] as Narrow, column, memory);
  return columns;
}

/** `to` is zero. */
export function widenInto(
  { address, width, length }: Narrow,
  to: Float64Array | Uint32Array,
  { native }: TallyMemory,
): void {
  if (width === 0) return;
  if (to instanceof Float64Array) native.widenF64(address, width, length, to.byteOffset);
  else native.widenU32(address, width, length, to.byteOffset);
}

/** 0 of none. */
function largestOf(column: Narrow | undefined, { native }: TallyMemory): number {
  return column ? native.largest(column.address, column.width, column.length) >>> 0 : 0;
}
