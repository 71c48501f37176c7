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
  EVENT,
  EXTRA,
  FLAG,
  MESSAGE_TASKS,
  MESSAGES_READ,
  RANGE,
  RECORD,
  SKIPPED_LISTED,
  type SkippedAt,
  type Spec,
  USAGE,
  type UsageNumbers,
} from "../src/events.ts";
import type { RecordDraft } from "../src/record-draft.ts";
import type { TaskPattern } from "../src/sources/task-ids.ts";
import type { Kernel, Numbering } from "./kernel.ts";
import { DRAFT, EVENT_COLUMNS, RANGE_STATE, RECORD_COLUMNS, ROOM, STATE, USAGE_COLUMNS } from "./layout.ts";

/** The tables in the kernel's memory. */
const TABLES = {
  event: { spec: EVENT, address: EVENT_COLUMNS, count: STATE.events, base: STATE.eventBase },
  record: { spec: RECORD, address: RECORD_COLUMNS, count: STATE.records, base: STATE.recordBase },
  usage: { spec: USAGE, address: USAGE_COLUMNS, count: STATE.usages, base: STATE.usageBase },
} as const;
const CONTEXT_PARTS = Object.keys(CONTEXT) as Array<keyof typeof CONTEXT>;
type TableName = keyof typeof TABLES;
const TABLE_NAMES = Object.keys(TABLES) as TableName[];

/** What was moved out of the kernel's memory to make room. */
interface Piece {
  readonly length: number;
  readonly columns: Columns<Spec>;
}

/** Collects the events of one shard after the other; `finish` hands over what came since the last one. */
export class EventColumns implements EventWriter, Numbering {
  readonly range = new Table(RANGE, 64);
  readonly #kernel: Kernel;
  readonly #pieces: Record<TableName, Piece[]> = { event: [], record: [], usage: [] };
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

  /** Without `folds` every record is an event of its own; without `tasks` nobody looks at what users wrote. */
  constructor(kernel: Kernel, folds: boolean, tasks?: TaskPattern) {
    this.#kernel = kernel;
    this.tasks = tasks;
    this.#set(STATE.folds, folds ? 1 : 0);
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
    columns.events[i] = this.#total("event");
    columns.eventRecords[i] = this.#total("record");
    columns.usages[i] = this.#total("usage");
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
    columns.events[i] = this.#total("event") - (columns.events[i] as number);
    columns.eventRecords[i] = this.#total("record") - (columns.eventRecords[i] as number);
    columns.usages[i] = this.#total("usage") - (columns.usages[i] as number);
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

  /** How many there are since the last batch. */
  #total(table: TableName): number {
    const { base, count } = TABLES[table];
    return this.#get(base) + this.#get(count);
  }

  add(draft: RecordDraft): void {
    // Of each table there are as many as of records, or fewer.
    if (this.#get(STATE.records) === ROOM) this.#makeRoom();
    this.#write(draft);
    const begins = this.#kernel.making.addRecord() !== 0;
    // The kernel drops extras where the tally can do without.
    if (!begins || (this.#get(DRAFT.flags) & FLAG.usage) === 0 || this.#get(DRAFT.hasExtras) === 0) return;
    for (const extra of draft.extras) {
      const x = this.#extra.add();
      this.#extra.columns.event[x] = this.#total("event") - 1;
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

  /** Moves what there is out of the kernel's memory. An event is cut there, which never shows. */
  #makeRoom(): void {
    for (const name of TABLE_NAMES) {
      const { spec, count, base } = TABLES[name];
      const length = this.#get(count);
      const columns = allocate<Spec>(spec, length);
      copyColumns(this.#columns(name), columns, 0, 0, length);
      this.#pieces[name].push({ length, columns });
      this.#set(base, this.#get(base) + length);
      this.#set(count, 0);
    }
    this.#kernel.making.cutEvents();
  }

  #columns(name: TableName): Columns<Spec> {
    const { spec, address } = TABLES[name];
    return allocate<Spec>(spec, ROOM, this.#kernel.words.buffer as ArrayBuffer, address);
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

  /** What came since the last call, in one buffer of its own. The writer is then empty. */
  finish(): Batch {
    const tables: ReadonlyArray<readonly [Spec, readonly Piece[]]> = [
      ...TABLE_NAMES.map((name) => [TABLES[name].spec, this.#piecesOf(name)] as const),
      [EXTRA, [this.#extra]],
      [CONTEXT, [this.#context]],
      [RANGE, [this.range]],
    ];
    const lengths = tables.map(([, pieces]) => pieces.reduce((sum, { length }) => sum + length, 0));
    const bytes = tables.reduce((sum, [spec], i) => sum + byteLength(spec, lengths[i] as number), 0);
    const buffer = new ArrayBuffer(bytes);
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
    for (const name of TABLE_NAMES) {
      this.#pieces[name] = [];
      this.#set(TABLES[name].base, 0);
      this.#set(TABLES[name].count, 0);
    }
    for (const table of [this.#extra, this.#context, this.range]) table.clear();
    this.#kernel.making.forgetNumbers();
    this.#texts = [""];
    this.#textNumbers.clear();
    this.#contextNumbers.clear();
    this.#skipped = [];
    this.#unreadable = [];
    return batch;
  }

  #piecesOf(name: TableName): Piece[] {
    return [...this.#pieces[name], { length: this.#get(TABLES[name].count), columns: this.#columns(name) }];
  }
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

/** Columns that grow, and keep what they grew to. */
class Table<S extends Spec> {
  length = 0;
  columns: Columns<S>;
  readonly #spec: S;
  #room: number;

  constructor(spec: S, room: number) {
    this.#spec = spec;
    this.#room = room;
    this.columns = allocate(spec, room);
  }

  clear(): void {
    for (const column of Object.values(this.columns)) column.fill(0, 0, this.length);
    this.length = 0;
  }

  /** Room for one more, all zero; returns its index. */
  add(): number {
    if (this.length === this.#room) {
      this.#room *= 2;
      const grown = allocate(this.#spec, this.#room);
      copyColumns(this.columns, grown, 0);
      this.columns = grown;
    }
    return this.length++;
  }
}
