/** `--since` and `--until` to instants. */
import type { Calendar, Instants } from "./calendar.ts";
import { invalidOption } from "./errors.ts";
import { parseInstant } from "./sources/time.ts";

/** An inclusive span of time in ms UTC; infinite where it is open. */
export interface Window {
  readonly sinceMs: number;
  readonly untilMs: number;
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const AGO = /^(\d+)\s*([hdw])$/;
const AGO_MS = { h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
/** The year 0. */
const EARLIEST_MS = -62_167_219_200_000;
const OPEN: Instants = { firstMs: -Infinity, lastMs: Infinity };
const HELP = "is no time (give 2026-06-01, 2026-06-01T14:30Z, 7d, 24h, today or yesterday)";

/**
 * The span asked about; both ends inclusive, a date being the whole day in the calendar's zone. A local time that comes
 * twice begins it at the earlier, and ends it at the later of the two. Empty where both are inside what clocks skipped.
 */
export function parseWindow(
  since: string | undefined,
  until: string | undefined,
  calendar: Calendar,
  nowMs: number,
): Window {
  const from = since === undefined ? OPEN : parseBound("--since", since, calendar, nowMs);
  const to = until === undefined ? OPEN : parseBound("--until", until, calendar, nowMs);
  const [sinceMs, untilMs] = [from.firstMs, to.lastMs];
  const isSkipped = from.firstMs > from.lastMs && from.firstMs === to.firstMs;
  if (sinceMs > untilMs && !isSkipped) {
    throw invalidOption("--since", since as string, `is later than --until ${until} (swap the two)`);
  }
  return { sinceMs, untilMs };
}

function parseBound(name: string, text: string, calendar: Calendar, nowMs: number): Instants {
  const ago = AGO.exec(text.trim());
  if (ago) {
    const ms = nowMs - Number(ago[1]) * AGO_MS[ago[2] as keyof typeof AGO_MS];
    if (!(ms >= EARLIEST_MS)) throw invalidOption(name, text, "is longer than all of time (give less)");
    return { firstMs: ms, lastMs: ms };
  }
  const date = dayNamed(text.trim(), calendar, nowMs);
  if (date !== undefined) {
    // Not where the next day begins: where the clock goes back over midnight this one goes on after that.
    const { lastMs } = calendar.instantsMs(Date.parse(`${date}T23:59:59.999Z`));
    return { firstMs: calendar.startOfDayMs(date), lastMs };
  }
  const instants = instantsNamed(text.trim(), calendar);
  if (!instants) throw invalidOption(name, text, HELP);
  return instants;
}

function dayNamed(text: string, calendar: Calendar, nowMs: number): string | undefined {
  if (text === "today") return calendar.dayOf(nowMs);
  if (text === "yesterday") return calendar.dayOf(calendar.startOfDayMs(calendar.dayOf(nowMs)) - 1);
  return DATE.test(text) && !Number.isNaN(parseInstant(text)) ? text : undefined;
}

/** An instant; without an offset it is local, as a person who types it means it. Undefined: it is none. */
function instantsNamed(text: string, calendar: Calendar): Instants | undefined {
  const asUtcMs = parseInstant(text);
  if (Number.isNaN(asUtcMs)) return undefined;
  if (/([Zz]|[+-]\d\d(:?\d\d)?)$/.test(text.slice("YYYY-MM-DD".length))) return { firstMs: asUtcMs, lastMs: asUtcMs };
  return calendar.instantsMs(asUtcMs);
}
