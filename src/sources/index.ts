/** Every source, by name. */
import type { SourceName } from "../types.ts";
import { amp } from "./amp.ts";
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { copilot } from "./copilot.ts";
import { gemini } from "./gemini.ts";
import { opencode } from "./opencode.ts";
import { pi } from "./pi.ts";
import { qwen } from "./qwen.ts";
import type { Source } from "./source.ts";

const SOURCES: Readonly<Record<SourceName, Source>> = { amp, claude, codex, copilot, gemini, opencode, pi, qwen };

export function sourceNamed(name: SourceName): Source {
  return SOURCES[name];
}
