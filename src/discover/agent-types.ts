/** The side files of subagent transcripts, which name the subagent's type. */
import { readFile, stat } from "node:fs/promises";
import pLimit from "p-limit";
import type { Transcript } from "./transcript.ts";
import { withoutMark } from "../json.ts";

/** Reads in flight at once: more than the thread pool of Node has no use for. */
const READS_AT_ONCE = 8;

/** The `agentType` by number of transcript, for those that have one. A side file that is no use is no error: it only names. */
export async function readAgentTypes(transcripts: readonly Transcript[]): Promise<Map<number, string>> {
  const types = new Map<number, string>();
  const limit = pLimit(READS_AT_ONCE);
  const reads: Array<Promise<void>> = [];
  for (const [t, transcript] of transcripts.entries()) {
    if (!transcript.isAgentFile) continue;
    const read = limit(async () => {
      const type = await readAgentType(transcript.path);
      if (type !== undefined) types.set(t, type);
    });
    reads.push(read);
  }
  await Promise.all(reads);
  return types;
}

async function readAgentType(path: string): Promise<string | undefined> {
  const side = path.replace(/\.jsonl$/, ".meta.json");
  try {
    // Opening a FIFO would wait for a writer.
    if (!(await stat(side)).isFile()) return undefined;
    const meta: unknown = JSON.parse(withoutMark(await readFile(side, "utf8")));
    const type = (meta as { agentType?: unknown } | null)?.agentType;
    return typeof type === "string" && type !== "" ? type : undefined;
  } catch {
    return undefined;
  }
}
