import { expect, test } from "vitest";
import { assignSlots, count, each, eachWith, within, object, oneOf, text } from "../../src/sources/fields.ts";
import { LineScanner } from "./scan-lines.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz_ABCDEF";

test("a key of every length from 1 to 32 is found, and no key that differs in one byte", () => {
  for (let length = 1; length <= 32; length++) {
    const key = LETTERS.slice(0, length);
    const scanner = new LineScanner(object({ [key]: count }));
    const has = (json: string) => scanner.row(`{${json}:7}`, (cells) => cells.has(1));
    expect(has(`"${key}"`), key).toBe(true);
    expect(has(`"\\u0061${key.slice(1)}"`), key).toBe(true);
    for (let at = 0; at < length; at++) {
      expect(has(`"${key.slice(0, at)}~${key.slice(at + 1)}"`), `${key} at ${at}`).toBe(false);
    }
    expect(has(`"${key}~"`)).toBe(false);
    expect(has(`"~${key}"`)).toBe(false);
    if (length > 1) expect(has(`"${key.slice(0, -1)}"`)).toBe(false);
    expect(has(`"${key}\\u0000"`)).toBe(false);
  }
});

test("keys that share their first and last eight bytes and their length are told apart", () => {
  const keys = [
    "12345678_a_87654321",
    "12345678_b_87654321",
    "12345678_c_87654321",
    "12345678_abcdefghijkl_87654321",
    "12345678_abcdefghijkL_87654321",
  ];
  const scanner = new LineScanner(object(Object.fromEntries(keys.map((key) => [key, count]))));
  const line = JSON.stringify(Object.fromEntries(keys.map((key, i) => [key, i + 1])));
  expect(scanner.row(line, (cells) => keys.map((_, i) => cells.count(i + 1)))).toEqual([1, 2, 3, 4, 5]);
});

test("63 keys of one object are all found, in any order", () => {
  const keys = Array.from({ length: 63 }, (_, i) => `key_${i}`);
  const scanner = new LineScanner(object(Object.fromEntries(keys.map((key) => [key, count]))));
  const line = `{${keys
    .map((key, i) => `"${key}":${i * 1000}`)
    .toReversed()
    .join()}}`;
  expect(scanner.row(line, (cells) => keys.map((_, i) => cells.count(i + 1)))).toEqual(keys.map((_, i) => i * 1000));
});

test("a bad count in the last of 64 slots is seen", () => {
  const scanner = new LineScanner(
    object(Object.fromEntries(Array.from({ length: 63 }, (_, i) => [`key_${i}`, count]))),
  );
  const line = '{"key_62":-1,"key_31":"x"}';
  expect(
    scanner.row(line, (cells) => [cells.hasBadCount(63, 63), cells.hasBadCount(32, 32), cells.hasBadCount(33, 62)]),
  ).toEqual([true, true, false]);
});

test("objects 50 deep are walked to the end, and half way back by a duplicate", () => {
  let record = object({ n: count }) as ReturnType<typeof object>;
  for (let i = 0; i < 50; i++) record = object({ o: record });
  const scanner = new LineScanner(record);
  const nest = (inner: string) => `${'{"o":'.repeat(50)}${inner}${"}".repeat(50)}`;
  expect(scanner.row(nest('{"n":9}'), (cells) => cells.count(51))).toBe(9);
  expect(
    scanner.row(`{"o":${nest('{"n":9}').slice(5, -1)},"o":{}}`, (cells) => [cells.has(1), cells.has(2), cells.has(51)]),
  ).toEqual([true, false, false]);
});

