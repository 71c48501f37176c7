/** Days, weeks, months and hours in a zone are those of `Intl`, which has the same rules from elsewhere. */
import { expect, test } from "vitest";
import { openCalendar, TimeKeys, WEEKDAYS } from "../../src/calendar.ts";
import { seeded } from "../kernel/scan-lines.ts";

const ZONES = [
  "UTC",
  "Europe/Berlin",
  "Europe/London",
  "Europe/Dublin", // its winter is the exception in the rules
  "America/New_York",
  "America/St_Johns", // -03:30, changes at 00:01 in former years
  "America/Sao_Paulo", // summer time began at midnight
  "America/Havana", // and does so still
  "America/Caracas",
  "America/Nuuk",
  "Africa/Casablanca", // winter time in Ramadan
  "Africa/Monrovia", // -00:44:30 until 1972
  "Asia/Kolkata",
  "Asia/Kathmandu", // +05:45
  "Asia/Tehran",
  "Asia/Gaza",
  "Asia/Pyongyang",
  "Asia/Tokyo",
  "Australia/Lord_Howe", // summer time of half an hour
  "Australia/Adelaide",
  "Pacific/Auckland",
  "Pacific/Chatham", // +12:45
  "Pacific/Apia", // had no 30 December 2011
  "Pacific/Kiritimati",
  "Pacific/Marquesas",
  "Antarctica/Troll", // two hours at once
  "Etc/GMT+12",
];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const two = (value: number) => String(value).padStart(2, "0");

function intl(timeZone: string) {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return (ms: number) => {
    const { year, month, day, hour, minute, second } = Object.fromEntries(
      format.formatToParts(ms).map(({ type, value }) => [type, value]),
    );
    const date = `${year}-${month}-${day}`;
    const wallMs = Date.parse(`${date}T${hour}:${minute}:${second}Z`);
    return { date, hour: String(hour), offsetMs: wallMs - Math.floor(ms / 1000) * 1000 };
  };
}

/** Instants at which the zone's offset changes, found by halving. */
function transitions(offsetAt: (ms: number) => number, fromMs: number, toMs: number): number[] {
  const found: number[] = [];
  const stepMs = 7 * DAY_MS;
  for (let before = fromMs; before < toMs; before += stepMs) {
    let [low, high] = [before, before + stepMs];
    if (offsetAt(low) === offsetAt(high)) continue;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle) === offsetAt(low)) low = middle;
      else high = middle;
    }
    found.push(high);
  }
  return found;
}

test.each(ZONES)("%s: every instant is in the day, week, month and hour that Intl says", async (timezone) => {
  const calendar = await openCalendar(timezone);
  const local = intl(timezone);
  const random = seeded(timezone.length);
  const from = Date.UTC(2010, 0, 1);
  const changes = transitions((ms) => local(ms).offsetMs, from, Date.UTC(2027, 0, 1));
  const instants = [
    ...changes.flatMap((ms) => [ms - HOUR_MS, ms - 1, ms, ms + 1, ms + HOUR_MS - 1, ms + HOUR_MS, ms + 2 * HOUR_MS]),
    ...Array.from({ length: 400 }, () => Math.floor(Date.UTC(1971, 0, 1) + random() * 60 * 365 * DAY_MS)),
    0,
    -1,
    Date.UTC(2011, 11, 30, 12),
  ].toSorted(() => random() - 0.5);
  const keys = {
    day: new TimeKeys("day", calendar, "monday"),
    month: new TimeKeys("month", calendar, "monday"),
    hour: new TimeKeys("hour", calendar, "monday"),
    weeks: WEEKDAYS.map((startOfWeek) => new TimeKeys("week", calendar, startOfWeek)),
  };
  for (const ms of instants) {
    const at = `${timezone} ${new Date(ms).toISOString()}`;
    const { date, hour, offsetMs } = local(ms);
    const name = (of: TimeKeys) => of.names[of.number(ms)];
    expect(calendar.offsetMs(ms), at).toBe(offsetMs);
    expect(calendar.dayOf(ms), at).toBe(date);
    expect(name(keys.day), at).toBe(date);
    expect(name(keys.month), at).toBe(date.slice(0, 7));
    const minutes = Math.round(Math.abs(offsetMs) / 60_000);
    expect(name(keys.hour), at).toBe(
      `${date}T${hour}${offsetMs < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`,
    );
    for (const [startOfWeek, week] of keys.weeks.entries()) {
      const first = name(week) ?? "";
      const daysIn = (Date.parse(date) - Date.parse(first)) / DAY_MS;
      expect(new Date(first).getUTCDay(), at).toBe(startOfWeek);
      expect(daysIn >= 0 && daysIn < 7, `${at} is in the week of ${first}`).toBe(true);
    }
  }
});

