/** Columns as narrow as their largest number lets them be. */

export type Narrow = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** How many bytes a number of a column may take. */
export const WIDTHS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: Float64Array } as const;
export type Width = keyof typeof WIDTHS;

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
  return Math.ceil((width * length) / 8) * 8;
}

/** The largest number; 0 of none. Not a number: NaN. */
export function maxOf(column: Narrow, from = 0, to = column.length): number {
  let max = 0;
  for (let i = from; i < to; i++) {
    const value = column[i] as number;
    if (!(value <= max)) max = value;
  }
  return max;
}
