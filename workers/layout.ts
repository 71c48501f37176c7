/** The kernel's memory, as `workers/kernel/layout.ts` has it; `test/kernel/layout.test.ts` compares the two. */

export const TABLES = 0x1000;
export const TABLES_END = 0x8000;
export const SCRATCH = 0x8000;
export const SCRATCH_BYTES = 0x8000;
export const ROWS = 0x10000;
export const BUFFER = 0x30000;
/** Readable bytes behind the data: the widest step of the kernel, rounded up. */
export const SLACK_BYTES = 256;

export const ROW = { lineStart: 0, lineEnd: 4, status: 8, lineIndex: 12, present: 16, odd: 24, cells: 32 } as const;
export const CELL_BYTES = 16;
export const STATUS = { object: 1, malformed: 2, value: 3 } as const;

export const ENTRY = {
  tableHeader: 16,
  bytes: 64,
  first: 0,
  last: 8,
  second: 16,
  third: 24,
  length: 32,
  kind: 36,
  slot: 40,
  child: 44,
  subtree: 48,
} as const;
export const MAX_KEY_BYTES = 32;

export const KIND = {
  object: 1,
  each: 2,
  count: 3,
  time: 4,
  hash: 5,
  text: 6,
  flag: 7,
  oneOf: 8,
  tag: 9,
  json: 10,
} as const;
