/** The kernel's memory, as `workers/kernel/layout.ts` has it; `test/kernel/layout.test.ts` compares the two. */
import type { SourceName } from "../src/types.ts";

export const TABLES = 0x1000;
export const TABLES_END = 0x8000;
export const SCRATCH = 0x8000;
export const SCRATCH_BYTES = 0x8000;
export const ROWS = 0x10000;
export const BUFFER = 0x1e0000;
/** Readable bytes behind the data: the widest step of the kernel, rounded up. */
export const SLACK_BYTES = 256;

export const ROW = { lineStart: 0, lineEnd: 4, status: 8, lineIndex: 12, present: 16, odd: 24, cells: 32 } as const;
export const CELL_BYTES = 16;
export const STATUS = { object: 1, malformed: 2, value: 3, message: 4 } as const;

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

/** Of the events being made; u32, but for the times. */
export const STATE = {
  events: 0x30000,
  records: 0x30004,
  usages: 0x30008,
  eventBase: 0x3000c,
  recordBase: 0x30010,
  usageBase: 0x30014,
  folds: 0x30018,
  wantsMessage: 0x3001c,
  maxLineBytes: 0x30020,
  source: 0x30024,
  taken: 0x30028,
  wantsDispatches: 0x3002c,
} as const;
export const RANGE_STATE = {
  sessionId: 0x30040,
  agentName: 0x30044,
  agentType: 0x30048,
  team: 0x3004c,
  cwd: 0x30050,
  usageRecords: 0x30054,
  cwdTimeMs: 0x30058,
} as const;
export const DRAFT = {
  timeMs: 0x30080,
  id: 0x30088,
  response: 0x30090,
  request: 0x30098,
  flags: 0x300a0,
  model: 0x300a4,
  toolUses: 0x300a8,
  context: 0x300ac,
  hasExtras: 0x300b0,
  terms: 0x300b4,
  amounts: 0x300c0,
} as const;
/** Elements of the tables of events, records and usages. */
export const ROOM = 10256;
export const EVENT_COLUMNS = 0x36000;
export const RECORD_COLUMNS = 0xf44c0;
export const USAGE_COLUMNS = 0x130640;

/** Sources whose ordinary records become events in the kernel, as `STATE.source` has them. */
export const SOURCES: Partial<Record<SourceName, number>> = { claude: 1, codex: 2 };
