import fc from "fast-check";
import { expect, test } from "vitest";
import { count, each, type Field, flag, hash, object, oneOf, text, time } from "../../src/sources/fields.ts";
import { STATUS } from "../../workers/layout.ts";
import { isLeniently } from "./lenient.ts";
import { LineScanner, seeded } from "./scan-lines.ts";
import { expectWalk, readRow } from "./walk.ts";

/** Another shape than any agent's: deep, with keys of every length that is compared in another way. */
const K8 = "eight_by";
const K32 = "thirty_two_bytes_long_key_abcdef";
const DEEP = object({ a: object({ a: object({ a: count, b: text }), b: hash }), c: flag });
const RECORD = object({
  n: count,
  id: hash,
  name: text,
  at: time,
  on: flag,
  kind: oneOf("first", "second", "a text of more than 16 bytes"),
  [K8]: count,
  [`${K8}1`]: count,
  [`${K8}2`]: text,
  [`${K8}_same_end`]: count,
  [`${K8}-same_end`]: text,
  sixteen_bytes_ab: count,
  seventeen_bytes_a: count,
  twenty_four_bytes_long_a: count,
  twenty_five_bytes_long_ab: count,
  [K32]: count,
  [K32.replace("bytes", "BYTES")]: text,
  deep: DEEP,
  list: each("tag", { xs: ["x", "a long tag of more than 16 bytes"], ys: ["y", "y2"], zs: [] }),
  same: object({ n: count, list: each("n", { ns: ["n"] }) }),
});

const scanner = new LineScanner(RECORD);

const keysOf = (field: Field): string[] =>
  field.kind === "object" ? Object.entries(field.fields).flatMap(([key, child]) => [key, ...keysOf(child)]) : [];
const KEYS = [...new Set([...keysOf(RECORD), "tag"])];
/** Other keys: near the declared ones, empty, long, in other letters. */
const OTHERS = [
  "",
  "N",
  "nn",
  "nam",
  "name ",
  "na\u0000me",
  "é",
  "😀",
  `${K8}3`,
  `${K32}x`,
  K32.slice(1),
  "__proto__",
  "x".repeat(70),
];
const TEXTS = [
  "",
  "x",
  "y",
  "y2",
  "n",
  "first",
  "second",
  "a text of more than 16 bytes",
  "a long tag of more than 16 bytes",
  '"n":1}',
  "\\",
  '\\"',
  "tab\there",
  "\n",
  "é😀",
  "\ud800",
  "2026-06-01T12:00:00Z",
  "2026-06-01",
  "z".repeat(100),
];

// A hash cannot be read back: it is known by the hash of its text alone.
const hashes = new Map(
  TEXTS.filter((text) => text !== "").map((value) => [
    scanner.row(
      JSON.stringify({ id: value }),
      (cells) => `${cells.hashLow(scanner.slots.id)} ${cells.hashHigh(scanner.slots.id)}`,
    ),
    value,
  ]),
);

/** JSON whose objects are lists of members, so that a key can come twice. */
type Json = null | boolean | number | string | Json[] | { readonly members: ReadonlyArray<readonly [string, Json]> };

const { tree: anyJson, members: anyMembers } = fc.letrec<{ tree: Json; members: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(null, true, false, 0, 1, -1, 1.5, 2 ** 53 - 1, 2 ** 53, 1e21, 1780315200),
    fc.constantFrom<Json>(...TEXTS),
    fc.array(tie("tree"), { maxLength: 4 }),
    tie("members"),
  ),
  members: fc
    .array(
      fc.tuple(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...KEYS) }, fc.constantFrom(...OTHERS)), tie("tree")),
      { maxLength: 7 },
    )
    .map((members) => ({ members })),
}));

/** Values where their kind is expected, most of the time. */
function valueOf(field: Field): fc.Arbitrary<Json> {
  const fitting = (): fc.Arbitrary<Json> => {
    switch (field.kind) {
      case "object":
        return membersOf(field.fields);
      case "each": {
        const tags = [...Object.values(field.counters).flat(), "other", ""];
        const element = fc
          .array(
            fc.oneof(
              fc.tuple(fc.constant(field.tag), fc.constantFrom<Json>(...tags, 1, null)),
              fc.tuple(fc.constantFrom(...KEYS), anyJson),
            ),
            { maxLength: 3 },
          )
          .map((members): Json => ({ members }));
        return fc.array(fc.oneof({ weight: 4, arbitrary: element }, anyJson), { maxLength: 5 });
      }
      case "count":
        return fc.constantFrom<Json>(0, 7, 1e15, 2 ** 53 - 1);
      case "flag":
        return fc.boolean();
      default:
        return fc.constantFrom<Json>(...TEXTS);
    }
  };
  return fc.oneof({ weight: 5, arbitrary: fitting() }, anyJson);
}

