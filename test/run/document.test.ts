/** What is not ours keeps its bytes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonDocument } from "../../src/run/document.ts";

const set = (text: string, path: ReadonlyArray<string | number>, key: string, value: unknown) => {
  const document = new JsonDocument(text, "x.json");
  document.set([{ path, key, value }]);
  return document.text;
};

describe("a member that is new", () => {
  test.each([
    ['{\n  "b": 1.0\n}\n', '{\n  "b": 1.0,\n  "a": {\n    "n": 1\n  }\n}\n'],
    ['{\n\t"b": 1e3\n}', '{\n\t"b": 1e3,\n\t"a": {\n\t\t"n": 1\n\t}\n}'],
    ['{\r\n    "b": 1\r\n}', '{\r\n    "b": 1,\r\n    "a": {\r\n        "n": 1\r\n    }\r\n}'],
    ['{"b":1}', '{"b":1, "a": {"n":1}}'],
    ["{}", '{"a":{"n":1}}'],
    ["\uFEFF{}", '\uFEFF{"a":{"n":1}}'],
    ['{ "2": 0, "1": [ 1,\n 2 ] }', '{ "2": 0, "1": [ 1,\n 2 ], "a": {"n":1} }'],
  ])("%j", (before, after) => expect(set(before, [], "a", { n: 1 })).toBe(after));
});

describe("a member that is there", () => {
  test("is replaced in its place, the last of two", () => {
    expect(set('{"a": 1, "b" : 2 ,"a":\n3,"c":4}', [], "a", 5)).toBe('{"a": 1, "b" : 2 ,"a":\n5,"c":4}');
  });
  test("with an escaped key is known", () => {
    expect(set('{"\\u0061": 1}', [], "a", 5)).toBe('{"\\u0061": 5}');
  });
  test("inside a list", () => {
    expect(set('{"w":[{"a":1},{"a":2}]}', ["w", 1], "a", 5)).toBe('{"w":[{"a":1},{"a":5}]}');
  });
});

test("several at once are as one after the other", () => {
  for (const text of ["{}", '{"x":{}}', '{\n  "x": 1,\n  "b": {\n    "y": 1\n  }\n}', '{"b": 1, "x": [{}]}']) {
    const changes = ["a", "b", "c"].map((key) => ({ path: [], key, value: { key } }));
    const [together, apart] = [new JsonDocument(text, "x.json"), new JsonDocument(text, "x.json")];
    together.set(changes);
    for (const change of changes) apart.set([change]);
    expect(together.text).toBe(apart.text);
  }
});

test.each(["", "{", '{"a":1,}', "// no\n{}", "{}{}"])("%j is no JSON, said in one line", (text) => {
  expect(() => new JsonDocument(text, "x.json")).toThrow(/^x\.json: is no JSON \(.*\)$/);
});

test("setting says what it said before, twice is once, and everything else keeps its bytes", () => {
  const space = fc.constantFrom("", " ", "\n", "\r\n  ", "\t");
  const key = fc.constantFrom("a", "b", "1", "10", "0", "__proto__", "ü", "leadUsage");
  const json = fc.letrec<{ value: string; object: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom("1.0", "1E5", "-0", "null", "true", '"\\u0041"', '"\u{1F600}"', "12345678901234567890"),
      fc.array(tie("value"), { maxLength: 3 }).map((values) => `[${values.join(",")}]`),
      tie("object"),
    ),
    object: fc
      .tuple(space, fc.array(fc.tuple(key, space, tie("value"), space), { maxLength: 4 }))
      .map(
        ([first, members]) =>
          `{${first}${members.map(([name, a, value, b]) => `${JSON.stringify(name)}${a}:${value}${b}`).join(`,${first}`)}}`,
      ),
  })).object;
  fc.assert(
    fc.property(json, key, fc.jsonValue(), (text, name, value) => {
      const document = new JsonDocument(text, "x.json");
      const before = document.value() as Record<string, unknown>;
      document.set([{ path: [], key: name, value }]);
      const once = document.text;
      const after = JSON.parse(once) as Record<string, unknown>;
      expect(after[name]).toEqual(JSON.parse(JSON.stringify(value)));
      for (const other of Object.keys(before)) if (other !== name) expect(after[other]).toEqual(before[other]);
      document.set([{ path: [], key: name, value }]);
      expect(document.text).toBe(once);
      // What was added or replaced is one piece: before and behind it the bytes are those of the file.
      const same = (a: string, b: string) => {
        let n = 0;
        while (n < a.length && a[n] === b[n]) n++;
        return n;
      };
      const head = same(text, once);
      const tail = same([...text.slice(head)].toReversed().join(""), [...once.slice(head)].toReversed().join(""));
      if (!Object.hasOwn(before, name)) expect(head + tail).toBeGreaterThanOrEqual(text.length - 1);
    }),
  );
});
