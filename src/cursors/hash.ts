/** Tells pieces of transcripts apart. Nothing hangs on nobody being able to forge one: who can, can edit the transcript. */

/** Bytes at the head of a transcript, and before its offset, that show it is still the one that was read. */
export const IDENTITY_BYTES = 256;

export interface Hash {
  readonly low: number;
  readonly high: number;
}

/** 64 bits: cyrb53 by bryc (public domain, github.com/bryc/code/blob/master/jshash), over bytes, and with nothing cut off. */
export function hashBytes(bytes: Uint8Array): Hash {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x9e3779b1);
    high = Math.imul(high ^ byte, 0x5f356495);
  }
  const mixedLow = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  const mixedHigh = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(mixedLow ^ (mixedLow >>> 13), 0xc2b2ae35);
  return { low: mixedLow >>> 0, high: mixedHigh >>> 0 };
}
