/**
 * A small tree of transcripts that grow, shrink, move and break, step by step, and its cursor cache. Every step is
 * plain data, so that a failing sequence shrinks, prints as JSON, and can be kept as a named case as it is.
 *
 * What the transcripts grow by comes from the trees of `../parity/generate.ts`: forks, streaming snapshots, side
 * chains and nested records are cut wherever a step ends.
 */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { LARGE, type Stock } from "./stock.ts";

/** Which mtime a file gets after a step: long ago (the same instant each time, or a new one), just before, now, or to come. */
export type When = "past" | "other past" | "recent" | "now" | "future";
export const JUNK = {
  malformed: '{"type":"assistant","message":{"usage":{"input_tokens":}}}\n',
  "bad number": '{"type":"assistant","uuid":"bad","message":{"id":"msg_bad","usage":{"output_tokens":-1}}}\n',
  long: `${JSON.stringify({ type: "user", note: "y".repeat(5000) })}\n`,
  blank: " \t\r\n",
  "line feed": "\n",
  NUL: "\0\0\0",
} as const;
export const SIDES = {
  one: '{"agentType":"Explore"}',
  "other, as long": '{"agentType":"Exploit"}',
  longer: '{"agentType":"general-purpose"}',
  broken: '{"agentType":',
  none: null,
} as const;
export const DAMAGES = [
  "flip",
  "cut",
  "empty",
  "random",
  "lengthen",
  "remove",
  "older",
  "swap",
  "folder",
  "all gone",
] as const;

/** Numbers that pick something are taken modulo what there is. */
export type Step =
  | { do: "grow"; file: number; lines: number; when: When }
  | { do: "half"; file: number; percent: number; when: When }
  | { do: "junk"; file: number; kind: keyof typeof JUNK; when: When }
  | { do: "truncate"; file: number; percent: number; when: When }
  | { do: "new tail"; file: number; when: When }
  | { do: "change"; file: number; percent: number; anew: boolean; when: When }
  | { do: "rewrite"; file: number; like: number; anew: boolean; when: When }
  | { do: "change and grow"; file: number; where: "head" | "anchor"; percent: number; lines: number; when: When }
  | { do: "move"; file: number; to: number }
  | { do: "delete"; file: number }
  | { do: "touch"; file: number; when: When }
  | { do: "fork"; file: number; to: number; when: When }
  | { do: "link"; file: number; to: number; soft: boolean }
  | { do: "agent"; file: number; lines: number; when: When }
  | { do: "side"; file: number; kind: keyof typeof SIDES; when: When }
  | { do: "damage"; how: (typeof DAMAGES)[number]; cache: number; percent: number }
  | { do: "ask"; question: number }
  | { do: "paths"; pick: number }
  | { do: "cut"; threads: number; rangeBytes: number | null; chunkBytes: number }
  | { do: "twice"; question: number }
  | { do: "time"; ms: number }
  | { do: "nothing" };

export const STEPS = [
  "grow",
  "half",
  "junk",
  "truncate",
  "new tail",
  "change",
  "rewrite",
  "change and grow",
  "move",
  "delete",
  "touch",
  "fork",
  "link",
  "agent",
  "side",
  "damage",
  "ask",
  "paths",
  "cut",
  "twice",
  "time",
  "nothing",
] as const satisfies readonly Step["do"][];

/** Where transcripts move to and are copied to: the same project, others, a session's agents. */
const SESSIONS = ["11111111-aaaa-4000-8000-000000000001", "44444444-dddd-4000-8000-000000000004"] as const;
const PLACES = [
  `-srv-app/${SESSIONS[1]}.jsonl`,
  `-srv-app/${SESSIONS[0]}.jsonl`,
  `-srv-other/${SESSIONS[1]}.jsonl`,
  "-srv-app/notes.jsonl",
  `home2/-srv-app/${SESSIONS[1]}.jsonl`,
  `-srv-app/${SESSIONS[0]}/subagents/agent-a7.jsonl`,
  "-srv-app/agent-a8.jsonl",
  "loose.jsonl",
] as const;

const PAST_MS = Date.UTC(2024, 0, 1);
const SEEN_AT_ONCE = 256;

/** The bytes still to come for a transcript. */
interface Stream {
  bytes: Buffer;
  at: number;
}

