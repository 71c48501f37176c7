import { appendFileSync, cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Corpus, ensureCorpus, type Shape } from "./corpus.ts";
import { addResponse, type Usage } from "./corpus/sums.ts";
import { BENCH } from "./folder.ts";

const MODEL = "claude-grown-1";
const MONTH = "2026-11";
const USAGE: Usage = { input: 7, output: 11, cache5m: 13, cache1h: 0, cacheRead: 17 };

/** A copy of a corpus that may grow; what it said before does not count. */
export function copyCorpus(shape: Shape, seed: number): Corpus {
  const original = ensureCorpus(shape, seed);
  const home = join(BENCH, ".corpus", `${shape}-${seed}-grown`);
  rmSync(home, { recursive: true, force: true });
  cpSync(original.home, home, { recursive: true, filter: (path) => !path.includes(".tokensift-cache") });
  return { ...original, home, expected: structuredClone(original.expected) };
}

/** Appends responses to transcripts, and adds them to what is expected. */
export class Growth {
  readonly #corpus: Corpus;
  readonly #paths: readonly string[];
  #responses = 0;

  constructor(corpus: Corpus) {
    this.#corpus = corpus;
    const root = join(corpus.home, ".claude/projects");
    const files = readdirSync(root, { recursive: true, withFileTypes: true });
    this.#paths = files
      .filter(({ name }) => name.endsWith(".jsonl"))
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort();
  }

  /** A line to each of so many transcripts, others each time. */
  appendTo(files: number): void {
    const { expected } = this.#corpus;
    for (let i = 0; i < files; i++) {
      const line = `${JSON.stringify(response(this.#responses))}\n`;
      // Steps through the transcripts and comes by each of them: the step shares no factor with most counts.
      appendFileSync(this.#paths[(this.#responses * 7919) % this.#paths.length]!, line);
      this.#responses++;
      addResponse(expected, MODEL, MONTH, USAGE, 0);
      expected.records++;
      expected.bytes += line.length;
    }
  }
}

function response(number: number): object {
  const hex = number.toString(16).padStart(12, "0");
  return {
    type: "assistant",
    uuid: `90000000-0000-4000-8000-${hex}`,
    timestamp: new Date(Date.UTC(2026, 10, 21) + number * 1000).toISOString(),
    requestId: `req_grown${hex}`,
    message: {
      id: `msg_grown${hex}`,
      role: "assistant",
      model: MODEL,
      content: [],
      stop_reason: "end_turn",
      usage: usageOf(USAGE),
    },
  };
}

function usageOf({ input, output, cache5m, cache1h, cacheRead }: Usage): object {
  return {
    input_tokens: input,
    output_tokens: output,
    cache_creation_input_tokens: cache5m + cache1h,
    cache_creation: { ephemeral_5m_input_tokens: cache5m, ephemeral_1h_input_tokens: cache1h },
    cache_read_input_tokens: cacheRead,
  };
}
