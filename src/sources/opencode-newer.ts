/**
 * Messages as OpenCode 2 tells them, in a row of its database or in an export, put as those before it
 * (`docs/decisions/0014`): the type stands beside the message, a model is an object, and tool calls are content.
 */
import { isObject, type Json } from "../json.ts";

/** What the source reads of a message. Texts stay behind. */
export interface MessageFacts {
  readonly role: "assistant" | "user";
  readonly time: unknown;
  readonly modelID?: unknown;
  readonly providerID?: unknown;
  readonly agent?: unknown;
  readonly cost?: unknown;
  readonly tokens?: unknown;
  readonly toolUses?: number;
}

/** Undefined: a type that neither used anything nor was written by a user. `modelBefore` is the model in force. */
export function readNewerMessage(type: unknown, data: Json, modelBefore: () => unknown): MessageFacts | undefined {
  const { time, agent, cost, tokens } = data;
  if (type === "user") return { role: "user", time };
  if (type === "assistant") {
    const toolUses = countTools(data["content"]);
    const { id: modelID, providerID } = modelOf(data);
    const used = { cost, tokens: withTotal(tokens), toolUses };
    return { role: "assistant", time, modelID, providerID, agent, ...used };
  }
  if (type !== "compaction") return undefined;
  const modelID = modelIn(data) ?? modelBefore();
  return { role: "assistant", time, modelID, agent: "compaction", cost, tokens: withTotal(tokens) };
}

/** The model's id; undefined where a message names none. */
export function modelIn(message: Json): unknown {
  return modelOf(message)["id"];
}

function modelOf({ model }: Json): Json {
  return isObject(model) ? model : {};
}

function countTools(content: unknown): number {
  return Array.isArray(content) ? content.filter((item) => isObject(item) && item["type"] === "tool").length : 0;
}

/** Here reasoning always stands beside the output. In older messages the total says so, so these get theirs. */
function withTotal(tokens: unknown): unknown {
  if (!isObject(tokens)) return tokens;
  const counts = countsIn(tokens).map((count) => count ?? 0);
  if (!counts.every((count) => typeof count === "number")) return tokens;
  return { ...tokens, total: counts.reduce((sum, count) => sum + count, 0) };
}

/** Input, output, reasoning, read from and written to the cache, as they stand. */
export function countsIn(tokens: Json): unknown[] {
  const { input, output, reasoning } = tokens;
  const cache = isObject(tokens["cache"]) ? tokens["cache"] : {};
  return [input, output, reasoning, cache["read"], cache["write"]];
}
