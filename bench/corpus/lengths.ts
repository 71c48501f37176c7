import type { Random } from "./random.ts";

/** Share of lines (any unit) and the bytes they span; inside a step every doubling is equally likely. */
type Steps = readonly (readonly [share: number, min: number, max: number])[];

// Fitted so that all types together give the table of formats/claude-code.md section 7.
const USER: Steps = [
  [23, 560, 768],
  [11.5, 768, 1024],
  [10, 1024, 1536],
  [7, 1536, 2048],
  [15, 2048, 4096],
  [12.5, 4096, 8192],
  [8.6, 8192, 16384],
  [6.3, 16384, 32768],
  [4.9, 32768, 65536],
  [0.97, 65536, 131072],
  [0.16, 131072, 262144],
  [0.045, 262144, 2_150_000],
];
const ASSISTANT: Steps = [
  [26, 820, 1024],
  [41, 1024, 1536],
  [14, 1536, 2048],
  [11.5, 2048, 4096],
  [3.9, 4096, 8192],
  [1.3, 8192, 16384],
  [0.45, 16384, 32768],
  [0.12, 32768, 65536],
];
const BASH_PROGRESS: Steps = [
  [83, 600, 700],
  [6, 768, 1024],
  [2.5, 1024, 1536],
  [8.5, 1536, 2048],
];
const ATTACHMENT: Steps = [
  [18, 400, 512],
  [60, 512, 800],
  [8, 800, 1500],
  [5, 1500, 4096],
  [2, 4096, 8192],
  [0.2, 8192, 16384],
];

const sampler = (steps: Steps): ((random: Random) => number) => {
  const sum = steps.reduce((total, [share]) => total + share, 0);
  return (random) => {
    let at = random.unit() * sum;
    for (const [share, min, max] of steps) {
      if (at < share) return random.logUniform(min, max);
      at -= share;
    }
    return 1000;
  };
};

/** Bytes of the next line of a type. */
export const userLength = sampler(USER);
export const assistantLength = sampler(ASSISTANT);
export const bashProgressLength = sampler(BASH_PROGRESS);
export const attachmentLength = sampler(ATTACHMENT);
