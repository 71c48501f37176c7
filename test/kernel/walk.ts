/** What a row should hold, by `JSON.parse` and a walk over what it gives. */
import { expect } from "vitest";
import type { Field } from "../../src/sources/fields.ts";
import type { RowCells } from "../../workers/cells.ts";
import { readTime } from "../parity/oracle-read.ts";

/** Cells by path, only those that hold something; `bad` is a count that is none. */
export type Found = Record<string, unknown>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function walk(record: Field, value: unknown): Found {
  const found: Found = {};
  visit(record, value, "");
  delete found[""]; // the record itself has no cell
  return found;

  function visit(field: Field, at: unknown, path: string): void {
    switch (field.kind) {
      case "object":
        if (!isObject(at)) return;
        found[path] = "object";
        for (const [key, child] of Object.entries(field.fields)) {
          if (Object.hasOwn(at, key)) visit(child, at[key], path === "" ? key : `${path}.${key}`);
        }
        return;
      case "each":
        if (!Array.isArray(at)) return;
        found[path] = { elements: at.length, json: at };
        for (const [name, texts] of Object.entries(field.counters)) {
          const counted = at.filter((element) => isObject(element) && texts.includes(ownText(element, field.tag)));
          if (counted.length > 0) found[`${path}.${name}`] = counted.length;
        }
        return;
      case "count":
        if (at === null) return;
        found[path] = typeof at === "number" && Number.isSafeInteger(at) && at >= 0 ? at + 0 : "bad";
        return;
      case "time": {
        const time = readTime(at);
        if (time !== undefined) found[path] = time;
        return;
      }
      case "json":
        if (at !== null) found[path] = { json: at };
        return;
      case "flag":
        if (typeof at === "boolean") found[path] = Number(at);
        return;
      default:
        if (typeof at !== "string" || at === "") return;
        found[path] = field.kind === "oneOf" ? field.texts.indexOf(at) + 1 : at;
    }
  }
}

function ownText(element: Record<string, unknown>, key: string): string {
  const value = Object.hasOwn(element, key) ? element[key] : undefined;
  return typeof value === "string" ? value : "";
}

/** The same from a row. `hashes` names the hashes, which cannot be read back. */
export function readRow(record: Field, cells: RowCells, hashes: ReadonlyMap<string, string>): Found {
  const found: Found = {};
  let slot = 0;
  visit(record, "");
  delete found[""];
  return found;

  function visit(field: Field, path: string): void {
    const self = slot++;
    const isHere = cells.has(self);
    switch (field.kind) {
      case "object":
        if (isHere) found[path] = "object";
        for (const [key, child] of Object.entries(field.fields)) visit(child, path === "" ? key : `${path}.${key}`);
        return;
      case "each":
        if (isHere) found[path] = { elements: cells.integer(self), json: JSON.parse(cells.json(self)) as unknown };
        for (const name of Object.keys(field.counters)) {
          const counter = slot++;
          if (cells.integer(counter) > 0) found[`${path}.${name}`] = cells.integer(counter);
        }
        return;
      case "count":
        if (isHere) found[path] = cells.hasBadCount(self, self) ? "bad" : cells.count(self);
        return;
      case "time":
        if (isHere && !Number.isNaN(cells.time(self))) found[path] = cells.time(self);
        return;
      case "hash":
        if (isHere)
          found[path] = hashes.get(`${cells.hashLow(self)} ${cells.hashHigh(self)}`) ?? "a hash of no text used";
        return;
      case "text":
        if (isHere) found[path] = cells.textOf(self);
        return;
      case "json":
        if (isHere) found[path] = { json: JSON.parse(cells.json(self)) as unknown };
        return;
      default:
        if (isHere) found[path] = cells.integer(self);
    }
  }
}

/** Fails readably when a row differs from the walk over its line. */
export function expectWalk(record: Field, line: string, actual: Found): void {
  expect(actual, line).toEqual(walk(record, JSON.parse(line)));
}
