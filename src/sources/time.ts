/**
 * Instants, for the spellings the kernel leaves alone (docs/decisions/0002, number 8): ISO 8601 with any of its
 * offsets (none means UTC), a date alone, an epoch in seconds or milliseconds.
 */

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?$/;

/** A day less than a `Date` holds, so that every zone has a date for it. */
const LARGEST_MS = 8.64e15 - 86_400_000;
/** Epochs below this are seconds: as milliseconds they would lie before March 1973, when no agent ran. */
const SECONDS_BELOW = 1e11;

/** Milliseconds UTC of ISO text, or NaN. */
export function parseInstant(text: string): number {
  const match = ISO.exec(text);
  if (!match) return NaN;
  const [
    ,
    year,
    month,
    day,
    hour = "0",
    minute = "0",
    second = "0",
    fraction = "",
    sign,
    offsetHour = "0",
    offsetMinute = "0",
  ] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isCalendarDay = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!isCalendarDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return NaN;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return NaN;
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000 * (sign === "-" ? -1 : 1);
  const ms = Number(fraction.slice(0, 3).padEnd(3, "0"));
  return date.getTime() + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + ms - offsetMs;
}

/** Milliseconds UTC of an epoch, or NaN. */
export function epochToMs(value: number): number {
  if (!(value >= 0)) return NaN;
  // JSON has a zero below zero; times have one.
  const ms = Math.floor(value < SECONDS_BELOW ? value * 1000 : value) + 0;
  return ms <= LARGEST_MS ? ms : NaN;
}

/** Milliseconds UTC of a JSON value, or NaN. */
export function parseTime(value: unknown): number {
  if (typeof value === "number") return epochToMs(value);
  return typeof value === "string" ? parseInstant(value) : NaN;
}
