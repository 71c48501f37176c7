/** The side files of subagent transcripts, which name the subagent's type. */
import { readFile, stat } from "node:fs/promises";
import pLimit from "p-limit";
import type { Transcript } from "./transcript.ts";
import { codeOf, isAbsent } from "../files/regular.ts";
import { withoutMark } from "../json.ts";
import type { UnreadableFile } from "../types.ts";

/** Reads in flight at once: more than the thread pool of Node has no use for. */
const READS_AT_ONCE = 8;

export interface AgentTypes {
  /** By number of transcript, of those that have one. */
  readonly types: ReadonlyMap<number, string>;
  /** Side files that could not be read, or are damaged. */
  readonly unreadable: readonly UnreadableFile[];
}

/** The `agentType` of subagents. A side file that is no use is no error: it only names. */
export async function readAgentTypes(transcripts: readonly Transcript[]): Promise<AgentTypes> {
  const types = new Map<number, string>();
  const unreadable: UnreadableFile[] = [];
  const limit = pLimit(READS_AT_ONCE);
  const reads: Array<Promise<void>> = [];
  for (const [t, transcript] of transcripts.entries()) {
    if (!transcript.isAgentFile) continue;
    const read = limit(async () => {
      const type = await readAgentType(transcript.path.replace(/\.jsonl$/, ".meta.json"), unreadable);
      if (type !== undefined) types.set(t, type);
    });
    reads.push(read);
  }
  await Promise.all(reads);
  return { types, unreadable };
}

async function readAgentType(side: string, unreadable: UnreadableFile[]): Promise<string | undefined> {
  let text: string;
  try {
    // Opening a FIFO would wait for a writer.
    if (!(await stat(side)).isFile()) throw Object.assign(new Error(side), { code: "NO_FILE" });
    text = await readFile(side, "utf8");
  } catch (error) {
    if (!isAbsent(error)) unreadable.push({ path: side, code: codeOf(error) });
    return undefined;
  }
  try {
    const meta: unknown = JSON.parse(withoutMark(text));
    const type = (meta as { agentType?: unknown } | null)?.agentType;
    return typeof type === "string" && type !== "" ? type : undefined;
  } catch {
    unreadable.push({ path: side, code: "NO_JSON" });
    return undefined;
  }
}