/** A transcript as a warm run has seen it. */
interface Seen {
  readonly bytes: Buffer;
  /** After the last line end. */
  readonly offset: number;
}

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), "tokensift-world-"));
  readonly root = join(this.folder, "projects");
  readonly cacheDirectory = join(this.folder, "cache");
  readonly #stock: Stock;
  readonly #streams = new Map<string, Stream>();
  /** By inode: a renamed transcript may keep its cursor, and an old cursor may come back. */
  readonly #seen = new Map<number, Seen[]>();
  /** Earlier contents of cache files. */
  readonly #older = new Map<string, Buffer[]>();
  #pasts = 0;

  /** @param begun lines that stand in each transcript from the start. */
  constructor(stock: Stock, begun: number, when: When, hasLarge = false) {
    this.#stock = stock;
    mkdirSync(this.root);
    for (const [name, bytes] of Object.entries(stock.files)) {
      const path = join(this.root, name);
      mkdirSync(dirname(path), { recursive: true });
      if (!name.endsWith(".jsonl")) {
        writeFileSync(path, bytes);
        continue;
      }
      this.#streams.set(path, { bytes, at: 0 });
      writeFileSync(path, this.#lines(path, begun));
      this.#date(path, when);
    }
    if (!hasLarge) return;
    const path = join(this.root, LARGE.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, LARGE.bytes);
    this.#date(path, when);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** All transcripts there are now at or below some paths, links included. */
  transcripts(paths: readonly string[] = [this.root]): string[] {
    return readdirSync(this.root, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".jsonl"))
      .map((name) => join(this.root, name))
      .filter((path) => existsSync(path) && paths.some((root) => path === root || path.startsWith(`${root}/`)))
      .sort();
  }

  cacheFiles(): string[] {
    if (!existsSync(this.cacheDirectory)) return [];
    return readdirSync(this.cacheDirectory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  }

  /** What `paths` picks: everything, a folder, one transcript, or several. */
  paths(pick: number): string[] {
    const some = this.transcripts();
    if (pick === 0 || some.length === 0) return [this.root];
    const one = some[pick % some.length]!;
    if (pick % 3 === 0) return [dirname(one)];
    return pick % 3 === 1 ? [one] : [one, some[(pick + 1) % some.length]!];
  }

  /** Changes the files as the step says. Steps of another kind (those that only ask) change none. */
  apply(step: Step): void {
    if (step.do === "damage") return this.#damage(step.how, step.cache, step.percent);
    if (!("file" in step)) return;
    const some = this.transcripts();
    const path = some[step.file % (some.length || 1)];
    if (path === undefined) return;
    this.#change(path, step, some);
  }

  #change(path: string, step: Step & { file: number }, some: readonly string[]): void {
    switch (step.do) {
      case "grow":
        return this.#append(path, this.#lines(path, step.lines), step.when);
      case "half":
        return this.#append(path, this.#half(path, step.percent), step.when);
      case "junk":
        return this.#append(path, Buffer.from(JUNK[step.kind]), step.when);
      case "truncate":
        truncateSync(path, Math.floor((sizeOf(path) * step.percent) / 100));
        return this.#date(path, step.when);
      case "new tail": {
        const bytes = readFileSync(path);
        return this.#overwrite(path, withNewTail(bytes), false, step.when);
      }
      case "change":
        return this.#overwrite(path, withOtherDigit(readFileSync(path), step.percent), step.anew, step.when);
      case "rewrite":
        return this.#overwrite(path, readFileSync(some[step.like % some.length]!), step.anew, step.when);
      case "change and grow": {
        const bytes = readFileSync(path);
        const anchor = Math.max(0, endOfLines(bytes) - SEEN_AT_ONCE);
        const [from, to] = step.where === "head" ? [0, SEEN_AT_ONCE] : [anchor, anchor + SEEN_AT_ONCE];
        const changed = Buffer.concat([
          bytes.subarray(0, from),
          withOtherDigit(bytes.subarray(from, to), step.percent),
          bytes.subarray(to),
          this.#lines(path, step.lines),
        ]);
        return this.#overwrite(path, changed, false, step.when);
      }
      case "move":
        return this.#place(path, step.to, (target) => renameSync(path, target));
      case "delete":
        return rmSync(path);
      case "touch":
        return this.#date(path, step.when);
      case "fork":
        return this.#place(path, step.to, (target) => {
          copyFileSync(path, target);
          this.#date(target, step.when);
        });
      case "link":
        return this.#place(path, step.to, (target) => {
          rmSync(target, { force: true });
          if (step.soft) symlinkSync(path, target);
          else linkSync(path, target);
        });
      case "agent": {
        const agent = `-srv-app/${SESSIONS[0]}/subagents/agent-a${some.length}.jsonl`;
        const target = join(this.root, agent);
        mkdirSync(dirname(target), { recursive: true });
        this.#streams.set(target, { bytes: this.#streamOf(path).bytes, at: 0 });
        this.#overwrite(target, this.#lines(target, step.lines), false, step.when);
        return writeFileSync(sideOf(target), SIDES.one);
      }
      case "side": {
        const agents = some.filter((name) => /agent-|subagents/.test(name));
        const side = sideOf(agents[step.file % (agents.length || 1)] ?? path);
        const content = SIDES[step.kind];
        if (content === null) return rmSync(side, { force: true });
        writeFileSync(side, content);
        return this.#date(side, step.when);
      }
    }
  }

  /**
   * The one limit that the spec states: rewritten in place, grown, with head and anchor as a cursor knows them.
   * Where a sequence got there, the head is touched, so that it may be seen.
   */
  avoidStatedLimit(): void {
    for (const path of this.transcripts()) {
      const bytes = readFileSync(path);
      const seen = this.#seen.get(statSync(path).ino) ?? [];
      let isTouched = false;
      while (seen.some((earlier) => isStatedLimit(earlier, bytes))) {
        bytes[0] = (bytes[0]! + 1) % 128;
        isTouched = true;
      }
      if (isTouched) writeFileSync(path, bytes);
    }
  }

  /** To be called after every run that may have written cursors. */
  remember(): void {
    for (const path of this.transcripts()) {
      const bytes = readFileSync(path);
      const { ino } = statSync(path);
      const before = this.#seen.get(ino) ?? [];
      if (before.at(-1)?.bytes.equals(bytes)) continue;
      this.#seen.set(ino, [...before, { bytes, offset: endOfLines(bytes) }]);
    }
    for (const path of this.cacheFiles()) {
      const bytes = readFileSync(path);
      const before = this.#older.get(path) ?? [];
      if (!before.at(-1)?.equals(bytes)) this.#older.set(path, [...before, bytes]);
    }
  }

  // --------------------------------------------------------------------------------------------------- Bytes to come

  #streamOf(path: string): Stream {
    const known = this.#streams.get(path);
    if (known && known.at < known.bytes.length) return known;
    // At its end, or without one of its own, a transcript goes on with the lines of the next: they are duplicates.
    const all = Object.entries(this.#stock.files).filter(([name]) => name.endsWith(".jsonl"));
    const next = all.findIndex(([, bytes]) => bytes === known?.bytes) + 1;
    const stream = { bytes: all[next % all.length]![1], at: 0 };
    this.#streams.set(path, stream);
    return stream;
  }

  #take(stream: Stream, end: number): Buffer {
    const bytes = stream.bytes.subarray(stream.at, end);
    stream.at += bytes.length;
    return bytes;
  }

  /** The next lines, the rest of a half one first. */
  #lines(path: string, count: number): Buffer {
    const stream = this.#streamOf(path);
    let end = stream.at;
    for (let i = 0; i < count; i++) end = lineEndAfter(stream.bytes, end);
    return this.#take(stream, end);
  }

  #half(path: string, percent: number): Buffer {
    const stream = this.#streamOf(path);
    const length = lineEndAfter(stream.bytes, stream.at) - stream.at;
    return this.#take(stream, stream.at + Math.ceil((length * percent) / 100));
  }

  // --------------------------------------------------------------------------------------------------------- Changes

  #append(path: string, bytes: Buffer, when: When): void {
    appendFileSync(path, bytes);
    this.#date(path, when);
  }

  /** @param anew whether a new file takes the place of the old one, as editors do it. */
  #overwrite(path: string, bytes: Buffer, anew: boolean, when: When): void {
    const ctimeBefore = existsSync(path) ? ctimeOf(path) : 0n;
    if (anew) {
      writeFileSync(`${path}.new`, bytes);
      renameSync(`${path}.new`, path);
    } else {
      writeFileSync(path, bytes);
    }
    this.#date(path, when);
    // Clocks of older kernels tick every 4 ms; within one tick nobody could see a change of the same length.
    while (ctimeOf(path) === ctimeBefore) this.#date(path, when);
  }

  #date(path: string, when: When): void {
    const nowMs = Date.now();
    const times = {
      recent: nowMs - 500,
      past: PAST_MS,
      "other past": PAST_MS + ++this.#pasts * 1000,
      now: nowMs,
      future: nowMs + 86_400_000,
    };
    const seconds = times[when] / 1000;
    utimesSync(path, seconds, seconds);
  }

  /** Does something with one of the places; a transcript that stands there is taken over. */
  #place(path: string, to: number, act: (target: string) => void): void {
    const target = join(this.root, PLACES[to % PLACES.length]!);
    if (target === path || isSame(target, path)) return;
    mkdirSync(dirname(target), { recursive: true });
    act(target);
    const stream = this.#streams.get(path);
    if (stream) this.#streams.set(target, { ...stream });
  }

  #damage(how: (typeof DAMAGES)[number], cache: number, percent: number): void {
    if (how === "all gone") return rmSync(this.cacheDirectory, { recursive: true, force: true });
    const files = this.cacheFiles();
    const path = files[cache % (files.length || 1)];
    if (path === undefined) return;
    const bytes = readFileSync(path);
    const at = Math.min(bytes.length - 1, Math.floor((bytes.length * percent) / 100));
    switch (how) {
      case "flip":
        bytes[at]! ^= 1 << (percent % 8);
        return writeFileSync(path, bytes);
      case "cut":
        return truncateSync(path, at);
      case "empty":
        return writeFileSync(path, "");
      case "random":
        return writeFileSync(path, noise(1 + percent * 10, percent));
      case "lengthen":
        return appendFileSync(path, noise(percent, percent));
      case "remove":
        return rmSync(path);
      case "older": {
        const older = this.#older.get(path) ?? [];
        return writeFileSync(path, older[percent % (older.length || 1)] ?? bytes);
      }
      case "swap": {
        const other = files[(cache + 1) % files.length]!;
        writeFileSync(path, readFileSync(other));
        return writeFileSync(other, bytes);
      }
      case "folder":
        rmSync(path);
        return mkdirSync(path);
    }
  }
}

