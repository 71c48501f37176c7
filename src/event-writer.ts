/** Collects what records say, folded into events. */
import type { Hash } from "./cursors/hash.ts";
import { LastReading } from "./last-reading.ts";
import type { RecordDraft } from "./record-draft.ts";
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
  NO_USAGE,
  RANGE,
  RECORD,
  SKIPPED_LISTED,
  type SkippedAt,
  type Spec,
  STANDS_ALONE,
  USAGE,
  type UsageNumbers,
} from "./events.ts";
import type { TaskPattern } from "./sources/task-ids.ts";

/** What must be equal for records to be one event. */
const ALIKE = FLAG.sideChain | FLAG.nested | FLAG.responseId | FLAG.requestId;
/** Records without these, a model or tool uses tell nothing but their time. */
const SAYS_MORE = FLAG.responseId | FLAG.usage | FLAG.nested | STANDS_ALONE;
const NO_EVENT = -1;

/** Collects the events of one shard after the other; `finish` hands over what came since the last one. */
export class EventWriter {
  readonly range = new Table(RANGE, 64);
  readonly #event = new Table(EVENT, 2048);
  readonly #record = new Table(RECORD, 4096);
  readonly #usage = new Table(USAGE, 1024);
  readonly #extra = new Table(EXTRA, 16);
  readonly #context = new Table(CONTEXT, 64);
  readonly #folds: boolean;
  /** The events of the range that the next record may belong to. */
  #lastResponse = NO_EVENT;
  #lastTimes = NO_EVENT;
  /** The reading of the range that the next one goes on from. */
  readonly #readings = new LastReading();
  #texts: string[] = [""];
  readonly #textNumbers = new Map<string, number>();
  readonly #contextNumbers = new Map<string, number>();
  #lastContext = -1;
  #skipped: SkippedAt[] = [];
  #unreadable: Array<{ transcript: number; code: string }> = [];

  #messageIsOpen = false;
  /** What users wrote in the range: at most the messages that are read. */
  #written: string[] = [];
  readonly tasks: TaskPattern | undefined;

  /** Without `folds` every record is an event of its own; without `tasks` nobody looks at what users wrote. */
  constructor(folds: boolean, tasks?: TaskPattern) {
    this.#folds = folds;
    this.tasks = tasks;
  }

  /** The number of a text in this batch. */
  textNumber(text: string): number {
    let number = this.#textNumbers.get(text);
    if (number === undefined) {
      number = this.#texts.push(text) - 1;
      this.#textNumbers.set(text, number);
    }
    return number;
  }

  /** The number of a context in this batch. */
  contextNumber(
    agentName: number,
    agentType: number,
    team: number,
    branch: number,
    version: number,
    otherTeam = 0,
    dispatches = 0,
  ): number {
    const { columns } = this.#context;
    const last = this.#lastContext;
    const isLast =
      last >= 0 &&
      columns.agentName[last] === agentName &&
      columns.agentType[last] === agentType &&
      columns.team[last] === team &&
      columns.branch[last] === branch &&
      columns.version[last] === version &&
      columns.otherTeam[last] === otherTeam &&
      columns.dispatches[last] === dispatches;
    if (isLast) return last;
    const key = `${agentName} ${agentType} ${team} ${branch} ${version} ${otherTeam} ${dispatches}`;
    let number = this.#contextNumbers.get(key);
    if (number === undefined) {
      number = this.#context.add();
      const added = this.#context.columns;
      added.agentName[number] = agentName;
      added.agentType[number] = agentType;
      added.team[number] = team;
      added.branch[number] = branch;
      added.version[number] = version;
      added.otherTeam[number] = otherTeam;
      added.dispatches[number] = dispatches;
      this.#contextNumbers.set(key, number);
    }
    this.#lastContext = number;
    return number;
  }

  /** A range of which `isTail` is the last line of a transcript, without LF. */
  beginRange(transcript: number, start: number, isTail = false): void {
    const i = this.range.add();
    for (const column of Object.values(this.range.columns)) column[i] = 0;
    this.range.columns.transcript[i] = transcript;
    this.range.columns.start[i] = start;
    this.range.columns.isTail[i] = isTail ? 1 : 0;
    this.range.columns.events[i] = this.#event.length;
    this.range.columns.eventRecords[i] = this.#record.length;
    this.range.columns.usages[i] = this.#usage.length;
    this.range.columns.extras[i] = this.#extra.length;
    this.range.columns.cwdTimeMs[i] = Infinity;
    this.#written = [];
    this.#messageIsOpen = false;
    this.#lastResponse = NO_EVENT;
    this.#lastTimes = NO_EVENT;
    this.#readings.forget();
  }

