/** What a tally found, to the file of sums. */
import { accessSync, constants } from "node:fs";
import { replaceFile } from "../cursors/file.ts";
import type { Cursors } from "../cursors/index.ts";
import type { Member } from "../cursors/project.ts";
import type { CursorTable } from "../cursors/table.ts";
import { ScanError } from "../errors.ts";
import { allocate, AMOUNTS, type Columns, copyColumns, type Spec } from "../events.ts";
import { type Cells, fillQuarters, NO_MODEL } from "../tally/cells.ts";
import { QUARTER_MS } from "../tally/pieces.ts";
import type { Tallied } from "../tally/rows.ts";
import { FILE, FIRST_MODEL, KIND, LOW, MEMBER, NO_MODEL_SHOWN, SUM, type Summed, type SumTables } from "./columns.ts";
import type { Candidates } from "./candidates.ts";
import { encodeSums } from "./encode.ts";
import { sweepSums } from "./kept.ts";

export interface SavingSums {
  readonly folder: string;
  /** Of the file. */
  readonly name: string;
  readonly key: string;
  readonly cursors: Cursors;
  /** Where the contexts of cursors begin in the merged table. */
  readonly contextsOf: (table: CursorTable) => number | undefined;
  /** What the scan was told. */
  readonly summed: Summed | undefined;
  readonly tallied: Tallied;
  /** Transcripts with responses that said more cached input than input. */
  readonly clampedIn: ReadonlySet<number>;
}

type RowOf<S extends Spec> = { -readonly [Name in keyof S]: number };

/** Returns why it could not, as the system's code. */
export function saveSums(candidates: Candidates, saving: SavingSums): string | undefined {
  const { folder, name } = saving;
  if (!isWritable(folder)) return undefined;
  try {
    replaceFile(folder, name, bytesOf(candidates, saving));
    sweepSums(folder, name, Date.now());
    return undefined;
  } catch (error) {
    // There is no memory left to work them out in: the scan is done, and does without.
    if (error instanceof ScanError) return undefined;
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return code;
  }
}

function bytesOf(candidates: Candidates, saving: SavingSums): Uint8Array {
  const { key, tallied } = saving;
  const found = sumUp(candidates, saving);
  const members = new Members(candidates, found.refused, saving.cursors);
  const models = new Models(tallied.table.texts);
  const tables: SumTables = {
    file: columnsOf(FILE, members.files),
    member: columnsOf(MEMBER, members.rows),
    kind: kindsOf(found, saving, members, models),
    sum: sumsOf(found, saving.summed),
    low: lowsOf(found, saving, members),
  };
  return encodeSums(key, members.names, models.names, tables, tallied.table.memory);
}

/** Where nobody is to write nothing is lost but time: that cursors cannot be written is said when there are any to write. */
function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What candidates come to. */
interface Found {
  /** By the first transcript of a cluster, whether there is something in it that sums cannot tell. */
  readonly refused: ReadonlySet<number>;
  /** Of the tally. */
  readonly kinds: readonly number[];
  /** With `kind` as the place in `kinds`. */
  readonly sums: Columns<typeof SUM>;
  readonly lows: ReadonlyArray<{ readonly transcript: number; readonly context: number; count: number }>;
}

