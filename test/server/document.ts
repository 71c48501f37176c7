/** Answers of a server, held against its OpenAPI document. */
import Ajv from "ajv/dist/2020.js";
import { expect } from "vitest";
import { closed } from "../closed.ts";
import type { Answer } from "./server.ts";

export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<
    Record<string, { get: { parameters: Array<{ name: string }>; responses: Record<string, Described> } }>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}
interface Described {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

function problems({ components }: Document, schema: object, value: unknown): unknown {
  const formats = { "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ };
  const ajv = new Ajv.default({ strict: true, allErrors: true, allowUnionTypes: true, formats });
  ajv.addVocabulary(["components"]);
  const validate = ajv.compile(closed({ ...schema, components }) as object);
  validate(value);
  return validate.errors;
}

/** An answer against what the document says of its path and status. */
export function hold(document: Document, path: string, { status, headers, body }: Answer, expected: number): void {
  const [name = ""] = path.split("?");
  const { content } = document.paths[name]?.get.responses[String(status)] ?? {};
  const [type = ""] = String(headers["content-type"]).split(";");
  expect([path, status, Object.keys(content ?? {})]).toEqual([path, expected, [type]]);
  const value: unknown = type === "application/json" ? JSON.parse(body) : body;
  expect(problems(document, content?.[type]?.schema ?? {}, value), path).toBeNull();
  // And not anything at all would do.
  const isOpen = type !== "application/json" || name === "/api/openapi.json";
  expect(isOpen || problems(document, content?.[type]?.schema ?? {}, { ...(value as object), more: 1 })).toBeTruthy();
}
