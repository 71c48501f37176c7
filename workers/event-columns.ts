/** Collects what records say, folded into events by the kernel, whose memory they lie in until a batch is handed over. */
import type { Hash } from "../src/cursors/hash.ts";
import type { EventWriter } from "../src/event-writer.ts";
import {
  allocate,
  type Batch,
  byteLength,
  type Columns,
  CONTEXT,
  copyColumns,
  EXTRA,
  FLAG,
  MESSAGE_TASKS,
  MESSAGES_READ,
  RANGE,
  SKIPPED_LISTED,
  type SkippedAt,
  type Spec,
  type USAGE,
  type UsageNumbers,
} from "../src/events.ts";
import type { RecordDraft } from "../src/record-draft.ts";
import type { TaskPattern } from "../src/sources/task-ids.ts";
import type { Kernel, Numbering } from "./kernel.ts";
import { DRAFT, RANGE_STATE, STATE } from "./layout.ts";
import { MadeTables } from "./made-tables.ts";
import { type Piece, Table } from "./table.ts";

const STEP_BYTES = 64 << 10;
const CONTEXT_PARTS = Object.keys(CONTEXT) as Array<keyof typeof CONTEXT>;

/** What records are read for. */
interface Wanted {
  readonly folds: boolean;
  readonly wantsDispatches: boolean;
}

/** Collects the events of one shard after the other; `finish` hands over what came since the last one. */
export class EventColumns implements EventWriter, Numbering {
  readonly range = new Table(RANGE, 64);
  readonly #kernel: Kernel;
  readonly #made: MadeTables;
  readonly #extra = new Table(EXTRA, 16);
  readonly #context = new Table(CONTEXT, 64);
  #texts: string[] = [""];
  readonly #textNumbers = new Map<string, number>();
  readonly #contextNumbers = new Map<string, number>();
  #skipped: SkippedAt[] = [];
  #unreadable: Array<{ transcript: number; code: string }> = [];

  #messageIsOpen = false;
  /** What users wrote in the range: at most the messages that are read. */
  #written: string[] = [];
  readonly tasks: TaskPattern | undefined;
  readonly wantsDispatches: boolean;

  /** Without `folds` every record is an event of its own; without `tasks` nobody looks at what users wrote. */
  constructor(kernel: Kernel, { folds, wantsDispatches }: Wanted, tasks?: TaskPattern) {
    this.#kernel = kernel;
    this.#made = new MadeTables(kernel);
    this.tasks = tasks;
    this.wantsDispatches = wantsDispatches;
    this.#set(STATE.folds, folds ? 1 : 0);
    this.#set(STATE.wantsDispatches, wantsDispatches ? 1 : 0);
    kernel.numbering = this;
    kernel.making.forgetNumbers();
  }

