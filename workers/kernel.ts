/** One instance of the byte scanner and its memory. */
import type { Field } from "../src/sources/fields.ts";
import type { SourceName } from "../src/types.ts";
import { BUFFER, SLACK_BYTES, SOURCES, STATE } from "./layout.ts";
import { writeTables } from "./projection.ts";

interface Exports extends EventFunctions {
  readonly memory: WebAssembly.Memory;
  configure(slots: number): void;
  scan(root: number, start: number, limit: number, end: number, isFinal: number): number;
  rowCount(): number;
  lineCount(): number;
  resetLines(): void;
  rowsAreFull(): number;
  isBetween(from: number, to: number, low: number, high: number, length: number): number;
}

/** A short text as numbers. */
interface Needle {
  readonly low: number;
  readonly high: number;
  readonly length: number;
}

/** What makes events of records (`workers/kernel/events.ts`). */
export interface EventFunctions {
  addRecord(): number;
  cutEvents(): void;
  beginRange(wantsMessage: number): void;
  forgetNumbers(): void;
  textNumber(low: number, high: number, start: number, length: number, hasEscapes: number): number;
  contextNumber: NumberContext;
}

/** Takes text numbers. */
type NumberContext = (
  agentName: number,
  agentType: number,
  team: number,
  branch: number,
  version: number,
  otherTeam: number,
) => number;

/** Numbers what the kernel meets first. */
export interface Numbering {
  /** Of a text of `length` bytes at the address `start`. */
  numberText(start: number, length: number, hasEscapes: boolean): number;
  numberContext: NumberContext;
}

const PAGE_BYTES = 65_536;

export class Kernel {
  readonly #exports: Exports;
  readonly #root: number;
  readonly #needles = new Map<string, Needle>();
  /** Views on all of the memory; new ones after `makeRoom`. */
  bytes: Buffer;
  words: Uint32Array;
  doubles: Float64Array;
  /** Set before the first scan. */
  numbering: Numbering = { numberText: failInKernel, numberContext: failInKernel };
  /** Bytes of transcript that fit. */
  room = 0;

  constructor(module: WebAssembly.Module, record: Field, slotCount: number, room: number) {
    const env = {
      abort: failInKernel,
      numberText: (start: number, length: number, hasEscapes: number) =>
        this.numbering.numberText(start, length, hasEscapes !== 0),
      numberContext: (...parts: Parameters<NumberContext>) => this.numbering.numberContext(...parts),
    };
    const instance = new WebAssembly.Instance(module, { env });
    this.#exports = instance.exports as unknown as Exports;
    this.#exports.configure(slotCount);
    this.#root = writeTables(record, this.#exports.memory.buffer);
    this.bytes = Buffer.alloc(0);
    this.words = new Uint32Array();
    this.doubles = new Float64Array();
    this.makeRoom(room);
  }

  /** Makes room for at least so many bytes of transcript. What lies in memory stays. */
  makeRoom(room: number): void {
    const { memory } = this.#exports;
    const missing = BUFFER + room + SLACK_BYTES - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.bytes = Buffer.from(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
    this.doubles = new Float64Array(memory.buffer);
    this.room = memory.buffer.byteLength - BUFFER - SLACK_BYTES;
  }

  /**
   * Takes in the lines that begin in [start, limit), addresses, up to `end`; the last one may lack its LF when
   * `isFinal`. Returns the address of the first line not taken in.
   */
  scan(start: number, limit: number, end: number, isFinal: boolean): number {
    this.bytes[end] = 0x0a;
    return this.#exports.scan(this.#root, start, limit, end, isFinal ? 1 : 0);
  }

  /** Has ordinary records made events in the kernel, where it can do so for this source; of lines up to so long. */
  takeOrdinary(source: SourceName, maxLineBytes: number): void {
    this.words[STATE.source >> 2] = SOURCES[source] ?? 0;
    this.words[STATE.maxLineBytes >> 2] = Math.min(maxLineBytes, 0xffffffff);
  }

  /** How many records became events in the kernel since the last call. */
  takeCount(): number {
    const taken = this.words[STATE.taken >> 2] as number;
    this.words[STATE.taken >> 2] = 0;
    return taken;
  }

  get making(): EventFunctions {
    return this.#exports;
  }

  /** Text that stands in memory as UTF-8. */
  textAt(start: number, length: number): string {
    return this.bytes.toString("utf8", start, start + length);
  }

  /** Whether 2 to 8 ASCII characters stand between two addresses. */
  has(text: string, start: number, end: number): boolean {
    let needle = this.#needles.get(text);
    if (!needle) this.#needles.set(text, (needle = needleOf(text)));
    return this.#exports.isBetween(start, end, needle.low, needle.high, needle.length) !== 0;
  }

  get rowCount(): number {
    return this.#exports.rowCount();
  }

  get lineCount(): number {
    return this.#exports.lineCount();
  }

  get rowsAreFull(): boolean {
    return this.#exports.rowsAreFull() !== 0;
  }

  resetLines(): void {
    this.#exports.resetLines();
  }
}

function needleOf(text: string): Needle {
  if (text.length < 2 || text.length > 8) failInKernel();
  const bytes = Buffer.alloc(8);
  bytes.write(text, "latin1");
  return { low: bytes.readUInt32LE(0), high: bytes.readUInt32LE(4), length: text.length };
}

function failInKernel(): never {
  throw new Error("the byte scanner stopped; this is a fault of tokensift, please report it");
}
