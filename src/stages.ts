/** The global `performance` loads a dozen modules of Node when it is first asked for: 2 ms. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Where the time of a scan went, in wall milliseconds. */
export class Stages {
  readonly ms = { discover: 0, load: 0, scan: 0, merge: 0, save: 0, tally: 0 };
  readonly #startedMs = nowMs();
  #lastMs = this.#startedMs;

  end(stage: keyof Stages["ms"]): void {
    const endMs = nowMs();
    this.ms[stage] += endMs - this.#lastMs;
    this.#lastMs = endMs;
  }

  get totalMs(): number {
    return nowMs() - this.#startedMs;
  }
}
