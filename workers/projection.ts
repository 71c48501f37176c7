/** Declared fields, as the tables the kernel walks by (`workers/kernel/layout.ts`). */
import type { Field } from "../src/sources/fields.ts";
import { ENTRY, KIND, MAX_KEY_BYTES, TABLES, TABLES_END } from "./layout.ts";

/** The slot of the record itself, which nobody reads: objects without a slot of their own mark it. */
const RECORD_SLOT = 0;

interface Entry {
  readonly key: string;
  readonly kind: number;
  /** The slot, or in a table of texts the text's value. */
  readonly slot: number;
  /** Slots at and below: [slotsFrom, slotsEnd). Empty for what has none. */
  readonly slotsFrom: number;
  readonly slotsEnd: number;
  readonly child: number;
}

/** Writes the tables of a record into the kernel's memory. Returns the address of the outermost. */
export function writeTables(record: Field, memory: ArrayBuffer): number {
  const view = new DataView(memory);
  let free = TABLES;
  let nextSlot = 0;

  function writeTable(entries: readonly Entry[]): number {
    let size = 4;
    while (size < entries.length * 2) size *= 2;
    const address = free;
    free += ENTRY.tableHeader + size * ENTRY.bytes;
    if (free > TABLES_END) throw new RangeError("the declared fields need more table space than the kernel has");
    view.setUint32(address, size - 1, true);
    for (const entry of entries) {
      let i = firstIndex(entry.key, size - 1);
      const at = () => address + ENTRY.tableHeader + i * ENTRY.bytes;
      while (view.getUint32(at() + ENTRY.length, true) !== 0) i = (i + 1) & (size - 1);
      writeEntry(at(), entry);
    }
    return address;
  }

  function writeEntry(address: number, entry: Entry): void {
    const key = keyBytes(entry.key);
    const length = entry.key.length;
    view.setBigUint64(address + ENTRY.first, key.getBigUint64(0, true), true);
    if (length > 8) view.setBigUint64(address + ENTRY.last, key.getBigUint64(length - 8, true), true);
    if (length > 16) view.setBigUint64(address + ENTRY.second, key.getBigUint64(8, true), true);
    if (length > 24) view.setBigUint64(address + ENTRY.third, key.getBigUint64(16, true), true);
    view.setUint32(address + ENTRY.length, length, true);
    view.setUint32(address + ENTRY.kind, entry.kind, true);
    view.setUint32(address + ENTRY.slot, entry.slot, true);
    view.setUint32(address + ENTRY.child, entry.child, true);
    const below = BigInt(entry.slotsEnd - entry.slotsFrom);
    const subtree = ((1n << below) - 1n) << BigInt(entry.slotsFrom);
    view.setBigUint64(address + ENTRY.subtree, subtree, true);
  }

  function writeTexts(values: ReadonlyArray<readonly [text: string, value: number]>): number {
    return writeTable(values.map(([key, slot]) => ({ key, kind: 0, slot, slotsFrom: 0, slotsEnd: 0, child: 0 })));
  }

  // Slots are numbered in the order of `assignSlots`: a container first, then what is in it.
  function writeField(key: string, field: Field): Entry {
    const slotsFrom = nextSlot;
    const slot = field.kind === "object" && field.hasNoSlot === true ? RECORD_SLOT : nextSlot++;
    switch (field.kind) {
      case "object": {
        const entries = Object.entries(field.fields).map(([name, child]) => writeField(name, child));
        return { key, kind: KIND.object, slot, slotsFrom, slotsEnd: nextSlot, child: writeTable(entries) };
      }
      case "each": {
        const counters = Object.values(field.counters);
        nextSlot += counters.length;
        const texts = counters.flatMap((names, i) => names.map((name) => [name, i + 1] as const));
        const child = writeTexts(texts);
        const tag: Entry = { key: field.tag, kind: KIND.tag, slot: 0, slotsFrom: 0, slotsEnd: 0, child };
        const entries = Object.entries(field.fields ?? {}).map(([name, inElement]) => writeField(name, inElement));
        return { key, kind: KIND.each, slot, slotsFrom, slotsEnd: nextSlot, child: writeTable([tag, ...entries]) };
      }
      case "oneOf":
        return {
          key,
          kind: KIND.oneOf,
          slot,
          slotsFrom,
          slotsEnd: nextSlot,
          child: writeTexts(field.texts.map((text, i) => [text, i + 1] as const)),
        };
      case "decimal":
        // To the kernel it is a time: a number it keeps as it is written.
        return { key, kind: KIND.time, slot, slotsFrom, slotsEnd: nextSlot, child: 0 };
      default:
        return { key, kind: KIND[field.kind], slot, slotsFrom, slotsEnd: nextSlot, child: 0 };
    }
  }

  return writeField("", record).child;
}

function keyBytes(key: string): DataView {
  const bytes = new TextEncoder().encode(key);
  if (bytes.length === 0 || bytes.length > MAX_KEY_BYTES || bytes.length !== key.length) {
    throw new RangeError(`a declared key has 1 to ${MAX_KEY_BYTES} ASCII characters: "${key}"`);
  }
  const padded = new Uint8Array(MAX_KEY_BYTES + 8);
  padded.set(bytes);
  return new DataView(padded.buffer);
}

/** As `lookup` in the kernel. */
function firstIndex(key: string, mask: number): number {
  const first = keyBytes(key).getBigUint64(0, true);
  const mixed = BigInt.asUintN(64, first * 0x9e3779b97f4a7c15n) >> 40n;
  return (Number(mixed) ^ key.length) & mask;
}
