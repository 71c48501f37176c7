import { scan } from "tokensift";
import { expect, test } from "vitest";
import { openCalendar } from "../../src/calendar.ts";
import { parseWindow } from "../../src/window.ts";
import { seeded } from "../kernel/scan-lines.ts";
import { makeFolder, response, sessionId } from "../transcripts.ts";

const HOUR_MS = 3_600_000;
const iso = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString().replace(/:00\.000Z$/, "Z") : null);

/** Since and until as instants. */
async function span(
  timezone: string,
  since: string | undefined,
  until: string | undefined,
  now = "2026-06-15T12:30:00Z",
) {
  const { sinceMs, untilMs } = parseWindow(since, until, await openCalendar(timezone), Date.parse(now));
  // Until is the last millisecond of it: one more is where the next window begins.
  return [iso(sinceMs), iso(untilMs + 1)];
}

test("nothing given is open on both sides", async () => {
  expect(await span("UTC", undefined, undefined)).toEqual([null, null]);
});

test.each([
  ["7d", 7 * 24],
  ["24h", 24],
  ["1h", 1],
  ["0d", 0],
  ["2w", 14 * 24],
  [" 3d ", 72],
  ["36 h", 36],
])("%j is that long before now, whatever the zone does in between", async (text, hours) => {
  for (const timezone of ["UTC", "Europe/Berlin", "Pacific/Apia"]) {
    const now = "2026-03-30T12:00:00Z"; // the day after summer time began in Berlin
    const { sinceMs } = parseWindow(text, undefined, await openCalendar(timezone), Date.parse(now));
    expect(sinceMs).toBe(Date.parse(now) - hours * HOUR_MS);
  }
});

test.each([
  ["UTC", "2026-06-01", "2026-06-01T00:00Z", "2026-06-02T00:00Z"],
  ["Asia/Kolkata", "2026-06-01", "2026-05-31T18:30Z", "2026-06-01T18:30Z"],
  ["Europe/Berlin", "2026-03-29", "2026-03-28T23:00Z", "2026-03-29T22:00Z"], // 23 hours
  ["Europe/Berlin", "2026-10-25", "2026-10-24T22:00Z", "2026-10-25T23:00Z"], // 25 hours
  ["America/New_York", "2026-03-08", "2026-03-08T05:00Z", "2026-03-09T04:00Z"],
  ["America/Havana", "2026-03-08", "2026-03-08T05:00Z", "2026-03-09T04:00Z"], // begins at 01:00
  ["America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00Z", "2018-11-05T02:00Z"], // begins at 01:00
  ["Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00Z", "2026-04-05T13:30Z"], // 24.5 hours
  ["Pacific/Apia", "2011-12-29", "2011-12-29T10:00Z", "2011-12-30T10:00Z"], // the next day did not exist
  ["Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00Z", "2026-01-01T10:00Z"],
  ["UTC", "2024-02-29", "2024-02-29T00:00Z", "2024-03-01T00:00Z"],
])("in %s the date %s is its whole day", async (timezone, date, first, end) => {
  expect(await span(timezone, date, date)).toEqual([first, end]);
});

test.each([
  ["UTC", "2026-06-15T12:30:00Z", "2026-06-15T00:00Z", "2026-06-14T00:00Z"],
  ["Asia/Tokyo", "2026-06-15T15:00:00Z", "2026-06-15T15:00Z", "2026-06-14T15:00Z"],
  ["Asia/Tokyo", "2026-06-15T14:59:59.999Z", "2026-06-14T15:00Z", "2026-06-13T15:00Z"],
  ["Europe/Berlin", "2026-03-30T10:00:00Z", "2026-03-29T22:00Z", "2026-03-28T23:00Z"], // yesterday had 23 hours
  ["Europe/Berlin", "2026-10-26T10:00:00Z", "2026-10-25T23:00Z", "2026-10-24T22:00Z"], // and 25
  ["America/Los_Angeles", "2026-01-01T05:00:00Z", "2025-12-31T08:00Z", "2025-12-30T08:00Z"],
])("in %s at %s today and yesterday are whole local days", async (timezone, now, today, yesterday) => {
  expect((await span(timezone, "today", undefined, now))[0]).toBe(today);
  expect(await span(timezone, "yesterday", "yesterday", now)).toEqual([yesterday, today]);
});

test.each([
  ["UTC", "2026-06-01T14:30Z", "2026-06-01T14:30Z"],
  ["Asia/Tokyo", "2026-06-01T14:30Z", "2026-06-01T14:30Z"],
  ["Asia/Tokyo", "2026-06-01T14:30+02:00", "2026-06-01T12:30Z"],
  ["Asia/Tokyo", "2026-06-01T14:30", "2026-06-01T05:30Z"], // local without an offset
  ["Asia/Tokyo", "2026-06-01 14:30:00", "2026-06-01T05:30Z"],
  ["America/St_Johns", "2026-06-01T14:30", "2026-06-01T17:00Z"],
  ["Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59Z"],
  ["Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00Z"],
  ["Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00Z"],
  ["Europe/Berlin", "2026-10-25T01:59", "2026-10-24T23:59Z"],
  ["Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00Z"],
  ["Pacific/Apia", "2011-12-29T23:00", "2011-12-30T09:00Z"],
])("in %s the instant %s is %s, and no whole day", async (timezone, text, instant) => {
  const { sinceMs, untilMs } = parseWindow(text, text, await openCalendar(timezone), 0);
  expect(iso(sinceMs)).toBe(instant);
  expect(untilMs).toBe(sinceMs);
});

