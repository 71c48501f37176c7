/** Scans the ranges of a shard, one after the other, with one kernel. Runs in a worker or in the main thread. */
import { closeSync, openSync, readSync } from "node:fs";
import { hashBytes, IDENTITY_BYTES } from "../src/cursors/hash.ts";
import type { Batch } from "../src/events.ts";
import { assignSlots } from "../src/sources/fields.ts";
import { sourceNamed } from "../src/sources/index.ts";
import { isDocument } from "../src/sources/parsers.ts";
import type { Source } from "../src/sources/source.ts";
import { TaskPattern } from "../src/sources/task-ids.ts";
import type { ByteRange, ScanLimits, Shard } from "../src/plan.ts";
import { BOM, hasBom } from "./bom.ts";
import { RowCells } from "./cells.ts";
import { readDocument } from "./document.ts";
import { EventColumns } from "./event-columns.ts";
import { Kernel } from "./kernel.ts";
import { BUFFER, STATUS } from "./layout.ts";

const LF = 0x0a;
const BLANKS: readonly number[] = [0x20, 0x09, 0x0d];
/** Memory that one long line needed is given back when it is more than this above what is usual. */
const KEEP_BYTES = 8 << 20;
/** What is read at first to finish the line that crosses a range's end. */
const OVERHANG_BYTES = 16 << 10;

/** A kernel for the records of one source, and what goes with it. */
interface Ready {
  readonly kernel: Kernel;
  readonly cells: RowCells;
  readonly events: EventColumns;
}

/** A shard, and where its batch may be written. */
export interface ScanTask {
  readonly shard: Shard;
  readonly spare?: SharedArrayBuffer | undefined;
}

export class Scanner {
  readonly #module: WebAssembly.Module;
  readonly #limits: ScanLimits;
  readonly #tasks: TaskPattern | undefined;
  readonly #kernels = new Map<Source, Ready>();

  constructor(module: WebAssembly.Module, limits: ScanLimits) {
    this.#module = module;
    this.#limits = limits;
    this.#tasks = limits.taskPattern === undefined ? undefined : new TaskPattern(limits.taskPattern);
  }

