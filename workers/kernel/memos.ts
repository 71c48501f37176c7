/**
 * Remembers members of objects, since records of one type follow each other with the same keys in the same order
 * and half of their values do not change either (`"isSidechain":false,"userType":"external","cwd":"/src/app"`).
 *
 * A memo is the text of a member, `"key":value,` with the comma or brace behind it, and what the row got by it. It
 * hangs at a link: at the member that stood before it, at the member whose object it is the first of, or at the
 * root. Members met at the same link form a chain. What is in the text is compared, byte by byte: the same bytes
 * of the same table have been walked before, and what they give depends on nothing else. So a wrong guess costs
 * time and nothing more.
 *
 * Everything is forgotten when the room for memos runs out, between two lines, so that no link leads to a memo of
 * another table.
 */
import * as L from "./layout";
import { cell, oddBits, presentBits, replaceBits, setTag, tag } from "./row";

const TEXT_BYTES: usize = 64;
/** Of the text, what the first comparison sees: the key must fit. */
const HEAD_BYTES: usize = 32;
/** Members in a chain. Most links have one or two. */
const CHAIN: i32 = 8;
/** Members that a line may add once there is little room; those beyond are not remembered. */
const RESERVE: usize = 64 * L.MEMO_BYTES;
/** More than any comparison can find equal. */
const NEVER: u8 = 255;
/** After so many values in a row that did not come again, only now and then is another one tried. */
const PATIENCE: u8 = 4;
const PAUSE: u8 = 63;

/** A memo that fits nowhere; ends each chain. Nothing hangs at its links. */
export const NO_MEMO: usize = L.MEMOS;
/** The memo of the record itself. */
const ROOT: usize = NO_MEMO + L.MEMO_BYTES;

let free: usize = L.MEMOS;
let knownRoot: usize = 0;

/** The link of a record's first member. */
// @ts-ignore: decorator
@inline
export function linkOfRoot(root: usize): usize {
  if (root != knownRoot || free > L.MEMOS_END - RESERVE) forgetAll(root);
  return ROOT + L.MEMO_CHILD;
}

function forgetAll(root: usize): void {
  knownRoot = root;
  free = L.MEMOS;
  newMemo(0, NEVER);
  newMemo(0, NEVER);
}

function newMemo(entry: usize, keyBytes: u8): usize {
  const memo = free;
  free += L.MEMO_BYTES;
  store<u8>(memo, NEVER, L.MEMO_HEAD);
  store<u8>(memo, 0, L.MEMO_TAIL);
  store<u8>(memo, keyBytes, L.MEMO_KEY);
  store<u8>(memo, 0, L.MEMO_MISSES);
  store<u32>(memo, <u32>entry, L.MEMO_ENTRY);
  store<u32>(memo, <u32>NO_MEMO, L.MEMO_NEXT);
  store<u32>(memo, <u32>NO_MEMO, L.MEMO_CHILD);
  store<u32>(memo, <u32>NO_MEMO, L.MEMO_OTHER);
  return memo;
}

/** How many of the first bytes at `p` are those of the memo, up to 32. */
// @ts-ignore: decorator
@inline
export function sameBytes(memo: usize, p: usize): u32 {
  const low = i8x16.bitmask(i8x16.eq(v128.load(memo), v128.load(p)));
  const high = i8x16.bitmask(i8x16.eq(v128.load(memo, 16), v128.load(p, 16)));
  return ctz(~(low | (high << 16)));
}

/** Length of the key with its quotes and colon; more than `sameBytes` gives for `NO_MEMO`. */
// @ts-ignore: decorator
@inline
export function keyBytes(memo: usize): u32 {
  return <u32>load<u8>(memo, L.MEMO_KEY);
}

/** Whether the whole member is at `p`, of which `same` bytes are known to be. */
// @ts-ignore: decorator
@inline
export function isWhole(memo: usize, same: u32, p: usize): bool {
  if (same < <u32>load<u8>(memo, L.MEMO_HEAD)) return false;
  const tail = <u32>load<u8>(memo, L.MEMO_TAIL);
  return tail == 0 || sameBytes(memo + HEAD_BYTES, p + HEAD_BYTES) >= tail;
}

