/** What a right answer says about a corpus; kept beside it as `expected.json`. */
export interface Sums {
  inputTokens: number;
  outputTokens: number;
  cacheCreationTokens: number;
  cacheCreation5mTokens: number;
  cacheCreation1hTokens: number;
  cacheReadTokens: number;
  totalTokens: number;
  responses: number;
  toolUses: number;
}

export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cache5m: number;
  readonly cache1h: number;
  readonly cacheRead: number;
}

export interface Expected {
  readonly generator: string;
  readonly shape: string;
  readonly seed: number;
  readonly totals: Sums;
  readonly models: Record<string, Sums>;
  /** By UTC month, `2026-01`. */
  readonly months: Record<string, Sums>;
  /** Lines; each is one JSON object. */
  records: number;
  bytes: number;
  /** Transcripts. */
  files: number;
}

const emptySums = (): Sums => ({
  inputTokens: 0,
  outputTokens: 0,
  cacheCreationTokens: 0,
  cacheCreation5mTokens: 0,
  cacheCreation1hTokens: 0,
  cacheReadTokens: 0,
  totalTokens: 0,
  responses: 0,
  toolUses: 0,
});

export function createExpected(generator: string, shape: string, seed: number): Expected {
  return { generator, shape, seed, totals: emptySums(), models: {}, months: {}, records: 0, bytes: 0, files: 0 };
}

/** Counts one response. Copies of it elsewhere in the corpus must not come here. */
export function addResponse(expected: Expected, model: string, month: string, usage: Usage, toolUses: number): void {
  expected.models[model] ??= emptySums();
  expected.months[month] ??= emptySums();
  for (const sums of [expected.totals, expected.models[model], expected.months[month]]) {
    sums.inputTokens += usage.input;
    sums.outputTokens += usage.output;
    sums.cacheCreationTokens += usage.cache5m + usage.cache1h;
    sums.cacheCreation5mTokens += usage.cache5m;
    sums.cacheCreation1hTokens += usage.cache1h;
    sums.cacheReadTokens += usage.cacheRead;
    sums.totalTokens += usage.input + usage.output + usage.cache5m + usage.cache1h + usage.cacheRead;
    sums.responses += 1;
    sums.toolUses += toolUses;
  }
}
