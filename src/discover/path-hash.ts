/** How Gemini CLI named the folder of a project at first: SHA-256 of its path. Few runs need it, and it takes 3 ms to load. */
export function hashOfPath(path: string): string {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(path).digest("hex");
}
