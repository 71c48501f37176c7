/**
 * Trees of transcripts for the fuzz against the oracle. Three layers: a *plan* (fast-check values, so that a
 * failure shrinks to few files, few items and plain spelling), the *records* built from it, and the *bytes*
 * they are rendered to, with noise that JSON allows and damage that it does not.
 *
 * Ids, times and names come from small pools, so that collisions of every kind happen. Damage is never put
 * inside a value that no declared path enters while the structure around it stays whole: a scanner that does
 * not look there may not see it (spec/accounting.md).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import type { Dimension } from "../../src/types.ts";
import type { FilterName, OracleOptions } from "./oracle-rows.ts";

export interface TranscriptTree {
  /** Relative path to content. */
  files: Record<string, Buffer>;
  /** What was put in, for the coverage test. */
  features: string[];
}

/** A scalar with its own spelling, such as `1e1`. */
export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
export type Json = null | boolean | number | string | Raw | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Raw);

// ---------------------------------------------------------------------------------------------------- Chance

/** A small deterministic generator (mulberry32) for noise, where shrinking to seed 0 is all that is wanted. */
class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  /** [0, 1) */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
  is(probability: number): boolean {
    return this.next() < probability;
  }
  one<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

// ----------------------------------------------------------------------------------- Rendering: noise, breaks

/** 0 is plain `JSON.stringify`; any other seed means some mixture of everything JSON allows. */
export interface Noise {
  seed: number;
  /** Break the structure or a declared value at the top level, in `message` or in `usage`. */
  breakSeed?: number;
}

const DECLARED: Record<string, readonly string[]> = {
  "": ["type", "uuid", "requestId", "timestamp", "sessionId", "cwd"],
  message: ["id", "model"],
  "message.usage": ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"],
};

const BOGUS: Json[] = [
  null,
  "bogus",
  -1,
  {},
  [],
  true,
  { usage: { input_tokens: 77, output_tokens: -1 }, id: "msg_1", model: "bogus" },
  [{ type: "tool_use" }],
  {
    input_tokens: 999,
    output_tokens: "x",
    iterations: [{ type: "advisor_message", input_tokens: 5 }],
  },
  { type: "agent_progress", message: { message: { usage: { output_tokens: -5 } } } },
];

/** Keys that only look like the ones read. */
const NEAR_KEYS = [
  "usage\u0000",
  "Usage",
  "usag",
  "usages",
  "input_tokens2",
  "input_token",
  "messag",
  "message ",
  "",
  "\u{1f600}",
  "iteration",
  "type\\",
  'us"age',
  "__proto__",
];

class Renderer {
  readonly #chance: Chance;
  readonly #noisy: boolean;
  readonly #white: number;
  readonly #shuffle: boolean;
  readonly #keyEscape: number;
  readonly #textEscape: number;
  readonly #duplicate: number;
  readonly #near: number;
  readonly #spell: number;
  /** Where the line is broken, and how; undefined for a whole one. */
  readonly #breakPath: string | undefined;

  constructor(noise: Noise, record: Json) {
    this.#chance = new Chance(noise.seed * 2654435761 + (noise.breakSeed ?? 0));
    this.#noisy = noise.seed !== 0;
    const some = (p: number, rate: number): number => (this.#noisy && this.#chance.is(p) ? rate : 0);
    this.#white = some(0.5, 0.3);
    this.#shuffle = some(0.5, 1) === 1;
    this.#keyEscape = some(0.3, 0.15);
    this.#textEscape = some(0.4, 0.15);
    this.#duplicate = some(0.35, 0.2);
    this.#near = some(0.3, 0.15);
    this.#spell = some(0.4, 0.5);
    if (noise.breakSeed) {
      const message = isObject(record) ? record.message : undefined;
      const paths = isObject(message) ? ["", "message"] : [""];
      if (isObject(message) && isObject(message.usage)) paths.push("message.usage", "message.usage");
      this.#breakPath = this.#chance.one(paths);
    }
  }

  value(value: Json, path: string | undefined): string {
    if (value instanceof Raw) return value.text;
    if (typeof value === "string") return this.text(value, this.#textEscape);
    if (typeof value === "number") return this.number(value);
    if (value === null || typeof value === "boolean") return String(value);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.white() + this.value(item, undefined) + this.white());
      return `[${items.join(",") || this.white()}]`;
    }
    return this.object(value, path);
  }

