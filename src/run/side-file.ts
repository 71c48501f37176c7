/** What the side file of a subagent's transcript says of its start. */
import { orSay, readRegular } from "../files/regular.ts";
import { withoutMark } from "../json.ts";
import type { UnreadableFile } from "../types.ts";

export interface SideFile {
  /** Names that it gives the agent. */
  readonly names: readonly string[];
  /** Of the tool use that started it; empty: not said. */
  readonly callId: string;
}

const NOTHING: SideFile = { names: [], callId: "" };

/** Nothing where there is no such file, or none that can be read or is whole, which then goes to `unreadable`. */
export function readSideFile(transcriptPath: string, unreadable: UnreadableFile[]): SideFile {
  const side = transcriptPath.replace(/\.jsonl$/, ".meta.json");
  const text = orSay(unreadable, side, () => withoutMark(readRegular(side).toString()));
  if (text === undefined) return NOTHING;
  try {
    const meta = JSON.parse(text) as Record<"name" | "agentName" | "toolUseId", unknown> | null;
    const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
    return {
      names: [meta?.name, meta?.agentName].filter(isText),
      callId: isText(meta?.toolUseId) ? meta.toolUseId : "",
    };
  } catch {
    unreadable.push({ path: side, code: "NO_JSON" });
    return NOTHING;
  }
}
