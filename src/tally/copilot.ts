/**
 * What each record of Copilot CLI adds (`docs/decisions/0012`): of the running totals of a session's ends their
 * differences; of messages their output, where no total holds it.
 */
import { FLAG, NO_USAGE } from "../events.ts";
import type { CountMode } from "./groups.ts";
import type { Places } from "./places.ts";
import type { EventTable } from "./table.ts";
import { COLUMNS, copyVector, PARTS, writeFigures } from "./vectors.ts";

export interface SettledCopilot {
  /** Responses that said more cached input than input. */
  readonly clamped: number;
  /** Responses of which no more than the output is known. */
  readonly outputOnly: number;
}

/** A message is written within seconds of its row in the store. */
const SAME_REQUEST_MS = 60_000;

/** Settles the events of all sessions in place. */
export function settleCopilot(table: EventTable, places: Places, count: CountMode): SettledCopilot {
  const { event } = table;
  const stored = count === "records" ? new Map<number, number>() : storedFrom(table, places);
  const transcripts = places.transcripts.flatMap(({ source }, t) =>
    source === "copilot" ? [new Settler(table, t, stored.get(places.sessionOf[t] as number) ?? Infinity)] : [],
  );
  const clamped = transcripts.reduce((sum, settler) => sum + settler.settleTotals(count === "records"), 0);
  // Another copy of a session may go on to its end.
  const covered = new Set(transcripts.flatMap(({ covered: some }) => some.map((i) => keyOf(table, i))));
  const outputOnly = new Set<string>();
  for (const { messages, covered: own } of transcripts) {
    const isOwn = new Set(own);
    for (const i of messages) {
      const key = keyOf(table, i);
      if (isOwn.has(i) || covered.has(key)) dropUsage(table, i);
      else if ((event.flags[i] as number) & FLAG.usage) outputOnly.add(key);
      if (((event.flags[i] as number) & FLAG.usage) === 0 && event.toolUses[i] === 0) event.model[i] = 0;
    }
  }
  return { clamped, outputOnly: outputOnly.size };
}

/** When the session store's first row of a session was written, by session: from then on it has every request. */
function storedFrom({ event, transcript, length }: EventTable, { transcripts, sessionOf }: Places) {
  const stored = new Map<number, number>();
  for (const [t, { source, content }] of transcripts.entries()) {
    if (source !== "copilot" || !content) continue;
    const session = sessionOf[t] as number;
    const to = transcript.firstEvent[t + 1] ?? length;
    for (let i = transcript.firstEvent[t] as number; i < to; i++) {
      if (((event.flags[i] as number) & FLAG.onlyLast) === 0) continue;
      // A row without a time may be the first.
      const ms = Number.isFinite(event.firstMs[i]) ? (event.firstMs[i] as number) : -Infinity;
      stored.set(session, Math.min(stored.get(session) ?? Infinity, ms));
    }
  }
  return stored;
}

/** A message without an id is like no other. */
function keyOf(table: EventTable, i: number): string {
  const { responseLow, responseHigh } = table.event;
  return hasId(table, i) ? `${responseLow[i]} ${responseHigh[i]}` : `event ${i}`;
}

function hasId({ event }: EventTable, i: number): boolean {
  return event.responseLow[i] !== 0 || event.responseHigh[i] !== 0;
}

function dropUsage({ event }: EventTable, i: number): void {
  event.flags[i] = (event.flags[i] as number) & ~FLAG.usage;
  event.usage[i] = NO_USAGE;
}

/** One transcript, event after event. */
class Settler {
  /** Events of messages, and of those the ones whose output is in a total too. */
  readonly messages: number[] = [];
  readonly covered: number[] = [];
  readonly #table: EventTable;
  readonly #from: number;
  readonly #to: number;
  readonly #storedFromMs: number;
  /** The totals of the latest end by the model's text number; none: they begin at zero. */
  #totals = new Map<number, Float64Array>();
  /** How many messages a later end does not tell of. */
  #passed = 0;
  /** How many messages earlier processes wrote. */
  #earlier = 0;

  /** From `storedFromMs` on the session store has all that its ends and messages tell. */
  constructor(table: EventTable, t: number, storedFromMs: number) {
    this.#table = table;
    this.#storedFromMs = storedFromMs;
    this.#from = table.transcript.firstEvent[t] as number;
    this.#to = table.transcript.firstEvent[t + 1] ?? table.length;
  }

