/** What users wrote, whatever form an agent keeps it in. Texts go no further than to `noteMessage`: only the ids in them leave the thread. */
import { MESSAGES_READ } from "../events.ts";
import type { EventWriter } from "../event-writer.ts";
import { isObject, type Json, withoutMark } from "../json.ts";

/** The text of a message: of a text, of a block or part with text, or of a list of these; empty where there is none. */
export function contentText(content: unknown): string {
  return (Array.isArray(content) ? (content as unknown[]) : [content]).map(blockText).join("\n").trim();
}

function blockText(block: unknown): string {
  if (typeof block === "string") return block;
  if (!isObject(block)) return "";
  const { type, text } = block;
  return (type === undefined || type === "text") && typeof text === "string" ? text : "";
}

/** Notes what the record of a line says that a user wrote; `contentOf` tells where it stands, or undefined. */
export function noteLine(line: string, events: EventWriter, contentOf: (record: Json) => unknown): void {
  const record = parsed(withoutMark(line));
  const text = isObject(record) ? contentText(contentOf(record)) : "";
  if (text !== "") events.noteMessage(text);
}

/** Notes the texts of a JSON list of them, as `firstTexts` makes one. */
export function noteTexts(json: string, events: EventWriter): void {
  const texts = parsed(json);
  if (!Array.isArray(texts)) return;
  for (const text of texts as unknown[]) if (typeof text === "string" && events.wantsMessage) events.noteMessage(text);
}

/** Undefined where it is damaged. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Damage where nobody looked until now.
    return undefined;
  }
}

/** Of a document's messages those that are looked at, with their texts. */
export function firstTexts(messages: readonly Json[], isUsers: (message: Json) => boolean): ReadonlyMap<Json, string> {
  const texts = new Map<Json, string>();
  for (const message of messages) {
    if (texts.size === MESSAGES_READ) break;
    const text = isUsers(message) ? contentText(message["content"]) : "";
    if (text !== "") texts.set(message, text);
  }
  return texts;
}
