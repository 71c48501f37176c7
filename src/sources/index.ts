/** Every source, by name. */
import type { SourceName } from "../types.ts";
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import type { Source } from "./source.ts";

const SOURCES: Readonly<Record<SourceName, Source>> = { claude, codex };

export function sourceNamed(name: SourceName): Source {
  return SOURCES[name];
}