  /** With `isEach` every total counts as it stands. Returns how many responses had to be clamped. */
  settleTotals(isEach: boolean): number {
    const { event } = this.#table;
    let clamped = 0;
    let context: number | undefined;
    let model = 0;
    for (let i = this.#from; i < this.#to; i++) {
      if (hasId(this.#table, i)) event.flags[i] = (event.flags[i] as number) | FLAG.responseId | FLAG.requestId;
    }
    for (let i = this.#from; i < this.#to;) {
      const flags = event.flags[i] as number;
      if (flags & FLAG.session) {
        context = event.context[i];
        this.#earlier = this.messages.length;
      } else if (context !== undefined) event.context[i] = context;
      if (flags & FLAG.counter) {
        const next = this.#endOfTotals(i);
        if (context !== undefined) event.context.fill(context, i, next);
        clamped += this.#addTotals(i, next, isEach);
        i = next;
        continue;
      }
      if (flags & FLAG.onlyLast) {
        clamped += this.#settleRequest(i++);
        continue;
      }
      if (flags & FLAG.turn) model = event.model[i] as number;
      if (flags & FLAG.restart) {
        this.#totals.clear();
        this.#passed = this.messages.length;
      }
      if (flags & (FLAG.turn | FLAG.session)) event.model[i] = 0;
      else if (flags & FLAG.usage || (event.toolUses[i] as number) > 0) {
        event.model[i] = (event.model[i] as number) || model;
        this.messages.push(i);
        if (this.#isStored(i, SAME_REQUEST_MS)) this.covered.push(i);
      }
      i++;
    }
    return clamped;
  }

  /** Behind the last total of the line that begins at `from`. */
  #endOfTotals(from: number): number {
    const { event } = this.#table;
    let to = from + 1;
    while (
      to < this.#to &&
      ((event.flags[to] as number) & FLAG.counter) !== 0 &&
      event.requestLow[to] === event.requestLow[from] &&
      event.requestHigh[to] === event.requestHigh[from] &&
      event.firstMs[to] === event.firstMs[from] &&
      // Another line may have stood between that told no more than a time.
      event.firstRecord[to] === (event.firstRecord[from] as number) + to - from
    ) {
      to++;
    }
    return to;
  }

  /** A row of the session store. Returns 1 where it had to be clamped. */
  #settleRequest(i: number): number {
    const { event, usage } = this.#table;
    const told = new Float64Array(PARTS);
    copyVector(usage, event.usage[i] as number, told);
    const { hasTokens, isClamped } = writeFigures(told, usage, event.usage[i] as number);
    if (!hasTokens) {
      dropUsage(this.#table, i);
      event.model[i] = 0;
    }
    return isClamped ? 1 : 0;
  }

  #addTotals(from: number, to: number, isEach: boolean): number {
    const { event, usage } = this.#table;
    const totals = new Map<number, Float64Array>();
    for (let i = from; i < to; i++) {
      const total = new Float64Array(PARTS);
      copyVector(usage, event.usage[i] as number, total);
      totals.set(event.model[i] as number, total);
    }
    if (isEach || this.#hasBegunAnew(totals)) this.#totals.clear();
    if (!isEach) this.#passLost(totals);
    const isStored = this.#isStored(from, 0);
    let clamped = 0;
    for (let i = from; i < to; i++) {
      const model = event.model[i] as number;
      const total = totals.get(model) as Float64Array;
      const before = this.#totals.get(model);
      const { hasTokens, isClamped } = writeFigures(
        total.map((now, part) => now - (before?.[part] ?? 0)),
        usage,
        event.usage[i] as number,
      );
      if (isClamped && !isStored) clamped++;
      if (isStored || (!hasTokens && !isEach)) {
        dropUsage(this.#table, i);
        event.model[i] = 0;
      }
    }
    this.#totals = totals;
    const [only, another] = totals.keys();
    for (; this.#passed < this.messages.length; this.#passed++) {
      const message = this.messages[this.#passed] as number;
      // An end that does not count holds nothing.
      if (!isStored) this.covered.push(message);
      // Where one model did it all, messages that name none are its.
      if (another === undefined) event.model[message] = (event.model[message] as number) || (only ?? 0);
    }
    return clamped;
  }

  /** Whether the session store has what an event tells. One without a time may be of any. */
  #isStored(i: number, marginMs: number): boolean {
    const fromMs = this.#storedFromMs;
    return fromMs !== Infinity && (this.#table.event.firstMs[i] as number) >= fromMs - marginMs;
  }

  /**
   * Totals only grow: where one fell or is gone, all of them began at zero. So they did where their output is that of the process's
   * own messages (number 20): in older versions each process counted for itself.
   */
  #hasBegunAnew(totals: ReadonlyMap<number, Float64Array>): boolean {
    const hasFallen = [...this.#totals].some(([model, before]) => {
      const now = totals.get(model);
      return now === undefined || before.some((value, part) => (now[part] as number) < value);
    });
    const own = this.#outputOf(Math.max(this.#passed, this.#earlier), this.messages.length);
    return hasFallen || (own > 0 && isNearer(outputIn(totals) - own, outputIn(this.#totals)));
  }

  /** Messages of processes that did not end: the next one's end need not tell of them. */
  #passLost(totals: ReadonlyMap<number, Float64Array>): void {
    const added = outputIn(totals) - outputIn(this.#totals);
    const lost = this.#outputOf(this.#passed, this.#earlier);
    const own = this.#outputOf(Math.max(this.#passed, this.#earlier), this.messages.length);
    if (isNearer(added - own, lost)) this.#passed = this.#earlier;
  }

  /** Of some messages, each once. */
  #outputOf(from: number, to: number): number {
    const { event, usage } = this.#table;
    const outputs = new Map<string, number>();
    for (const i of this.messages.slice(from, to)) {
      if (((event.flags[i] as number) & FLAG.usage) === 0) continue;
      const key = keyOf(this.#table, i);
      outputs.set(key, Math.max(outputs.get(key) ?? 0, usage.output[event.usage[i] as number] as number));
    }
    return [...outputs.values()].reduce((sum, output) => sum + output, 0);
  }
}

const OUTPUT = COLUMNS.indexOf("output");

function outputIn(totals: ReadonlyMap<number, Float64Array>): number {
  return [...totals.values()].reduce((sum, total) => sum + (total[OUTPUT] as number), 0);
}

/** Whether a number is nearer to zero than to one above it: some requests no message tells of. */
function isNearer(number: number, above: number): boolean {
  return above > 0 && number < above / 2;
}
