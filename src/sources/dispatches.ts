/**
 * Which agent was started under which name: a call of the Agent (once Task) tool names it, and the result of that call
 * tells the id that the agent's transcript bears. The two stand in different records, so each is kept, with the call's
 * id, until somebody asks (`src/run/`).
 */

import { isObject, withoutMark } from "../json.ts";
import { textOf } from "./documents.ts";
import { parsed } from "./messages.ts";

/** Half of it, or both: of a call or of its result. What is not known is empty. */
export interface Dispatch {
  /** Of the tool use. */
  readonly callId: string;
  readonly name: string;
  readonly agentId: string;
}

const TOOLS: readonly string[] = ["Agent", "Task"];

/**
 * What a record tells, as a text for `readDispatches`; empty when it is nothing. `agentIds` and `name` are those of
 * its tool result; without any, and with `isCall`, its content is searched for calls.
 */
export function dispatchesOf(contentJson: string, isCall: boolean, agentIds: readonly string[], name: string): string {
  // Spares parsing what records with several blocks mostly hold. A name may be written with escapes.
  if (agentIds.length === 0 && ![...TOOLS, "\\u"].some((part) => contentJson.includes(part))) return "";
  const found: string[][] = [];
  for (const block of blocksOf(contentJson)) {
    const { type, id, name: tool, input, tool_use_id: callId } = block;
    if (type === "tool_use" && isCall && TOOLS.includes(tool as string) && typeof id === "string") {
      const called = (input as { name?: unknown } | null)?.name;
      if (typeof called === "string" && called !== "") found.push([id, called, ""]);
    } else if (type === "tool_result" && typeof callId === "string") {
      for (const agentId of agentIds) found.push([callId, "", agentId]);
    }
  }
  if (name !== "") for (const agentId of agentIds) found.push(["", name, agentId]);
  return found.length === 0 ? "" : JSON.stringify(found);
}

/** The name of the agent that the result in a record's line tells of; empty where it tells none. */
export function nameInResult(line: string): string {
  const record = parsed(withoutMark(line));
  const result = isObject(record) ? record["toolUseResult"] : undefined;
  return isObject(result) ? textOf(result["name"]) : "";
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

function blocksOf(json: string): Array<Record<string, unknown>> {
  return listIn(json).filter((block): block is Record<string, unknown> => typeof block === "object" && block !== null);
}

/** Nothing, where it is damaged: inside blocks the kernel overlooks what no source declares. */
function listIn(json: string): unknown[] {
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
