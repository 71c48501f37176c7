/** Homes with transcripts, gone when their test is done. */
import { makeFolder, response as responseNumber } from "../transcripts.ts";

/** Where `makeHome` puts its transcript. */
export const TRANSCRIPT = ".claude/projects/-srv-app/5e55105e-0000-4000-8000-000000000001.jsonl";

let responses = 0;

/** The line of one more response, with its LF: 111 tokens. */
export function response(more: object = {}, usage: object = {}, message: object = {}): string {
  return `${responseNumber(++responses, more, usage, message)}\n`;
}

/** A home with one transcript of these lines. */
export function makeHome(...lines: string[]): string {
  return makeFolder({ [TRANSCRIPT]: lines.join("") });
}