  scan(task: ScanTask): Batch {
    const steps = this.steps(task);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /** The same, range by range. One shard at a time. */
  *steps({ shard, spare }: ScanTask): Generator<void, Batch> {
    const source = sourceNamed(shard.source);
    const { kernel, cells, events } = this.#readyFor(source);
    for (const range of shard.ranges) {
      events.beginRange(range.transcript, range.start);
      if (isDocument(source.name, range.path)) readDocument(range, kernel, cells, source, events, this.#limits);
      else new RangeReader(range, kernel, cells, source, events, this.#limits).read();
      yield;
    }
    if (kernel.room > this.#limits.chunkBytes * 2 + KEEP_BYTES) this.#kernels.delete(source);
    return events.finish(spare);
  }

  #readyFor(source: Source): Ready {
    let ready = this.#kernels.get(source);
    if (!ready) {
      const { slotCount } = assignSlots(source.record);
      const { chunkBytes, maxLineBytes, folds, dispatches } = this.#limits;
      // A chunk, and what is left over of the line before it.
      const kernel = new Kernel(this.#module, source.record, slotCount, chunkBytes * 2);
      const events = new EventColumns(kernel, { folds, wantsDispatches: dispatches }, this.#tasks);
      kernel.takeOrdinary(source.name, maxLineBytes);
      ready = { kernel, events, cells: new RowCells(kernel, slotCount) };
      this.#kernels.set(source, ready);
    }
    return ready;
  }
}

/**
 * Reads one range. The bytes in memory are `filled` bytes of the transcript from `base` on; `next` is where the
 * first line not yet taken in begins. Rolling moves that line to the front, reading appends behind `filled`.
 */
class RangeReader {
  readonly #range: ByteRange;
  readonly #kernel: Kernel;
  readonly #cells: RowCells;
  readonly #source: Source;
  readonly #events: EventColumns;
  readonly #limits: ScanLimits;
  #file = -1;
  #base: number;
  #filled = 0;
  #next = 0;
  /** Behind the last LF of the lines taken in. */
  #committed = 0;
  /** The committed offset whose anchor is noted. */
  #identified = 0;
  /** Since the range of events began. */
  #bytesRead = 0;
  #records = 0;
  #linesBefore = 0;
  /** Lines that never reached the kernel. */
  #longLines = 0;
  #bomBytes = 0;
  /** Lines that begin before this are the range's. */
  #end: number;

  constructor(
    range: ByteRange,
    kernel: Kernel,
    cells: RowCells,
    source: Source,
    events: EventColumns,
    limits: ScanLimits,
  ) {
    this.#range = range;
    this.#kernel = kernel;
    this.#cells = cells;
    this.#source = source;
    this.#events = events;
    this.#limits = limits;
    this.#base = range.startsLine ? range.start : Math.max(0, range.start - 1);
    this.#end = range.end;
  }

  read(): void {
    this.#kernel.resetLines();
    try {
      this.#file = openSync(this.#range.path, "r");
      this.#readLines();
      this.#identifyAnchor();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      this.#events.unreadable(this.#range.transcript, code);
    } finally {
      if (this.#file >= 0) closeSync(this.#file);
      this.#endRange(this.#kernel.lineCount + this.#longLines);
    }
  }

  #endRange(lines: number): void {
    this.#events.endRange({
      lines: lines - this.#linesBefore,
      records: this.#records,
      bytesRead: this.#bytesRead,
      committed: this.#committed,
    });
    this.#linesBefore = lines;
    this.#records = 0;
    this.#bytesRead = 0;
  }

  /** A last line without LF may still be being written: its events are a range of their own, which no cursor keeps. */
  #beginTail(line: number, offset: number): void {
    this.#identifyAnchor();
    this.#endRange(line);
    this.#events.beginRange(this.#range.transcript, offset, true);
  }

  #readLines(): void {
    if (!this.#fill()) return;
    if (this.#range.start === 0) {
      this.#identifyHead();
      this.#skipBom();
    } else if (!this.#range.startsLine && !this.#skipPartialLine()) return;
    const end = this.#end;
    while (this.#base + this.#next < end) {
      this.#takeLines(false);
      this.#commit();
      if (this.#base + this.#next >= end) return;
      if (this.#filled - this.#next > this.#limits.maxLineBytes) {
        if (!this.#skipLongLine()) return;
      } else if (!this.#fill()) {
        this.#takeLines(true);
        return;
      }
    }
  }

  #commit(): void {
    const offset = this.#base + this.#next;
    const { start, startsLine } = this.#range;
    if (offset > Math.max(this.#bomBytes, startsLine ? start : 0)) this.#committed = offset;
  }

  #identifyHead(): void {
    if (!this.#limits.identifies) return;
    this.#events.identify("head", hashBytes(this.#bytesBetween(0, Math.min(IDENTITY_BYTES, this.#range.size))));
  }

  /** Once a range: a tail comes behind the committed offset. */
  #identifyAnchor(): void {
    const to = this.#committed;
    if (!this.#limits.identifies || to === 0 || to === this.#identified) return;
    this.#identified = to;
    this.#events.identify("anchor", hashBytes(this.#bytesBetween(Math.max(0, to - IDENTITY_BYTES), to)));
  }

  /** A few bytes of the transcript: from memory, or from what came with the range, else read. */
  #bytesBetween(from: number, to: number): Uint8Array {
    const { bytes } = this.#kernel;
    const at = BUFFER - this.#base;
    if (from >= this.#base && to <= this.#base + this.#filled) return bytes.subarray(at + from, at + to);
    const { start, before } = this.#range;
    if (before && this.#base === start && from >= start - before.length) {
      return Buffer.concat([before.subarray(before.length - (start - from)), bytes.subarray(at + start, at + to)]);
    }
    const piece = Buffer.alloc(to - from);
    const got = readSync(this.#file, piece, 0, piece.length, from);
    this.#bytesRead += got;
    return piece.subarray(0, got);
  }

  /** Appends a chunk; false at the end of the transcript. */
  #fill(): boolean {
    const kernel = this.#kernel;
    const left = this.#range.size - this.#base - this.#filled;
    if (left <= 0) return false;
    if (this.#next > 0) {
      kernel.bytes.copyWithin(BUFFER, BUFFER + this.#next, BUFFER + this.#filled);
      this.#base += this.#next;
      this.#filled -= this.#next;
      this.#next = 0;
    }
    const { chunkBytes, maxLineBytes } = this.#limits;
    const ahead = this.#range.end - this.#base - this.#filled;
    const step = Math.min(chunkBytes, ahead > 0 ? ahead : OVERHANG_BYTES);
    // A line longer than that is met from its start each time: read twice as much, but not past the longest line.
    const longer = Math.min(this.#filled, maxLineBytes + 1 - this.#filled);
    const wanted = Math.min(left, Math.max(step, longer));
    if (this.#filled + wanted > kernel.room) kernel.makeRoom(this.#filled + wanted);
    const got = readSync(this.#file, kernel.bytes, BUFFER + this.#filled, wanted, this.#base + this.#filled);
    this.#bytesRead += got;
    this.#filled += got;
    return got > 0;
  }

  #skipBom(): void {
    const { bytes } = this.#kernel;
    while (this.#filled < BOM.length && this.#fill());
    if (this.#filled >= BOM.length && hasBom(bytes, BUFFER)) {
      this.#next = this.#bomBytes = BOM.length;
      // The first line begins at offset 0 all the same.
      this.#end = Math.max(this.#end, BOM.length + 1);
    }
  }

  /** Moves behind the first LF; false when no line of the range begins. */
  #skipPartialLine(): boolean {
    for (;;) {
      const { bytes } = this.#kernel;
      const found = bytes.subarray(0, BUFFER + this.#filled).indexOf(LF, BUFFER + this.#next);
      this.#next = found < 0 ? this.#filled : found - BUFFER + 1;
      if (found >= 0) return true;
      if (this.#base + this.#next >= this.#range.end || !this.#fill()) return false;
    }
  }

  /** Passes over a line that is too long; false when the transcript ends in it. A blank one is no line of content. */
  #skipLongLine(): boolean {
    const line = this.#kernel.lineCount + this.#longLines++;
    const offset = this.#offsetOf(BUFFER + this.#next);
    let isBlank = true;
    for (;;) {
      const { bytes } = this.#kernel;
      const end = BUFFER + this.#filled;
      const lf = bytes.subarray(0, end).indexOf(LF, BUFFER + this.#next);
      isBlank &&= bytes.subarray(BUFFER + this.#next, lf < 0 ? end : lf).every((byte) => BLANKS.includes(byte));
      this.#next = lf < 0 ? this.#filled : lf - BUFFER + 1;
      const isOver = lf >= 0 || !this.#fill();
      if (!isOver) continue;
      if (lf >= 0) this.#commit();
      else this.#beginTail(line, offset);
      if (!isBlank) this.#events.skip("oversized", line - this.#linesBefore, offset);
      return lf >= 0;
    }
  }

  #takeLines(isFinal: boolean): void {
    const kernel = this.#kernel;
    const end = BUFFER + this.#filled;
    const limit = Math.min(end, BUFFER + this.#end - this.#base);
    let from = BUFFER + this.#next;
    do {
      const to = kernel.scan(from, limit, end, isFinal);
      this.#records += kernel.takeCount();
      for (let row = 0, rows = kernel.rowCount; row < rows; row++) this.#takeRow(row, end);
      from = to;
    } while (kernel.rowsAreFull);
    this.#next = from - BUFFER;
  }

  #takeRow(row: number, end: number): void {
    const cells = this.#cells;
    cells.moveTo(row);
    const { lineStart, lineEnd, status } = cells;
    const isTail = lineEnd === end;
    if (isTail) this.#beginTail(cells.lineIndex + this.#longLines, this.#offsetOf(lineStart));
    const isLong = lineEnd - lineStart > this.#limits.maxLineBytes;
    if (status === STATUS.message) {
      this.#source.noteMessage?.(cells, this.#events);
      this.#events.endLine(this.#offsetOf(lineEnd) + 1);
      return;
    }
    if (!isLong && status !== STATUS.malformed) {
      if (status === STATUS.value) return;
      if (this.#source.decode(cells, this.#events)) {
        this.#records++;
        this.#events.endLine(this.#offsetOf(lineEnd) + 1);
        return;
      }
    }
    const reason = isLong ? "oversized" : isTail ? "pending" : "malformed";
    this.#events.skip(reason, cells.lineIndex + this.#longLines - this.#linesBefore, this.#offsetOf(lineStart));
  }

  #offsetOf(address: number): number {
    const offset = this.#base + address - BUFFER;
    return offset === this.#bomBytes ? 0 : offset;
  }
}
