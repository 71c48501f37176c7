/**
 * Zstandard (RFC 8878), as far as Node's reader leaves something to be asked: all versions take the
 * first of several frames for all of them, and Node 22 also the beginning of one.
 */

const FRAME = 0xfd2fb528;
/** The last digit may be any. */
const SKIPPABLE = 0x184d2a50;
/** A type of block that holds one byte, whatever its size says. */
const RLE = 1;
/** Bytes of a frame's dictionary id and content size, by their flags. */
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const SIZE_BYTES = [0, 2, 4, 8] as const;

/** What was compressed; undefined when the file is cut off. Throws errors with a `code`: `NO_ZSTD` on Node before 22.15, else zlib's. */
export function decompress(bytes: Buffer, mostBytes: number): Buffer | undefined {
  // Not imported: that would take 3 ms of every start.
  const zlib = process.getBuiltinModule("node:zlib");
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (bytes: Buffer, options: object) => Buffer };
  if (!zstdDecompressSync) throw Object.assign(new Error("this Node reads no zstd"), { code: "NO_ZSTD" });
  const frames = framesOf(bytes);
  if (frames === undefined) return undefined;
  let left = mostBytes;
  const parts = frames.map((frame) => {
    const part = zstdDecompressSync(frame, { maxOutputLength: Math.max(1, left) });
    left -= part.length;
    return part;
  });
  return Buffer.concat(parts);
}

/** Undefined when the last one has no end. What is no frame is left to the reader, as one. */
function framesOf(bytes: Buffer): Buffer[] | undefined {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return undefined;
    const magic = bytes.readUInt32LE(at);
    let end = bytes.length;
    if ((magic & ~0xf) >>> 0 === SKIPPABLE) {
      end = at + 8 > bytes.length ? Infinity : at + 8 + bytes.readUInt32LE(at + 4);
    } else {
      if (magic === FRAME) end = endOfFrame(bytes, at + 4);
      frames.push(bytes.subarray(at, end));
    }
    if (end > bytes.length) return undefined;
    at = end;
  }
  return frames;
}

/** Infinity: there is none. */
function endOfFrame(bytes: Buffer, from: number): number {
  const descriptor = bytes[from];
  if (descriptor === undefined) return Infinity;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 && isSingle ? 1 : (SIZE_BYTES[sizeFlag] ?? 0);
  let at = from + 1 + (isSingle ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + sizeBytes;
  for (let isLast = false; !isLast;) {
    if (at + 3 > bytes.length) return Infinity;
    const header = bytes.readUIntLE(at, 3);
    isLast = (header & 1) === 1;
    at += 3 + (((header >> 1) & 3) === RLE ? 1 : header >> 3);
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4);
}
