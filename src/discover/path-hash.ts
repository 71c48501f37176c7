import { createHash } from "node:crypto";

/** How Gemini CLI named the folder of a project at first: SHA-256 of its path. */
export function hashOfPath(path: string): string {
  return createHash("sha256").update(path).digest("hex");
}