test.each(ZONES)("%s: a day begins where the day before ends", async (timezone) => {
  const calendar = await openCalendar(timezone);
  const local = intl(timezone);
  const changes = transitions((ms) => local(ms).offsetMs, Date.UTC(2010, 0, 1), Date.UTC(2027, 0, 1));
  const days = [
    ...changes.map((ms) => local(ms).date),
    ...changes.map((ms) => local(ms - DAY_MS).date),
    "2026-01-01",
    "2026-06-30",
    "2024-02-28",
  ];
  for (const day of days) {
    const startMs = calendar.startOfDayMs(day);
    const nextMs = calendar.startOfDayMs(day, 1);
    expect(local(startMs).date, day).toBe(day);
    expect(local(startMs - 1).date < day, day).toBe(true);
    expect(local(nextMs - 1).date, day).toBe(day);
    expect(local(nextMs).date > day, day).toBe(true);
    expect((nextMs - startMs) / HOUR_MS, day).toBeGreaterThanOrEqual(22);
    expect((nextMs - startMs) / HOUR_MS, day).toBeLessThanOrEqual(26);
  }
});

test("days, weeks and hours without a time are unknown", async () => {
  const keys = new TimeKeys("day", await openCalendar("Europe/Berlin"), "monday");
  expect([NaN, Infinity, -Infinity].map((ms) => keys.names[keys.number(ms)])).toEqual([
    "unknown",
    "unknown",
    "unknown",
  ]);
});

test("pieces of time sort by when they begin, the two hours of autumn too", async () => {
  const keys = new TimeKeys("hour", await openCalendar("Europe/Berlin"), "monday");
  const start = Date.UTC(2026, 9, 24, 22);
  const numbers = Array.from({ length: 25 }, (_, hour) => keys.number(start + hour * HOUR_MS + 60_000));
  expect(new Set(numbers).size).toBe(25);
  expect(numbers.map((number) => keys.startsMs[number])).toEqual(
    Array.from({ length: 25 }, (_, hour) => start + hour * HOUR_MS),
  );
  expect(numbers.slice(2, 4).map((number) => keys.names[number])).toEqual([
    "2026-10-25T02+02:00",
    "2026-10-25T02+01:00",
  ]);
});

test.each(["Mars/Olympus", "", "Europe", "+25:00"])("%j is no time zone", async (timezone) => {
  await expect(openCalendar(timezone)).rejects.toMatchObject({ code: "INVALID_OPTION" });
});

test.each(["utc", "UTC", "Etc/UTC", "GMT", "Z"])("%s is UTC", async (timezone) => {
  const calendar = await openCalendar(timezone);
  expect([calendar.offsetMs(0), calendar.dayOf(-1), calendar.startOfDayMs("2026-06-01", 1)]).toEqual([
    0,
    "1969-12-31",
    Date.UTC(2026, 5, 2),
  ]);
});

test("a day that goes on after the next has begun still comes before it", async () => {
  // In St. John's the clock went back at 00:01 until 2011.
  const calendar = await openCalendar("America/St_Johns");
  const days = new TimeKeys("day", calendar, "monday");
  const [seventh, sixth] = ["2010-11-07T02:30:59Z", "2010-11-07T02:31:00Z"].map((at) => days.number(Date.parse(at)));
  expect([seventh, sixth].map((number) => days.names[number as number])).toEqual(["2010-11-07", "2010-11-06"]);
  expect(days.startsMs[sixth as number]).toBeLessThan(days.startsMs[seventh as number] as number);
});
