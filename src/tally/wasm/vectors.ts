/** Running totals of one rollout, each kept once: vectors of six doubles, as `codex.ts` has them. */
import { f64At, setU32, u32At } from "./table";

export const PARTS: u32 = 6;
export const TOTAL: u32 = 5;
export const VECTOR_BYTES: usize = 48;

/** The vectors of one rollout: `seen` of them, one behind the other. */
let vectorsAt: usize = 0;
let seen: u32 = 0;
/** By hash, the number of a vector plus 1. Holds the first `listed` of them: it is filled when first asked. */
let placesAt: usize = 0;
let last: u32 = 0;
let listed: u32 = 0;
let largest: f64 = -1;

/**
 * Begins a set with none in it. It needs room for as many vectors at `vectors` as will be asked for, and at `places` for
 * four u32 for each of them, and 64 more. Neither need be zero.
 */
export function forgetVectors(vectors: usize, places: usize): void {
  vectorsAt = vectors;
  placesAt = places;
  seen = 0;
  last = 0;
  listed = 0;
  largest = -1;
}

/** Adds a vector; false when it is there already. Most come with a larger total than any before: these are new at a glance. */
export function isNew(vector: usize): bool {
  const total = f64At(vector, TOTAL);
  if (total <= largest && isThere(vector)) return false;
  if (total > largest) largest = total;
  memory.copy(vectorsAt + (<usize>seen) * VECTOR_BYTES, vector, VECTOR_BYTES);
  seen++;
  return true;
}

function isThere(vector: usize): bool {
  list();
  for (let at = hashOf(vector) & last; u32At(placesAt, at); at = (at + 1) & last) {
    if (areSame(vectorsAt + (<usize>(u32At(placesAt, at) - 1)) * VECTOR_BYTES, vector)) return true;
  }
  return false;
}

/** Enters the vectors that are not yet among the places. */
function list(): void {
  if (last < seen * 2) {
    while (last < seen * 2) last = last ? last * 2 + 1 : 63;
    memory.fill(placesAt, 0, (<usize>last + 1) << 2);
    listed = 0;
  }
  for (; listed < seen; listed++) {
    let at = hashOf(vectorsAt + (<usize>listed) * VECTOR_BYTES) & last;
    while (u32At(placesAt, at)) at = (at + 1) & last;
    setU32(placesAt, at, listed + 1);
  }
}

export function areSame(a: usize, b: usize): bool {
  for (let part: u32 = 0; part < PARTS; part++) if (f64At(a, part) != f64At(b, part)) return false;
  return true;
}

function hashOf(vector: usize): u32 {
  let hash: u64 = 0;
  for (let part: u32 = 0; part < PARTS; part++) {
    hash = (hash ^ reinterpret<u64>(f64At(vector, part))) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  return <u32>(hash >> 16);
}
