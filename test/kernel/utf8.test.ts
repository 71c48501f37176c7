import { isUtf8 } from "node:buffer";
import { expect, test } from "vitest";
import { object, text } from "../../src/sources/fields.ts";
import { STATUS } from "../../workers/layout.ts";
import { LineScanner, seeded, type Surroundings } from "./scan-lines.ts";

const scanner = new LineScanner(object({ t: text }));
const random = seeded(20_261);
const below = (limit: number) => Math.floor(random() * limit);
const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;

const FIRST_AND_LAST = [0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x3ffff, 0x40000, 0x10ffff];
/** Sequences that are no UTF-8, each wrong in another way. */
const BROKEN: ReadonlyArray<readonly number[]> = [
  [0x80], // a continuation alone
  [0xbf, 0xbf],
  [0xc3], // cut short
  [0xe2, 0x82],
  [0xf0, 0x9f, 0x98],
  [0xf0, 0x9f],
  [0xc0, 0x80], // overlong
  [0xc1, 0xbf],
  [0xe0, 0x80, 0x80],
  [0xe0, 0x9f, 0xbf],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xed, 0xa0, 0x80], // surrogates
  [0xed, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80], // beyond the last code point
  [0xf5, 0x80, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xfe],
  [0xff],
  [0xc3, 0xa9, 0xa9], // one continuation too many
  [0xe2, 0x82, 0xac, 0x80],
  [0xf0, 0x9f, 0x98, 0x80, 0xbf],
  [0xc3, 0x41], // a letter instead of a continuation
  [0xe2, 0x82, 0x41],
  [0xf0, 0x9f, 0x98, 0x41],
];

/** Some of what a line can be made of; most of it good, so that one error far inside is what is looked for. */
function piece(): number[] {
  const kind = random();
  if (kind < 0.5) return Array.from({ length: below(random() < 0.2 ? 200 : 40) }, () => 0x61 + below(26));
  if (kind < 0.7) return [...Buffer.from(String.fromCodePoint(pick(FIRST_AND_LAST)))];
  if (kind < 0.93) return [...Buffer.from(pick(["é", "ß", "你", "好", "€", "😀", "𝒳", "한"]).repeat(1 + below(12)))];
  if (kind < 0.97) return [...pick(BROKEN)];
  return Array.from({ length: 1 + below(3) }, () => 0x80 + below(0x80));
}

const NASTY = [0xf0, 0xe2, 0xc3, 0x80, 0xbf, 0xff, 0xed, 0xa0];
const nasty = (length: number) => Uint8Array.from({ length }, () => pick(NASTY));

function around(): Surroundings {
  return { before: nasty(below(40)), behind: nasty(below(40)), isTail: random() < 0.5 };
}

test("20,000 lines are damaged exactly where Node says they are no UTF-8, whatever stands around them", () => {
  let damaged = 0;
  for (let i = 0; i < 20_000; i++) {
    const content = Array.from({ length: below(8) }, piece).flat();
    const line = Uint8Array.from([...Buffer.from('{"t":"'), ...content, 0x22, 0x7d]);
    const isGood = isUtf8(line);
    if (!isGood) damaged++;
    const status = scanner.status(line, around());
    if ((status === STATUS.object) !== isGood) {
      expect.fail(
        `run ${i}: status ${status} for ${Buffer.from(line).toString("hex")}, which ${isGood ? "is" : "is no"} UTF-8`,
      );
    }
  }
  // Both kinds are well represented.
  expect(damaged).toBeGreaterThan(2_000);
  expect(damaged).toBeLessThan(10_000);
});

test("each broken sequence is found at every distance from the start and the end of a line", () => {
  for (const broken of BROKEN) {
    for (let before = 0; before < 160; before++) {
      for (const behind of [0, 1, 2, 3, 15, 16, 61, 130]) {
        const line = Buffer.concat([
          Buffer.from(`{"t":"${"a".repeat(before)}`),
          Buffer.from(broken),
          Buffer.from(`${"b".repeat(behind)}"}`),
        ]);
        if (scanner.status(line) !== STATUS.malformed)
          expect.fail(`${before} before, ${behind} behind: ${broken.join()}`);
      }
    }
  }
});

test("a good character is good at every distance from the start and the end of a line", () => {
  for (const code of FIRST_AND_LAST) {
    for (let before = 0; before < 160; before++) {
      const line = `{"t":"${"a".repeat(before)}${String.fromCodePoint(code)}"}`;
      expect(scanner.status(line, { isTail: before % 2 === 0, behind: nasty(20) })).toBe(STATUS.object);
    }
  }
});

test("a sequence cut by the line's end is damage, even when the bytes behind would complete it", () => {
  const line = Buffer.concat([Buffer.from('{"t":"a"}'), Buffer.from([0xf0, 0x9f])]);
  expect(scanner.status(line, { behind: Uint8Array.from([0x98, 0x80]) })).toBe(STATUS.malformed);
  const tail = Buffer.concat([Buffer.from('{"t":"a'), Buffer.from([0xe2, 0x82])]);
  expect(scanner.status(tail, { isTail: true, behind: Buffer.from([0xac, 0x22, 0x7d]) })).toBe(STATUS.malformed);
});
