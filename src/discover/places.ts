/** Every agent's places: where it keeps its transcripts, and what a place says about one. */
import type { Environment } from "../environment.ts";
import type { SourceName, UnreadableFile } from "../types.ts";
import { ampRoots, ampTranscripts, isAmpThread } from "./amp.ts";
import { claudeRoots, claudeTranscripts, isBesideTranscripts } from "./claude.ts";
import { geminiRoots, geminiTranscripts, isGeminiSession } from "./gemini.ts";
import { isNamedLikeDatabase } from "./database.ts";
import { copilotRoots, copilotTranscripts } from "./copilot.ts";
import { codexRoots, codexTranscripts, isRollout } from "./codex.ts";
import { isOpenCodeFile, opencodeRoots, opencodeTranscripts } from "./opencode.ts";
import { piRoots, piTranscripts } from "./pi.ts";
import { isQwenSession, qwenRoots, qwenTranscripts } from "./qwen.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

interface Place {
  /** The folders that may hold transcripts on this machine, whether they exist or not. What could name more of them and cannot be read goes to `unreadable`. */
  roots(environment: Environment, unreadable: UnreadableFile[]): string[];
  /** What says whether a file below them, in this folder, is named like one. */
  namedLikeOneIn(folder: string): (name: string) => boolean;
  /** What says more about them and cannot be read goes to `unreadable`. */
  transcripts(files: readonly FoundFile[], unreadable: UnreadableFile[]): Transcript[];
}

export const PLACES: Readonly<Record<SourceName, Place>> = {
  amp: {
    roots: ampRoots,
    namedLikeOneIn: () => isAmpThread,
    transcripts: ampTranscripts,
  },
  claude: {
    roots: claudeRoots,
    namedLikeOneIn: (folder) => (isBesideTranscripts(folder) ? isNone : isJsonl),
    transcripts: claudeTranscripts,
  },
  codex: { roots: codexRoots, namedLikeOneIn: () => isRollout, transcripts: codexTranscripts },
  copilot: { roots: copilotRoots, namedLikeOneIn: () => isJsonl, transcripts: copilotTranscripts },
  gemini: {
    roots: geminiRoots,
    namedLikeOneIn: (folder) => (name) => isGeminiSession(name, folder),
    transcripts: geminiTranscripts,
  },
  opencode: {
    roots: opencodeRoots,
    namedLikeOneIn: () => isOpenCodeFile,
    transcripts: opencodeTranscripts,
  },
  pi: { roots: piRoots, namedLikeOneIn: () => isJsonl, transcripts: piTranscripts },
  qwen: {
    roots: qwenRoots,
    namedLikeOneIn: () => isQwenSession,
    transcripts: qwenTranscripts,
  },
};

function isJsonl(name: string): boolean {
  return name.endsWith(".jsonl");
}

function isNone(): boolean {
  return false;
}

/** What lies beside transcripts and is none of our business, such as `auth.json` and `oauth_creds.json`. */
const NO_DOCUMENT = /(?:\.meta\.json|(?:auth|cred|secret|settings|config)[^\\/]*)$/i;

/** The same of whatever agent's: side files of Claude Code's are many. */
export function namedLikeAnyIn(folder: string): (name: string) => boolean {
  return isBesideTranscripts(folder) ? isNone : isNamedLikeAny;
}

function isNamedLikeAny(name: string): boolean {
  return isRollout(name) || isNamedLikeDatabase(name) || (name.endsWith(".json") && !NO_DOCUMENT.test(name));
}
