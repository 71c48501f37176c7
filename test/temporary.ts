/** Where tests write: copies of the build, corpora and caches, some 300 MB a run. Behind all of them it is removed. */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import type { TestProject } from "vitest/node";

export default function setup({ config }: TestProject): () => void {
  const { TMPDIR: folder, TOKENSIFT_CACHE_DIR: cache } = config.env as Record<"TMPDIR" | "TOKENSIFT_CACHE_DIR", string>;
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  // Some of them run as another user.
  chmodSync(folder, 0o755);
  // A child that was killed may still be writing.
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
