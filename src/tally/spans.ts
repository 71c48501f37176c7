/** First and last time of each session, in all and by row. */
import type { Places } from "./places.ts";
import type { Sums } from "./figures.ts";
import type { TallyMemory } from "./memory.ts";

const SPAN = { firstMs: Float64Array, lastMs: Float64Array, row: Uint32Array, session: Uint32Array } as const;
const SESSION = { firstMs: Float64Array, lastMs: Float64Array } as const;
const ROW_SPAN = { ...SESSION, durationMs: Float64Array } as const;

export class Spans {
  readonly #memory: TallyMemory;
  readonly #sessions;

  /** At most `most` will be added. */
  constructor(memory: TallyMemory, { sessions, sessionOf }: Places, most: number) {
    this.#memory = memory;
    this.#sessions = memory.columns(SESSION, sessions.length);
    memory.bind("session", this.#sessions);
    memory.bind("span", memory.columns(SPAN, most));
    memory.bind("transcript", { session: sessionOf });
    const places = memory.places(most);
    memory.native.beginSpans(places.byteOffset, places.length - 1, sessions.length);
  }

  /** Without a row where `row` is negative. */
  add(row: number, session: number, firstMs: number, lastMs: number): void {
    this.#memory.native.addSpan(row, session, firstMs, lastMs);
  }

  /** Tells each of `rows` rows about its sessions, and `all` about all of them. */
  addTo(rows: number, sumsOf: (row: number) => Sums, all: Sums): void {
    const ofRow = this.#memory.columns(ROW_SPAN, rows);
    this.#memory.bind("rowSpan", ofRow);
    this.#memory.native.addSpansUp(rows);
    for (let row = 0; row < rows; row++) {
      const [firstMs, lastMs] = [ofRow.firstMs[row] as number, ofRow.lastMs[row] as number];
      if (firstMs <= lastMs) sumsOf(row).addSpan(firstMs, lastMs, ofRow.durationMs[row]);
    }
    const { firstMs, lastMs } = this.#sessions;
    for (let session = 0; session < firstMs.length; session++) {
      const [first, last] = [firstMs[session] as number, lastMs[session] as number];
      if (first <= last) all.addSpan(first, last, last - first);
    }
  }
}