// @ts-ignore: decorator
@inline
export function wholeBytes(memo: usize): usize {
  return <usize>load<u8>(memo, L.MEMO_HEAD) + <usize>load<u8>(memo, L.MEMO_TAIL);
}

/** Remembers a member by its key, which stands from `start` to behind its colon; `NO_MEMO` when it cannot. */
export function remember(link: usize, start: usize, end: usize, entry: usize): usize {
  if (end - start > HEAD_BYTES || link < ROOT || free >= L.MEMOS_END) return NO_MEMO;
  const memo = newMemo(entry, <u8>(end - start));
  copyHead(memo, start);
  store<u32>(memo, load<u32>(link), L.MEMO_OTHER);
  store<u32>(link, <u32>memo);
  let last = memo;
  for (let i = 1; i < CHAIN && last != NO_MEMO; i++) last = load<u32>(last, L.MEMO_OTHER);
  // The member that has been here longest has left the chain.
  store<u32>(last, <u32>NO_MEMO, L.MEMO_OTHER);
  return memo;
}

/** Does again what reading the member's value did. */
// @ts-ignore: decorator
@inline
export function recall(memo: usize, start: usize): void {
  store<u8>(memo, 0, L.MEMO_MISSES);
  const entry: usize = load<u32>(memo, L.MEMO_ENTRY);
  if (!entry) return;
  if (load<u32>(entry, L.ENTRY_KIND) == L.KIND_TAG) {
    setTag(load<u32>(memo, L.MEMO_CELL));
    return;
  }
  const slots = load<u64>(entry, L.ENTRY_SUBTREE);
  replaceBits(slots, load<u64>(memo, L.MEMO_PRESENT), load<u64>(memo, L.MEMO_ODD));
  // Of every kind alike; where a cell has no span nobody looks at it.
  const to = cell(load<u32>(entry, L.ENTRY_SLOT));
  store<u64>(to, load<u64>(memo, L.MEMO_CELL));
  store<u32>(to, <u32>start + load<u32>(memo, L.MEMO_SPAN), 8);
  store<u32>(to, load<u32>(memo, L.MEMO_SPAN + 4), 12);
}

/** The member with this memo's key stands from `start` to behind its comma or brace, and has been walked just now. */
// @ts-ignore: decorator
@inline
export function learn(memo: usize, start: usize, end: usize): void {
  if (end - start <= TEXT_BYTES && memo != NO_MEMO) learnShort(memo, start, end);
}

function learnShort(memo: usize, start: usize, end: usize): void {
  const entry: usize = load<u32>(memo, L.MEMO_ENTRY);
  const kind = entry ? load<u32>(entry, L.ENTRY_KIND) : 0;
  // Containers are more than one cell; times hardly come twice.
  if (kind == L.KIND_OBJECT || kind == L.KIND_EACH || kind == L.KIND_TIME) return;
  const misses = load<u8>(memo, L.MEMO_MISSES);
  store<u8>(memo, misses + 1, L.MEMO_MISSES);
  if ((misses & PAUSE) >= PATIENCE) return;
  keepText(memo, start, end);
  if (kind == L.KIND_TAG) store<u32>(memo, tag, L.MEMO_CELL);
  else if (entry) keepCell(memo, entry, start);
}

// @ts-ignore: decorator
@inline
function copyHead(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
}

function keepText(memo: usize, start: usize, end: usize): void {
  copyHead(memo, start);
  copyHead(memo + HEAD_BYTES, start + HEAD_BYTES);
  const length = end - start;
  const head = min(length, HEAD_BYTES);
  store<u8>(memo, <u8>head, L.MEMO_HEAD);
  store<u8>(memo, <u8>(length - head), L.MEMO_TAIL);
}

function keepCell(memo: usize, entry: usize, start: usize): void {
  const slots = load<u64>(entry, L.ENTRY_SUBTREE);
  store<u64>(memo, presentBits(slots), L.MEMO_PRESENT);
  store<u64>(memo, oddBits(slots), L.MEMO_ODD);
  const from = cell(load<u32>(entry, L.ENTRY_SLOT));
  store<u64>(memo, load<u64>(from), L.MEMO_CELL);
  store<u32>(memo, load<u32>(from, 8) - <u32>start, L.MEMO_SPAN);
  store<u32>(memo, load<u32>(from, 12), L.MEMO_SPAN + 4);
}