  /** @param path of a walked object (`""`, `message`, `message.usage`), undefined elsewhere. */
  object(object: JsonObject, path: string | undefined): string {
    const real = Object.entries(object);
    if (this.#shuffle) {
      for (let i = real.length - 1; i > 0; i--) {
        const j = this.#chance.below(i + 1);
        [real[i], real[j]] = [real[j]!, real[i]!];
      }
    }
    const entries: { key: string; value: Json; isReal: boolean }[] = [];
    for (const [key, value] of real) {
      entries.push({ key, value, isReal: true });
      if (this.#chance.is(this.#duplicate)) {
        // An earlier value of the same key: the last one wins as a whole.
        const at = this.#chance.below(entries.length);
        entries.splice(at, 0, { key, value: this.#chance.one(BOGUS), isReal: false });
      }
      if (this.#chance.is(this.#near)) {
        const near = this.#chance.one(NEAR_KEYS);
        if (!Object.hasOwn(object, near)) entries.push({ key: near, value: this.#chance.one(BOGUS), isReal: false });
      }
    }
    const inner = (key: string, isReal: boolean): string | undefined => {
      if (!isReal || path === undefined) return undefined;
      const name = path === "" ? key : `${path}.${key}`;
      return name in DECLARED ? name : undefined;
    };
    const parts = entries.map(({ key, value, isReal }) => [
      this.white() + this.text(key, this.#keyEscape) + this.white(),
      this.white() + this.value(value, inner(key, isReal)) + this.white(),
    ]) as [string, string][];
    if (path !== undefined && path === this.#breakPath) {
      return this.broken(parts, entries, DECLARED[path] ?? []);
    }
    return `{${parts.map(([key, value]) => `${key}:${value}`).join(",") || this.white()}}`;
  }

  /** One object with one fault in it. */
  broken(
    parts: [string, string][],
    entries: { key: string; value: Json; isReal: boolean }[],
    declared: readonly string[],
  ): string {
    const chance = this.#chance;
    const at = chance.below(parts.length || 1);
    const [key, value] = parts[at] ?? ['"a"', "1"];
    const before = parts.slice(0, at).map(([k, v]) => `${k}:${v},`);
    const after = parts.slice(at + 1).map(([k, v]) => `,${k}:${v}`);
    const around = (middle: string): string => `{${before.join("")}${middle}${after.join("")}}`;
    const read = entries.findLastIndex((e) => e.isReal && declared.includes(e.key));
    const spoil = (text: string): string => {
      const changed = [...parts];
      const entry = changed[read]!;
      changed[read] = [entry[0], text];
      return `{${changed.map(([k, v]) => `${k}:${v}`).join(",")}}`;
    };
    const faults = [
      () => around(`${key} ${value}`),
      () => around(`${key}::${value}`),
      () => around(`${key}=${value}`),
      () => around(`,${key}:${value}`),
      () => `{${before.join("")}${key}:${value}${after.join("")},}`,
      () => around(`${key}:${value},`).replace(/,}$/, ",,}"),
      () => around(`${key}:`),
      () => around(key),
      () => around(`${key.trim().slice(1, -1) || "k"}:${value}`),
      () => around(`'k':${value}`),
      () => around(`"k\\q":${value}`),
      () => around(`"k\\u12g4":${value}`),
      () => around(`1:${value}`),
      () => around(`${key}:${value}]`),
      () => around(`${key}:${value}`).slice(0, -1),
      () => `${around(`${key}:${value}`)}}`,
    ];
    if (read === -1 || chance.is(0.6)) return chance.one(faults)();
    const bad = ["tru", "nul", "TRUE", "01", "1.", ".5", "+1", "1e", "-", "0x10", "NaN", "Infinity", "--1"];
    const badText = ['"a\\x41"', '"a\\"', '"\\u00g0"', "'a'", '"a\\u12"', '"unclosed'];
    return spoil(chance.one(chance.is(0.5) ? bad : badText));
  }

  white(): string {
    if (!this.#chance.is(this.#white)) return "";
    return this.#chance.one([" ", "\t", "\r", "  ", " \r\t ", "        "]);
  }

  text(text: string, escapeRate: number): string {
    let out = '"';
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const isLone = /[\ud800-\udfff]/.test(text[i]!) && !isPaired(text, i);
      if (isLone || this.#chance.is(escapeRate)) {
        if (text[i] === "/" && this.#chance.is(0.7)) out += "\\/";
        else out += `\\u${this.hex(unit)}`;
        // Half a pair cannot stay raw.
        if (!isLone && isHigh(unit)) out += `\\u${this.hex(text.charCodeAt(++i))}`;
      } else if (isHigh(unit)) out += text[i]! + text[++i]!;
      else out += JSON.stringify(text[i]).slice(1, -1);
    }
    return `${out}"`;
  }

  hex(unit: number): string {
    const hex = unit.toString(16).padStart(4, "0");
    return this.#chance.is(0.5) ? hex.toUpperCase() : hex;
  }

  number(n: number): string {
    if (!Number.isInteger(n) || !this.#chance.is(this.#spell)) return String(n);
    if (n === 0) return this.#chance.one(["-0", "0.0", "0e5", "-0.00E-3", "0E+0"]);
    const digits = String(n);
    if (digits.length > 14) return digits;
    const spellings = [`${digits}.0`, `${digits}e0`, `${digits}E+0`, `${digits}0e-1`, `${digits}.000`];
    if (n % 10 === 0) spellings.push(`${n / 10}e1`, `${n / 10}E1`, `${n / 10}.0e+1`, `${n / 10}e01`);
    return this.#chance.one(spellings);
  }
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
const isPaired = (text: string, i: number): boolean =>
  isHigh(text.charCodeAt(i)) ? isLow(text.charCodeAt(i + 1)) : i > 0 && isHigh(text.charCodeAt(i - 1));

/** The record as one line of JSON, without a line end. */
export function renderLine(record: Json, noise: Noise): string {
  const renderer = new Renderer(noise, record);
  return renderer.white() + renderer.value(record, "") + renderer.white();
}

// -------------------------------------------------------------------------------------------- Damage to bytes

const DAMAGES = [
  "cut end",
  "cut start",
  "NUL",
  "bad UTF-8",
  "control",
  "two records",
  "garbage",
  "line feed",
  "structure",
] as const;
type DamageKind = (typeof DAMAGES)[number];
interface Damage {
  kind: DamageKind;
  seed: number;
}

function damageLine(line: Buffer, damage: Damage): Buffer {
  const chance = new Chance(damage.seed);
  const at = chance.below(line.length + 1);
  const insert = (...bytes: number[]): Buffer =>
    Buffer.concat([line.subarray(0, at), Buffer.from(bytes), line.subarray(at)]);
  switch (damage.kind) {
    case "cut end":
      return line.subarray(0, Math.max(1, Math.min(at, line.length - 1)));
    case "cut start":
      return line.subarray(Math.max(1, at));
    case "NUL":
      return insert(...Array<number>(1 + chance.below(3)).fill(0));
    case "bad UTF-8":
      return insert(
        ...chance.one([
          [0xff],
          [0xc0, 0x80],
          [0xed, 0xa0, 0x80],
          [0xe2, 0x28, 0xa1],
          [0x80],
          [0xf4, 0x90, 0x80, 0x80],
          [0xe2, 0x82],
          [0xf0, 0x9f, 0x98],
          [0xc1, 0xbf],
          [0xf8, 0x88, 0x80, 0x80, 0x80],
        ]),
      );
    case "control": {
      // Inside strings only: elsewhere a tab is white space, or damage between the bytes of a number.
      const places = placesInStrings(line);
      if (places.length === 0) return line;
      const place = chance.one(places);
      const control = Buffer.from([chance.one([0x01, 0x1f, 0x08, 0x09, 0x0d, 0x0b, 0x7f])]);
      return Buffer.concat([line.subarray(0, place), control, line.subarray(place)]);
    }
    case "two records":
      return Buffer.concat([line, Buffer.from(chance.one(["", " ", ",", "\r"])), line]);
    case "garbage": {
      const scrap = Buffer.from(
        chance.one(["x", "}", "]", ",", '"', "null", "// comment", "\u00a0", "\ufeff", "\f", ";", "{}"]),
      );
      return chance.is(0.7) ? Buffer.concat([line, scrap]) : Buffer.concat([scrap, line]);
    }
    case "line feed":
      return insert(0x0a);
    case "structure":
      return line; // rendered broken
  }
}

/** Offsets just before a byte of a string, never between a backslash and what it escapes. */
function placesInStrings(line: Buffer): number[] {
  const places: number[] = [];
  let inString = false;
  for (let i = 0; i < line.length; i++) {
    if (inString && line[i]! < 0x80) places.push(i);
    if (line[i] === 0x22) inString = !inString;
    else if (inString && line[i] === 0x5c) i += line[i + 1] === 0x75 ? 5 : 1;
  }
  return places;
}

// ------------------------------------------------------------------------------------------------------ Pools

const SESSIONS = [
  "11111111-aaaa-4000-8000-000000000001",
  "22222222-bbbb-4000-8000-000000000002",
  "33333333-cccc-4000-8000-000000000003",
] as const;
const PROJECTS = ["-srv-app", "-srv-app-sub", "home2/-srv-app"] as const;
const CWDS = ["/srv/app", "/srv/app/sub", "/home/ünï/\u{1f680}"] as const;
const MODELS = ["claude-opus-4-6", "claude-haiku-4-5", "gateway/model-x"] as const;
const AGENT_NAMES = ["dev", "qa"] as const;
const TEAMS = ["red", "blue"] as const;
const BRANCHES = ["main", "fix-\u{1f389}/é", "release"] as const;
const VERSIONS = ["2.1.9", "2.1.98", "1.0.51"] as const;

/** Where zones differ: month and year ends, both changes of summer time, the epoch, plain days. */
const INSTANTS = [
  "2026-06-01T12:00:00.000Z",
  "2026-06-01T11:59:59.999Z",
  "2026-06-01T18:29:59.999Z",
  "2026-10-25T00:30:00.000Z",
  "2026-10-25T01:30:00.000Z",
  "2026-03-29T00:59:59.000Z",
  "2025-12-31T23:59:59.999Z",
  "2026-11-01T04:00:00.000Z",
  "1970-01-01T00:00:00.500Z",
  "2010-11-07T02:31:00.000Z",
].map((text) => Date.parse(text));
/** As they stand in a record; the last ones are none. */
const COSTS = ["0.25", "0", "5e-10", "0.00000000049", "1E-3", "12345.678901235", "-1", `"0.5"`, "1e99"] as const;
const STEPS = [0, 1, 500, 1000, 60_000, 1_800_000, 3_600_000, 86_400_000, 2 * 86_400_000, -1000];

// -------------------------------------------------------------------------------------------------- The plan

/** The first value is the plain one that failures shrink to. */
function weighted<T>(...choices: [weight: number, value: T][]): fc.Arbitrary<T> {
  return fc.oneof(
    { withCrossShrink: true },
    ...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })),
  );
}
const oneOf = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const rarely = <T>(percent: number, plain: T, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: 100 - percent, arbitrary: fc.constant(plain) },
    { weight: percent, arbitrary },
  );
const seed = fc.integer({ min: 1, max: 2 ** 30 });

const tokens = weighted<number>([30, 10], [15, 0], [15, 3], [15, 100], [10, 1200], [5, 20], [5, 123_456], [5, 1]);

const usagePlan = fc.record({
  input: tokens,
  read: tokens,
  creation: tokens,
  split: weighted([40, "none"], [20, "equal"], [12, "larger"], [12, "smaller"], [5, "null"], [5, "wrong type"]),
  thinking: weighted([70, "none"], [15, "part"], [10, "more than output"], [5, "null"]),
  web: weighted([80, 0], [15, 2], [5, 1]),
  iterations: weighted(
    [50, "none"],
    [12, "one message"],
    [8, "advisor"],
    [8, "two fallbacks"],
    [5, "three fallbacks"],
    [6, "compaction"],
    [6, "messages of models"],
    [5, "junk"],
    [3, "junk at the end"],
    [3, "no array"],
    [2, "synthetic"],
    [2, "bad and read"],
    [2, "bad and not read"],
  ),
  missing: weighted([85, "none"], [8, "some"], [4, "null"], [3, "all"]),
  terms: weighted(
    [60, "standard"],
    [8, "none"],
    [7, "fast"],
    [5, "batch"],
    [4, "priority"],
    [4, "us"],
    [5, "several"],
    [4, "others"],
    [3, "wrong types"],
  ),
});

const itemPlan = fc.record({
  kind: weighted(
    [45, "response"],
    [14, "user"],
    [9, "progress"],
    [8, "replay"],
    [6, "without usage"],
    [5, "synthetic"],
    [5, "agent-name"],
    [8, "odd line"],
  ),
  /** Fresh ids never collide; pool ids do. */
  id: weighted<"fresh" | "missing" | 0 | 1 | 2>([50, "fresh"], [14, 0], [14, 1], [10, 2], [12, "missing"]),
  request: weighted<"fresh" | "missing" | "some missing" | "varied" | 0 | 1>(
    [45, "fresh"],
    [14, 0],
    [10, 1],
    [14, "missing"],
    [9, "some missing"],
    [8, "varied"],
  ),
  uuid: weighted<"fresh" | "missing" | 0 | 1 | 2>([70, "fresh"], [8, 0], [6, 1], [6, 2], [10, "missing"]),
  records: weighted([35, 1], [30, 2], [20, 3], [10, 4]),
  outputs: weighted(
    [25, "final"],
    [25, "growing"],
    [20, "placeholder"],
    [15, "last final"],
    [10, "shrinking"],
    [5, "zero"],
  ),
  output: weighted<number>([30, 50], [20, 8], [10, 9], [20, 178], [10, 1], [10, 0]),
  usage: usagePlan,
  model: weighted<0 | 1 | 2 | "missing" | "wrong type" | "empty">(
    [50, 0],
    [20, 1],
    [10, 2],
    [10, "missing"],
    [4, "wrong type"],
    [4, "empty"],
  ),
  modelSwitch: weighted([85, false], [15, true]),
  content: weighted(
    [25, "text"],
    [30, "tool_use"],
    [15, "thinking"],
    [10, "two tools"],
    [6, "look-alikes"],
    [5, "no array"],
    [4, "redacted_thinking"],
  ),
  stop: weighted([45, "none"], [25, "last"], [20, "all"], [6, "empty"], [4, "wrong type"]),
  type: weighted([90, "assistant"], [4, "user"], [3, "Assistant"], [3, "missing"]),
  side: weighted<boolean | "wrong type">([65, false], [30, true], [5, "wrong type"]),
  step: weighted<number>([20, 0], ...STEPS.slice(1).map((step): [number, number] => [6, step])),
  timeStyle: weighted(
    [70, "iso"],
    [3, "offset"],
    [3, "local"],
    [2, "space"],
    [2, "minutes"],
    [2, "comma"],
    [3, "seconds"],
    [2, "seconds with fraction"],
    [3, "milliseconds"],
    [2, "date"],
    [1, "date with offset"],
    [6, "missing"],
    [5, "some missing"],
    [3, "nonsense"],
    [2, "edge number"],
  ),
  cwd: weighted<0 | 1 | 2 | "missing" | "wrong type">([50, 0], [12, 1], [10, 2], [22, "missing"], [6, "wrong type"]),
  branch: weighted<0 | 1 | 2 | "missing" | "wrong type">([45, 0], [15, 1], [15, 2], [20, "missing"], [5, "wrong type"]),
  version: weighted<0 | 1 | 2 | "missing">([45, 0], [25, 1], [15, 2], [15, "missing"]),
  names: weighted(
    [70, "none"],
    [6, "agentName"],
    [6, "teamName"],
    [5, "team.teamName"],
    [5, "attributionAgent"],
    [4, "all"],
    [4, "wrong types"],
  ),
  sessionId: weighted([75, "own"], [12, "other"], [10, "missing"], [3, "empty"]),
  /** Which of earlier things a replay, copy or odd line takes. */
  pick: fc.nat(11),
  /** What the record says that it cost; the second is of every other record. */
  cost: weighted<number | null>([82, null], ...COSTS.map((_, at): [number, number] => [2, at])),
  lookAlike: weighted(
    [60, "none"],
    [12, "toolUseResult"],
    [12, "quoted text"],
    [8, "deep"],
    [8, "usage at top"],
    [3, "long"],
  ),
  bad: rarely(2, 0, fc.integer({ min: 1, max: 8 })),
  huge: weighted([990, false], [10, true]),
  noise: rarely(40, 0, seed),
  damage: rarely<Damage | null>(4, null, fc.record({ kind: oneOf(...DAMAGES), seed })),
  lineEnd: weighted([90, "\n"], [6, "\r\n"], [2, "\n\n"], [2, "\n \t\r\n"]),
});
type Item = typeof itemPlan extends fc.Arbitrary<infer T> ? T : never;
type UsagePlan = Item["usage"];

const filePlan = fc.record({
  place: weighted(
    [45, "main"],
    [16, "agent"],
    [6, "workflow agent"],
    [3, "agent of an agent"],
    [3, "journal"],
    [9, "flat agent"],
    [8, "stem"],
    [6, "in session folder"],
    [2, "plain in subagents"],
    [2, "subagents in project"],
    [2, "root"],
    [3, "below another id"],
  ),
  project: weighted<0 | 1 | 2>([60, 0], [20, 1], [20, 2]),
  session: weighted<0 | 1 | 2>([40, 0], [35, 1], [25, 2]),
  agent: fc.nat(2),
  meta: weighted(
    [42, "none"],
    [35, "type"],
    [3, "marked"],
    [7, "broken"],
    [6, "wrong type"],
    [4, "empty"],
    [3, "array"],
  ),
  start: fc.nat(INSTANTS.length - 1),
  /** Copies the first records of an earlier file: a fork, a resume, a backup. */
  fork: rarely(
    45,
    null,
    fc.record({
      of: fc.nat(5),
      share: oneOf(1, 0.7, 0.4),
      /** Leave out every n-th record, so that each side has records of its own before the last shared one. */
      skip: weighted([50, 0], [25, 2], [25, 3]),
      rewrite: weighted([80, true], [20, false]),
      /** Copies get ids of their own, and name those they are copied from. */
      renames: weighted([70, false], [30, true]),
      kind: weighted([75, "fork"], [25, "backup"]),
    }),
  ),
  items: fc.array(itemPlan, { maxLength: 7 }),
  bom: rarely(4, false, fc.constant(true)),
  tail: weighted([72, "line end"], [12, "complete"], [10, "cut"], [3, "blank"], [3, "damaged"]),
  tailSeed: seed,
  empty: rarely(3, false, fc.constant(true)),
  /** Agent files: which of their lines names the type of agent. */
  attributed: weighted([70, "none"], [15, "first"], [15, "last"]),
  /** No record names its session: only paths tell. */
  anonymous: rarely(30, false, fc.constant(true)),
});
type FilePlan = typeof filePlan extends fc.Arbitrary<infer T> ? T : never;

// ------------------------------------------------------------------------------------------- Plan to records

/** A record on its way to bytes. */
interface Line {
  record: Json;
  noise: number;
  damage: Damage | null;
  lineEnd: string;
}

class Builder {
  readonly features = new Set<string>();
  readonly files: Record<string, Buffer> = {};
  readonly #built: { lines: Line[]; name: string }[] = [];
  /** Assistant records so far, over all files, for replays and nested copies. */
  readonly #responses: { record: JsonObject; session: string }[] = [];
  /** Assistant records that stand nowhere but nested in a progress record. */
  readonly #traces: { record: JsonObject; session: string }[] = [];
  #fresh = 0;
  #clock = 0;
  #plan!: FilePlan;

  add(plan: FilePlan): void {
    this.#plan = plan;
    this.#clock = INSTANTS[plan.start]!;
    const source = plan.fork && this.#built[plan.fork.of % (this.#built.length || 1)];
    let name = this.#name(plan);
    if (source && plan.fork?.kind === "backup") {
      name = join("backup", source.name);
      this.features.add("backup");
    }
    if (name in this.files) return;
    const lines: Line[] = [];
    if (source && plan.fork) {
      const { share, skip, rewrite, renames } = plan.fork;
      const taken = source.lines.slice(0, Math.ceil(source.lines.length * share));
      for (const [index, line] of taken.entries()) {
        if (skip > 0 && index % skip === skip - 1) continue;
        const record = structuredCloneJson(line.record);
        if (rewrite && plan.fork.kind === "fork" && isObject(record) && "sessionId" in record) {
          record.sessionId = this.#session;
        }
        if (renames && isObject(record) && typeof record.uuid === "string") {
          record.forkedFrom = { sessionId: "s", messageUuid: record.uuid };
          record.uuid = `u-${this.#fresh++}`;
          this.features.add("fork with ids of its own");
        }
        lines.push({ ...line, record, damage: null });
      }
      if (lines.length > 0) this.features.add("fork");
      if (taken.some((line) => this.#copied.has(line))) this.features.add("fork of a fork");
      for (const line of lines) this.#copied.add(line);
    }
    for (const item of plan.items) lines.push(...this.#item(item));
    const attributed = plan.attributed === "first" ? lines[0]?.record : lines.at(-1)?.record;
    if (plan.attributed !== "none" && isObject(attributed)) attributed.attributionAgent = "Plan";
    this.#built.push({ lines, name });
    this.files[name] = plan.empty ? Buffer.alloc(0) : this.#bytes(lines, plan);
    if (plan.empty) this.features.add("empty file");
    this.features.add(`place ${plan.place}`);
    if (/(^|\/)agent-[^/]*$|subagents\//.test(name) && plan.meta !== "none") this.#meta(name, plan);
  }
  readonly #copied = new Set<Line>();

  get #session(): string {
    return SESSIONS[this.#plan.session];
  }

  #name({ place, project, session, agent }: FilePlan): string {
    const folder = PROJECTS[project];
    const id = SESSIONS[session];
    const agentFile = `agent-a${agent}.jsonl`;
    switch (place) {
      case "main":
        return `${folder}/${id}.jsonl`;
      case "agent":
        return `${folder}/${id}/subagents/${agentFile}`;
      case "workflow agent":
        return `${folder}/${id}/subagents/workflows/wf_1/${agentFile}`;
      case "agent of an agent":
        return `${folder}/${id}/subagents/agent-a0/subagents/${agentFile}`;
      case "journal":
        return `${folder}/${id}/subagents/workflows/wf_1/journal.jsonl`;
      case "flat agent":
        return `${folder}/${agentFile}`;
      case "stem":
        return `${folder}/${["notes", "agent", "my session"][agent]}.jsonl`;
      case "in session folder":
        return `${folder}/${id}/tool-results/${["x", "agent-t", SESSIONS[2]][agent]}.jsonl`;
      case "plain in subagents":
        return `${folder}/${id}/subagents/side${agent}.jsonl`;
      case "subagents in project":
        return `${folder}/subagents/${agentFile}`;
      case "below another id":
        return `${SESSIONS[2]}/${["x", "subagents", "y"][agent]}/projects/${folder}/${id}${agent === 2 ? `/subagents/${agentFile}` : ".jsonl"}`;
      default:
        return [`${id}.jsonl`, agentFile, "loose.jsonl"][agent]!;
    }
  }

  #meta(name: string, { meta }: FilePlan): void {
    const content: Record<string, string> = {
      type: '{\n  "agentType": "Explore",\n  "description": "x"\n}',
      marked: '\uFEFF{"agentType":"Plan"}',
      broken: '{"agentType":"Explore"',
      "wrong type": '{"agentType":7}',
      empty: "",
      array: '["agentType"]',
    };
    this.files[name.replace(/\.jsonl$/, ".meta.json")] = Buffer.from(content[meta] ?? "");
    this.features.add(`meta ${meta}`);
  }

  // ---------------------------------------------------------------------------------------------- Records

  #item(item: Item): Line[] {
    const records = this.#records(item);
    for (const name of ["noise", "damage", "bad", "huge"] as const) {
      if (item[name]) this.features.add(name);
    }
    if (item.damage) this.features.add(`damage ${item.damage.kind}`);
    return records.map((record, index) => ({
      record,
      noise: item.noise && item.noise + index,
      damage: index === records.length - 1 ? item.damage : null,
      lineEnd: item.lineEnd,
    }));
  }

  #records(item: Item): Json[] {
    this.features.add(`kind ${item.kind}`);
    switch (item.kind) {
      case "user":
        return [this.#user(item)];
      case "progress":
        return [this.#progress(item)];
      case "replay":
        return this.#replay(item);
      case "without usage":
        return this.#withoutUsage(item);
      case "synthetic":
        return [this.#synthetic(item)];
      case "agent-name":
        return [
          {
            type: "agent-name",
            agentName: "a title",
            ...(this.#plan.anonymous ? {} : { sessionId: this.#session }),
          },
        ];
      case "odd line":
        return [this.#odd(item)];
      default:
        return this.#response(item);
    }
  }

  /** The fields around `message`. */
  #envelope(item: Item, type: Json): JsonObject {
    this.#clock += item.step;
    const record: JsonObject = { parentUuid: null };
    const side: Json = item.side === "wrong type" ? "true" : item.side;
    record.isSidechain = this.#plan.place.includes("agent") ? item.side !== true : side;
    if (item.cwd !== "missing") record.cwd = item.cwd === "wrong type" ? ["/x"] : CWDS[item.cwd];
    const sessionIds: Record<string, Json> = {
      own: this.#session,
      other: SESSIONS[item.pick % 3]!,
      empty: "",
    };
    if (item.sessionId !== "missing" && !this.#plan.anonymous) record.sessionId = sessionIds[item.sessionId]!;
    if (item.version !== "missing") record.version = VERSIONS[item.version];
    if (item.branch !== "missing") record.gitBranch = item.branch === "wrong type" ? 7 : BRANCHES[item.branch];
    if (type !== "missing") record.type = type;
    const uuid = this.#uuid(item.uuid);
    if (uuid !== undefined) record.uuid = uuid;
    const isGap = item.timeStyle === "some missing" && this.#fresh % 2 === item.pick % 2;
    const time = isGap ? undefined : spellTime(this.#clock, item.timeStyle);
    this.features.add(`time ${item.timeStyle}`);
    if (time !== undefined) record.timestamp = time;
    Object.assign(record, this.#names(item));
    this.#lookAlike(record, item);
    return record;
  }

  #uuid(plan: Item["uuid"]): string | undefined {
    if (plan === "missing") return undefined;
    return plan === "fresh" ? `u-${this.#fresh++}` : `u-pool-${plan}`;
  }

  #names({ names, pick }: Item): JsonObject {
    if (names === "none") return {};
    this.features.add(`names ${names}`);
    const all: JsonObject = {
      agentName: AGENT_NAMES[pick % 2]!,
      teamName: TEAMS[pick % 2]!,
      team: { teamName: TEAMS[(pick + 1) % 2]! },
      attributionAgent: ["Plan", "Explore"][pick % 2]!,
    };
    if (names === "all") return all;
    if (names === "wrong types") return { agentName: 1, teamName: "", team: "red", attributionAgent: {} };
    return names === "team.teamName" ? { team: all.team! } : { [names]: all[names]! };
  }

  /** What a text search would take for usage. */
  #lookAlike(record: JsonObject, { lookAlike }: Item): void {
    if (lookAlike === "none") return;
    this.features.add(`look-alike ${lookAlike}`);
    const usage = { input_tokens: 7777, output_tokens: 7777 };
    const quoted = '{"type":"assistant","message":{"id":"msg_1","usage":{"input_tokens":99}}}\\" "usage":{';
    if (lookAlike === "toolUseResult") {
      record.toolUseResult = {
        status: "completed",
        totalTokens: 9,
        usage,
        message: { usage, id: "msg_pool_0" },
      };
    } else if (lookAlike === "quoted text") {
      record.note = `\ud800 ${quoted} \\ \u{1f600} \u2028 \u0000\n ${JSON.stringify(quoted)} \udc00`;
    } else if (lookAlike === "deep") {
      let deep: Json = { message: { usage } };
      for (let level = 0; level < 40 + (this.#fresh % 7) * 50; level++) {
        deep = level % 2 === 0 ? [deep, "]}", { usage }] : { message: deep, "}": "{" };
      }
      record.toolUseResult = deep;
    } else if (lookAlike === "long") {
      record.note = `${quoted} \\ "} é \u{1f600}\t`.repeat(10 + (this.#fresh % 5) * 300);
    } else {
      record.usage = usage;
      record.data = { type: "tool", message: { message: { usage } } };
    }
  }

  #response(item: Item): Json[] {
    const fresh = this.#fresh++;
    const id = item.id === "fresh" ? `msg_${fresh}` : item.id === "missing" ? undefined : `msg_pool_${item.id}`;
    return Array.from({ length: item.records }, (_, index) => {
      const record = this.#envelope(index === 0 ? item : { ...item, uuid: this.#nextUuid(item) }, item.type);
      const isLast = index === item.records - 1;
      const request = this.#request(item, index, fresh);
      if (request !== undefined) record.requestId = request;
      const message: JsonObject = { role: "assistant" };
      if (id !== undefined) message.id = id;
      const model = this.#model(item, item.modelSwitch && isLast ? 1 : 0);
      if (model !== undefined) message.model = model;
      message.content = this.#content(item, index);
      const stops: Record<string, Json> = {
        none: null,
        all: "end_turn",
        last: isLast ? "tool_use" : null,
        empty: "",
      };
      message.stop_reason = stops[item.stop] ?? 7;
      message.usage = this.#usage(item.usage, outputAt(item, index), item, model);
      record.message = message;
      if (item.cost !== null) record.costUSD = new Raw(COSTS[(item.cost + index) % COSTS.length]!);
      if (item.cost !== null) this.features.add("cost");
      this.features.add(`outputs ${item.outputs}`);
      if (item.modelSwitch && item.records > 1) this.features.add("model switch");
      this.#responses.push({ record, session: this.#session });
      return record;
    });
  }

  #nextUuid(item: Item): Item["uuid"] {
    return typeof item.uuid === "number" && item.pick % 2 === 0 ? item.uuid : "fresh";
  }

  #request(item: Item, index: number, fresh: number): string | undefined {
    if (item.request === "missing" || (item.request === "some missing" && index % 2 === item.pick % 2))
      return undefined;
    if (item.request === "varied") return `req_${fresh}_${index}`;
    return typeof item.request === "number" ? `req_pool_${item.request}` : `req_${fresh}`;
  }

  #model({ model }: Item, shift: number): Json | undefined {
    if (model === "missing") return undefined;
    if (typeof model === "number") return MODELS[(model + shift) % MODELS.length]!;
    return model === "empty" ? "" : { name: "x" };
  }

  #content(item: Item, index: number): Json {
    this.features.add(`content ${item.content}`);
    const tool = (n: number): Json => ({
      type: "tool_use",
      id: `toolu_${n}`,
      name: "Read",
      input: { type: "tool_use" },
    });
    switch (item.content) {
      case "tool_use":
        return [index === 0 ? { type: "text", text: 'I will "read"' } : tool(index), tool(index)];
      case "two tools":
        return Array.from({ length: 1 + ((index + item.pick) % 3) }, (_, n) => tool(n));
      case "thinking":
      case "redacted_thinking":
        return [{ type: item.content, thinking: "\u{1f914} …" }];
      case "look-alikes":
        return [
          "tool_use",
          ["tool_use"],
          { type: "tool_use_result" },
          { type: "Tool_use" },
          { kind: "tool_use", content: [{ type: "tool_use" }] },
          null,
          { type: ["tool_use"] },
        ];
      case "no array":
        return { type: "tool_use", 0: { type: "tool_use" } };
      default:
        return [{ type: "text", text: 'quotes {"type":"tool_use"} and \\"usage\\":{' }];
    }
  }

  #usage(plan: UsagePlan, output: number, item: Item, model: Json | undefined): Json {
    const usage: JsonObject = {
      input_tokens: plan.input,
      cache_creation_input_tokens: plan.creation,
      cache_read_input_tokens: plan.read,
      output_tokens: output,
      ...TERMS[plan.terms],
    };
    this.features.add(`terms ${plan.terms}`);
    const creation = plan.creation;
    const splits: Record<string, Json> = {
      equal: {
        ephemeral_5m_input_tokens: Math.floor(creation / 3),
        ephemeral_1h_input_tokens: creation - Math.floor(creation / 3),
      },
      larger: { ephemeral_5m_input_tokens: creation, ephemeral_1h_input_tokens: 17 },
      smaller: { ephemeral_1h_input_tokens: Math.floor(creation / 2) },
      null: { ephemeral_5m_input_tokens: null, ephemeral_1h_input_tokens: null },
      "wrong type": [4],
    };
    const split = splits[plan.split];
    if (split !== undefined) usage.cache_creation = split;
    if (plan.thinking !== "none") {
      const thinking: Record<string, Json> = { part: Math.floor(output / 2), null: null };
      usage.output_tokens_details = { thinking_tokens: thinking[plan.thinking] ?? output + 5 };
    }
    if (plan.web > 0) usage.server_tool_use = { web_search_requests: plan.web, web_fetch_requests: -1 };
    if (plan.iterations !== "none") usage.iterations = iterationsOf(plan, output, model);
    this.features.add(`split ${plan.split}`);
    this.features.add(`iterations ${plan.iterations}`);
    if (plan.missing === "some") delete usage.cache_read_input_tokens;
    if (plan.missing === "null") usage.cache_creation_input_tokens = null;
    if (plan.missing === "all") return {};
    if (item.huge)
      usage.cache_read_input_tokens = new Raw(item.pick % 3 === 0 ? "9007199254740991" : "4503599627370496");
    if (item.bad > 0) spoilNumber(usage, item);
    return usage;
  }

  #user(item: Item): Json {
    const record = this.#envelope(item, "user");
    record.message = { role: "user", content: 'say "usage":{"input_tokens":5} \u{1f600}' };
    if (item.pick % 4 === 0)
      record.message = {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "tool_use" }] }],
      };
    return record;
  }

  /** A side chain that repeats an earlier response under another request id (or the same). */
  #replay(item: Item): Json[] {
    const source = this.#responses.findLast(
      (response, index) => response.session === this.#session && index % 3 !== item.pick % 3,
    );
    if (!source) return this.#response(item);
    const copy = structuredCloneJson(source.record) as JsonObject;
    copy.isSidechain = item.pick % 5 !== 0;
    copy.requestId = item.pick % 4 === 0 ? "req_pool_1" : `req_replay_${this.#fresh++}`;
    if (item.pick % 3 !== 0) copy.uuid = `u-${this.#fresh++}`;
    return [copy];
  }

  /** One or two records that name a response, or a response of their own, without its usage. */
  #withoutUsage(item: Item): Json[] {
    const first = this.#usageless(item);
    if (item.records < 3) return [first];
    const second = this.#envelope({ ...item, uuid: item.pick % 2 === 0 ? item.uuid : "fresh" }, item.type);
    second.message = { ...(first.message as JsonObject), model: MODELS[(item.pick + 1) % 3]! };
    if (first.requestId !== undefined && item.pick % 5 !== 0) second.requestId = first.requestId;
    return [first, second];
  }

  #usageless(item: Item): JsonObject {
    const sources = this.#traces.length > 0 && item.pick % 2 === 0 ? this.#traces : this.#responses;
    const source = sources.at(-1 - (item.pick % (sources.length || 1)));
    const record = this.#envelope(item, item.type);
    const from = source?.record.message;
    const isOwn = item.records === 4; // no response anywhere: a group without usage
    const id = isOwn ? `msg_${this.#fresh++}` : (isObject(from) && from.id) || "msg_pool_0";
    record.message = { id, content: this.#content(item, 1) };
    const model = this.#model(item, 0);
    if (model !== undefined) record.message.model = model;
    if (item.pick % 4 === 0) record.message.usage = ["not", "an", "object"];
    const request = item.pick % 4 < 3 ? source?.record.requestId : undefined;
    if (request !== undefined) record.requestId = request;
    if (item.pick % 3 === 0) delete record.message.id;
    return record;
  }

  #synthetic(item: Item): Json {
    const record = this.#envelope(item, "assistant");
    const hasTokens = item.pick % 3 === 0;
    const usage = hasTokens
      ? this.#usage({ ...item.usage, missing: "none" }, item.output, item, "<synthetic>")
      : {
          input_tokens: 0,
          output_tokens: 0,
          cache_creation_input_tokens: null,
          service_tier: null,
        };
    this.features.add(hasTokens ? "synthetic with tokens" : "synthetic without tokens");
    record.isApiErrorMessage = true;
    const id = typeof item.id === "number" ? `msg_pool_${item.id}` : `msg_${this.#fresh++}`;
    record.message = { id, model: "<synthetic>", content: this.#content(item, 0), usage };
    return record;
  }

  #progress(item: Item): Json {
    const outer = this.#envelope({ ...item, lookAlike: "none" }, "progress");
    const source = this.#responses.at(-1 - (item.pick % (this.#responses.length || 1)));
    let inner: JsonObject;
    if (source && item.pick % 4 !== 0) {
      inner = structuredCloneJson(source.record) as JsonObject;
      if (item.pick % 5 === 1) inner.requestId = `req_n_${this.#fresh++}`;
      if (item.pick % 5 === 2) delete inner.requestId;
      this.features.add("nested copy of a response");
    } else {
      const own = this.#responses.length;
      inner = this.#response({
        ...item,
        records: 1,
        lookAlike: "none",
        type: "assistant",
      })[0] as JsonObject;
      this.#responses.splice(own); // no other record: only traces of it
      this.#traces.push({ record: inner, session: this.#session });
      this.features.add("nested without a response");
    }
    const { type, uuid, requestId, timestamp, message } = inner;
    const carried: JsonObject = {};
    for (const [key, value] of Object.entries({ type, uuid, requestId, timestamp, message })) {
      if (value !== undefined) carried[key] = value;
    }
    const isOther = item.pick % 6 === 5;
    outer.data = {
      type: isOther ? "bash_progress" : "agent_progress",
      message: carried,
      agentId: "a1",
    };
    if (isOther) this.features.add("progress of another type");
    return outer;
  }

  #odd(item: Item): Json {
    const odd: Json[] = [
      42,
      "text",
      null,
      [1, { message: { usage: { input_tokens: 5 } } }],
      true,
      { type: "summary", summary: "x", leafUuid: "u-pool-0" },
      { type: "file-history-snapshot", snapshot: { timestamp: "2026-03-18T20:53:22.199Z" } },
      {},
      { type: null, message: null, uuid: null, timestamp: null, data: null, isSidechain: null },
      { type: 5, message: "usage", uuid: 5, requestId: [], timestamp: {}, data: [], cwd: 1 },
      { type: "progress", data: { type: "agent_progress", message: { message: [] } } },
      new Raw("// a comment line"),
    ];
    this.features.add(`odd line ${item.pick}`);
    return odd[item.pick]!;
  }

  // ------------------------------------------------------------------------------------------------ Bytes

  #bytes(lines: Line[], plan: FilePlan): Buffer {
    const parts: Buffer[] = plan.bom ? [Buffer.from("\ufeff")] : [];
    if (plan.bom) this.features.add("byte order mark");
    for (const [index, line] of lines.entries()) {
      parts.push(renderDamaged(line));
      if (index < lines.length - 1 || plan.tail === "line end") parts.push(Buffer.from(line.lineEnd));
      if (line.lineEnd !== "\n") this.features.add(`line end ${JSON.stringify(line.lineEnd)}`);
    }
    const last = parts.at(-1);
    if (plan.tail !== "line end" && last && lines.length > 0) {
      this.features.add(`tail ${plan.tail}`);
      if (plan.tail === "cut") parts[parts.length - 1] = damageLine(last, { kind: "cut end", seed: plan.tailSeed });
      if (plan.tail === "damaged") {
        const kinds = ["NUL", "bad UTF-8", "garbage", "two records"] as const;
        parts[parts.length - 1] = damageLine(last, {
          kind: kinds[plan.tailSeed % 4]!,
          seed: plan.tailSeed,
        });
      }
      if (plan.tail === "blank") parts.push(Buffer.from("\n \t\r"));
    }
    return Buffer.concat(parts);
  }
}

