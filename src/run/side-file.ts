/** What the side file of a subagent's transcript says of its start. */
import { readFileSync, statSync } from "node:fs";
import { withoutMark } from "../json.ts";

export interface SideFile {
  /** Names that it gives the agent. */
  readonly names: readonly string[];
  /** Of the tool use that started it; empty: not said. */
  readonly callId: string;
}

const NOTHING: SideFile = { names: [], callId: "" };

/** Nothing where there is no such file, or none that can be read. */
export function readSideFile(transcriptPath: string): SideFile {
  const side = transcriptPath.replace(/\.jsonl$/, ".meta.json");
  try {
    // Opening a FIFO would wait for a writer.
    if (statSync(side, { throwIfNoEntry: false })?.isFile() !== true) return NOTHING;
    const text = withoutMark(readFileSync(side, "utf8"));
    const meta = JSON.parse(text) as Record<"name" | "agentName" | "toolUseId", unknown> | null;
    const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
    return {
      names: [meta?.name, meta?.agentName].filter(isText),
      callId: isText(meta?.toolUseId) ? meta.toolUseId : "",
    };
  } catch {
    return NOTHING;
  }
}
