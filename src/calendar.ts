/**
 * Instants to days and back, in a time zone. UTC is arithmetic; every other zone asks `temporal-polyfill` (the
 * standard's `Temporal`, until Node has it), which is loaded only then.
 */
import { invalidOption } from "./errors.ts";
import type { Environment } from "./environment.ts";
import { systemTimezone, zoneByIntl } from "./system-timezone.ts";
import type { TimeDimension } from "./types.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Of a record without time, in every time dimension. Sorts behind all others. */
const UNKNOWN_TIME = "unknown";

export const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/**
 * The calendar of a zone, or of the machine's. Where no day is asked about only its name is wanted, and the 40 ms
 * that loading a zone takes are not spent. Throws `INVALID_OPTION` where there is no such zone.
 */
export async function calendarFor(
  timezone: string | undefined,
  environment: Environment,
  asksForDays: boolean,
): Promise<Calendar> {
  if (timezone !== undefined) return openCalendar(timezone);
  const name = systemTimezone(environment);
  if (!asksForDays) return utc(name);
  try {
    return await openCalendar(name);
  } catch {
    const { TZ } = environment.variables;
    if (TZ === undefined) return openCalendar(zoneByIntl());
    // UTC, as others have it then, would be days that nobody asked for.
    throw invalidOption(
      "TZ",
      TZ,
      "is no time zone (set it to an IANA name, such as Europe/Berlin, or give --timezone)",
    );
  }
}

export interface Instants {
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface Calendar {
  readonly timezone: string;
  /** Minutes that local time is ahead of UTC, in ms. */
  offsetMs(instantMs: number): number;
  /** The first instant of a local day given as YYYY-MM-DD; of the day `plusDays` later. */
  startOfDayMs(date: string, plusDays?: number): number;
  /**
   * The first and the last instant at which clocks showed a local time, given as if it were UTC: two where they were set
   * back. Of one that they went forth over, the first instant behind it, and the one before that: then first is after last.
   */
  instantsMs(localMs: number): Instants;
  /** The local day of an instant, YYYY-MM-DD. */
  dayOf(instantMs: number): string;
}

export async function openCalendar(timezone: string): Promise<Calendar> {
  if (/^(utc|etc\/utc|gmt|z)$/i.test(timezone)) return utc(timezone);
  const { Temporal } = await import("temporal-polyfill");
  let canonical: string;
  try {
    canonical = Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timezone).timeZoneId;
  } catch {
    throw invalidOption("--timezone", timezone, "is no time zone (give an IANA name, such as Europe/Berlin)");
  }
  // A zone keeps its offset for months; a scan meets few such spans.
  const spans: Array<{ readonly sinceMs: number; readonly beforeMs: number; readonly offsetMs: number }> = [];
  let last = { sinceMs: Infinity, beforeMs: -Infinity, offsetMs: 0 };
  const offsetMs = (instantMs: number) => {
    const isIn = (span: typeof last) => instantMs >= span.sinceMs && instantMs < span.beforeMs;
    if (isIn(last)) return last.offsetMs;
    const known = spans.find(isIn);
    if (known) return (last = known).offsetMs;
    const at = Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(canonical);
    const next = at.getTimeZoneTransition("next")?.epochMilliseconds ?? Infinity;
    // The transition before the next instant is the last one at or before this.
    const since = at.add({ milliseconds: 1 }).getTimeZoneTransition("previous")?.epochMilliseconds ?? -Infinity;
    last = { sinceMs: since, beforeMs: next, offsetMs: Math.round(at.offsetNanoseconds / 1e6) };
    spans.push(last);
    return last.offsetMs;
  };
  return {
    timezone: canonical,
    offsetMs,
    startOfDayMs: (date, plusDays = 0) =>
      Temporal.PlainDate.from(date).add({ days: plusDays }).toZonedDateTime(canonical).epochMilliseconds,
    instantsMs: (localMs) => {
      const local = Temporal.PlainDateTime.from(new Date(localMs).toISOString().slice(0, -1));
      const earlier = local.toZonedDateTime(canonical, { disambiguation: "earlier" });
      if (earlier.toPlainDateTime().equals(local)) {
        const later = local.toZonedDateTime(canonical, { disambiguation: "later" });
        return { firstMs: earlier.epochMilliseconds, lastMs: later.epochMilliseconds };
      }
      // Clocks never showed it: "earlier" is then as long before it as they skipped.
      const skippedMs = (earlier.getTimeZoneTransition("next") ?? earlier).epochMilliseconds;
      return { firstMs: skippedMs, lastMs: skippedMs - 1 };
    },
    dayOf: (instantMs) => isoDate(instantMs + offsetMs(instantMs)),
  };
}

