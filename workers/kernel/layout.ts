/**
 * Where things lie in the instance's memory. The TypeScript side (`workers/projection.ts`, `workers/scanner.ts`)
 * repeats these numbers; `test/kernel/layout.test.ts` holds the two against each other.
 *
 *   0 .. SCRATCH        projection tables, written once by the host
 *   SCRATCH .. ROWS     unescaped keys, ids and enum texts
 *   ROWS .. BUFFER      result rows, ROW_LIMIT of them
 *   BUFFER .. end       bytes of the transcript, then one LF that is not the file's, then SLACK readable bytes
 */
export const SCRATCH: usize = 0x8000;
export const SCRATCH_BYTES: usize = 0x8000;
export const ROWS: usize = 0x10000;
export const ROW_LIMIT: u32 = 64;
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
export const KIND_TAG: u32 = 9; // in an element: the listed text decides which counter of the array goes up
