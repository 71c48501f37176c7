/**
 * Where things lie in the instance's memory. The TypeScript side (`workers/projection.ts`, `workers/scanner.ts`)
 * repeats these numbers; `test/kernel/layout.test.ts` holds the two against each other.
 *
 *   0 .. SCRATCH        projection tables, written once by the host
 *   SCRATCH .. ROWS     unescaped keys, ids and enum texts
 *   ROWS .. MEMOS       result rows, ROW_LIMIT of them
 *   MEMOS .. EVENTS     members met before (`memos.ts`)
 *   EVENTS .. BUFFER    events made so far, and what makes the next one (`events.ts`)
 *   BUFFER .. end       bytes of the transcript, then one LF that is not the file's, then SLACK readable bytes
 */
export const SCRATCH: usize = 0x8000;
export const SCRATCH_BYTES: usize = 0x8000;
export const ROWS: usize = 0x10000;
export const ROW_LIMIT: u32 = 64;
export const MEMOS: usize = 0x21000;
export const MEMOS_END: usize = 0x2f000;
export const EVENTS: usize = 0x30000;
export const BUFFER: usize = 0x1e0000;

// A row: header, then one 16 byte cell a slot.
export const ROW_LINE_START: usize = 0; // u32, address of the line's first byte
export const ROW_LINE_END: usize = 4; // u32, address of its LF
export const ROW_STATUS: usize = 8; // u32
export const ROW_LINE_INDEX: usize = 12; // u32, lines since `resetLines`
export const ROW_PRESENT: usize = 16; // u64, a bit a slot
export const ROW_ODD: usize = 24; // u64, a bit a slot: see the cell types
export const ROW_CELLS: usize = 32;
export const CELL_BYTES: usize = 16;

export const STATUS_OBJECT: u32 = 1;
export const STATUS_MALFORMED: u32 = 2;
export const STATUS_VALUE: u32 = 3;
export const STATUS_MESSAGE: u32 = 4; // an event already; a user may have written it

// A table: u32 mask of the entry index, 12 bytes unused, then (mask + 1) entries.
export const TABLE_ENTRIES: usize = 16;
export const ENTRY_BYTES: usize = 64;
export const ENTRY_FIRST: usize = 0; // u64, bytes 0..8 of the key, zero filled
export const ENTRY_LAST: usize = 8; // u64, the last 8 bytes when it is longer than 8
export const ENTRY_SECOND: usize = 16; // u64, bytes 8..16 when it is longer than 16
export const ENTRY_THIRD: usize = 24; // u64, bytes 16..24 when it is longer than 24
export const ENTRY_LENGTH: usize = 32; // u32, 1 to 32; 0 marks a free entry
export const ENTRY_KIND: usize = 36; // u32
export const ENTRY_SLOT: usize = 40; // u32; in the table of an enum: the value
export const ENTRY_CHILD: usize = 44; // u32, address of the child's table
export const ENTRY_SUBTREE: usize = 48; // u64, the slots at and below this entry
export const MAX_KEY_BYTES: i32 = 32;

// What a declared value is, and what its cell holds.
export const KIND_OBJECT: u32 = 1; // walked; the cell is only a presence bit
export const KIND_EACH: u32 = 2; // array of objects: u32 elements, u32 start, u32 length; odd and not present: text in its place
export const KIND_COUNT: u32 = 3; // f64, exact integer; odd: not one
export const KIND_TIME: u32 = 4; // f64 ms UTC; odd: text or number for the host, u32 start, u32 length
export const KIND_HASH: u32 = 5; // u64 of the unescaped text
export const KIND_TEXT: u32 = 6; // u64 of the bytes as they stand, u32 start, u32 length; odd: has escapes
export const KIND_BOOL: u32 = 7; // u32
export const KIND_ENUM: u32 = 8; // u32, 0 for a text that is not listed
export const KIND_JSON: u32 = 10; // any value but null: u32 start, u32 length
export const KIND_TAG: u32 = 9; // in an element: the listed text decides which counter of the array goes up

// A memo: the member's text, then what is known of it. Text is compared 32 bytes at a time.
export const MEMO_BYTES: usize = 128;
export const MEMO_HEAD: usize = 64; // u8, of the first 32 bytes, how many are the member's; 255 when only its key is known
export const MEMO_TAIL: usize = 65; // u8, of the next 32
export const MEMO_KEY: usize = 66; // u8, length of the key with its quotes and colon
export const MEMO_MISSES: usize = 67; // u8, values since the text last came again
export const MEMO_ENTRY: usize = 68; // u32, entry of the declared field, 0 when there is none
export const MEMO_CELL: usize = 72; // u64, first half of the cell; of a tag, its number
export const MEMO_SPAN: usize = 80; // second half of the cell: u32 start, from the member's start, u32 length
export const MEMO_PRESENT: usize = 88; // u64, the slot's bit in ROW_PRESENT
export const MEMO_ODD: usize = 96; // u64, the slot's bit in ROW_ODD
export const MEMO_NEXT: usize = 104; // u32, link: memo of the member behind it
export const MEMO_CHILD: usize = 108; // u32, link: memo of the first member of the object that is its value
export const MEMO_OTHER: usize = 112; // u32, next memo at the same link

