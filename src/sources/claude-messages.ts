/** What a user wrote in a Claude Code session: records of type `user` that are neither made by the client nor tool results. */
import { contentText, parsed } from "./messages.ts";
import { withoutMark } from "../json.ts";

/** How the content of a record begins that holds a tool's result. */
export const TOOL_RESULT = /^\[\s*\{\s*(?:"tool_use_id"\s*:\s*"[^"\\]*"\s*,\s*)?"type"\s*:\s*"tool_result"/;

interface UserRecord {
  readonly isMeta?: unknown;
  readonly message?: { readonly content?: unknown } | null;
}

/** The text of a record of type `user`, from its line; empty where it holds none, or the client made it up. */
export function messageText(line: string): string {
  const record = parsed(withoutMark(line)) as UserRecord | undefined;
  if (record === undefined || record.isMeta === true) return "";
  return contentText(record.message?.content);
}
