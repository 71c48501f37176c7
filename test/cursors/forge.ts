/** Cursor files taken apart and put together again with a right checksum (src/cursors/layout.ts has the layout). */
import { pack, unpack } from "msgpackr";
import { checksum } from "./checksum.ts";

const HEADER_BYTES = 32;
const FORMAT_AT = 8;
const CHECKSUM_AT = 12;
const CHECKED_FROM = 16;
const HEAD_CHECKSUM_AT = 16;
const HEAD_CHECKED_FROM = 20;
const ENVELOPE_LENGTH_AT = 20;
const HEAD_LENGTH_AT = 24;

export interface Opened {
  readonly envelope: Record<string, unknown>;
  readonly columns: Buffer;
}

export function open(file: Buffer): Opened {
  const end = HEADER_BYTES + file.readUInt32LE(ENVELOPE_LENGTH_AT);
  const envelope = unpack(file.subarray(HEADER_BYTES, end)) as Record<string, unknown>;
  return { envelope, columns: file.subarray(Math.ceil(end / 8) * 8) };
}

/** Where the envelope ends and the columns begin, about. */
export const envelopeEnd = (file: Buffer): number => HEADER_BYTES + file.readUInt32LE(ENVELOPE_LENGTH_AT);

/** A file with these parts in the manner of a real one. */
export function seal(like: Buffer, { envelope, columns }: { envelope: unknown; columns: Buffer }): Buffer {
  return sealPacked(like, Buffer.from(pack(envelope)), columns);
}

export function sealPacked(like: Buffer, packed: Buffer, columns: Buffer): Buffer {
  const from = Math.ceil((HEADER_BYTES + packed.length) / 8) * 8;
  const file = Buffer.alloc(from + columns.length);
  like.copy(file, 0, 0, HEADER_BYTES);
  const headColumns = like.readUInt32LE(HEAD_LENGTH_AT) - Math.ceil(envelopeEnd(like) / 8) * 8;
  file.writeUInt32LE(from + headColumns, HEAD_LENGTH_AT);
  file.writeUInt32LE(packed.length, ENVELOPE_LENGTH_AT);
  packed.copy(file, HEADER_BYTES);
  columns.copy(file, from);
  return withChecksum(file);
}

export function withFormat(file: Buffer, format: number): Buffer {
  const other = Buffer.from(file);
  other.writeUInt32LE(format, FORMAT_AT);
  return withChecksum(other);
}

/** The same bytes with checksums that say they are sound. */
export function withChecksum(file: Buffer): Buffer {
  const repaired = Buffer.from(file);
  const headEnd = repaired.length < HEADER_BYTES ? 0 : repaired.readUInt32LE(HEAD_LENGTH_AT);
  if (headEnd > HEAD_CHECKED_FROM) {
    repaired.writeUInt32LE(checksum(repaired.subarray(HEAD_CHECKED_FROM, headEnd)), HEAD_CHECKSUM_AT);
  }
  if (repaired.length >= CHECKED_FROM) repaired.writeUInt32LE(checksum(repaired.subarray(CHECKED_FROM)), CHECKSUM_AT);
  return repaired;
}

/** Some bytes overwritten, the checksum right. */
export function overwrite(file: Buffer, at: number, bytes: readonly number[]): Buffer {
  const changed = Buffer.from(file);
  Buffer.from(bytes).copy(changed, at);
  return withChecksum(changed);
}