test.each([
  // Twice: the earlier and the later of the two.
  ["Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30Z", "2026-10-25T01:30Z"],
  ["Europe/Berlin", "2026-10-25T02:00", "2026-10-25T00:00Z", "2026-10-25T01:00Z"],
  ["America/New_York", "2026-11-01T01:15", "2026-11-01T05:15Z", "2026-11-01T06:15Z"],
  ["Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45Z", "2026-04-04T15:15Z"], // half an hour back
  // Never: the clock went forth over it at that instant, and until is right before.
  ["Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00Z", "2026-03-29T00:59:59.999Z"],
  ["America/New_York", "2026-03-08T02:30", "2026-03-08T07:00Z", "2026-03-08T06:59:59.999Z"],
  ["Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00Z", "2026-03-29T00:59:59.999Z"],
  ["Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30Z", "2026-10-03T15:29:59.999Z"],
  ["Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00Z", "2011-12-30T09:59:59.999Z"], // a day without that day
])("in %s the local time %s begins a window at %s and ends one at %s", async (timezone, text, first, last) => {
  const calendar = await openCalendar(timezone);
  expect(iso(parseWindow(text, undefined, calendar, 0).sinceMs)).toBe(first);
  expect(iso(parseWindow(undefined, text, calendar, 0).untilMs)).toBe(last);
});

test("a window inside an hour that was skipped holds nothing, and is no mistake", async () => {
  const calendar = await openCalendar("Europe/Berlin");
  const { sinceMs, untilMs } = parseWindow("2026-03-29T02:15", "2026-03-29T02:45", calendar, 0);
  expect(untilMs).toBe(sinceMs - 1);
  expect(() => parseWindow("2026-03-29T03:15", "2026-03-29T02:45", calendar, 0)).toThrow("is later than --until");
  const apia = await openCalendar("Pacific/Apia");
  expect(parseWindow("2011-12-30", "2011-12-30", apia, 0)).toEqual({
    sinceMs: Date.parse("2011-12-30T10:00Z"),
    untilMs: Date.parse("2011-12-30T10:00Z") - 1,
  });
});

test("a day that goes on after the next has begun is in its window to its end", async () => {
  // One minute into 7 November the clock went back to 23:01 of the 6th.
  const [, end] = await span("America/St_Johns", undefined, "2010-11-06");
  expect(end).toBe("2010-11-07T03:30Z");
});

test("a response of either of two equal hours is in a window from and to that local time", async () => {
  const at = (timestamp: string) => ({ timestamp });
  const paths = [
    makeFolder({
      [`${sessionId(1)}.jsonl`]: [
        response(1, at("2026-10-25T00:30:00Z")),
        response(2, at("2026-10-25T01:30:00Z")),
        response(3, at("2026-10-25T01:31:00Z")),
      ],
    }),
  ];
  const asked = { paths, timezone: "Europe/Berlin", threads: 0, cache: false };
  const { totals } = await scan({ ...asked, since: "2026-10-25T02:30", until: "2026-10-25T02:30" });
  expect(totals.responses).toBe(2);
});

test("an instant is found again by what the clocks said then", async () => {
  const random = seeded(2026);
  for (const timezone of [
    "Europe/Berlin",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
  ]) {
    const calendar = await openCalendar(timezone);
    const local = (ms: number) => new Date(ms + calendar.offsetMs(ms)).toISOString().slice(0, -1);
    for (let i = 0; i < 500; i++) {
      const text = local(Date.UTC(2005, 0, 1) + Math.floor(random() * 25 * 365 * 24 * HOUR_MS));
      // In the hour that autumn repeats it is the first of the two.
      expect(local(parseWindow(text, undefined, calendar, 0).sinceMs), `${timezone} ${text}`).toBe(text);
    }
  }
});

test("windows side by side leave nothing out between them", async () => {
  for (const timezone of ["UTC", "Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe"]) {
    const calendar = await openCalendar(timezone);
    for (let day = Date.UTC(2026, 0, 1); day < Date.UTC(2027, 0, 1); day += 24 * HOUR_MS) {
      const [date = "", next = ""] = [day, day + 24 * HOUR_MS].map((ms) => new Date(ms).toISOString().slice(0, 10));
      const { untilMs } = parseWindow(undefined, date, calendar, 0);
      expect(parseWindow(next, undefined, calendar, 0).sinceMs, `${timezone} ${next}`).toBe(untilMs + 1);
    }
  }
});

test.each([
  "",
  "soon",
  "2026-13-01",
  "2026-02-30",
  "2026-6-1",
  "7",
  "7m",
  "-7d",
  "2026-06-01T25:00",
  "1.5d",
  "tomorrow",
  "TODAY!",
])("%j is no time, and the message says what is", async (text) => {
  const calendar = await openCalendar("UTC");
  for (const [since, until] of [
    [text, undefined],
    [undefined, text],
  ] as const) {
    expect(() => parseWindow(since, until, calendar, 0)).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringContaining("give 2026-06-01") as string,
      }) as Error,
    );
  }
});

test("a window that ends before it begins is refused, one of a single instant is not", async () => {
  const calendar = await openCalendar("UTC");
  expect(() => parseWindow("2026-06-02", "2026-06-01", calendar, 0)).toThrow(/later than --until/);
  expect(() => parseWindow("2026-06-01T12:00Z", "2026-06-01T12:00Z", calendar, 0)).not.toThrow();
  expect(() => parseWindow("2026-06-01", "2026-06-01", calendar, 0)).not.toThrow();
});
