/** Lists of paths in cursor files are compared as text: only with what is letter for letter the same. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { areListed, listPaths } from "../../src/cursors/layout.ts";

const FOLDER = "/home/me/-srv-app";
const name = fc.string({
  unit: fc.constantFrom("a", "b", "/", ",", '"', "\\", "\n", "[", "]", "\ud800", "é", "𝄞"),
  maxLength: 4,
});
const path = fc.tuple(fc.constantFrom(`${FOLDER}/x`, "/elsewhere/", "/"), name).map((parts) => parts.join(""));
const paths = fc.array(path, { maxLength: 4 });

describe("a list of paths", () => {
  test("is that of the same paths where it is of as many", () => {
    fc.assert(
      fc.property(paths, paths, (listed, asked) => {
        const isSame = areListed(listPaths(listed, FOLDER), asked, FOLDER);
        if (isSame && asked.length === listed.length) expect(asked).toEqual(listed);
      }),
      { numRuns: 5000 },
    );
  });

  test("without anything escaped is known again", () => {
    fc.assert(
      fc.property(paths, (listed) => {
        const list = listPaths(listed, FOLDER);
        expect(areListed(list, listed, FOLDER)).toBe(!list.includes("\\"));
      }),
    );
  });
});
