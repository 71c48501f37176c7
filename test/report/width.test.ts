import { assert as assertProperty, integer, property, string as anyString } from "fast-check";
import { describe, expect, test } from "vitest";
import { printable } from "../../src/report/printable.ts";
import { keepEnds, keepPathEnd, keepStart, padEnd, widthOf } from "../../src/report/width.ts";

describe("widths", () => {
  test.each([
    ["plain", 5],
    ["日本", 4],
    ["e\u0301", 1],
    ["…–", 2],
  ])("%s takes %d columns", (text, width) => expect(widthOf(text)).toBe(width));

  test("padding counts columns, not letters", () => expect(padEnd("日本", 6)).toBe("日本  "));
});

describe("shortened names", () => {
  test("an id by its beginning", () => expect(keepStart("7964f6ff-cd78-4033", 9)).toBe("7964f6ff…"));
  test("a name by both ends", () => expect(keepEnds("claude-sonnet-4-5-20250929", 14)).toBe("claude-so…0929"));
  test("a path by whole folders", () => expect(keepPathEnd("/home/ada/work/acme/billing", 18)).toBe("…/acme/billing"));
  test("a path by the end of its last folder", () =>
    expect(keepPathEnd("/srv/a-very-long-name", 10)).toBe("…long-name"));
  test("a wide path by what fits", () => expect(keepPathEnd("/home/ada/日本語のフォルダー", 9)).toBe("…ォルダー"));

  const any = anyString({ unit: "grapheme", maxLength: 40 });
  test.each([keepStart, keepEnds, keepPathEnd])("%o fits its width, and leaves alone what fits", (shorten) => {
    assertProperty(
      property(any.map(printable), integer({ min: 4, max: 40 }), (text, width) => {
        expect(widthOf(shorten(text, width))).toBeLessThanOrEqual(width);
        if (widthOf(text) <= width) expect(shorten(text, width)).toBe(text);
      }),
    );
  });
});

test("control characters and turns of direction do not reach a terminal", () => {
  expect(printable("\u001B[31mred\u001B[0m\r\n\u202Egnp.exe")).toBe("�[31mred�[0m���gnp.exe");
  expect(printable("プロジェクト é 👩‍💻")).toBe("プロジェクト é 👩‍💻");
});
