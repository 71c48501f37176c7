/**
 * Readings of a running total that follow each other in one range. Half of them repeat the one before, and of most
 * nobody will ask what their last request used: what the tally would find out anyway is not kept.
 */
import { type AMOUNTS, FLAG } from "./events.ts";
import type { RecordDraft } from "./record-draft.ts";

/** Behind these the next reading may belong to another chain, or go on from elsewhere. */
const BREAKS = FLAG.reviewStart | FLAG.reviewEnd | FLAG.onlyLast;

export class LastReading {
  #isKnown = false;
  readonly #total: Record<keyof typeof AMOUNTS, number> = {
    input: 0,
    output: 0,
    reasoning: 0,
    cacheCreation5m: 0,
    cacheCreation1h: 0,
    cacheRead: 0,
    webSearches: 0,
  };

  forget(): void {
    this.#isKnown = false;
  }

  /**
   * Whether a record that stands alone is a reading that repeats the one before, so that it tells nothing but its time.
   * Takes what its last request used from one whose total did not fall: it adds the difference.
   */
  isRepeat(draft: RecordDraft): boolean {
    if ((draft.flags & FLAG.reading) === 0) {
      if ((draft.flags & BREAKS) !== 0) this.#isKnown = false;
      return false;
    }
    const { usage } = draft;
    const before = this.#total;
    let isSame = this.#isKnown;
    let fell = !this.#isKnown;
    for (const name of PARTS) {
      if (usage[name] !== before[name]) isSame = false;
      if (usage[name] < before[name]) fell = true;
      before[name] = usage[name];
    }
    this.#isKnown = true;
    if (!fell) draft.extras = NO_EXTRAS;
    return isSame && draft.timeMs === draft.timeMs;
  }
}

const PARTS = ["input", "output", "reasoning", "cacheCreation5m", "cacheRead", "webSearches"] as const;
const NO_EXTRAS: RecordDraft["extras"] = [];
