/** The name that the side file of a subagent's transcript gives it. */
import { readFileSync, statSync } from "node:fs";

/** None where there is no such file, or no name in it. */
export function readSideNames(transcriptPath: string): string[] {
  const side = transcriptPath.replace(/\.jsonl$/, ".meta.json");
  try {
    // Opening a FIFO would wait for a writer.
    if (statSync(side, { throwIfNoEntry: false })?.isFile() !== true) return [];
    const meta = JSON.parse(readFileSync(side, "utf8")) as { name?: unknown; agentName?: unknown } | null;
    return [meta?.name, meta?.agentName].filter((name): name is string => typeof name === "string" && name !== "");
  } catch {
    return [];
  }
}