function renderDamaged({ record, noise, damage }: Line): Buffer {
  const breaks = damage?.kind === "structure" ? { breakSeed: damage.seed } : {};
  const line = Buffer.from(renderLine(record, { seed: noise, ...breaks }));
  return damage ? damageLine(line, damage) : line;
}

function structuredCloneJson(value: Json): Json {
  if (Array.isArray(value)) return value.map(structuredCloneJson);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, structuredCloneJson(v)]));
}

function outputAt({ outputs, output, records }: Item, index: number): number {
  switch (outputs) {
    case "growing":
      return Math.ceil((output * (index + 1)) / records);
    case "placeholder":
      return [1, 3, 8, 2][index % 4]!;
    case "last final":
      return index === records - 1 ? output : 2;
    case "shrinking":
      return Math.ceil(output / (index + 1));
    case "zero":
      return 0;
    default:
      return output;
  }
}

/** How a response was served. */
const TERMS: Readonly<Record<UsagePlan["terms"], JsonObject>> = {
  none: {},
  standard: { service_tier: "standard", speed: "standard", inference_geo: "" },
  fast: { service_tier: "standard", speed: "fast" },
  batch: { service_tier: "batch" },
  priority: { speed: null, service_tier: "priority" },
  us: { inference_geo: "us" },
  several: { service_tier: "batch", speed: "fast", inference_geo: "us" },
  others: { service_tier: "flex", speed: "Fast", inference_geo: "us-east" },
  "wrong types": { service_tier: ["batch"], speed: { fast: true }, inference_geo: 7 },
};

