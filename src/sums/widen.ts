/** Stored sums to columns that name what they are about as a merged table does. */
import type { Member } from "../cursors/project.ts";
import { numbersOf } from "../cursors/narrow.ts";
import { allocate, type Columns, type Spec } from "../events.ts";
import type { Merger } from "../merge.ts";
import { NO_MODEL } from "../tally/cells.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { SUM, type Summed, SumsOfNoUse } from "../tally/summed.ts";
import { KIND, type LOW } from "./columns.ts";
import { type NarrowSums, widenInto } from "./decode.ts";
import type { Told } from "./told.ts";

/**
 * The sums of those of `members`, by transcript, that are told by them. All of their cursors have been merged. Throws
 * `SumsOfNoUse` where they name what there is not.
 */
export function widenSums(told: Told, members: readonly Member[], merger: Merger, memory: TallyMemory): Summed {
  const { tables, models, member, firstQuarter } = told.stored.decoded;
  const { native } = memory;
  const transcripts = memory.u32(member.row.length);
  const contexts = memory.u32(member.row.length);
  const limits = memory.u32(member.row.length);
  for (let t = 0; t < members.length; t++) {
    const number = told.memberOf[t] as number;
    if (number < 0) continue;
    const { table } = members[t] as Member;
    transcripts[number] = t + 1;
    contexts[number] = (table && merger.contextsOf(table)) ?? 0;
    limits[number] = table?.contexts ?? 0;
  }
  const kind = widened(KIND, tables.kind, memory);
  const sum = widened(SUM, tables.sum, memory);
  memory.shift(sum.quarter, 0, sum.quarter.length, firstQuarter);
  memory.bind("summedKind", kind);
  memory.set("summedKinds", kind.member.length);
  memory.bind("sum", sum);
  memory.set("sums", sum.kind.length);
  const numbers = memory.u32(kind.member.length);
  const places = [transcripts.byteOffset, contexts.byteOffset, limits.byteOffset] as const;
  const kinds = native.placeKinds(...places, numbers.byteOffset);
  if (kinds < 0) throw new SumsOfNoUse();
  const sums = native.placeSums(numbers.byteOffset);
  const texts = memory.u32(models.length + 2);
  texts.set([0, NO_MODEL, ...models.map((name) => merger.numberOf(name))]);
  memory.renumber(kind.model, 0, kinds, texts);
  const { member: transcript, ...others } = first(kind, kinds);
  return {
    kinds: { transcript, ...others },
    sums: first(sum, sums),
    lows: lowsOf(tables.low, transcripts, contexts, limits, memory),
    responses: native.summedResponses(),
  };
}

function widened<S extends Spec>(spec: S, narrow: NarrowSums[keyof NarrowSums], memory: TallyMemory): Columns<S> {
  const columns = memory.columns(spec, Object.values(narrow)[0]?.length ?? 0);
  for (const [name, column] of Object.entries(columns)) {
    const from = narrow[name];
    if (from) widenInto(from, column, memory);
  }
  return columns;
}

/** The first elements of columns. */
function first<C extends Readonly<Record<string, Float64Array | Uint32Array>>>(columns: C, length: number): C {
  const entries = Object.entries(columns).map(([name, column]) => [name, column.subarray(0, length)]);
  return Object.fromEntries(entries) as C;
}

function lowsOf(
  narrow: NarrowSums["low"],
  transcripts: Uint32Array,
  contexts: Uint32Array,
  limits: Uint32Array,
  { buffer }: TallyMemory,
): Summed["lows"] {
  const columnOf = (name: keyof typeof LOW) => {
    const column = narrow[name];
    return column ? numbersOf(column, buffer) : [];
  };
  const [member, context, count] = [columnOf("member"), columnOf("context"), columnOf("count")];
  const lows = allocate({ transcript: Uint32Array, context: Uint32Array, count: Uint32Array }, member.length);
  let length = 0;
  for (let i = 0; i < member.length; i++) {
    const transcript = transcripts[member[i] as number] as number;
    if (transcript === 0) continue;
    if ((context[i] as number) >= (limits[member[i] as number] as number)) throw new SumsOfNoUse();
    lows.transcript[length] = transcript - 1;
    lows.context[length] = (context[i] as number) + (contexts[member[i] as number] as number);
    lows.count[length++] = count[i] as number;
  }
  return first(lows, length);
}
