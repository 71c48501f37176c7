/** What candidates come to, out of a tally. */
import { allocate, AMOUNTS, type Columns } from "../events.ts";
import { type Cells, fillQuarters } from "../tally/cells.ts";
import { QUARTER_MS } from "../tally/pieces.ts";
import type { Tallied } from "../tally/tallied.ts";
import { SUM } from "../tally/summed.ts";
import type { Candidates } from "./candidates.ts";

export interface Found {
  /** By the first transcript of a cluster, whether there is something in it that sums cannot tell. */
  readonly refused: ReadonlySet<number>;
  /** Of the tally. */
  readonly kinds: readonly number[];
  /** With `kind` as the place in `kinds`. */
  readonly sums: Columns<typeof SUM>;
  readonly lows: ReadonlyArray<{ readonly transcript: number; readonly context: number; count: number }>;
}

/** `clampedIn`: transcripts with responses that said more cached input than input. */
export function sumUp(candidates: Candidates, tallied: Tallied, clampedIn: ReadonlySet<number>): Found {
  const { table, kinds } = tallied;
  const { has, together } = candidates;
  const refused = new Set<number>();
  const refuse = (transcript: number) => refused.add(together[transcript] as number);
  for (const transcript of [...candidates.withAliases, ...clampedIn]) refuse(transcript);
  for (let extra = 0; extra < table.extras; extra++) {
    refuse(table.transcriptOf[table.extra.event[extra] as number] as number);
  }
  const cells = fillQuarters(tallied);
  const transcriptOf = (cell: number) => kinds.transcript[cells.kind[cell] as number] as number;
  for (let cell = 0; cell < cells.length; cell++) {
    if (!isInQuarter(cells, cell)) refuse(transcriptOf(cell));
  }
  const isKept = (transcript: number) => has[transcript] === 1 && !refused.has(together[transcript] as number);
  const kept: number[] = [];
  for (let cell = 0; cell < cells.length; cell++) if (isKept(transcriptOf(cell))) kept.push(cell);
  return { refused, ...sumsOfCells(cells, kept), lows: lowsFound(tallied, isKept) };
}

/** Whether it is of a quarter of an hour, of which there are as many as a column has numbers for. */
function isInQuarter({ instantsMs, piece, firstMs, lastMs }: Cells, cell: number): boolean {
  const startMs = instantsMs[piece[cell] as number] as number;
  return startMs >= 0 && startMs < 2 ** 32 * QUARTER_MS && (firstMs[cell] as number) <= (lastMs[cell] as number);
}

const ADDED = [
  ...(Object.keys(AMOUNTS) as Array<keyof typeof AMOUNTS>),
  "costDollars",
  "costNanos",
  "unpricedTokens",
  "responses",
  "toolUses",
  "priced",
  "unpriced",
] as const satisfies ReadonlyArray<keyof typeof SUM>;

const NANOS_A_DOLLAR = 1e9;

function sumsOfCells(cells: Cells, kept: readonly number[]): Pick<Found, "kinds" | "sums"> {
  const sums = allocate(SUM, kept.length);
  for (const name of ADDED) take(cells[name], kept, sums[name]);
  const numbers = new Map<number, number>();
  for (const [i, cell] of kept.entries()) {
    const kind = cells.kind[cell] as number;
    const number = numbers.get(kind) ?? numbers.size;
    numbers.set(kind, number);
    const startMs = cells.instantsMs[cells.piece[cell] as number] as number;
    sums.kind[i] = number;
    sums.quarter[i] = startMs / QUARTER_MS;
    sums.firstMs[i] = (cells.firstMs[cell] as number) - startMs;
    sums.lastMs[i] = (cells.lastMs[cell] as number) - startMs;
    const [dollars, nanos] = [sums.costDollars[i] as number, sums.costNanos[i] as number];
    sums.costDollars[i] = dollars + Math.floor(nanos / NANOS_A_DOLLAR);
    sums.costNanos[i] = nanos % NANOS_A_DOLLAR;
  }
  return { kinds: [...numbers.keys()], sums };
}

function take(from: Float64Array | Uint32Array, places: readonly number[], to: Float64Array | Uint32Array): void {
  for (let i = 0; i < places.length; i++) to[i] = from[places[i] as number] as number;
}

/** Responses with a placeholder for their output, by the record that says so. */
function lowsFound({ table, groups }: Tallied, isKept: (transcript: number) => boolean): Found["lows"] {
  const { memory, event, transcriptOf } = table;
  const listed = memory.u32(groups.length);
  const count = memory.native.listLow(listed.byteOffset);
  const lows = new Map<string, Found["lows"][number]>();
  for (const group of listed.subarray(0, count)) {
    const chosen = groups.chosen[group] as number;
    const [transcript, context] = [transcriptOf[chosen] as number, event.context[chosen] as number];
    if (!isKept(transcript)) continue;
    const key = `${transcript} ${context}`;
    const low = lows.get(key);
    if (low) low.count++;
    else lows.set(key, { transcript, context, count: 1 });
  }
  return [...lows.values()];
}
