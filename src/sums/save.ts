/** What a tally found, to the file of sums. */
import { accessSync, constants } from "node:fs";
import { replaceFile } from "../cursors/file.ts";
import type { Cursors } from "../cursors/index.ts";
import type { CursorTable } from "../cursors/table.ts";
import { ScanError } from "../errors.ts";
import { allocate, type Columns, copyColumns, type Spec } from "../events.ts";
import type { Tallied } from "../tally/tallied.ts";
import { SUM, type Summed } from "../tally/summed.ts";
import type { Candidates } from "./candidates.ts";
import { FILE, KIND, LOW, MEMBER, type RowOf, type SumTables } from "./columns.ts";
import { encodeSums } from "./encode.ts";
import { type Found, sumUp } from "./found.ts";
import { sweepSums } from "./kept.ts";
import { Members } from "./members.ts";
import { Models } from "./models.ts";
import type { Told } from "./told.ts";

export interface SavingSums {
  readonly folder: string;
  /** Of the file. */
  readonly name: string;
  readonly key: string;
  readonly cursors: Cursors;
  readonly told: Told | undefined;
  /** Where the contexts of cursors begin in the merged table. */
  readonly contextsOf: (table: CursorTable) => number | undefined;
  /** What the scan was told. */
  readonly summed: Summed | undefined;
  readonly tallied: Tallied;
  /** Transcripts with responses that said more cached input than input. */
  readonly clampedIn: ReadonlySet<number>;
}

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
  const { key, tallied, cursors, told } = saving;
  const found = sumUp(candidates, tallied, saving.clampedIn);
  const members = new Members(candidates, found.refused, cursors, told);
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
