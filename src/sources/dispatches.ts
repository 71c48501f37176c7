/**
 * Which agent was started under which name: a call of the Agent (once Task) tool names it, and the result of that call
 * tells the id that the agent's transcript bears. The two stand in different records, so each is kept, with the call's
 * id, until somebody asks (`src/run/`).
 */
import { assignSlots, object, oneOf, text, within } from "./fields.ts";
import type { ElementCells } from "./source.ts";

/** A block of a message's content. */
export const BLOCK = object({
  type: oneOf("tool_use", "tool_result"),
  name: oneOf("Agent", "Task"),
  id: text,
  tool_use_id: text,
  input: within({ name: text }),
});
const TYPE = { toolUse: 1, toolResult: 2 } as const;
const { slots } = assignSlots(BLOCK);

/** Half of it, or both: of a call or of its result. What is not known is empty. */
export interface Dispatch {
  /** Of the tool use. */
  readonly callId: string;
  readonly name: string;
  readonly agentId: string;
}

/**
 * What a record tells, as a text for `readDispatches`; empty when it is nothing. `agentIds` and `name` are those of
 * its tool result; calls are looked for with `isCall`.
 */
export function dispatchesOf(
  blocks: Iterable<ElementCells>,
  isCall: boolean,
  agentIds: readonly string[],
  name: string,
): string {
  const found: string[][] = [];
  for (const block of blocks) {
    const type = block.integer(slots.type);
    if (type === TYPE.toolUse && isCall && block.integer(slots.name) !== 0 && block.has(slots.id)) {
      if (block.has(slots.input.name)) found.push([block.textOf(slots.id), block.textOf(slots.input.name), ""]);
    } else if (type === TYPE.toolResult && block.has(slots.tool_use_id)) {
      for (const agentId of agentIds) found.push([block.textOf(slots.tool_use_id), "", agentId]);
    }
  }
  if (name !== "") for (const agentId of agentIds) found.push(["", name, agentId]);
  return found.length === 0 ? "" : JSON.stringify(found);
}

export function readDispatches(text: string): Dispatch[] {
  const found: Dispatch[] = [];
  for (const one of listIn(text)) {
    const [callId, name, agentId] = Array.isArray(one) ? (one as unknown[]) : [];
    if (typeof callId === "string" && typeof name === "string" && typeof agentId === "string")
      found.push({ callId, name, agentId });
  }
  return found;
}

/** Nothing, where it is damaged. */
function listIn(json: string): unknown[] {
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