test("counters count elements by their own tag, the last of two, and forget with a duplicate list", () => {
  const record = object({ list: each("type", { tools: ["tool_use"], thinking: ["thinking", "redacted_thinking"] }) });
  const scanner = new LineScanner(record);
  const { self, tools, thinking } = scanner.slots.list;
  const read = (list: string) =>
    scanner.row(`{"list":${list}}`, (cells) => [cells.integer(self), cells.integer(tools), cells.integer(thinking)]);
  expect(
    read('[{"type":"tool_use"},{"a":1,"type":"thinking"},{"type":"redacted_thinking","b":{}},{"type":"text"}]'),
  ).toEqual([4, 1, 2]);
  expect(
    read('[{"type":"tool_use","type":"text"},{"type":"text","type":"tool_use"},{"type":"tool_use","type":null}]'),
  ).toEqual([3, 1, 0]);
  expect(read('[{"input":{"type":"tool_use"}},[{"type":"tool_use"}],"tool_use",{"type":["tool_use"]}]')).toEqual([
    4, 0, 0,
  ]);
  expect(read('[{"ty\\u0070e":"tool\\u005fuse"}]')).toEqual([1, 1, 0]);
  expect(read("[]")).toEqual([0, 0, 0]);
  expect(read('[{"type":"tool_use"}],"list":[{"type":"thinking"}]')).toEqual([1, 0, 1]);
  expect(read('[{"type":"tool_use"}],"list":7')).toEqual([0, 0, 0]);
});

test("of the fields of elements the last one counts, and none outlives its list", () => {
  const record = object({
    list: eachWith("type", { tools: ["tool_use"] }, { name: oneOf("Agent"), id: text }),
    n: count,
  });
  const scanner = new LineScanner(record);
  const { list, n } = scanner.slots;
  const read = (json: string) =>
    scanner.row(`{"list":${json},"n":7}`, (cells) => [
      cells.integer(list.tools),
      cells.integer(list.name),
      cells.has(list.id) ? cells.textOf(list.id) : "",
      cells.count(n),
    ]);
  expect(read('[{"type":"tool_use","id":"a","name":"Agent"}]')).toEqual([1, 1, "a", 7]);
  expect(read('[{"name":"Agent","id":"a","type":"tool_use"},{"type":"tool_use","name":"Bash"}]')).toEqual([
    2,
    0,
    "a",
    7,
  ]);
  expect(read('[{"input":{"name":"Agent","id":"x"},"type":"tool_use"}]')).toEqual([1, 0, "", 7]);
  expect(read('[{"type":"tool_use","name":"Agent","id":"a"}],"list":[]')).toEqual([0, 0, "", 7]);
});

test("an object without a slot of its own is walked like any other, and forgotten like any other", () => {
  const scanner = new LineScanner(object({ a: count, o: within({ b: count, p: within({ c: count }) }), d: count }));
  const { a, o, d } = scanner.slots;
  const read = (line: string) => scanner.row(line, (cells) => [a, o.b, o.p.c, d].map((slot) => cells.count(slot)));
  expect(read('{"a":1,"o":{"b":2,"p":{"c":3}},"d":4}')).toEqual([1, 2, 3, 4]);
  expect(read('{"a":1,"o":{"b":2,"p":{"c":3}},"d":4,"o":{}}')).toEqual([1, 0, 0, 4]);
  expect(read('{"a":1,"o":{"b":2,"p":{"c":3},"p":5},"d":4}')).toEqual([1, 2, 0, 4]);
  expect(read('{"o":[{"b":2}],"d":4}')).toEqual([0, 0, 0, 4]);
});

test("a declared text longer than 32 KiB is whole, escaped or not", () => {
  const scanner = new LineScanner(object({ t: text }));
  const long = "é".repeat(50_000);
  expect(scanner.row(JSON.stringify({ t: long }), (cells) => cells.textOf(1))).toBe(long);
  expect(scanner.row(`{"t":"\\n${long}"}`, (cells) => cells.textOf(1))).toBe(`\n${long}`);
});

test("keys that the kernel cannot hold are refused", () => {
  expect(() => new LineScanner(object({ ["x".repeat(33)]: count }))).toThrow(RangeError);
  expect(() => new LineScanner(object({ é: count }))).toThrow(RangeError);
  expect(() => new LineScanner(object({ "": count }))).toThrow(RangeError);
  expect(() => assignSlots(object(Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, count]))))).toThrow(
    RangeError,
  );
});