/** Some have terms of their own. */
function iterationsOf({ iterations: kind, thinking, terms }: UsagePlan, output: number, model: Json | undefined): Json {
  const entry = (type: Json | undefined, fields: JsonObject = {}): JsonObject => ({
    ...(type === undefined ? {} : { type }),
    input_tokens: 40,
    output_tokens: output,
    ...(thinking === "none" ? {} : TERMS[terms]),
    ...fields,
  });
  const own = model ?? MODELS[0];
  switch (kind) {
    case "one message":
      return [entry("message", { model: own })];
    case "advisor":
      return [
        entry("message"),
        entry("advisor_message", { model: MODELS[1], server_tool_use: { web_search_requests: 1 } }),
      ];
    case "two fallbacks":
      return [entry("fallback_message", { model: MODELS[2] }), entry("fallback_message", { model: own })];
    case "three fallbacks":
      return [
        entry("fallback_message", { model: MODELS[2] }),
        entry("fallback_message"),
        entry("message", { model: MODELS[1] }),
        entry("fallback_message", { model: own }),
        entry("compaction"),
      ];
    case "compaction":
      return [entry("compaction", { cache_creation: { ephemeral_1h_input_tokens: 6 } }), entry("message")];
    case "messages of models":
      return [
        entry("message", { model: MODELS[1] }),
        entry("message", { model: own }),
        entry("message"),
        entry("message", { model: MODELS[2] }),
      ];
    case "junk":
      return [
        null,
        7,
        "message",
        [entry("compaction")],
        entry(undefined),
        entry(5),
        entry("message", { model: MODELS[2] }),
        {},
      ];
    case "junk at the end":
      return [entry("message", { model: own }), entry("message", { model: MODELS[2] }), null];
    case "synthetic":
      return [
        entry("compaction", { model: "<synthetic>" }),
        entry("message", { model: "<synthetic>" }),
        entry("message", { model: "" }),
      ];
    case "bad and read":
      return [entry("advisor_message", { output_tokens: -1 }), entry("message")];
    case "bad and not read":
      return [entry("message", { input_tokens: "x" }), entry("fallback_message", { input_tokens: 1.5 })];
    default:
      return { 0: entry("compaction"), length: 1 };
  }
}

