import fc from "fast-check";
import { expect, test } from "vitest";
import { claude } from "../../src/sources/claude.ts";
import { assignSlots } from "../../src/sources/fields.ts";
import { Kernel } from "../../workers/kernel.ts";
import { BUFFER } from "../../workers/layout.ts";
import { module } from "./scan-lines.ts";

test("a short text is found wherever it stands between two addresses, and nowhere else", () => {
  const kernel = new Kernel(module, claude.record, assignSlots(claude.record).slotCount, 4096);
  // Few letters, so that much is nearly the text; some that fill a byte.
  const letters = fc.constantFrom("a", "b", '"', "\\", "\u00ff");
  const sides = fc.string({ unit: letters, maxLength: 70 });
  const text = fc.string({ unit: letters, minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(sides, sides, text, fc.boolean(), (before, behind, needle, isThere) => {
      const hay = isThere ? `${before}${needle}${behind}` : `${before}${behind}`;
      // What stands around it is not looked at.
      const around = needle.slice(0, -1);
      kernel.bytes.write(`${around}${hay}${needle.slice(1)}${needle}`, BUFFER, "latin1");
      const start = BUFFER + around.length;
      expect(kernel.has(needle, start, start + hay.length)).toBe(hay.includes(needle));
    }),
    { numRuns: 20_000 },
  );
});
