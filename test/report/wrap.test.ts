import fc from "fast-check";
import { expect, test } from "vitest";
import { wrap } from "../../src/report/wrap.ts";

test.each([
  ["fits", 4, ["fits"]],
  ["two words", 5, ["two", "  words"]],
  ["  a list of it", 10, ["  a list", "    of it"]],
  ["https://example.org/long is whole", 10, ["https://example.org/long", "  is whole"]],
  ["", 5, [""]],
] as const)("%j in %i columns", (line, width, lines) => {
  expect(wrap(line, width)).toEqual(lines);
});

test("no word is lost, and only single words are too wide", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(words, fc.nat(4), fc.integer({ min: 8, max: 40 }), (some, indent, width) => {
      const lines = wrap(`${" ".repeat(indent)}${some.join(" ")}`, width);
      expect(lines.flatMap((line) => line.trim().split(" "))).toEqual(some);
      for (const line of lines) expect(line.length <= width || !line.trim().includes(" ")).toBe(true);
    }),
  );
});
