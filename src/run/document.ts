/**
 * JSON files of other programs, edited as text: what is not ours keeps its bytes and its order. Parsing and printing
 * would move number-like keys and write numbers anew.
 */
import { type Node, parseTree } from "jsonc-parser";
import { invalidInput } from "../errors.ts";

/** A member `key` of the object at `path`, and what it is to be. */
export interface Change {
  readonly path: ReadonlyArray<string | number>;
  readonly key: string;
  readonly value: unknown;
}

/** What stands from `from` to before `to` becomes `text`. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const BOM = "\uFEFF";
/** Where a text is too deep for the parser, the first place that is deeper than this is named: no file of ours nears it. */
const DEEP = 1000;

export class JsonDocument {
  #text: string;
  /** Of the text as it is; undefined: it was edited since. */
  #tree: Node | undefined;

  /** Throws `INVALID_INPUT` where the text is no JSON, or so deep that it cannot be edited; `name` is what the error calls it. */
  constructor(text: string, name: string) {
    this.#text = text;
    try {
      this.value();
    } catch (cause) {
      const why = (cause as Error).message.replaceAll(/\s+/g, " ");
      throw invalidInput(name, "", `is no JSON (${why}; correct it)`);
    }
    try {
      this.#tree = this.#parse();
    } catch (cause) {
      // The parser calls itself for each list in a list.
      if (!(cause instanceof RangeError)) throw cause;
      throw invalidInput(name, "", `is nested too deeply ${placeOfDepth(text)} (take that list or object out)`);
    }
  }

  get text(): string {
    return this.#text;
  }

  value(): unknown {
    return JSON.parse(this.#text.startsWith(BOM) ? this.#text.slice(1) : this.#text);
  }

  /** Sets members, each in its place or behind the last one of its object. The objects have to be there. */
  set(changes: readonly Change[]): void {
    const tree = (this.#tree ??= this.#parse());
    const added = new Map<Node, number>();
    const edits = changes.map(({ path, key, value }) => {
      const object = find(tree, path);
      if (object?.type !== "object") throw new TypeError(`no object at ${path.join(".")}`);
      const old = lastMember(object, key)?.children;
      if (old?.[0] && old[1]) return this.#replacing(old[0], old[1], value);
      const before = added.get(object) ?? 0;
      added.set(object, before + 1);
      return this.#adding(object, before, key, value);
    });
    this.#apply(edits);
  }

  /** Offsets count from the start of the text, byte order mark included. */
  #parse(): Node | undefined {
    return parseTree(this.#text.startsWith(BOM) ? ` ${this.#text.slice(1)}` : this.#text);
  }

  #replacing(key: Node, old: Node, value: unknown): Edit {
    const text = this.#print(value, this.#indentBefore(key.offset));
    return { from: old.offset, to: old.offset + old.length, text };
  }

  /** Behind the last member and what was added `before`. */
  #adding(object: Node, before: number, key: string, value: unknown): Edit {
    const last = object.children?.at(-1);
    const at = last ? last.offset + last.length : object.offset + 1;
    if (!last && before === 0) return { from: at, to: at, text: `${JSON.stringify(key)}:${JSON.stringify(value)}` };
    const indent = last && this.#indentBefore(last.offset);
    const member = `${JSON.stringify(key)}: ${this.#print(value, indent)}`;
    return { from: at, to: at, text: indent === undefined ? `, ${member}` : `,${this.#lineEnd}${indent}${member}` };
  }

  #apply(edits: readonly Edit[]): void {
    let text = "";
    let at = 0;
    // Equal places keep their order.
    for (const edit of edits.toSorted((a, b) => a.from - b.from)) {
      text += this.#text.slice(at, edit.from) + edit.text;
      at = edit.to;
    }
    this.#text = text + this.#text.slice(at);
    this.#tree = undefined;
  }

  /** What stands before `offset` on its line, if that is nothing but white space. */
  #indentBefore(offset: number): string | undefined {
    const before = this.#text.slice(0, offset);
    const indent = before.slice(before.lastIndexOf("\n") + 1);
    return before.includes("\n") && /^[ \t]*$/.test(indent) ? indent : undefined;
  }

  /** Over several lines where the member has a line of its own, else on one. */
  #print(value: unknown, indent: string | undefined): string {
    if (indent === undefined) return JSON.stringify(value);
    return JSON.stringify(value, undefined, this.#step).replaceAll("\n", `${this.#lineEnd}${indent}`);
  }

  get #lineEnd(): string {
    return this.#text.includes("\r\n") ? "\r\n" : "\n";
  }

  /** By how much the first line of the text is indented. */
  get #step(): string {
    return /\n([ \t]+)\S/.exec(this.#text)?.[1] ?? "  ";
  }
}

/** `from line 3, column 17 on`: where the outermost list or object begins that holds what is too deep. */
function placeOfDepth(text: string): string {
  const open: number[] = [];
  for (const { 0: sign, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (sign === "[" || sign === "{") open.push(index);
    else if (sign === "]" || sign === "}") open.pop();
    if (open.length > DEEP) break;
  }
  // The whole file is the first.
  const before = text.slice(0, open[1] ?? 0).split("\n");
  return `from line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1} on`;
}

function find(tree: Node | undefined, path: Change["path"]): Node | undefined {
  let at = tree;
  for (const step of path) {
    at = typeof step === "number" ? at?.children?.[step] : at && lastMember(at, step)?.children?.[1];
  }
  return at;
}

/** As `JSON.parse` has it, of several members with one key the last one counts. */
function lastMember(object: Node, key: string): Node | undefined {
  return object.children?.findLast((member) => member.children?.[0]?.value === key);
}
