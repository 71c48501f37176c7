/** Columns as narrow as their largest number lets them be. */
import { paddedTo8 } from "../events.ts";

/** How many bytes a number of a column may take. */
export const WIDTHS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: Float64Array } as const;
export type Width = keyof typeof WIDTHS;

/** A column in a memory. */
export interface Narrow {
  readonly address: number;
  readonly width: Width;
  readonly length: number;
}

export function isWidth(value: unknown): value is Width {
  return value === 1 || value === 2 || value === 4 || value === 8;
}

/** The least width that holds every value exactly. */
export function widthOf(values: Uint32Array | Float64Array): Width {
  let all = 0;
  if (values instanceof Uint32Array) {
    for (let i = 0; i < values.length; i++) all |= values[i] as number;
  } else {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      const bits = value >>> 0;
      if (bits !== value || Object.is(value, -0)) return 8;
      all |= bits;
    }
  }
  return all >>> 0 < 1 << 8 ? 1 : all >>> 0 < 1 << 16 ? 2 : 4;
}

/** Bytes of a column, rounded up so that any other can follow. */
export function paddedBytes(width: Width, length: number): number {
  return paddedTo8(width * length);
}

/** Numbers from 0 to 2^32 - 1. */
export function isWhole({ width }: Narrow): boolean {
  return width !== 8;
}