function utc(timezone: string): Calendar {
  return {
    timezone: /^(utc|etc\/utc|z)$/i.test(timezone) ? "UTC" : timezone,
    offsetMs: () => 0,
    startOfDayMs: (date, plusDays = 0) => Date.parse(`${date}T00:00:00Z`) + plusDays * DAY_MS,
    instantsMs: (localMs) => ({ firstMs: localMs, lastMs: localMs }),
    dayOf: isoDate,
  };
}

/** Names the piece of time an instant is in. Pieces are numbered, so that most instants cost no text. */
export class TimeKeys {
  readonly names: string[] = [UNKNOWN_TIME];
  /**
   * What pieces sort by. Hours by the instant they begin: in autumn two have the same local name but for the offset.
   * Others by their local time: where the clock goes back over midnight a day goes on after the next has begun.
   */
  readonly startsMs: number[] = [Infinity];
  readonly #dimension: TimeDimension;
  readonly #calendar: Calendar;
  readonly #startOfWeek: number;
  readonly #numbers = new Map<string, number>();
  /** By local hour and offset: no piece begins inside an hour that keeps its offset. */
  readonly #byHour = new Map<string, number>();
  #lastHour = NaN;
  #lastOffsetMs = NaN;
  #lastNumber = 0;

  constructor(dimension: TimeDimension, calendar: Calendar, startOfWeek: Weekday) {
    this.#dimension = dimension;
    this.#calendar = calendar;
    this.#startOfWeek = WEEKDAYS.indexOf(startOfWeek);
  }

  /** The number of the piece `instantMs` is in; 0 for NaN and Infinity, which are no instants. */
  number(instantMs: number): number {
    if (!Number.isFinite(instantMs)) return 0;
    const offsetMs = this.#calendar.offsetMs(instantMs);
    const hour = Math.floor((instantMs + offsetMs) / HOUR_MS);
    if (hour === this.#lastHour && offsetMs === this.#lastOffsetMs) return this.#lastNumber;
    this.#lastHour = hour;
    this.#lastOffsetMs = offsetMs;
    this.#lastNumber = this.#numberOf(hour * HOUR_MS, offsetMs);
    return this.#lastNumber;
  }

  /**
   * Whether two instants and all between them are in one piece. With one offset at both ends they are where the ends
   * are: no clock goes forth over the end of a piece and back again before it.
   */
  isOnePiece(firstMs: number, lastMs: number): boolean {
    if (firstMs === lastMs) return true;
    return this.number(firstMs) === this.number(lastMs) && this.offsetMs(firstMs) === this.offsetMs(lastMs);
  }

  offsetMs(instantMs: number): number {
    return this.#calendar.offsetMs(instantMs);
  }

  #numberOf(hourMs: number, offsetMs: number): number {
    const key = `${hourMs} ${offsetMs}`;
    let number = this.#byHour.get(key);
    if (number === undefined) {
      const name = this.#name(hourMs, offsetMs);
      number = this.#numbers.get(name) ?? this.names.push(name) - 1;
      this.#numbers.set(name, number);
      this.#byHour.set(key, number);
      const orderMs = this.#dimension === "hour" ? hourMs - offsetMs : hourMs;
      this.startsMs[number] = Math.min(this.startsMs[number] ?? Infinity, orderMs);
    }
    return number;
  }

  #name(localMs: number, offsetMs: number): string {
    switch (this.#dimension) {
      case "day":
        return isoDate(localMs);
      case "month":
        return isoDate(localMs).slice(0, -"-DD".length);
      case "week": {
        const daysIn = (new Date(localMs).getUTCDay() - this.#startOfWeek + 7) % 7;
        return isoDate(localMs - daysIn * DAY_MS);
      }
      case "hour":
        return `${new Date(localMs).toISOString().slice(0, -":MM:SS.mmmZ".length)}${offsetName(offsetMs)}`;
    }
  }
}

function isoDate(localMs: number): string {
  return new Date(localMs).toISOString().slice(0, -"THH:MM:SS.mmmZ".length);
}

function offsetName(offsetMs: number): string {
  const minutes = Math.round(Math.abs(offsetMs) / MINUTE_MS);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${offsetMs < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
