import { expect, test } from "vitest";
import { count, object } from "../../src/sources/fields.ts";
import { STATUS } from "../../workers/layout.ts";
import { LineScanner } from "./scan-lines.ts";

// The same string undeclared, declared (a count asked for, a text found), inside a container nobody asked for.
const scanner = new LineScanner(object({ n: count, declared: count }));
const { n } = scanner.slots;
const IN_CONTAINER = (text: string) => `{"x":[{"y":"${text}"}],"n":7}`;
const PLACES = [
  IN_CONTAINER,
  (text: string) => `{"x":"${text}","n":7}`,
  (text: string) => `{"declared":"${text}","n":7}`,
  (text: string) => `{"${text}":1,"n":7}`,
];
const read = (line: string | Uint8Array) =>
  scanner.row(line, (cells) => (cells.status === STATUS.object ? cells.count(n) : "malformed"));

/** Every length of what stands before, so that what follows lies at every place in a step of 16, 32 and 64 bytes. */
const LENGTHS = Array.from({ length: 200 }, (_, i) => i);

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 31, 32, 33, 62, 63, 64, 65, 66, 126, 127, 128, 129, 130, 191, 192, 193])(
  "%d backslashes before a quote, at every place of a string",
  (backslashes) => {
    for (const length of LENGTHS) {
      for (const place of PLACES) {
        for (const behind of ["", "b", '\\"', "b".repeat(70), `${"b".repeat(50)}\\\\`]) {
          const line = place(`${"a".repeat(length)}${"\\".repeat(backslashes)}"${behind}`);
          // With an even number the quote ends the string, and what follows it is no JSON. A container nobody asked
          // for is judged by its brackets and quotes alone.
          const isGood = isJson(line);
          if (!isGood && place === IN_CONTAINER) continue;
          const expected = isGood ? 7 : "malformed";
          if (read(line) !== expected) expect.fail(`${length} letters and ${line}: ${read(line)}`);
        }
      }
    }
  },
);

test("each escape, alone and behind another, at every place", () => {
  const escapes = [
    '\\"',
    "\\\\",
    "\\/",
    "\\n",
    "\\u0041",
    '\\\\\\"',
    "\\\\n",
    '\\n\\"',
    '\\"\\"',
    '\\"\\\\',
    '\\\\\\\\\\"',
  ];
  for (const length of LENGTHS) {
    for (const escape of escapes) {
      for (const place of PLACES) {
        for (const line of [place("a".repeat(length) + escape), place(`${"a".repeat(length) + escape}b`)]) {
          if (read(line) !== 7) expect.fail(`${length} letters and ${line}: ${read(line)}`);
        }
      }
    }
  }
});

test("a raw control character at every place, behind a backslash too, makes the line malformed", () => {
  for (const length of LENGTHS) {
    for (const control of ["\u0000", "\t", "\r", "\u001f", "\\\t", "\\\u0000", "\\\u001f", "\\\\\u0002", '\\"\u0002']) {
      for (const place of PLACES) {
        const line = place(`${"a".repeat(length)}${control}${"b".repeat(length % 80)}`);
        if (read(line) !== "malformed") expect.fail(`${length} letters and ${JSON.stringify(line)}`);
      }
    }
  }
});

test("an LF at every place ends its line and no more, behind a backslash too", () => {
  const good = IN_CONTAINER("");
  for (const length of LENGTHS) {
    for (const before of ["", "\\", "\\\\", '\\"']) {
      const cut = `{"x":"${"a".repeat(length)}${before}\n${good}`;
      const found = scanner.rows(cut, (cells) => cells.status);
      if (String(found) !== String([STATUS.malformed, STATUS.object])) expect.fail(`${length}: ${JSON.stringify(cut)}`);
    }
  }
});

test("letters next to those that stop are passed over, and a byte that is no UTF-8 behind a backslash is found", () => {
  const letters = " !#$\u007f[]^_éÿ→😀";
  for (const length of LENGTHS) {
    for (const place of PLACES) {
      if (read(place("a".repeat(length) + letters)) !== 7) expect.fail(`${length} letters and ${letters}`);
    }
    for (const byte of [0x80, 0xc0, 0xfd, 0xff]) {
      const text = Buffer.from(`{"x":"${"a".repeat(length)}\\n?\\"b","n":7}`);
      text[text.indexOf("?")] = byte;
      if (read(text) !== "malformed") expect.fail(`${length} letters and ${byte}`);
    }
  }
});
