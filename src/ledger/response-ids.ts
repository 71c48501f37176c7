/** The ids of a session's responses as a ledger keeps them: ascending, 8 bytes each, in base64. */
import type { Hash } from "../cursors/hash.ts";
import type { SourceName } from "../types.ts";

const ID_BYTES = 8;

/**
 * Whether a response is known by the same for good. Amp's may get into a ledger, Copilot CLI's messages into the sums of an end, requests of
 * Qwen Code's telemetry into messages; and OpenCode's are known by what they used, and grow.
 */
export const HAS_LASTING_IDS: Readonly<Record<SourceName, boolean>> = {
  amp: false,
  claude: true,
  codex: true,
  copilot: false,
  gemini: true,
  opencode: false,
  pi: true,
  qwen: false,
};

export function encodeIds(ids: readonly Hash[]): string {
  const distinct = new BigUint64Array(ids.map(({ low, high }) => (BigInt(high) << 32n) | BigInt(low))).sort();
  const bytes = Buffer.alloc(distinct.byteLength);
  let end = 0;
  for (const [i, id] of distinct.entries()) {
    if (i > 0 && id === distinct[i - 1]) continue;
    end = bytes.writeBigUInt64LE(id, end);
  }
  return bytes.subarray(0, end).toString("base64");
}

export function decodeIds(encoded: string): Hash[] {
  const bytes = Buffer.from(encoded, "base64");
  return Array.from({ length: bytes.byteLength / ID_BYTES }, (_, i) => {
    return { low: bytes.readUInt32LE(i * ID_BYTES), high: bytes.readUInt32LE(i * ID_BYTES + 4) };
  });
}

export function areEncodedIds(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const bytes = Buffer.from(value, "base64");
  return bytes.byteLength % ID_BYTES === 0 && bytes.toString("base64") === value;
}

/** Open addressing: a ledger of years holds millions. */
export class IdSet {
  /** How many; one that is there twice counts twice. */
  readonly size: number;
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  /** 1: the place is taken. */
  readonly #isTaken: Uint8Array;
  readonly #last: number;

  constructor(encoded: readonly string[]) {
    const some = encoded.map((text) => Buffer.from(text, "base64"));
    const count = some.reduce((sum, { byteLength }) => sum + byteLength / ID_BYTES, 0);
    this.size = count;
    const places = 2 ** Math.ceil(Math.log2(Math.max(64, count * 2)));
    this.#low = new Uint32Array(places);
    this.#high = new Uint32Array(places);
    this.#isTaken = new Uint8Array(places);
    this.#last = places - 1;
    for (const bytes of some) {
      for (let at = 0; at < bytes.byteLength; at += ID_BYTES)
        this.#add(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
    }
  }

  has({ low, high }: Hash): boolean {
    return this.#isTaken[this.#placeOf(low, high)] === 1;
  }

  #add(low: number, high: number): void {
    const at = this.#placeOf(low, high);
    this.#low[at] = low;
    this.#high[at] = high;
    this.#isTaken[at] = 1;
  }

  /** Where an id is, or would be. */
  #placeOf(low: number, high: number): number {
    let at = low & this.#last;
    while (this.#isTaken[at] === 1 && (this.#low[at] !== low || this.#high[at] !== high)) at = (at + 1) & this.#last;
    return at;
  }
}