  #get(address: number): number {
    return this.#kernel.words[address >> 2] as number;
  }

  #set(address: number, value: number): void {
    this.#kernel.words[address >> 2] = value;
  }

  textNumber(text: string): number {
    let number = this.#textNumbers.get(text);
    if (number === undefined) {
      number = this.#texts.push(text) - 1;
      this.#textNumbers.set(text, number);
    }
    return number;
  }

  numberText(start: number, length: number, hasEscapes: boolean): number {
    const text = this.#kernel.textAt(start, length);
    return this.textNumber(hasEscapes ? (JSON.parse(`"${text}"`) as string) : text);
  }

  contextNumber(
    agentName: number,
    agentType: number,
    team: number,
    branch: number,
    version: number,
    otherTeam = 0,
    dispatches = 0,
  ): number {
    if (dispatches === 0)
      return this.#kernel.making.contextNumber(agentName, agentType, team, branch, version, otherTeam);
    return this.#numberContext([agentName, agentType, team, branch, version, otherTeam, dispatches]);
  }

  numberContext(...parts: Parameters<Numbering["numberContext"]>): number {
    return this.#numberContext([...parts, 0]);
  }

  /** Takes the parts in the order of `CONTEXT`. */
  #numberContext(parts: readonly number[]): number {
    const key = parts.join(" ");
    let number = this.#contextNumbers.get(key);
    if (number === undefined) {
      const i = (number = this.#context.add());
      for (const [k, name] of CONTEXT_PARTS.entries()) this.#context.columns[name][i] = parts[k] as number;
      this.#contextNumbers.set(key, number);
    }
    return number;
  }

  /** A range of which `isTail` is the last line of a transcript, without LF. */
  beginRange(transcript: number, start: number, isTail = false): void {
    const i = this.range.add();
    const { columns } = this.range;
    columns.transcript[i] = transcript;
    columns.start[i] = start;
    columns.isTail[i] = isTail ? 1 : 0;
    columns.events[i] = this.#made.total("event");
    columns.eventRecords[i] = this.#made.total("record");
    columns.usages[i] = this.#made.total("usage");
    columns.extras[i] = this.#extra.length;
    this.#kernel.making.beginRange(this.tasks === undefined ? 0 : 1);
    this.#written = [];
    this.#messageIsOpen = false;
  }

  /** Throws `INVALID_OPTION` where a pattern of tasks takes too long. */
  endRange(totals: Record<"lines" | "records" | "bytesRead" | "committed", number>): void {
    const i = this.range.length - 1;
    this.#noteTasks(i);
    const { columns } = this.range;
    columns.events[i] = this.#made.total("event") - (columns.events[i] as number);
    columns.eventRecords[i] = this.#made.total("record") - (columns.eventRecords[i] as number);
    columns.usages[i] = this.#made.total("usage") - (columns.usages[i] as number);
    columns.extras[i] = this.#extra.length - (columns.extras[i] as number);
    columns.sessionId[i] = this.#get(RANGE_STATE.sessionId);
    columns.agentName[i] = this.#get(RANGE_STATE.agentName);
    columns.agentType[i] = this.#get(RANGE_STATE.agentType);
    columns.team[i] = this.#get(RANGE_STATE.team);
    columns.cwd[i] = this.#get(RANGE_STATE.cwd);
    columns.usageRecords[i] = this.#get(RANGE_STATE.usageRecords);
    columns.cwdTimeMs[i] = this.#kernel.doubles[RANGE_STATE.cwdTimeMs >> 3] as number;
    columns.lines[i] = totals.lines;
    columns.records[i] = totals.records;
    columns.bytesRead[i] = totals.bytesRead;
    columns.committed[i] = totals.committed;
  }

  add(draft: RecordDraft): void {
    if (this.#made.areFull) this.#made.makeRoom();
    this.#write(draft);
    const begins = this.#kernel.making.addRecord() !== 0;
    // The kernel drops extras where the tally can do without.
    if (!begins || (this.#get(DRAFT.flags) & FLAG.usage) === 0 || this.#get(DRAFT.hasExtras) === 0) return;
    for (const extra of draft.extras) {
      const x = this.#extra.add();
      this.#extra.columns.event[x] = this.#made.total("event") - 1;
      this.#extra.columns.model[x] = extra.model === "" ? 0 : this.textNumber(extra.model);
      writeUsage(this.#extra.columns, x, extra.usage);
    }
  }

  #write(draft: RecordDraft): void {
    const { words, doubles } = this.#kernel;
    doubles[DRAFT.timeMs >> 3] = draft.timeMs;
    words[DRAFT.id >> 2] = draft.idLow;
    words[(DRAFT.id >> 2) + 1] = draft.idHigh;
    words[DRAFT.response >> 2] = draft.responseLow;
    words[(DRAFT.response >> 2) + 1] = draft.responseHigh;
    words[DRAFT.request >> 2] = draft.requestLow;
    words[(DRAFT.request >> 2) + 1] = draft.requestHigh;
    words[DRAFT.flags >> 2] = draft.flags;
    words[DRAFT.model >> 2] = draft.model;
    words[DRAFT.toolUses >> 2] = draft.toolUses;
    words[DRAFT.context >> 2] = draft.context;
    words[DRAFT.hasExtras >> 2] = draft.extras.length;
    if ((draft.flags & FLAG.usage) === 0) return;
    const { usage } = draft;
    const at = DRAFT.amounts >> 3;
    doubles[at] = usage.input;
    doubles[at + 1] = usage.output;
    doubles[at + 2] = usage.reasoning;
    doubles[at + 3] = usage.cacheCreation5m;
    doubles[at + 4] = usage.cacheCreation1h;
    doubles[at + 5] = usage.cacheRead;
    doubles[at + 6] = usage.webSearches;
    doubles[at + 7] = usage.recordedCost;
    words[DRAFT.terms >> 2] = usage.terms;
  }

  noteFirst(name: "sessionId" | "agentName" | "agentType" | "team", textNumber: number): void {
    if (this.#get(RANGE_STATE[name]) === 0) this.#set(RANGE_STATE[name], textNumber);
  }

  get wantsMessage(): boolean {
    return this.#get(STATE.wantsMessage) === 1;
  }

  noteMessage(text: string): void {
    const { messages } = this.range.columns;
    const count = this.#written.push(text);
    messages[this.range.length - 1] = count;
    if (count === MESSAGES_READ) this.#set(STATE.wantsMessage, 0);
    this.#messageIsOpen = true;
  }

  /** Of the range's messages only the tasks they name stay. */
  #noteTasks(i: number): void {
    const { columns } = this.range;
    if (!this.tasks || this.#written.length === 0) return;
    for (const [message, ids] of this.tasks.idsInEach(this.#written).entries()) {
      const name = MESSAGE_TASKS[message] as (typeof MESSAGE_TASKS)[number];
      columns[name][i] = ids.length === 0 ? 0 : this.textNumber(JSON.stringify(ids));
    }
    columns.taskPattern[i] = this.textNumber(this.tasks.hash);
    this.#written = [];
  }

  /** Says behind which byte of the transcript the line ends that was taken in last. */
  endLine(offset: number): void {
    if (!this.#messageIsOpen) return;
    this.range.columns.messagesEnd[this.range.length - 1] = offset;
    this.#messageIsOpen = false;
  }

  noteCwd(textNumber: number, timeMs: number): void {
    const at = Number.isNaN(timeMs) ? Infinity : timeMs;
    const { doubles } = this.#kernel;
    if (this.#get(RANGE_STATE.cwd) !== 0 && at >= (doubles[RANGE_STATE.cwdTimeMs >> 3] as number)) return;
    this.#set(RANGE_STATE.cwd, textNumber);
    doubles[RANGE_STATE.cwdTimeMs >> 3] = at;
  }

  skip(reason: SkippedAt["reason"], lineInRange: number, offset: number): void {
    const i = this.range.length - 1;
    const column = this.range.columns[reason];
    column[i] = (column[i] as number) + 1;
    const transcript = this.range.columns.transcript[i] as number;
    if (this.#skipped.at(-SKIPPED_LISTED)?.transcript === transcript) return;
    this.#skipped.push({ transcript, lineInRange, range: i, offset, reason });
  }

  /** Notes hashes that identify the transcript later. */
  identify(what: "head" | "anchor", { low, high }: Hash): void {
    const i = this.range.length - 1;
    this.range.columns[`${what}Low`][i] = low;
    this.range.columns[`${what}High`][i] = high;
  }

  unreadable(transcript: number, code: string): void {
    this.#unreadable.push({ transcript, code });
  }

  /** What came since the last call, in one buffer: `spare`, if that is large enough. The writer is then empty. */
  finish(spare?: SharedArrayBuffer): Batch {
    const tables: ReadonlyArray<readonly [Spec, readonly Piece[]]> = [
      ...this.#made.all(),
      [EXTRA, [this.#extra]],
      [CONTEXT, [this.#context]],
      [RANGE, [this.range]],
    ];
    const lengths = tables.map(([, pieces]) => pieces.reduce((sum, { length }) => sum + length, 0));
    const bytes = tables.reduce((sum, [spec], i) => sum + byteLength(spec, lengths[i] as number), 0);
    const buffer = spare && spare.byteLength >= bytes ? spare : new SharedArrayBuffer(roomFor(bytes));
    let at = 0;
    for (const [i, [spec, pieces]] of tables.entries()) {
      const columns = allocate(spec, lengths[i] as number, buffer, at);
      let filled = 0;
      for (const piece of pieces) {
        copyColumns(piece.columns, columns, filled, 0, piece.length);
        filled += piece.length;
      }
      at += byteLength(spec, lengths[i] as number);
    }
    const [events, records, usages, extras, contexts, ranges] = lengths as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const batch = {
      buffer,
      events,
      records,
      usages,
      extras,
      contexts,
      ranges,
      texts: this.#texts,
      skipped: this.#skipped,
      unreadable: this.#unreadable,
    };
    this.#made.clear();
    for (const table of [this.#extra, this.#context, this.range]) table.clear();
    this.#kernel.making.forgetNumbers();
    this.#texts = [""];
    this.#textNumbers.clear();
    this.#contextNumbers.clear();
    this.#skipped = [];
    this.#unreadable = [];
    return batch;
  }
}

/** A little more, so that what comes next may find room in it too. */
function roomFor(bytes: number): number {
  return Math.ceil((bytes * 1.25) / STEP_BYTES) * STEP_BYTES;
}

function writeUsage(columns: Columns<typeof USAGE>, i: number, from: UsageNumbers): void {
  columns.input[i] = from.input;
  columns.output[i] = from.output;
  columns.reasoning[i] = from.reasoning;
  columns.cacheCreation5m[i] = from.cacheCreation5m;
  columns.cacheCreation1h[i] = from.cacheCreation1h;
  columns.cacheRead[i] = from.cacheRead;
  columns.webSearches[i] = from.webSearches;
  columns.recordedCost[i] = from.recordedCost;
  columns.terms[i] = from.terms;
}
