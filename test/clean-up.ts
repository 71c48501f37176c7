/** Behind all tests, what they wrote is removed: copies of the build, corpora and caches, some 300 MB a run. */
import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";

export default function setup({ config }: TestProject): () => void {
  return () => {
    const folder = config.env["TMPDIR"];
    // A child that was killed may still be writing.
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
