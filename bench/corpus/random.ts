/** sfc32: small, fast, and the same on every machine. The corpus has no other source of chance. */
export interface Random {
  /** 32 random bits. */
  u32(): number;
  /** In [0, 1). */
  unit(): number;
  /** Integer in [min, max]. */
  int(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** In [min, max), every doubling equally likely. */
  logUniform(min: number, max: number): number;
  /** Mean 0, deviation 1. */
  normal(): number;
}

export function createRandom(seed: number, stream = 0): Random {
  let a = seed >>> 0;
  let b = stream >>> 0;
  let c = 0x9e3779b9;
  let counter = 1;
  const u32 = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 15; i++) u32();
  const unit = (): number => u32() / 4294967296;
  return {
    u32,
    unit,
    int: (min, max) => min + Math.floor(unit() * (max - min + 1)),
    chance: (probability) => unit() < probability,
    pick: (from) => from[Math.floor(unit() * from.length)] as (typeof from)[number],
    logUniform: (min, max) => min * Math.exp(unit() * Math.log(max / min)),
    normal: () => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit()),
  };
}

const HEX = Array.from({ length: 65536 }, (_, i) => i.toString(16).padStart(4, "0"));
const LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

export function uuid(random: Random): string {
  const p = random.u32();
  const q = random.u32();
  const r = random.u32();
  const s = random.u32();
  const version = HEX[0x4000 | (q & 0x0fff)];
  const variant = HEX[0x8000 | (r & 0x3fff)];
  return `${HEX[p >>> 16]}${HEX[p & 65535]}-${HEX[q >>> 16]}-${version}-${variant}-${HEX[r >>> 16]}${HEX[s >>> 16]}${HEX[s & 65535]}`;
}

/** Letters and digits as in message, request and tool ids. */
export function id(random: Random, prefix: string, length: number): string {
  let text = prefix;
  for (let i = 0; i < length; i += 5) {
    let bits = random.u32();
    for (let j = i; j < length && j < i + 5; j++) {
      text += LETTERS[bits % 58];
      bits = Math.floor(bits / 58);
    }
  }
  return text;
}

export function hex(random: Random, length: number): string {
  let text = "";
  while (text.length < length) text += HEX[random.u32() & 65535];
  return text.slice(0, length);
}