function spoilNumber(usage: JsonObject, item: Item): void {
  const values: Json[] = [-1, 1.5, new Raw("1e400"), "12", true, new Raw("9007199254740992"), new Raw("1e308"), []];
  const value = values[item.bad - 1]!;
  const key = ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"][
    item.pick % 4
  ]!;
  if (item.pick < 8) usage[key] = value;
  else if (item.pick === 8) usage.cache_creation = { ephemeral_5m_input_tokens: value };
  else if (item.pick === 9) usage.cache_creation = { ephemeral_1h_input_tokens: value };
  else if (item.pick === 10) usage.server_tool_use = { web_search_requests: value };
  else usage.output_tokens_details = { thinking_tokens: value };
}

function spellTime(ms: number, style: Item["timeStyle"]): Json | undefined {
  const iso = new Date(ms).toISOString();
  const zoned = (minutes: number): string => new Date(ms + minutes * 60_000).toISOString().slice(0, -1);
  const pick = Math.abs(ms / 1000) | 0;
  switch (style) {
    case "iso":
      return iso;
    case "offset":
      return [`${zoned(330)}+05:30`, `${zoned(-150)}-0230`, `${zoned(120)}+02`, `${zoned(0)}-00:00`][pick % 4]!;
    case "local":
      return iso.slice(0, -1);
    case "space":
      return iso.replace("T", " ").replace("Z", "z");
    case "minutes":
      return `${iso.slice(0, 16)}${["Z", "", "+01:00"][pick % 3]}`;
    case "comma":
      return `${iso.slice(0, 19).toLowerCase()},${iso.slice(20, 23)}9Z`;
    case "seconds":
      return Math.max(0, Math.floor(ms / 1000));
    case "seconds with fraction":
      return Math.max(0, ms) / 1000;
    case "milliseconds":
      return ms < 1e11 ? 1e11 : ms;
    case "date":
      return iso.slice(0, 10);
    case "date with offset":
      return `${iso.slice(0, 10)}${["Z", "+05:30"][pick % 2]}`;
    case "missing":
      return undefined;
    case "some missing":
      return iso;
    case "edge number":
      return [99_999_999_999, 1e11, 1e10, 99_999_999_999.5, 0, 1_780_315_199_999.9][pick % 6]!;
    default: {
      const nonsense: Json[] = [
        "",
        "soon",
        ` ${iso}`,
        `${iso} `,
        "2026-02-30T00:00:00Z",
        "2026-06-01T24:00:00Z",
        "2026-06-01T12:00:60Z",
        "2026-06-01T12:00:00+24:00",
        "2026-06-01T12",
        "1780315200",
        -5,
        new Raw("8640000000000001"),
        new Raw("1e400"),
        null,
        true,
        { $date: iso },
      ];
      return nonsense[pick % nonsense.length]!;
    }
  }
}

