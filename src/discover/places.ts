/** Every agent's places: where it keeps its transcripts, and what a place says about one. */
import type { Environment } from "../environment.ts";
import { SOURCES, type SourceName } from "../types.ts";
import { claudeRoots, claudeTranscripts } from "./claude.ts";
import { codexRoots, codexTranscript, isRollout } from "./codex.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

interface Place {
  /** The folders that may hold transcripts on this machine, whether they exist or not. */
  roots(environment: Environment): string[];
  /** Whether a file below them is named like one. */
  isNamedLikeOne(name: string): boolean;
  transcripts(files: readonly FoundFile[]): Transcript[];
}

export const PLACES: Readonly<Record<SourceName, Place>> = {
  claude: {
    roots: claudeRoots,
    isNamedLikeOne: (name) => name.endsWith(".jsonl"),
    transcripts: claudeTranscripts,
  },
  codex: { roots: codexRoots, isNamedLikeOne: isRollout, transcripts: (files) => files.map(codexTranscript) },
};

/** Whether any agent names its transcripts so. */
export function isNamedLikeTranscript(name: string): boolean {
  return SOURCES.some((source) => PLACES[source].isNamedLikeOne(name));
}
