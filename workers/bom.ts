/** A byte order mark of UTF-8, which is not part of the line it begins (number 1 of `docs/decisions/0002`). */
export const BOM = [0xef, 0xbb, 0xbf] as const;

export function hasBom(bytes: Uint8Array, at: number): boolean {
  return BOM.every((byte, i) => bytes[at + i] === byte);
}
