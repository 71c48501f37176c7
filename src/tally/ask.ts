/** Further questions to what a tally has settled, grouped and priced: nothing is read or decided again. */
import type { Calendar } from "../calendar.ts";
import type { Transcript } from "../discover/transcript.ts";
import { FLAG } from "../events.ts";
import type { Filter } from "../filters.ts";
import type { Dimension, SourceName } from "../types.ts";
import type { Window } from "../window.ts";
import { fillCells } from "./cells.ts";
import { Pieces } from "./pieces.ts";
import type { Places } from "./places.ts";
import { timesOf } from "./row-finder.ts";
import { type Rows, tallyRows } from "./rows.ts";
import type { Tallied } from "./tallied.ts";

/** In columns of numbers. */
const NONE = 0xffffffff;

export interface Question {
  readonly by: readonly Dimension[];
  /** Default: that of the scan, as for all below. */
  readonly window?: Window;
  readonly calendar?: Calendar;
  readonly filter?: Filter;
}

export const ALL_TIME: Window = { sinceMs: -Infinity, untilMs: Infinity };

export function ask(tallied: Tallied, { by, ...other }: Question): Rows {
  const asked = { ...tallied, ...other };
  return tallyRows(by, { ...asked, cells: fillCells(asked, new Pieces(timesOf(by, asked), asked.window)) });
}

/** When each response was, in no order: all of them, but those without a time. */
export function* responseTimes({ places, groups, kinds }: Tallied): Generator<{ source: SourceName; timeMs: number }> {
  for (let group = 0; group < groups.length; group++) {
    const timeMs = groups.timeMs[group] as number;
    if (groups.chosen[group] === NONE || timeMs === Infinity) continue;
    const transcript = kinds.transcript[groups.kind[group] as number] as number;
    yield { source: (places.transcripts[transcript] as Transcript).source, timeMs };
  }
}

/** Only what is of one session; its id is no pattern. */
export function isOfSession({ places, kinds }: Tallied, id: string): Filter {
  return (kind) => sessionAt(places, kinds.transcript[kind] as number) === id;
}

/**
 * Input of the latest response in a session's own transcripts, cached or not: what its context holds. Those that a fork copied
 * are in its context, whosoever they are; subagents have contexts of their own.
 */
export function contextTokens({ table, places, groups }: Tallied, id: string): number | undefined {
  const { event, length } = table;
  const { firstEvent } = table.transcript;
  let latest = -1;
  for (const [t, { isAgentFile }] of places.transcripts.entries()) {
    if (isAgentFile || sessionAt(places, t) !== id) continue;
    const to = firstEvent[t + 1] ?? length;
    for (let i = firstEvent[t] as number; i < to; i++) {
      const group = groups.of[i] as number;
      // All bits set: no usage.
      if (group < 0 || groups.chosen[group] === NONE) continue;
      const timeMs = groups.timeMs[group] as number;
      if (timeMs === Infinity || (latest >= 0 && timeMs < (groups.timeMs[latest] as number))) continue;
      if (((event.flags[i] as number) & (FLAG.sideChain | FLAG.nested)) === 0) latest = group;
    }
  }
  if (latest < 0) return undefined;
  const { input, cacheCreation5m, cacheCreation1h, cacheRead } = table.usage;
  const usage = event.usage[groups.chosen[latest] as number] as number;
  const written = (cacheCreation5m[usage] as number) + (cacheCreation1h[usage] as number);
  return (input[usage] as number) + written + (cacheRead[usage] as number);
}

function sessionAt({ sessions, sessionOf }: Places, transcript: number): string | undefined {
  return sessions[sessionOf[transcript] as number];
}