// ------------------------------------------------------------------------------------------------------------ Pieces

export const sideOf = (path: string): string => path.replace(/\.jsonl$/, ".meta.json");

const sizeOf = (path: string): number => statSync(path).size;
const ctimeOf = (path: string): bigint => statSync(path, { bigint: true }).ctimeNs;

/** Whether both are names of one file; a link that leads nowhere is none. */
function isSame(a: string, b: string): boolean {
  if (!existsSync(a)) {
    if (lstatSync(a, { throwIfNoEntry: false })) rmSync(a);
    return false;
  }
  return statSync(a).ino === statSync(b).ino;
}

function isStatedLimit({ bytes: before, offset }: Seen, now: Buffer): boolean {
  if (now.length <= before.length || now.subarray(0, offset).equals(before.subarray(0, offset))) return false;
  const head = Math.min(SEEN_AT_ONCE, before.length);
  const anchor = Math.max(0, offset - SEEN_AT_ONCE);
  return (
    now.subarray(0, head).equals(before.subarray(0, head)) &&
    now.subarray(anchor, offset).equals(before.subarray(anchor, offset))
  );
}

/** The offset after the last line end. */
export const endOfLines = (bytes: Buffer): number => bytes.lastIndexOf(0x0a) + 1;

function lineEndAfter(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(0x0a, from);
  return at < 0 ? bytes.length : at + 1;
}

/** One digit is another one: a line stays as long and as whole as it was, and says another figure. */
function withOtherDigit(bytes: Buffer, percent: number): Buffer {
  const changed = Buffer.from(bytes);
  const digits = [...changed.keys()].filter((at) => changed[at]! >= 0x31 && changed[at]! <= 0x38);
  const at = digits[Math.min(digits.length - 1, Math.floor((digits.length * percent) / 100))];
  if (at !== undefined) changed[at]!++;
  return changed;
}

/** Another tail of the same length, a whole line where it fits. */
function withNewTail(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  changed.fill(0x20, endOfLines(bytes));
  changed.write('{"type":"user","uuid":"tail"}', endOfLines(bytes));
  return changed;
}

/** The same bytes for the same numbers. */
function noise(length: number, seed: number): Buffer {
  let state = seed + 1;
  return Buffer.from(Array.from({ length }, () => (state = Math.imul(state ^ (state >>> 7), 48_271) + 11) >>> 16));
}
