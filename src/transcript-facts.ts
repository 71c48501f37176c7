/** What is known of transcripts as a whole, put together from what their ranges say. */
import { type BatchColumns, type Columns, FACTS, MESSAGE_TASKS, MESSAGES_READ, MIXED_PATTERNS } from "./events.ts";
import type { TextNumbers } from "./text-numbers.ts";

/** What is known of each transcript, and where its elements begin. */
export const TRANSCRIPT = {
  firstEvent: Uint32Array,
  firstRecord: Uint32Array,
  firstUsage: Uint32Array,
  firstExtra: Uint32Array,
  ...FACTS,
} as const;

/** What adds up over the parts of a transcript. */
export const SUMS = ["lines", "records", "usageRecords", "malformed", "oversized"] as const;
/** Of which the first one found stays. */
export const FIRSTS = ["sessionId", "agentName", "agentType", "team"] as const;

/** Columns of messages that number texts. */
export const MESSAGE_TEXTS = ["taskPattern", ...MESSAGE_TASKS] as const;

/** Ranges [from, to) of a batch, and what is added to the numbers of their transcripts. */
interface Ranges {
  readonly from: number;
  readonly to: number;
  readonly by: number;
}

/**
 * Adds what ranges say of their transcripts. Column by column: as a loop over the names for each range it took V8 longer
 * to compile than 20,000 ranges to add. `texts` are the batch's text numbers in `all`. Lines are not added: the merge
 * counts them as it goes, to number those that were skipped.
 */
export function addFacts(
  transcript: Columns<typeof TRANSCRIPT>,
  facts: BatchColumns["range"],
  ranges: Ranges,
  texts: Uint32Array,
  all: TextNumbers,
): void {
  for (const name of SUMS) if (name !== "lines") addSums(transcript[name], facts[name], facts.transcript, ranges);
  for (const name of FIRSTS) addFirsts(transcript[name], facts[name], facts.transcript, ranges, texts);
  addEarliest(transcript.cwd, transcript.cwdTimeMs, facts, ranges, texts);
  for (let range = ranges.from; range < ranges.to; range++) {
    if (facts.messages[range] !== 0)
      addMessages(transcript, facts, range, (facts.transcript[range] as number) + ranges.by, texts, all);
  }
}

/** The first messages of a transcript are those of its first ranges. */
function addMessages(
  to: Columns<typeof TRANSCRIPT>,
  from: BatchColumns["range"],
  i: number,
  t: number,
  texts: Uint32Array,
  all: TextNumbers,
): void {
  const had = to.messages[t] as number;
  if (had === MESSAGES_READ) return;
  const has = Math.min(MESSAGES_READ, had + (from.messages[i] as number));
  for (let message = had; message < has; message++) {
    const source = from[MESSAGE_TASKS[message - had] as (typeof MESSAGE_TASKS)[number]];
    to[MESSAGE_TASKS[message] as (typeof MESSAGE_TASKS)[number]][t] = texts[source[i] as number] as number;
  }
  to.messages[t] = has;
  to.messagesEnd[t] = from.messagesEnd[i] as number;
  const pattern = texts[from.taskPattern[i] as number] as number;
  to.taskPattern[t] = had === 0 || to.taskPattern[t] === pattern ? pattern : all.number(MIXED_PATTERNS);
}

function addSums(to: Uint32Array, from: Uint32Array, transcripts: Uint32Array, ranges: Ranges): void {
  for (let i = ranges.from; i < ranges.to; i++) {
    const t = (transcripts[i] as number) + ranges.by;
    to[t] = (to[t] as number) + (from[i] as number);
  }
}

function addFirsts(
  to: Uint32Array,
  from: Uint32Array,
  transcripts: Uint32Array,
  ranges: Ranges,
  texts: Uint32Array,
): void {
  for (let i = ranges.from; i < ranges.to; i++) {
    const t = (transcripts[i] as number) + ranges.by;
    if (to[t] === 0) to[t] = texts[from[i] as number] as number;
  }
}

/** The working directory with the earliest time. */
function addEarliest(
  cwd: Uint32Array,
  cwdTimeMs: Float64Array,
  from: BatchColumns["range"],
  ranges: Ranges,
  texts: Uint32Array,
): void {
  for (let i = ranges.from; i < ranges.to; i++) {
    const t = (from.transcript[i] as number) + ranges.by;
    const number = from.cwd[i] as number;
    const timeMs = from.cwdTimeMs[i] as number;
    if (number === 0 || (cwd[t] !== 0 && timeMs >= (cwdTimeMs[t] as number))) continue;
    cwd[t] = texts[number] as number;
    cwdTimeMs[t] = timeMs;
  }
}
