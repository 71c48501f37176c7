/** Where the time of a scan went, in wall milliseconds. */
export class Stages {
  readonly ms = { discover: 0, load: 0, scan: 0, merge: 0, save: 0, tally: 0 };
  readonly #startedMs = performance.now();
  #lastMs = this.#startedMs;

  end(stage: keyof Stages["ms"]): void {
    const nowMs = performance.now();
    this.ms[stage] = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
  }

  get totalMs(): number {
    return performance.now() - this.#startedMs;
  }
}
