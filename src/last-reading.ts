/**
 * Readings of a running total that follow each other in one range. Half of them repeat the one before, and of most
 * nobody will ask what their last request used: what the tally would find out anyway is not kept.
 */
import { FLAG } from "./events.ts";
import type { RecordDraft } from "./record-draft.ts";

/** Behind these the next reading may belong to another chain, or go on from elsewhere. */
const BREAKS = FLAG.reviewStart | FLAG.reviewEnd | FLAG.onlyLast;

export class LastReading {
  #isKnown = false;
  #input = 0;
  #cacheRead = 0;
  #cacheCreation5m = 0;
  #output = 0;
  #reasoning = 0;
  #total = 0;

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
    // Part by part: a loop over their names takes ten times as long, for every reading.
    const { input, cacheRead, cacheCreation5m, output, reasoning, webSearches: total } = draft.usage;
    const isSame =
      this.#isKnown &&
      total === this.#total &&
      input === this.#input &&
      cacheRead === this.#cacheRead &&
      cacheCreation5m === this.#cacheCreation5m &&
      output === this.#output &&
      reasoning === this.#reasoning;
    const fell =
      !this.#isKnown ||
      total < this.#total ||
      input < this.#input ||
      cacheRead < this.#cacheRead ||
      cacheCreation5m < this.#cacheCreation5m ||
      output < this.#output ||
      reasoning < this.#reasoning;
    this.#isKnown = true;
    this.#input = input;
    this.#cacheRead = cacheRead;
    this.#cacheCreation5m = cacheCreation5m;
    this.#output = output;
    this.#reasoning = reasoning;
    this.#total = total;
    if (!fell) draft.extras = NO_EXTRAS;
    return isSame && draft.timeMs === draft.timeMs;
  }
}

const NO_EXTRAS: RecordDraft["extras"] = [];
