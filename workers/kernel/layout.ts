/**
 * Where things lie in the instance's memory. The TypeScript side (`workers/projection.ts`, `workers/scanner.ts`)
 * repeats these numbers; `test/kernel/layout.test.ts` holds the two against each other.
 *
 *   0 .. SCRATCH        projection tables, written once by the host
 *   SCRATCH .. ROWS     unescaped keys, ids and enum texts
 *   ROWS .. MEMOS       result rows, ROW_LIMIT of them
 *   MEMOS .. BUFFER     members met before (`memos.ts`)
 *   BUFFER .. end       bytes of the transcript, then one LF that is not the file's, then SLACK readable bytes
 */
export const SCRATCH: usize = 0x8000;
export const SCRATCH_BYTES: usize = 0x8000;
export const ROWS: usize = 0x10000;
export const ROW_LIMIT: u32 = 64;
export const MEMOS: usize = 0x21000;
export const MEMOS_END: usize = 0x2f000;
export const BUFFER: usize = 0x30000;

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
export const KIND_EACH: u32 = 2; // array of objects: u32 start, u32 length, u32 elements
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