// ------------------------------------------------------------------------------------------------ The exports

/** Trees of one to six transcripts. */
export const transcriptTree: fc.Arbitrary<TranscriptTree> = fc
  .array(filePlan, { minLength: 1, maxLength: 6 })
  .map((plans) => {
    const builder = new Builder();
    for (const plan of plans) builder.add(plan);
    return { files: builder.files, features: [...builder.features] };
  });

export function writeTree(folder: string, tree: TranscriptTree): void {
  for (const [name, content] of Object.entries(tree.files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

/** How a tree is asked about: which paths are given, and with which options. */
export interface Asked extends OracleOptions {
  /** Relative to the tree's folder. */
  paths: string[];
  by: Dimension[];
}

const FILTER_POOLS: Record<FilterName, string[]> = {
  project: [...CWDS, "/srv/*", "-srv-app", "*app", "*"],
  session: [...SESSIONS, "1*", "*-cccc-*", "notes", "*"],
  model: [...MODELS, "claude-*", "unknown", "synthetic", "*o*-*", "none"],
  agent: [...AGENT_NAMES, "main", "subagent", "Explore", "*a*"],
  team: [...TEAMS, "*", "re*"],
};

const filters = fc
  .record({
    name: oneOf(...(Object.keys(FILTER_POOLS) as FilterName[])),
    picks: fc.array(fc.nat(20), { minLength: 1, maxLength: 2 }),
  })
  .map(({ name, picks }): Partial<Record<FilterName, string[]>> => {
    const pool = FILTER_POOLS[name];
    return { [name]: picks.map((pick) => pool[pick % pool.length]!) };
  });

const dimension = oneOf<Dimension>(
  "day",
  "week",
  "month",
  "hour",
  "hour",
  "source",
  "model",
  "project",
  "session",
  "agent",
  "team",
  "branch",
);

const moment = fc
  .tuple(oneOf(...INSTANTS), oneOf(...STEPS), oneOf(0, 0, 0, 1, -1))
  .map(([start, step, shift]) => start + step + shift);

const askedPlan = fc.record({
  paths: weighted([70, "root"], [10, "projects"], [10, "files"], [5, "files reversed"], [5, "root twice"]),
  by: fc.oneof(
    { withCrossShrink: true },
    { weight: 2, arbitrary: fc.constant<Dimension[]>(["source", "model"]) },
    { weight: 1, arbitrary: fc.constant<Dimension[]>(["none"]) },
    { weight: 9, arbitrary: fc.uniqueArray(dimension, { minLength: 1, maxLength: 4 }) },
  ),
  since: rarely<number | null>(25, null, moment),
  until: rarely<number | null>(30, null, moment),
  timezone: weighted(
    [40, "UTC"],
    [15, "Asia/Kolkata"],
    [15, "America/St_Johns"],
    [20, "Europe/Berlin"],
    [10, "Asia/Seoul"],
  ),
  startOfWeek: rarely(30, 1, fc.nat(6)),
  count: weighted<"responses" | "records">([85, "responses"], [15, "records"]),
  cost: weighted<"auto" | "calculate" | "recorded">([60, "auto"], [20, "calculate"], [20, "recorded"]),
  filters: rarely<Partial<Record<FilterName, string[]>> | null>(30, null, filters),
  maxLine: weighted<number | null>([90, null], [2, 150], [3, 400], [3, 1000], [2, 4000]),
});
type AskedPlan = typeof askedPlan extends fc.Arbitrary<infer T> ? T : never;

function ask(tree: TranscriptTree, { paths, ...plan }: AskedPlan): Asked {
  const names = Object.keys(tree.files).filter((name) => name.endsWith(".jsonl"));
  const given = {
    root: [""],
    projects: [...new Set(names.map((name) => name.split("/")[0]!))],
    files: names,
    "files reversed": [...names].reverse(),
    "root twice": ["", ""],
  };
  if (plan.since !== null && plan.until !== null && plan.since > plan.until) {
    [plan.since, plan.until] = [plan.until, plan.since]; // a window that ends before it starts is refused
  }
  const set = Object.entries(plan).filter(([, value]) => value !== null);
  return { paths: given[paths as keyof typeof given], ...Object.fromEntries(set) } as Asked;
}

/** A tree and some questions to it; unlike a chain of the two above it shrinks well. */
export const scenario: fc.Arbitrary<{ tree: TranscriptTree; asked: Asked[] }> = fc
  .tuple(transcriptTree, fc.array(askedPlan, { minLength: 1, maxLength: 4 }))
  .map(([tree, plans]) => ({ tree, asked: plans.map((plan) => ask(tree, plan)) }));
