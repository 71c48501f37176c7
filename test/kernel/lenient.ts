/**
 * The least that a scanner of declared paths must see of a line, read letter by letter: the whole of what is on a
 * declared path, and of a value that no declared path enters only where it ends. A line that even this refuses is
 * malformed; one that it takes and `JSON.parse` does not is damage that may go unseen (spec/accounting.md).
 */
import type { Field } from "../../src/sources/fields.ts";

class Damage extends Error {}

export function isLeniently(line: string, record: Field): boolean {
  let at = 0;
  try {
    white();
    value(line[at] === "{" ? record : undefined);
    white();
    return at === line.length;
  } catch (error) {
    if (error instanceof Damage) return false;
    throw error;
  }

  function white(): void {
    while (line[at] === " " || line[at] === "\t" || line[at] === "\r") at++;
  }

  function take(text: string): void {
    if (!line.startsWith(text, at)) throw new Damage();
    at += text.length;
  }

  function value(field: Field | undefined): void {
    const first = line[at];
    if (first === '"') string(field !== undefined);
    else if (first === "{" && field?.kind === "object")
      members((key) => (Object.hasOwn(field.fields, key) ? field.fields[key] : undefined));
    else if (first === "[" && field?.kind === "each") elements(field.tag);
    else if (first === "{" || first === "[") skipContainer();
    else scalar();
  }

  function scalar(): void {
    const found = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(line.slice(at));
    if (!found) throw new Damage();
    at += found[0].length;
  }

  /** Its text; of one that nobody reads only the end matters. */
  function string(isRead: boolean): string {
    const found = /^"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\[^\p{Cc}]|\\[\x7f-\x9f])*"/u.exec(line.slice(at));
    if (!found) throw new Damage();
    at += found[0].length;
    if (!isRead) return "";
    try {
      return JSON.parse(found[0]) as string;
    } catch {
      throw new Damage();
    }
  }

  function members(fieldOf: (key: string) => Field | undefined): void {
    list("{", "}", () => {
      if (line[at] !== '"') throw new Damage();
      const key = string(true);
      white();
      take(":");
      white();
      value(fieldOf(key));
    });
  }

  function elements(tag: string): void {
    list("[", "]", () => {
      if (line[at] === "{") members((key) => (key === tag ? { kind: "text" } : undefined));
      else value(undefined);
    });
  }

  function list(open: string, close: string, element: () => void): void {
    take(open);
    white();
    if (line[at] === close) return take(close);
    for (;;) {
      element();
      white();
      if (line[at] === close) return take(close);
      take(",");
      white();
    }
  }

  function skipContainer(): void {
    let depth = 0;
    const opener = line[at];
    for (;;) {
      const letter = line[at];
      if (letter === undefined || (letter < " " && letter !== "\t" && letter !== "\r")) throw new Damage();
      if (letter === '"') {
        string(false);
        continue;
      }
      at++;
      if (letter === "{" || letter === "[") depth++;
      if ((letter === "}" || letter === "]") && --depth === 0) {
        if ((opener === "{") !== (letter === "}")) throw new Damage();
        return;
      }
    }
  }
}
