import { expect, test } from "vitest";
import { count, each, flag, hash, object, oneOf, text, time } from "../../src/sources/fields.ts";
import type { RowCells } from "../../workers/cells.ts";
import { STATUS } from "../../workers/layout.ts";
import { LineScanner, seeded } from "./scan-lines.ts";

const INNER = object({ n: count, name: text, id: hash });
const RECORD = object({
  type: oneOf("user", "assistant"),
  n: count,
  name: text,
  id: hash,
  at: time,
  on: flag,
  one: INNER,
  two: INNER,
  list: each("type", { xs: ["x"], ys: ["y", "y2"] }),
  a_key_of_32_characters_declared_: object({ n: text, name: count }),
});
const SLOTS = new LineScanner(RECORD).slots;

/** All that can be read of a row. */
function contents(cells: RowCells): string {
  if (cells.status !== STATUS.object) return `status ${cells.status}`;
  const inner = ({ self, n, name, id }: typeof SLOTS.one) =>
    cells.has(self) && [
      cells.has(n) && !cells.hasBadCount(n, n) && cells.count(n),
      cells.hasBadCount(n, n),
      cells.has(name) && cells.textOf(name),
      cells.hashLow(id),
      cells.hashHigh(id),
    ];
  const { list } = SLOTS;
  const long = SLOTS.a_key_of_32_characters_declared_;
  return JSON.stringify([
    cells.has(SLOTS.type) && cells.integer(SLOTS.type),
    inner({ ...SLOTS, self: SLOTS.n }),
    inner(SLOTS.one),
    inner(SLOTS.two),
    cells.time(SLOTS.at),
    cells.has(SLOTS.on) && cells.integer(SLOTS.on),
    cells.has(list.self) && [
      cells.integer(list.self),
      cells.json(list.self),
      cells.integer(list.xs),
      cells.integer(list.ys),
    ],
    cells.has(long.self) && [cells.has(long.n) && cells.textOf(long.n), cells.count(long.name)],
  ]);
}

/** What a scanner says that has seen nothing before. */
const afresh = (line: string) => new LineScanner(RECORD).row(line, contents);

function expectSame(lines: readonly string[], scanner = new LineScanner(RECORD)): void {
  const found = scanner.rows(lines.map((line) => `${line}\n`).join(""), contents);
  expect(found).toEqual(lines.map(afresh));
}

test("members that come again give what they gave, and what changed in them is seen", () => {
  const values = [
    "0",
    "7",
    "8",
    "-1",
    "1.5",
    "null",
    "true",
    "[]",
    "{}",
    '""',
    '"x"',
    '"y"',
    '"a\\u0041"',
    '"2026-06-01T12:00:00Z"',
  ];
  for (const key of ["n", "name", "id", "at", "on", "type", "one", "list", "other"]) {
    const lines = values.flatMap((value) => [
      `{"${key}":${value},"n":1}`,
      `{"${key}":${value},"n":1}`,
      `{"n":1,"${key}":${value}}`,
    ]);
    expectSame([...lines, ...lines, ...lines.toReversed()]);
  }
});

test("a member is told from one that differs in any one byte, of every length", () => {
  for (const length of [0, 1, 5, 6, 7, 13, 14, 21, 22, 23, 24, 37, 38, 53, 54, 55, 56, 70]) {
    const word = "w".repeat(length);
    const scanner = new LineScanner(RECORD);
    const line = `{"name":"${word}","n":12,"other":"${word}","on":true}`;
    const changed = Array.from({ length: line.length }, (_, i) => `${line.slice(0, i)}v${line.slice(i + 1)}`);
    const shorter = Array.from({ length: line.length }, (_, i) => line.slice(0, i) + line.slice(i + 1));
    expectSame(
      [line, line, ...changed.flatMap((other) => [other, line]), ...shorter.flatMap((other) => [line, other])].slice(
        0,
        60,
      ),
      scanner,
    );
    expectSame([line, ...changed.slice(-60).flatMap((other) => [other, line])], scanner);
  }
});

test("what is behind a member that comes again is judged all the same", () => {
  const good = '{"n":1,"name":"a","on":true}';
  const behind = [
    "",
    ",",
    "}",
    "}}",
    ' ,"x":1}',
    ',,"x":1}',
    ',"x"}',
    ',"x":}',
    "x",
    "\t}",
    "\r}",
    "\u0001}",
    "\u0000",
  ];
  for (const cut of ['{"n":1', '{"n":1,"name":"a"', '{"n":1,"name":"a","on":true']) {
    expectSame(behind.flatMap((end) => [good, good, cut + end]));
  }
});

test("an object of the same name in another table is another object", () => {
  const one = '"one":{"n":1,"name":"a"}';
  const two = '"two":{"n":1,"name":"a"}';
  const long = '"a_key_of_32_characters_declared_":{"n":"t","name":5}';
  const undeclared = '"a_key_of_more_than_32_characters_nobody_declared":{"n":1,"name":"a"}';
  const members = [
    one,
    two,
    long,
    undeclared,
    '"n":1',
    '"name":"a"',
    '"list":[{"type":"x","n":1},{"type":"x"},{"n":1}]',
  ];
  const lines = members.flatMap((a) => members.flatMap((b) => [`{${a},${b}}`, `{${b}}`, `{${a},${b},${a}}`]));
  expectSame([...lines, ...lines.toReversed()]);
});

test("an element without a tag has none from the element before it", () => {
  const elements = ['{"type":"x"}', '{"type":"y2"}', "{}", '{"n":1}', '{"type":null}', '{"type":"x","type":"z"}', "1"];
  const lines = elements.flatMap((a) => elements.map((b) => `{"list":[${a},${b},${a}],"n":1}`));
  expectSame([...lines, ...lines]);
});

test("more different members than can be remembered", () => {
  const keys = Array.from({ length: 3000 }, (_, i) => `"key${i}":${i}`);
  const wide = `{${keys.join(",")},"n":5}`;
  const narrow = keys.map((member, i) => `{${member},"one":{${member},"n":${i % 3}},"name":"${i % 5}"}`);
  expectSame([wide, ...narrow.slice(0, 600), wide, ...narrow.slice(0, 20), ...narrow.slice(0, 20), '{"n":5}']);
});

test("any order of lines gives what each gives alone", () => {
  const random = seeded(128);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const members = [
    '"n":1', '"n":2', '"n" : 1', '"n":1.5', '"name":"a"', '"name":"b"', '"name":"\\u0061"', '"name":null', '"id":"i"', '"id":"j"',
    '"type":"user"', '"type":"assistant"', '"on":true', '"on":false', '"at":"2026-06-01T12:00:00Z"', '"at":1780315200', '"at":""',
    '"x":"y"', '"x":[1,"]"]', '"x":{"n":1}', '"\\u006e":3', '"one":{"n":1,"id":"i"}', '"one":{"name":"a"}', '"one":null', '"two":{"n":1}',
    '"list":[{"type":"x"},{"type":"y"}]', '"list":[{"type":"y"}]', '"list":[]', '"n":', '"n":01', '"x":"a', "",
  ]; // prettier-ignore
  const scanner = new LineScanner(RECORD);
  for (let round = 0; round < 200; round++) {
    const lines = Array.from({ length: 10 }, () => {
      const some = Array.from({ length: Math.floor(random() * 6) }, () => pick(members));
      return `{${some.join(pick([",", ",", ", ", "\t,"]))}}`;
    });
    expectSame(lines, scanner);
  }
});
