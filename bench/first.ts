import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { runBench } from "./bench.ts";
import { type Contestant, ourWarmTool, peer } from "./contestants.ts";

// What somebody sees who tries it: nothing is known yet. The second run keeps what transcripts come to.
await runBench("first", () => [runAfter(0, "tokensift"), runAfter(1, "second run"), peer()]);

/** tokensift with a cache that so many runs have filled. */
function runAfter(runs: number, name: string): Contestant {
  const cacheOf = (home: string) => join(home, ".tokensift-cache-first");
  const tool = ourWarmTool(name, cacheOf);
  return {
    ...tool,
    prepare(home) {
      rmSync(cacheOf(home), { recursive: true, force: true });
      const [program, ...args] = tool.command(home);
      for (let run = 0; run < runs; run++)
        execFileSync(program, args, { env: { HOME: home, TZ: "UTC" }, stdio: "pipe" });
    },
  };
}
