import { expect, test } from "vitest";
import { object, time } from "../../src/sources/fields.ts";
import { epochToMs, parseInstant } from "../../src/sources/time.ts";
import { LineScanner, seeded } from "./scan-lines.ts";

const scanner = new LineScanner(object({ t: time }));
const { t } = scanner.slots;
const read = (json: string) => scanner.row(`{"t":${json}}`, (cells) => cells.time(t));

const random = seeded(1970);
const below = (limit: number) => Math.floor(random() * limit);
const between = (least: number, most: number) => least + below(most - least + 1);
const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
const pad = (value: number, width = 2) => String(value).padStart(width, "0");

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  fraction: string;
  offset: string;
}

/** By `Date`: the day must survive a round trip, and the rest is what Date itself reads. */
function reference(parts: Parts): number {
  const { year, month, day, hour, minute, second, fraction, offset } = parts;
  const date = `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
  const midnight = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== date) return NaN;
  if (hour > 23 || minute > 59 || second > 59) return NaN;
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? [];
  if (Number(hours) > 23 || Number(minutes) > 59) return NaN;
  const wall = Date.parse(`${date}T${pad(hour)}:${pad(minute)}:${pad(second)}.${`${fraction}000`.slice(0, 3)}Z`);
  return wall - (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

function someParts(): Parts {
  return {
    year: pick([between(0, 9999), between(1969, 2100), 1900, 2000, 2024, 0, 9999]),
    month: random() < 0.03 ? pick([0, 13, 99]) : between(1, 12),
    day: pick([between(1, 28), between(27, 31), random() < 0.1 ? pick([0, 32, 99]) : 1]),
    hour: random() < 0.03 ? pick([24, 60, 99]) : between(0, 23),
    minute: random() < 0.03 ? pick([60, 99]) : between(0, 59),
    second: random() < 0.03 ? pick([60, 61, 99]) : between(0, 59),
    fraction: pick(["", "0", "5", "123", "999", "1239999", "000000001", "9".repeat(30)]),
    offset: "",
  };
}

const same = (actual: number, expected: number) => Object.is(actual + 0, expected + 0);

test("10,000 times as agents write them are what Date makes of them, in the kernel and in the host", () => {
  for (let i = 0; i < 10_000; i++) {
    const parts = someParts();
    const { year, month, day, hour, minute, second, fraction } = parts;
    const clock = `${pad(hour)}:${pad(minute)}:${pad(second)}${fraction && `.${fraction}`}`;
    const text = `${pad(year, 4)}-${pad(month)}-${pad(day)}T${clock}Z`;
    const expected = reference(parts);
    if (!same(parseInstant(text), expected)) expect.fail(`host: ${text} is ${parseInstant(text)}, not ${expected}`);
    if (!same(read(`"${text}"`), expected)) expect.fail(`kernel: ${text} is ${read(`"${text}"`)}, not ${expected}`);
  }
});

test("10,000 rarer spellings are the same", () => {
  for (let i = 0; i < 10_000; i++) {
    const parts = someParts();
    const { year, month, day, hour, minute, second, fraction } = parts;
    const form = random();
    let clock = "";
    if (form < 0.7) clock = `:${pad(second)}${fraction && pick([".", ","]) + fraction}`;
    else parts.second = 0;
    if (form >= 0.7 || !fraction) parts.fraction = "";
    clock = `${pick(["T", "t", " "])}${pad(hour)}:${pad(minute)}${clock}`;
    if (form > 0.9) {
      clock = "";
      parts.hour = parts.minute = 0;
    }
    const hours = random() < 0.05 ? 24 : between(0, 23);
    const minutes = random() < 0.05 ? 60 : between(0, 59);
    const sign = pick(["+", "-"]);
    parts.offset = pick([
      "",
      `${sign}${pad(hours)}`,
      `${sign}${pad(hours)}${pad(minutes)}`,
      `${sign}${pad(hours)}:${pad(minutes)}`,
    ]);
    const text = `${pad(year, 4)}-${pad(month)}-${pad(day)}${clock}${parts.offset || pick(["", "Z", "z"])}`;
    const expected = reference(parts);
    if (!same(parseInstant(text), expected)) expect.fail(`host: ${text} is ${parseInstant(text)}, not ${expected}`);
    if (!same(read(`"${text}"`), expected)) expect.fail(`kernel: ${text} is ${read(`"${text}"`)}, not ${expected}`);
  }
});

test("5,000 times with one letter changed are read alike by the kernel and the host", () => {
  const letters = "0123456789-+:.,TtZz \u00e9\u0660x";
  for (let i = 0; i < 5_000; i++) {
    const text = pick(["2026-06-01T12:34:56.789Z", "2026-06-01T12:34:56Z", "2024-02-29T23:59:59.999Z"]);
    const at = below(text.length + 1);
    const changed = text.slice(0, at) + (random() < 0.3 ? "" : pick([...letters])) + text.slice(at + below(2));
    const [host, kernel] = [parseInstant(changed), read(JSON.stringify(changed))];
    if (!same(host, kernel)) expect.fail(`${changed}: kernel ${kernel}, host ${host}`);
  }
});

test("escapes in a time are unescaped before it is read", () => {
  expect(read('"2026\\u002d06-01T12:00:00Z"')).toBe(Date.UTC(2026, 5, 1, 12));
  expect(read('"2026-06-01T12:00:00.000\\u005a"')).toBe(Date.UTC(2026, 5, 1, 12));
  expect(read('"2026-06-01T12:00:00Z\\u0000"')).toBeNaN();
});

test.each([
  ["0", 0],
  ["1780315200", 1780315200000],
  ["1780315200.9995", 1780315200999],
  ["1.7803152e9", 1780315200000],
  ["99999999999", 99999999999000],
  ["99999999999.9999", 99999999999999],
  ["100000000000", 100000000000],
  ["1780315200123.9", 1780315200123],
  ["8639999913600000", 8639999913600000],
  ["8639999913600001", NaN],
  ["1e300", NaN],
  ["1e400", NaN],
  ["-1", NaN],
  ["-0", 0],
])("the epoch %s is %d ms", (json, expected) => {
  expect(read(json)).toBe(expected);
  expect(epochToMs(JSON.parse(json) as number)).toBe(expected);
});

test.each([
  "null",
  "true",
  '""',
  '"x"',
  "[]",
  "{}",
  '["2026-06-01"]',
  '"1780315200"',
  '" 2026-06-01"',
  '"2026-06-01 "',
  '"2026-06"',
  '"2026-W23-1"',
])("%s is no time", (json) => {
  expect(read(json)).toBeNaN();
});

test("a time that comes twice is the last, readable or not", () => {
  expect(scanner.row('{"t":"2026-06-01T12:00:00Z","t":"x"}', (cells) => cells.time(t))).toBeNaN();
  expect(scanner.row('{"t":"x","t":"2026-06-01T12:00:00Z"}', (cells) => cells.time(t))).toBe(Date.UTC(2026, 5, 1, 12));
  expect(scanner.row('{"t":"2026-06-01","t":"2026-02-30T12:00:00Z"}', (cells) => cells.time(t))).toBeNaN();
  expect(scanner.row('{"t":12,"t":null}', (cells) => cells.time(t))).toBeNaN();
});