function membersOf(fields: Readonly<Record<string, Field>>): fc.Arbitrary<Json> {
  const declared = Object.entries(fields).map(([key, field]) => fc.tuple(fc.constant(key), valueOf(field)));
  return fc
    .array(fc.oneof(...declared, fc.tuple(fc.constantFrom(...OTHERS), anyJson)), { maxLength: 9 })
    .map((members) => ({ members }));
}

/** One of the many ways to write the same JSON: white space, escapes, spellings of a number. */
function write(value: Json, random: () => number): string {
  const white = () => (random() < 0.8 ? "" : [" ", "\t", "\r", "  ", " \r\t "][Math.floor(random() * 5)]);
  const quote = (plain: string): string => {
    if (random() < 0.6) return JSON.stringify(plain);
    const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
    const letters = plain.split("").map((unit) => {
      const chance = random();
      if (unit === "/" && chance < 0.5) return "\\/";
      return chance < 0.4 || /["\\\p{Cc}\p{Cs}]/u.test(unit)
        ? chance < 0.2
          ? escape(unit).replace(/[a-f]/g, (c) => c.toUpperCase())
          : escape(unit)
        : unit;
    });
    return `"${letters.join("")}"`;
  };
  const render = (at: Json): string => {
    if (typeof at === "string") return quote(at);
    if (typeof at === "number" && Number.isSafeInteger(at) && random() < 0.3)
      return at === 0 || random() < 0.5 ? `${at}.0` : `${at}0e-1`;
    if (typeof at !== "object" || at === null) return JSON.stringify(at);
    const parts = Array.isArray(at)
      ? at.map(render)
      : at.members.map(([key, child]) => `${quote(key)}${white()}:${white()}${render(child)}`);
    const inside = parts.map((part) => `${white()}${part}${white()}`).join(",") || white();
    return Array.isArray(at) ? `[${inside}]` : `{${inside}}`;
  };
  return `${white()}${render(value)}${white()}`;
}

const seed = fc.nat(2 ** 31 - 1);
const anyLine = fc
  .tuple(fc.oneof({ weight: 2, arbitrary: membersOf(RECORD.fields) }, anyMembers), seed)
  .map(([value, from]) => write(value, seeded(from)));
const anyValueLine = fc.tuple(anyJson, seed).map(([value, from]) => write(value, seeded(from)));

function strictStatus(line: string): number {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? STATUS.object : STATUS.value;
  } catch {
    return STATUS.malformed;
  }
}

test("a line of any JSON is an object or a value, as JSON.parse says", () => {
  fc.assert(
    fc.property(anyValueLine, (line) => {
      expect(scanner.status(line), line).toBe(strictStatus(line));
    }),
    { numRuns: 3000 },
  );
});

test("the declared paths hold what a walk over JSON.parse finds, whatever the spelling", () => {
  fc.assert(
    fc.property(anyLine, (line) => {
      expectWalk(
        RECORD,
        line,
        scanner.row(line, (cells) => readRow(RECORD, cells, hashes)),
      );
    }),
    { numRuns: 6000 },
  );
});

test("lines scanned together hold what they hold alone", () => {
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 2, maxLength: 150 }), fc.boolean(), (some, isTail) => {
      const rows = scanner.rows(some.join("\n"), (cells) => readRow(RECORD, cells, hashes), { isTail });
      expect(rows).toEqual(some.map((line) => scanner.row(line, (cells) => readRow(RECORD, cells, hashes))));
    }),
    { numRuns: 60 },
  );
});

const LETTERS = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "0",
  "1",
  "-",
  ".",
  "e",
  "u",
  "n",
  "t",
  " ",
  "\t",
  "\u0000",
  "\v",
  "\f",
  "\u007f",
  "\u001f",
  "x",
  "é",
];
const change = fc.record({
  at: fc.nat(10_000),
  remove: fc.nat(3),
  insert: fc.array(fc.constantFrom(...LETTERS), { maxLength: 2 }),
});

