/**
 * JSON files of other programs, edited as text: what is not ours keeps its bytes and its order. Parsing and printing
 * would move number-like keys and write numbers anew.
 */
import { type Node, parseTree } from "jsonc-parser";
import { invalidInput } from "../errors.ts";

export type Path = ReadonlyArray<string | number>;

const BOM = "\uFEFF";

export class JsonDocument {
  #text: string;

  /** Throws `INVALID_INPUT` where the text is no JSON; `name` is what the error calls it. */
  constructor(text: string, name: string) {
    this.#text = text;
    try {
      this.value();
    } catch (cause) {
      const why = (cause as Error).message.replaceAll(/\s+/g, " ");
      throw invalidInput(name, "", `is no JSON (${why})`);
    }
  }

  get text(): string {
    return this.#text;
  }

  value(): unknown {
    return JSON.parse(this.#text.startsWith(BOM) ? this.#text.slice(1) : this.#text);
  }

  /** Sets a member of the object at `path`, in its place or behind the last one. The object has to be there. */
  set(path: Path, key: string, value: unknown): void {
    const object = this.#find(path);
    if (object?.type !== "object") throw new TypeError(`no object at ${path.join(".")}`);
    const members = object.children ?? [];
    const old = lastMember(object, key)?.children;
    if (old?.[0] && old[1]) {
      const indent = this.#indentBefore(old[0].offset);
      this.#replace(old[1].offset, old[1].offset + old[1].length, this.#print(value, indent));
      return;
    }
    const last = members.at(-1);
    if (!last) {
      const member = `${JSON.stringify(key)}:${JSON.stringify(value)}`;
      this.#replace(object.offset + 1, object.offset + 1, member);
      return;
    }
    const indent = this.#indentBefore(last.offset);
    const member = `${JSON.stringify(key)}: ${this.#print(value, indent)}`;
    const end = last.offset + last.length;
    this.#replace(end, end, indent === undefined ? `, ${member}` : `,${this.#lineEnd}${indent}${member}`);
  }

  #find(path: Path): Node | undefined {
    // Offsets count from the start of the text, byte order mark included.
    const tree = parseTree(this.#text.startsWith(BOM) ? ` ${this.#text.slice(1)}` : this.#text);
    let at = tree;
    for (const step of path) {
      at = typeof step === "number" ? at?.children?.[step] : at && lastMember(at, step)?.children?.[1];
    }
    return at;
  }

  #replace(from: number, to: number, text: string): void {
    this.#text = this.#text.slice(0, from) + text + this.#text.slice(to);
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

/** As `JSON.parse` has it, of several members with one key the last one counts. */
function lastMember(object: Node, key: string): Node | undefined {
  return object.children?.findLast((member) => member.children?.[0]?.value === key);
}
