import { describe, expect, test } from "vitest";
import { bytesText, compact, durationText, exact } from "../../src/report/numbers.ts";

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1,000"],
  [1234567890, "1,234,567,890"],
  [Number.MAX_SAFE_INTEGER, "9,007,199,254,740,991"],
])("exact(%d) is %s", (value, text) => expect(exact(value)).toBe(text));

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1.00k"],
  [9994, "9.99k"],
  [9995, "10.0k"],
  [99_949, "99.9k"],
  [99_950, "100k"],
  [999_499, "999k"],
  [999_500, "1.00M"],
  [1_234_567_890, "1.23B"],
  [Number.MAX_SAFE_INTEGER, "9.01Q"],
])("compact(%d) is %s", (value, text) => expect(compact(value)).toBe(text));

test("compact is never wider than five letters, and never shrinks as numbers grow", () => {
  const value = (text: string) => {
    const power = ["", "k", "M", "B", "T", "Q"].indexOf(/[kMBTQ]?$/.exec(text)?.[0] ?? "");
    return Number.parseFloat(text) * 1000 ** power;
  };
  let before = 0;
  for (let n = 1; n < Number.MAX_SAFE_INTEGER; n = Math.ceil(n * 1.01)) {
    const text = compact(n);
    expect(text.length).toBeLessThanOrEqual(5);
    expect(value(text)).toBeGreaterThanOrEqual(before);
    expect(Math.abs(value(text) - n) / n).toBeLessThan(0.0051);
    before = value(text);
  }
});

describe("units", () => {
  test.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1000, "1.0 kB"],
    [99_949, "99.9 kB"],
    [99_960, "100 kB"],
    [150_000, "150 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [5e9, "5.0 GB"],
  ])("%d bytes are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

  test.each([
    [0, "0 s"],
    [59_499, "59 s"],
    [59_500, "1 min"],
    [60_000, "1 min"],
    [3_599_000, "1 h 00"],
    [5_580_000, "1 h 33"],
    [200_000_000, "2 d 07 h"],
  ])("%d ms are %s", (ms, text) => expect(durationText(ms)).toBe(text));
});