test("a changed line is malformed when what is declared is damaged, and never when it is still JSON", () => {
  const seen = { whole: 0, damaged: 0, unseen: 0 };
  fc.assert(
    fc.property(anyLine, fc.array(change, { minLength: 1, maxLength: 2 }), (line, changes) => {
      let changed = line;
      for (const { at, remove, insert } of changes) {
        const from = at % (changed.length + 1);
        changed = changed.slice(0, from) + insert.join("") + changed.slice(from + remove);
      }
      changed = Buffer.from(changed).toString(); // a cut pair of surrogates is no text
      if (/^[ \t\r]*$/.test(changed)) return;
      const status = scanner.status(changed);
      const strict = strictStatus(changed);
      if (strict !== STATUS.malformed) {
        seen.whole++;
        expect(status, changed).toBe(strict);
        if (status !== STATUS.object || mayRound(changed)) return;
        const names = new Map([...hashes, ...namesIn(changed)]);
        expectWalk(
          RECORD,
          changed,
          scanner.row(changed, (cells) => readRow(RECORD, cells, names)),
        );
      } else if (!isLeniently(changed, RECORD)) {
        seen.damaged++;
        expect(status, changed).toBe(STATUS.malformed);
      } else {
        seen.unseen++;
      }
    }),
    { numRuns: 10_000 },
  );
  expect(seen.whole).toBeGreaterThan(500);
  expect(seen.damaged).toBeGreaterThan(3000);
});

/** Whether `JSON.parse` may round a fraction away, which the kernel never does: `number.test.ts` has those. */
function mayRound(line: string): boolean {
  const numbers = line.match(/\d[\d.eE+-]*/g) ?? [];
  return numbers.some(
    (number) => /[.eE]/.test(number) && (number.replace(/\D/g, "").length > 15 || /[eE]-?\d{3}/.test(number)),
  );
}

/** Hashes of the texts at `id` and `deep.a.b` of a line, changed ones included. */
function namesIn(line: string): Array<[string, string]> {
  const { id, deep } = JSON.parse(line) as { id?: unknown; deep?: { a?: { b?: unknown } } | null };
  return [id, deep?.a?.b].flatMap((value): Array<[string, string]> => {
    if (typeof value !== "string" || value === "") return [];
    const hashed = scanner.row(
      JSON.stringify({ id: value }),
      (cells) => `${cells.hashLow(scanner.slots.id)} ${cells.hashHigh(scanner.slots.id)}`,
    );
    return [[hashed, value]];
  });
}

test("every line cut short is malformed, as a line and as a tail, whatever stands behind it", () => {
  fc.assert(
    fc.property(anyLine, (line) => {
      const bytes = Buffer.from(line.trim());
      for (let length = 1; length < bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        const surroundings = { behind: bytes.subarray(length), isTail: length % 2 === 0 };
        if (scanner.status(cut, surroundings) !== STATUS.malformed) expect.fail(`${cut.toString()} is no whole line`);
      }
    }),
    { numRuns: 100 },
  );
});

test("an unbalanced quote or bracket costs its own line only", () => {
  const good = '{"n":5}';
  for (const bad of [
    '{"a":"',
    '{"a":"\\',
    "{",
    "[[[",
    '{"n":1',
    '{"',
    '"',
    "}",
    '{"deep":{"a":{',
    '{"list":[{"tag":"x"',
    '{"n":1}}',
    '{"other":[}',
    '{"other":{]',
  ]) {
    const statuses = scanner.rows(`${good}\n${bad}\n${good}`, (cells) => [cells.status, cells.lineIndex]);
    expect(statuses, bad).toEqual([
      [STATUS.object, 0],
      [STATUS.malformed, 1],
      [STATUS.object, 2],
    ]);
  }
});

test("blank lines have numbers and no rows, however many there are", () => {
  const blank = ["", " ", "\t\r", "   "];
  const content = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? '{"n":1}' : blank[i % 4])).join("\n");
  const indexes = scanner.rows(content, (cells) => cells.lineIndex);
  expect(indexes).toEqual(Array.from({ length: 100 }, (_, i) => i * 3));
});
