/**
 * The language in which a source says which fields of a record matter. A declaration becomes slots, numbered
 * depth first, so that a container's slot and everything below it are one run of numbers; the kernel writes one
 * cell a slot and jumps over whatever is not declared. At most 64 slots.
 */

export type Field =
  | { readonly kind: "object"; readonly fields: Readonly<Record<string, Field>>; readonly hasNoSlot?: true }
  | {
      readonly kind: "each";
      readonly tag: string;
      readonly counters: Readonly<Record<string, readonly string[]>>;
      readonly fields?: Readonly<Record<string, Field>>;
    }
  | { readonly kind: "oneOf"; readonly texts: readonly string[] }
  | { readonly kind: "count" | "decimal" | "time" | "hash" | "text" | "flag" | "json" };

/** An object to walk into. */
export function object<const F extends Readonly<Record<string, Field>>>(fields: F) {
  return { kind: "object", fields } as const;
}

/** An object of which only the fields matter, not whether it is there: it takes no slot. */
export function within<const F extends Readonly<Record<string, Field>>>(fields: F) {
  return { kind: "object", fields, hasNoSlot: true } as const;
}

/**
 * An array of objects, counted by the text of their field `tag`: `counters` names each counter and the texts
 * that raise it. The array itself is a span and a number of elements.
 */
export function each<const C extends Readonly<Record<string, readonly string[]>>>(tag: string, counters: C) {
  return { kind: "each", tag, counters } as const;
}

/** The same, with fields to be read of elements: of each the last element that has it counts. */
export function eachWith<
  const C extends Readonly<Record<string, readonly string[]>>,
  const F extends Readonly<Record<string, Field>>,
>(tag: string, counters: C, fields: F) {
  return { kind: "each", tag, counters, fields } as const;
}

/** Text of which only a few values matter: 1 for the first, 0 for any other non-empty text. */
export function oneOf<const T extends readonly string[]>(...texts: T) {
  return { kind: "oneOf", texts } as const;
}

/** A non-negative integer up to 2^53 - 1, in any JSON spelling. Anything else but null is a bad value. */
export const count = { kind: "count" } as const;
/** A number that may have a fraction, as it is written. Anything else is absent. */
export const decimal = { kind: "decimal" } as const;
/** An instant: ISO 8601 text or an epoch. */
export const time = { kind: "time" } as const;
/** An id of which only equality matters; kept as 64 bits. */
export const hash = { kind: "hash" } as const;
/** Text that is shown. */
export const text = { kind: "text" } as const;
/** `true` or `false`. */
export const flag = { kind: "flag" } as const;

/** Any value but null, as its JSON text: for what is rare and has several shapes. */
export const json = { kind: "json" } as const;

/** The slot of every declared field, in the shape of the declaration; a container's own slot is `self`. */
export type Slots<F extends Field> = F extends {
  kind: "object";
  fields: infer Fields extends Readonly<Record<string, Field>>;
}
  ? (F extends { hasNoSlot: true } ? unknown : { readonly self: number }) & {
      readonly [K in keyof Fields]: Slots<Fields[K]>;
    }
  : F extends { kind: "each"; counters: infer C }
    ? { readonly self: number } & { readonly [K in keyof C]: number } & SlotsOfElements<F>
    : number;

type SlotsOfElements<F extends Field> = F extends { fields: infer Fields extends Readonly<Record<string, Field>> }
  ? { readonly [K in keyof Fields]: Slots<Fields[K]> }
  : unknown;

/** Numbers the slots of a declaration. */
export function assignSlots<F extends Field>(field: F): { readonly slots: Slots<F>; readonly slotCount: number } {
  let next = 0;
  function assign(at: Field): unknown {
    const hasSlot = at.kind !== "object" || at.hasNoSlot !== true;
    const self = hasSlot ? next++ : next;
    if (at.kind === "object") {
      const slots: Record<string, unknown> = hasSlot ? { self } : {};
      for (const [name, child] of Object.entries(at.fields)) slots[name] = assign(child);
      return slots;
    }
    if (at.kind === "each") {
      const slots: Record<string, unknown> = { self };
      for (const name of Object.keys(at.counters)) slots[name] = next++;
      for (const [name, child] of Object.entries(at.fields ?? {})) slots[name] = assign(child);
      return slots;
    }
    return self;
  }
  const slots = assign(field) as Slots<F>;
  if (next > 64) throw new RangeError(`a source may declare at most 64 slots, this one has ${next}`);
  return { slots, slotCount: next };
}
