import { expect, test } from "vitest";
import { count, object } from "../../src/sources/fields.ts";
import { STATUS } from "../../workers/layout.ts";
import { isLeniently } from "./lenient.ts";
import { LineScanner, seeded } from "./scan-lines.ts";

const RECORD = object({ n: count });
const scanner = new LineScanner(RECORD);

/** A container nobody asked for, in a line with something behind it. */
function check(container: string): boolean {
  const line = `{"x":${container},"n":7}`;
  const isGood = isLeniently(line, RECORD);
  const status = scanner.status(line);
  if (status !== (isGood ? STATUS.object : STATUS.malformed))
    expect.fail(`${JSON.stringify(line)} has status ${status}`);
  return isGood;
}

test("brackets, quotes and strings of every length at every place", () => {
  const parts = [
    '"]"',
    '"}"',
    '"["',
    '"\\"]"',
    '"\\\\"',
    '""',
    "[]",
    "{}",
    "[[",
    "]]",
    "[}",
    '"\t"',
    '"\\\t"',
    "\t",
    "\r",
    "\u0001",
    "\\",
  ];
  for (let length = 0; length <= 70; length++) {
    for (const part of parts) {
      for (const container of [
        `[${" ".repeat(length)}${part}]`,
        `{"${"a".repeat(length)}":${part}}`,
        `[${part},"${"]".repeat(length)}",[${part}]]`,
        `${"[".repeat(length + 1)}${part}${"]".repeat(length + 1)}`,
        `[${part}${"[]".repeat(length)}}`,
      ]) {
        check(container);
      }
    }
  }
});

test("20,000 containers of anything", () => {
  const random = seeded(32);
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] as string;
  const pieces = ['"', '"', '"', "[", "]", "{", "}", "\\", '\\"', ",", ":", "a", "a".repeat(15), " ".repeat(31), "[]", '"x":', "é", "\t", "1"]; // prettier-ignore
  let passedOver = 0;
  for (let i = 0; i < 20_000; i++) {
    const inner = Array.from({ length: Math.floor(random() * 30) }, () => pick(pieces)).join("");
    if (check(pick(["[", "{"]) + inner + pick(["]", "}", "]]", '"]', '"}']))) passedOver++;
  }
  expect(passedOver).toBeGreaterThan(1000);
});

test("an LF at every place ends its line and no more", () => {
  const good = '{"n":7}';
  for (let length = 0; length <= 70; length++) {
    for (const inner of [
      " ".repeat(length),
      `"${"a".repeat(length)}`,
      `${"[".repeat(length)}\\`,
      `"",`.repeat(length),
    ]) {
      const found = scanner.rows(`{"x":[${inner}\n${good}`, (cells) => cells.status);
      if (String(found) !== String([STATUS.malformed, STATUS.object])) expect.fail(`${length}: ${inner}`);
    }
  }
});