function sumUp(candidates: Candidates, { tallied, clampedIn }: SavingSums): Found {
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

/** The transcripts that the file is about: candidates, and those it was about that are as they were. */
class Members {
  readonly names: string[] = [];
  readonly files: Array<RowOf<typeof FILE>> = [];
  readonly rows: Array<RowOf<typeof MEMBER>> = [];
  /** By transcript. */
  readonly #numbers = new Map<number, number>();
  readonly #members: readonly Member[];

  constructor({ has, together, idsChecksums, reviewing }: Candidates, refused: ReadonlySet<number>, cursors: Cursors) {
    const { told, members } = cursors;
    this.#members = members;
    const ofTable = new Map<CursorTable, number[]>();
    for (const { transcript: t, table } of members) {
      const isKept = told !== undefined && (told.has(t) || told.isRefused(t));
      if (!table || (has[t] === 0 && !isKept)) continue;
      const some = ofTable.get(table);
      if (some) some.push(t);
      else ofTable.set(table, [t]);
    }
    const clusters = new Map<string, number>();
    for (const [table, name] of cursors.tables) {
      const some = ofTable.get(table);
      if (!some) continue;
      some.sort((a, b) => (members[a]?.row ?? 0) - (members[b]?.row ?? 0));
      this.names.push(name);
      this.files.push({
        versionLow: table.version.low,
        versionHigh: table.version.high,
        idsChecksum: idsChecksums.get(table) ?? told?.idsChecksumOf(table) ?? 0,
        rows: table.paths.length,
        contexts: table.contexts,
        members: some.length,
      });
      for (const t of some) {
        const number = this.rows.length;
        const known = told?.knownAs[t] ?? -1;
        const key = has[t] === 1 ? `new ${together[t]}` : `kept ${told?.clusterOf(known)}`;
        const cluster = clusters.get(key) ?? number;
        clusters.set(key, cluster);
        const isTold = has[t] === 1 ? !refused.has(together[t] as number) : told?.has(t) === true;
        const hasReviews = has[t] === 1 ? reviewing.has(t) : told?.hasReviews(t) === true;
        const row = members[t]?.row ?? 0;
        this.rows.push({ row, cluster, isTold: isTold ? 1 : 0, hasReviews: hasReviews ? 1 : 0 });
        this.#numbers.set(t, number);
      }
    }
  }

  /** The number of a transcript. */
  numberOf(transcript: number): number {
    const number = this.#numbers.get(transcript);
    if (number === undefined) throw new Error(`transcript ${transcript} is no member`);
    return number;
  }

  tableOf(transcript: number): CursorTable {
    return this.#members[transcript]?.table as CursorTable;
  }
}

/** Numbers of models in the file. */
class Models {
  readonly names: string[] = [];
  readonly #texts: readonly string[];
  readonly #numbers = new Map<number, number>();

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  numberOf(text: number): number {
    if (text === 0) return 0;
    if (text === NO_MODEL) return NO_MODEL_SHOWN;
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.names.push(this.#texts[text] as string) - 1;
      this.#numbers.set(text, number);
    }
    return number + FIRST_MODEL;
  }
}

function kindsOf(
  { kinds: found }: Found,
  { tallied, summed, contextsOf }: SavingSums,
  members: Members,
  models: Models,
): Columns<typeof KIND> {
  const told = summed?.kinds.transcript.length ?? 0;
  const kinds = allocate(KIND, told + found.length);
  const put = (at: number, from: Summed["kinds"], i: number) => {
    const transcript = from.transcript[i] as number;
    kinds.member[at] = members.numberOf(transcript);
    kinds.context[at] = (from.context[i] as number) - (contextsOf(members.tableOf(transcript)) ?? 0);
    kinds.flags[at] = from.flags[i] as number;
    kinds.model[at] = models.numberOf(from.model[i] as number);
  };
  if (summed) for (let i = 0; i < told; i++) put(i, summed.kinds, i);
  for (const [i, kind] of found.entries()) put(told + i, tallied.kinds, kind);
  return kinds;
}

function sumsOf({ sums: found }: Found, summed: Summed | undefined): Columns<typeof SUM> {
  const told = summed?.sums.kind.length ?? 0;
  const kinds = summed?.kinds.transcript.length ?? 0;
  const sums = allocate(SUM, told + found.kind.length);
  if (summed) copyColumns(summed.sums, sums, 0);
  copyColumns(found, sums, told);
  for (let i = told; i < sums.kind.length; i++) sums.kind[i] = (sums.kind[i] as number) + kinds;
  return sums;
}

function lowsOf({ lows }: Found, { summed, contextsOf }: SavingSums, members: Members): Columns<typeof LOW> {
  const told = Array.from(summed?.lows.transcript ?? [], (transcript, i) => ({
    transcript,
    context: summed?.lows.context[i] as number,
    count: summed?.lows.count[i] as number,
  }));
  const rows = [...told, ...lows].map(({ transcript, context, count }) => ({
    member: members.numberOf(transcript),
    context: context - (contextsOf(members.tableOf(transcript)) ?? 0),
    count,
  }));
  return columnsOf(LOW, rows);
}

function columnsOf<S extends Spec>(spec: S, rows: ReadonlyArray<RowOf<S>>): Columns<S> {
  const columns = allocate(spec, rows.length);
  for (const [name, column] of Object.entries(columns)) {
    for (const [i, row] of rows.entries()) column[i] = row[name] as number;
  }
  return columns;
}
