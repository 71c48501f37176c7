/** One line for the foot of Claude Code's terminal. */
import type { Status } from "../statusline/index.ts";
import type { BlockFigures } from "../blocks/types.ts";
import { counted, durationText, exact } from "./numbers.ts";
import type { Palette } from "./palette.ts";
import { printable } from "./printable.ts";
import { centsText } from "./usd.ts";
import { keepStart, widthOf } from "./width.ts";

/** What Claude Code itself says on stdin; undefined where it does not. */
export interface Told {
  /** As people know it: `Opus 4.6`. */
  readonly model: string | undefined;
  readonly contextTokens: number | undefined;
  /** Of the context that the model has. */
  readonly contextPercent: number | undefined;
}

/** From here on the context is soon compacted. */
const FULL_PERCENT = 80;

interface Part {
  readonly text: string;
  readonly style?: keyof Palette;
}

/** Parts go where there is no room: how fast it goes, then the context, then today. `status` undefined: no figures, and `instead` says why. */
export function statusLine(
  told: Told,
  status: Status | undefined,
  { width, palette, instead = "" }: { readonly width: number; readonly palette: Palette; readonly instead?: string },
): string {
  const model: Part[] = told.model === undefined ? [] : [{ text: printable(told.model), style: "strong" }];
  if (!status) return set([[...model, { text: instead }]], width, palette);
  const { session, today, block } = status;
  const ofSession = session ? [`${amount(session)} session`] : [];
  const ofToday = `${amount(today)} today`;
  const ofBlock = block ? `${amount(block.figures)} block (${durationText(block.remainingMs)} left)` : "no block";
  const all: Part = { text: [...ofSession, ofToday, ofBlock].join(" / ") };
  const fewer: Part = { text: [...ofSession, ofBlock].join(" / ") };
  const rate = block?.burnRate ? [{ text: rateText(block.burnRate, block.figures), style: "faint" as const }] : [];
  const context = contextPart(told, status);
  return set(
    [[...model, all, ...rate, ...context], [...model, all, ...context], [...model, all], [...model, fewer], [fewer]],
    width,
    palette,
  );
}

function contextPart(told: Told, status: Status): Part[] {
  const tokens = told.contextTokens ?? status.contextTokens;
  if (tokens === undefined) return [];
  const percent = told.contextPercent;
  const text = `context ${exact(tokens)}${percent === undefined ? "" : ` (${Math.round(percent)} %)`}`;
  return [{ text, ...(percent !== undefined && percent >= FULL_PERCENT && { style: "alert" as const }) }];
}

function rateText(
  { tokensPerMinute, costUsdPerHour }: NonNullable<NonNullable<Status["block"]>["burnRate"]>,
  { costIsPartial }: BlockFigures,
): string {
  return costUsdPerHour === null
    ? `${exact(tokensPerMinute)} tokens/min`
    : `${centsText(costUsdPerHour, costIsPartial)}/hour`;
}

/** Tokens where no cost is known. */
function amount({ costUsd, costIsPartial, totalTokens }: BlockFigures): string {
  return costUsd === null ? counted(totalTokens, "token") : centsText(costUsd, costIsPartial);
}

const GAP = " | ";

/** The first choice that fits; of the last one as much as there is room for. */
function set(choices: ReadonlyArray<readonly Part[]>, width: number, palette: Palette): string {
  const plainOf = (parts: readonly Part[]) => parts.map(({ text }) => text).join(GAP);
  const fitting = choices.find((parts) => widthOf(plainOf(parts)) <= width);
  if (!fitting) return keepStart(plainOf(choices.at(-1) ?? []), width);
  return fitting.map(({ text, style }) => (style ? palette[style](text) : text)).join(GAP);
}
