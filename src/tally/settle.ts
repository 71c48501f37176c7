/**
 * Events as records told them to events as the tally counts them, for the agents whose records do not stand for
 * themselves. It depends on other transcripts, so it is done anew on every run; what cursors keep is as it was told.
 */
import type { CountMode } from "./groups.ts";
import type { Places } from "./places.ts";
import { FLAG } from "../events.ts";
import { settleCodex } from "./codex.ts";
import { settleCopilot } from "./copilot.ts";
import { settleGemini } from "./gemini.ts";
import { settleOpenCode } from "./opencode.ts";
import { settlePi } from "./pi.ts";
import type { EventTable } from "./table.ts";

export interface Settled {
  readonly table: EventTable;
  /** Responses that said more cached input than input. */
  readonly clampedResponses: number;
  /** The Codex rollouts among the transcripts that they are of. */
  readonly clampedIn: ReadonlySet<number>;
  /** Responses of which no more than the output is known. */
  readonly outputOnlyResponses: number;
  /** Tokens that no message tells of. */
  readonly untoldTokens: number;
}

export function settle(table: EventTable, places: Places, count: CountMode): Settled {
  if (places.transcripts.every(({ source }) => source === "claude"))
    return { table, clampedResponses: 0, clampedIn: new Set(), outputOnlyResponses: 0, untoldTokens: 0 };
  settleOpenCode(table, places, count);
  settlePi(table, places);
  const copilot = settleCopilot(table, places, count);
  const gemini = settleGemini(table, places, count);
  const clamped = settleCodex(table, places, count);
  const inRollouts = [...clamped.values()].reduce((sum, some) => sum + some, 0);
  return {
    table: { ...table, extras: dropReadings(table) },
    clampedResponses: inRollouts + gemini.clamped + copilot.clamped,
    clampedIn: new Set(clamped.keys()),
    outputOnlyResponses: copilot.outputOnly,
    untoldTokens: gemini.untoldTokens,
  };
}

/** Takes out what readings told of their last requests: it is no part of any figure. Returns how many extras are left. */
function dropReadings({ event, extra, extras }: EventTable): number {
  let left = 0;
  for (let x = 0; x < extras; x++) {
    if ((event.flags[extra.event[x] as number] as number) & FLAG.reading) continue;
    for (const column of Object.values(extra)) column[left] = column[x] as number;
    left++;
  }
  return left;
}
