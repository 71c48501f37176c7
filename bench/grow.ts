import { appendFileSync, cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Corpus, ensureCorpus, type Shape } from "./corpus.ts";
import type { Sums } from "./corpus/sums.ts";
import { BENCH } from "./folder.ts";

const MODEL = "claude-grown-1";
const MONTH = "2026-11";
const USAGE = {
  input_tokens: 7,
  output_tokens: 11,
  cache_creation_input_tokens: 13,
  cache_creation: { ephemeral_5m_input_tokens: 13, ephemeral_1h_input_tokens: 0 },
  cache_read_input_tokens: 17,
} as const;

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
    const model = (expected.models[MODEL] ??= noSums());
    const month = (expected.months[MONTH] ??= noSums());
    for (let i = 0; i < files; i++) {
      const line = `${JSON.stringify(response(this.#responses))}\n`;
      // Steps through the transcripts and comes by each of them: the step shares no factor with most counts.
      appendFileSync(this.#paths[(this.#responses * 7919) % this.#paths.length]!, line);
      this.#responses++;
      for (const sums of [expected.totals, model, month]) addResponse(sums);
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
      usage: USAGE,
    },
  };
}

function noSums(): Sums {
  return {
    inputTokens: 0,
    outputTokens: 0,
    cacheCreationTokens: 0,
    cacheCreation5mTokens: 0,
    cacheCreation1hTokens: 0,
    cacheReadTokens: 0,
    totalTokens: 0,
    responses: 0,
    toolUses: 0,
  };
}

function addResponse(sums: Sums): void {
  sums.inputTokens += USAGE.input_tokens;
  sums.outputTokens += USAGE.output_tokens;
  sums.cacheCreationTokens += USAGE.cache_creation_input_tokens;
  sums.cacheCreation5mTokens += USAGE.cache_creation_input_tokens;
  sums.cacheReadTokens += USAGE.cache_read_input_tokens;
  sums.totalTokens +=
    USAGE.input_tokens + USAGE.output_tokens + USAGE.cache_creation_input_tokens + USAGE.cache_read_input_tokens;
  sums.responses += 1;
}
