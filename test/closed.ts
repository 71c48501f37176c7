/** A schema as it is, but with every member in it: published ones let members be added. */
export function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const inside = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  return "properties" in inside && !("additionalProperties" in inside)
    ? { ...inside, additionalProperties: false }
    : inside;
}