  /** Throws `INVALID_OPTION` where a pattern of tasks takes too long. */
  endRange(totals: Record<"lines" | "records" | "bytesRead" | "committed", number>): void {
    const i = this.range.length - 1;
    this.#noteTasks(i);
    const { events, eventRecords, usages, extras, lines, records, bytesRead, committed } = this.range.columns;
    events[i] = this.#event.length - (events[i] as number);
    eventRecords[i] = this.#record.length - (eventRecords[i] as number);
    usages[i] = this.#usage.length - (usages[i] as number);
    extras[i] = this.#extra.length - (extras[i] as number);
    lines[i] = totals.lines;
    records[i] = totals.records;
    bytesRead[i] = totals.bytesRead;
    committed[i] = totals.committed;
  }

  /** Takes in a record of the range. */
  add(draft: RecordDraft): void {
    if (this.#folds && (draft.flags & STANDS_ALONE) !== 0 && this.#readings.isRepeat(draft)) {
      this.#countUsageRecord();
      draft.flags = draft.model = 0;
    }
    const record = this.#record.add();
    const { timeMs, idLow, idHigh, event, toolUses } = this.#record.columns;
    timeMs[record] = draft.timeMs;
    idLow[record] = draft.idLow;
    idHigh[record] = draft.idHigh;
    toolUses[record] = draft.toolUses;
    if (draft.flags & FLAG.usage) this.#countUsageRecord();
    const onlyTells = (draft.flags & SAYS_MORE) === 0 && draft.model + draft.toolUses === 0;
    const last = onlyTells ? this.#lastTimes : this.#lastResponse;
    if (last !== NO_EVENT && this.#belongsTo(last, draft)) {
      event[record] = last;
      this.#fold(last, record, draft);
      return;
    }
    const begun = (event[record] = this.#begin(record, draft));
    if (!this.#folds || draft.timeMs !== draft.timeMs || draft.extras.length > 0) return;
    if (onlyTells) this.#lastTimes = begun;
    else if (draft.flags & FLAG.responseId) this.#lastResponse = begun;
  }

  /** Whether a record that may be folded says the same as event `i` about where it belongs. */
  #belongsTo(i: number, draft: RecordDraft): boolean {
    const e = this.#event.columns;
    return (
      e.context[i] === draft.context &&
      (((e.flags[i] as number) ^ draft.flags) & ALIKE) === 0 &&
      e.responseLow[i] === draft.responseLow &&
      e.responseHigh[i] === draft.responseHigh &&
      e.requestLow[i] === draft.requestLow &&
      e.requestHigh[i] === draft.requestHigh &&
      draft.timeMs === draft.timeMs &&
      draft.extras.length === 0
    );
  }

  #begin(record: number, draft: RecordDraft): number {
    const i = this.#event.add();
    const e = this.#event.columns;
    const hasTime = draft.timeMs === draft.timeMs;
    e.firstMs[i] = hasTime ? draft.timeMs : Infinity;
    e.lastMs[i] = e.chosenMs[i] = hasTime ? draft.timeMs : -Infinity;
    e.responseLow[i] = draft.responseLow;
    e.responseHigh[i] = draft.responseHigh;
    e.requestLow[i] = draft.requestLow;
    e.requestHigh[i] = draft.requestHigh;
    e.flags[i] = draft.flags;
    e.usage[i] = NO_USAGE;
    e.model[i] = draft.model;
    e.toolUses[i] = draft.toolUses;
    e.context[i] = draft.context;
    e.earliestRecord[i] = e.chosenRecord[i] = e.firstRecord[i] = e.lastRecord[i] = record;
    if (draft.flags & FLAG.usage) {
      const usage = (e.usage[i] = this.#usage.add());
      writeUsage(this.#usage.columns, usage, draft.usage);
      for (const extra of draft.extras) {
        const x = this.#extra.add();
        this.#extra.columns.event[x] = i;
        this.#extra.columns.model[x] = extra.model === "" ? 0 : this.textNumber(extra.model);
        writeUsage(this.#extra.columns, x, extra.usage);
      }
    }
    return i;
  }

  /** Adds a record with a time to event `i`, by the rules for records of one response (numbers 16 and 17 of decision 0002). */
  #fold(i: number, record: number, draft: RecordDraft): void {
    const e = this.#event.columns;
    const { timeMs } = draft;
    e.lastRecord[i] = record;
    if (timeMs < (e.firstMs[i] as number)) {
      e.firstMs[i] = timeMs;
      e.earliestRecord[i] = record;
    }
    if (timeMs > (e.lastMs[i] as number)) e.lastMs[i] = timeMs;
    e.toolUses[i] = (e.toolUses[i] as number) + draft.toolUses;
    const before = e.flags[i] as number;
    e.flags[i] = before | draft.flags;
    const isLater = timeMs >= (e.chosenMs[i] as number);
    if (draft.flags & FLAG.usage) {
      if (before & FLAG.usage) {
        const more = draft.usage.output - (this.#usage.columns.output[e.usage[i] as number] as number);
        if (more < 0 || (more === 0 && !isLater)) return;
      } else {
        e.usage[i] = this.#usage.add();
      }
      writeUsage(this.#usage.columns, e.usage[i] as number, draft.usage);
    } else if (before & FLAG.usage || draft.model === 0 || (e.model[i] !== 0 && !isLater)) {
      return;
    }
    e.model[i] = draft.model;
    e.chosenMs[i] = timeMs;
    e.chosenRecord[i] = record;
  }

  #countUsageRecord(): void {
    const { usageRecords } = this.range.columns;
    const i = this.range.length - 1;
    usageRecords[i] = (usageRecords[i] as number) + 1;
  }

  /** Notes a text in a column of the range, unless one stands there. */
  noteFirst(column: Uint32Array, textNumber: number): void {
    const i = this.range.length - 1;
    if (column[i] === 0) column[i] = textNumber;
  }

  /** Whether what a user wrote is to be looked at: the first messages of the range are. */
  get wantsMessage(): boolean {
    return this.tasks !== undefined && (this.range.columns.messages[this.range.length - 1] as number) < MESSAGES_READ;
  }

  /** Notes a message by the tasks its text names. */
  noteMessage(text: string): void {
    const { messages } = this.range.columns;
    this.#written.push(text);
    messages[this.range.length - 1] = this.#written.length;
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

  /** Notes a working directory; the earliest stays. */
  noteCwd(textNumber: number, timeMs: number): void {
    const { cwd, cwdTimeMs } = this.range.columns;
    const i = this.range.length - 1;
    const at = Number.isNaN(timeMs) ? Infinity : timeMs;
    if (cwd[i] !== 0 && at >= (cwdTimeMs[i] as number)) return;
    cwd[i] = textNumber;
    cwdTimeMs[i] = at;
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
    const tables: ReadonlyArray<readonly [Spec, Table<Spec>]> = [
      [EVENT, this.#event],
      [RECORD, this.#record],
      [USAGE, this.#usage],
      [EXTRA, this.#extra],
      [CONTEXT, this.#context],
      [RANGE, this.range],
    ];
    const bytes = tables.reduce((sum, [spec, { length }]) => sum + byteLength(spec, length), 0);
    const buffer = new ArrayBuffer(bytes);
    let at = 0;
    for (const [spec, { columns, length }] of tables) {
      copyColumns(columns, allocate(spec, length, buffer, at), 0, 0, length);
      at += byteLength(spec, length);
    }
    const batch = {
      buffer,
      events: this.#event.length,
      records: this.#record.length,
      usages: this.#usage.length,
      extras: this.#extra.length,
      contexts: this.#context.length,
      ranges: this.range.length,
      texts: this.#texts,
      skipped: this.#skipped,
      unreadable: this.#unreadable,
    };
    for (const [, table] of tables) table.length = 0;
    this.#texts = [""];
    this.#textNumbers.clear();
    this.#contextNumbers.clear();
    this.#lastContext = -1;
    this.#skipped = [];
    this.#unreadable = [];
    return batch;
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

  /** Room for one more; returns its index. The element may hold anything. */
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