// How many of each are made, and the numbers their first ones have; all u32.
export const STATE_EVENTS: usize = 0x30000;
export const STATE_RECORDS: usize = 0x30004;
export const STATE_USAGES: usize = 0x30008;
export const STATE_EVENT_BASE: usize = 0x3000c;
export const STATE_RECORD_BASE: usize = 0x30010;
export const STATE_USAGE_BASE: usize = 0x30014;
// What the host wants.
export const STATE_FOLDS: usize = 0x30018; // u32: records that say the same become one event
export const STATE_WANTS_MESSAGE: usize = 0x3001c; // u32: what users write is to be looked at
export const STATE_MAX_LINE_BYTES: usize = 0x30020; // u32
export const STATE_SOURCE: usize = 0x30024; // u32: whose ordinary records become events here
export const STATE_TAKEN: usize = 0x30028; // u32: lines that did, since the host put it to 0
export const STATE_WANTS_DISPATCHES: usize = 0x3002c; // u32: calls that start agents and results that name them are to be looked at
// Of the range: text numbers, 0 for none.
export const RANGE_SESSION_ID: usize = 0x30040; // u32
export const RANGE_AGENT_NAME: usize = 0x30044; // u32
export const RANGE_AGENT_TYPE: usize = 0x30048; // u32
export const RANGE_TEAM: usize = 0x3004c; // u32
export const RANGE_CWD: usize = 0x30050; // u32
export const RANGE_USAGE_RECORDS: usize = 0x30054; // u32
export const RANGE_CWD_TIME: usize = 0x30058; // f64 ms, Infinity for none
// The record at hand (`src/record-draft.ts`).
export const DRAFT_TIME: usize = 0x30080; // f64, NaN for none
export const DRAFT_ID: usize = 0x30088; // u64
export const DRAFT_RESPONSE: usize = 0x30090; // u64
export const DRAFT_REQUEST: usize = 0x30098; // u64
export const DRAFT_FLAGS: usize = 0x300a0; // u32
export const DRAFT_MODEL: usize = 0x300a4; // u32
export const DRAFT_TOOL_USES: usize = 0x300a8; // u32
export const DRAFT_CONTEXT: usize = 0x300ac; // u32
export const DRAFT_HAS_EXTRAS: usize = 0x300b0; // u32
export const DRAFT_TERMS: usize = 0x300b4; // u32
export const DRAFT_AMOUNTS: usize = 0x300c0; // AMOUNTS f64, in the order of `USAGE` of `src/events.ts`
export const AMOUNTS: usize = 8;

// Texts and contexts the host has numbered: the one met last of those with the same low bits.
export const KNOWN_TEXTS: usize = 0x31000;
export const KNOWN_TEXTS_LENGTH: usize = 1024;
export const KNOWN_TEXT_BYTES: usize = 16; // u64 hash, u32 number; number 0: free
export const KNOWN_CONTEXTS: usize = 0x35000;
export const KNOWN_CONTEXTS_LENGTH: usize = 64;
export const KNOWN_CONTEXT_BYTES: usize = 32; // six u32 text numbers, u32 number + 1; 0: free

// Tables of ROOM elements: the columns of `src/events.ts`, wide ones first, else in their order there. A shard of 16 MB seldom has
// more records; no multiple of 1024, or one element's columns would share few sets of the first cache.
export const ROOM: usize = 10256;
export const EVENT_COLUMNS: usize = 0x36000;
export const RECORD_COLUMNS: usize = 0xf44c0;
export const USAGE_COLUMNS: usize = 0x130640;

export const FLAG_USAGE: u32 = 1;
export const FLAG_SIDE_CHAIN: u32 = 2;
export const FLAG_NESTED: u32 = 4;
export const FLAG_RESPONSE_ID: u32 = 8;
export const FLAG_REQUEST_ID: u32 = 16;
export const FLAG_FINAL: u32 = 32;
export const FLAG_LONG_BLOCK: u32 = 64;
export const FLAG_READING: u32 = 128;
export const FLAG_ONLY_LAST: u32 = 256;
export const FLAG_REVIEW_START: u32 = 512;
export const FLAG_REVIEW_END: u32 = 1024;
export const FLAG_TURN: u32 = 2048;
export const FLAG_STANDS_ALONE: u32 = 130944;
export const TERM_FAST: u32 = 1;
export const TERM_BATCH: u32 = 2;
export const TERM_PRIORITY: u32 = 8;
export const TERM_US: u32 = 16;

// Sources whose ordinary records become events in the kernel; 0: no other's do.
export const SOURCE_CLAUDE: u32 = 1;
export const SOURCE_CODEX: u32 = 2;
