/** Hashes of small numbers, for tables of places. */

/** What a hash begins with. */
export const SEED: u32 = 0x51_7c_c1_b7;

// @ts-ignore: decorator
@inline
export function mix(hash: u32, value: u32): u32 {
  return ((hash ^ value) * 0x9e3779b1) ^ (hash >> 15);
}
