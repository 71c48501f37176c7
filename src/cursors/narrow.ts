/** Columns as narrow as their largest number lets them be. */
import { paddedTo8 } from "../events.ts";

/** How many bytes a number of a column takes: 8 are a double, fewer an unsigned whole number; all of none are 0. */
export type Width = 0 | 1 | 2 | 4 | 6 | 8;

/** A column in a memory. */
export interface Narrow {
  readonly address: number;
  readonly width: Width;
  readonly length: number;
}

/** A table this long is nothing that a file could hold. */
export const MOST_ELEMENTS = 2 ** 28;

export type Numbers = Readonly<ArrayLike<number>>;

export function isWidth(value: unknown): value is Width {
  return value === 0 || value === 1 || value === 2 || value === 4 || value === 6 || value === 8;
}

/** The least width that holds every value exactly. */
export function widthOf(values: Uint32Array | Float64Array): Width {
  let all = 0;
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const bits = value >>> 0;
    if (bits === value && !Object.is(value, -0)) {
      all |= bits;
    } else {
      if (!(value > 0 && value <= MOST_WHOLE && Math.floor(value) === value)) return 8;
      if (value > most) most = value;
    }
  }
  return widthFor(Math.max(all >>> 0, most));
}

/** The largest number of 6 bytes. */
const MOST_WHOLE = 2 ** 48 - 1;

/** The least width that holds numbers up to `most`. */
export function widthFor(most: number): Width {
  return most === 0 ? 0 : most < 2 ** 8 ? 1 : most < 2 ** 16 ? 2 : most < 2 ** 32 ? 4 : 6;
}

/** Bytes of a column, rounded up so that any other can follow. */
export function paddedBytes(width: Width, length: number): number {
  return paddedTo8(width * length);
}

/** Whole numbers from 0 on, whatever stands in it. */
export function isWhole({ width }: Narrow): boolean {
  return width !== 8;
}

/**
 * Whether the columns of a table, so many bytes wide together, have at least half a byte a number. Zeros take none, and what is made of
 * a file is not to be far larger than it is, whatever it says of itself.
 */
export function isDense(bytes: number, columns: number): boolean {
  return bytes * 2 >= columns;
}

/** Puts values into `bytes`, from a multiple of 8 on. */
export function putNumbers(values: Uint32Array | Float64Array, width: Width, bytes: Uint8Array, at: number): void {
  if (width === 0) return;
  if (width !== 6) {
    arrayAt(width, bytes.buffer, bytes.byteOffset + at, values.length).set(values);
    return;
  }
  const thirds = new Uint16Array(bytes.buffer, bytes.byteOffset + at, values.length * 3);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    thirds[3 * i] = value;
    thirds[3 * i + 1] = value / 2 ** 16;
    thirds[3 * i + 2] = value / 2 ** 32;
  }
}

/** The numbers of a column. Those of 6 bytes are copied, others are there as long as their memory is not used again. */
export function numbersOf({ address, width, length }: Narrow, buffer: ArrayBufferLike): Numbers {
  if (width !== 6) return arrayAt(width, buffer, address, length);
  const thirds = new Uint16Array(buffer, address, length * 3);
  const third = (i: number) => thirds[i] as number;
  return Float64Array.from({ length }, (_, i) => {
    return third(3 * i) + third(3 * i + 1) * 2 ** 16 + third(3 * i + 2) * 2 ** 32;
  });
}

function arrayAt(width: Exclude<Width, 6>, buffer: ArrayBufferLike, address: number, length: number) {
  switch (width) {
    case 0:
      return new Uint8Array(length);
    case 1:
      return new Uint8Array(buffer, address, length);
    case 2:
      return new Uint16Array(buffer, address, length);
    case 4:
      return new Uint32Array(buffer, address, length);
    case 8:
      return new Float64Array(buffer, address, length);
  }
}
