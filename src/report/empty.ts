/** What to say when there is nothing to show. */
import type { ScanResult } from "../types.ts";
import { counted } from "./numbers.ts";
import { printable } from "./printable.ts";

/** `areGiven`: the paths that were looked in were named by whoever asks. */
export function noTranscripts({ diagnostics: { roots } }: Pick<ScanResult, "diagnostics">, areGiven = false): string[] {
  return [
    "No transcripts found. Looked in:",
    ...roots.map((root) => `  ${printable(root)}`),
    areGiven
      ? "Give the files of an agent, or a folder above them (tokensift sources says where they are on this machine)"
      : NONE_HERE,
  ];
}

const NONE_HERE =
  "Use one of these agents once, name other folders in AMP_DATA_HOME, CLAUDE_CONFIG_DIR, CODEX_HOME, COPILOT_HOME, GEMINI_CLI_HOME, PI_CODING_AGENT_DIR or QWEN_HOME, or give paths: tokensift scan PATH…";

export function noRows({ stats }: Pick<ScanResult, "stats">): string[] {
  if (stats.responses === 0) return [`No rows: there is no response in ${counted(stats.transcripts, "transcript")}.`];
  const scanned = `${counted(stats.transcripts, "transcript")} (${counted(stats.responses, "response")})`;
  return [`No rows: nothing in ${scanned} is in this window and matches these filters.`];
}
