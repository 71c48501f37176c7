/** Which rows an export has, and in which order. */
import { QUARTER_MS } from "../tally/pieces.ts";
import { isIn } from "../tally/rows.ts";
import type { Tallied } from "../tally/tallied.ts";

const MINUTE_MS = 60_000;
/** St. John's clocks changed at a minute past midnight until 2011, in the middle of a quarter. */
const FIRST_WHOLE_QUARTER_MS = Date.UTC(2012, 0, 1);
/** And those of Casey in Antarctica, from eight hours ahead. */
const CUT_QUARTERS: ReadonlySet<number> = new Set(
  ["2020-10-03", "2021-10-02", "2022-10-01"].map((day) => Date.parse(`${day}T16:00:00Z`)),
);

/** When the time began that no zone cuts. */
function sliceOf(timeMs: number): number {
  const quarterMs = Math.floor(timeMs / QUARTER_MS) * QUARTER_MS;
  const isWhole = timeMs >= FIRST_WHOLE_QUARTER_MS && !CUT_QUARTERS.has(quarterMs);
  return isWhole ? quarterMs : Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;
}

/** What a row is of: a group, an extra, or tool uses apart from their response. */
export const OF = { response: 0, extra: 1, toolUses: 2 } as const;

/** What a response used under one model, beside its own. */
export interface Extras {
  readonly group: number;
  readonly model: number;
  readonly extras: number[];
}

/** What is asked about: one element a row. */
export class Selection {
  readonly of: number[] = [];
  /** The group; or an index of `otherExtras`, or of `apart`. */
  readonly index: number[] = [];
  /** Infinity: none. */
  readonly timesMs: number[] = [];
  /** A record's number: smaller is earlier in (path, offset). */
  readonly #places: number[] = [];
  /** By group: those that are in its own row. */
  readonly toolUsesOf: Uint32Array;
  readonly apart = { group: [] as number[], toolUses: [] as number[] };
  /** By group: what it used beside its own under its own model. */
  readonly ownExtras = new Map<number, Extras>();
  readonly otherExtras: Extras[] = [];
  readonly #tallied: Tallied;
  readonly #isAsked: (kind: number, model: number) => boolean;
  readonly #modelOf: (kind: number) => number;

  constructor(tallied: Tallied) {
    const { filter, keys, groups } = tallied;
    this.#tallied = tallied;
    this.#isAsked = filter ?? (() => true);
    this.#modelOf = keys.numbers("model");
    this.toolUsesOf = new Uint32Array(groups.length);
    const isShown = this.#addResponses();
    this.#addExtras(isShown);
    this.#addToolUses(isShown);
  }

  inOrder(): Uint32Array {
    const [timesMs, places] = [this.timesMs, this.#places];
    return Uint32Array.from(timesMs.keys()).sort((a, b) => {
      const [left, right] = [timesMs[a] as number, timesMs[b] as number];
      if (left !== right) return left < right ? -1 : 1;
      return (places[a] as number) - (places[b] as number) || a - b;
    });
  }

  /** By group, whether there is a row of it. */
  #addResponses(): Uint8Array {
    const { table, groups } = this.#tallied;
    const isShown = new Uint8Array(groups.length);
    for (let group = 0; group < groups.length; group++) {
      if (table.event.usage[groups.chosen[group] as number] === undefined) continue;
      const kind = groups.kind[group] as number;
      const timeMs = groups.timeMs[group] as number;
      if (!this.#isInWindow(timeMs) || !this.#isAsked(kind, this.#modelOf(kind))) continue;
      isShown[group] = 1;
      this.#add(OF.response, group, timeMs, this.#placeOf(group));
    }
    return isShown;
  }

  #addExtras(isShown: Uint8Array): void {
    const { table, groups, keys } = this.#tallied;
    const others = new Map<string, Extras>();
    for (let extra = 0; extra < table.extras; extra++) {
      const i = table.extra.event[extra] as number;
      const group = groups.of[i] as number;
      if (group < 0 || groups.chosen[group] !== i) continue;
      const timeMs = groups.timeMs[group] as number;
      const kind = groups.kind[group] as number;
      const model = keys.extraModel(extra, kind);
      if (!this.#isInWindow(timeMs) || !this.#isAsked(kind, model)) continue;
      const isOwn = isShown[group] === 1 && model === this.#modelOf(kind);
      const key = `${group} ${model}`;
      const known = isOwn ? this.ownExtras.get(group) : others.get(key);
      if (known) {
        known.extras.push(extra);
        continue;
      }
      const first = { group, model, extras: [extra] };
      if (isOwn) {
        this.ownExtras.set(group, first);
      } else {
        others.set(key, first);
        this.#add(OF.extra, this.otherExtras.push(first) - 1, timeMs, this.#placeOf(group));
      }
    }
  }

  /** A quarter of an hour is in one day and hour of any zone: so rows add up as a scan's do, however time is cut. */
  #addToolUses(isShown: Uint8Array): void {
    const { table, groups, toolUses } = this.#tallied;
    const { record } = table;
    // By group, its latest row of tool uses apart; by such a row, the one before it.
    const latest = new Int32Array(groups.length).fill(-1);
    const before: number[] = [];
    const slices: number[] = [];
    const rows: number[] = [];
    for (let r = 0; r < table.eventRecords; r++) {
      const uses = toolUses.ofRecord[r] as number;
      const group = groups.of[record.event[r] as number] as number;
      if (uses === 0 || group < 0) continue;
      const kind = groups.kind[group] as number;
      const toldMs = record.timeMs[r] as number;
      const timeMs = Number.isNaN(toldMs) ? Infinity : toldMs;
      if (!this.#isInWindow(timeMs) || !this.#isAsked(kind, this.#modelOf(kind))) continue;
      const slice = sliceOf(timeMs);
      if (isShown[group] === 1 && slice === sliceOf(groups.timeMs[group] as number)) {
        this.toolUsesOf[group] = (this.toolUsesOf[group] as number) + uses;
        continue;
      }
      let at = latest[group] as number;
      while (at >= 0 && slices[at] !== slice) at = before[at] as number;
      if (at < 0) {
        at = this.apart.group.push(group) - 1;
        this.apart.toolUses.push(0);
        before.push(latest[group] as number);
        slices.push(slice);
        rows.push(this.#add(OF.toolUses, at, timeMs, r));
        latest[group] = at;
      }
      this.apart.toolUses[at] = (this.apart.toolUses[at] as number) + uses;
      const row = rows[at] as number;
      this.timesMs[row] = Math.min(this.timesMs[row] as number, timeMs);
    }
  }

  #add(of: number, index: number, timeMs: number, place: number): number {
    this.of.push(of);
    this.index.push(index);
    this.#places.push(place);
    return this.timesMs.push(timeMs) - 1;
  }

  #isInWindow(timeMs: number): boolean {
    return timeMs === Infinity || isIn(this.#tallied.window, timeMs);
  }

  #placeOf(group: number): number {
    const { table, groups } = this.#tallied;
    return table.event.earliestRecord[groups.attribution[group] as number] as number;
  }
}
