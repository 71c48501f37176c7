/**
 * One line that says how far a scan is. Forty lines of our own: a progress library brings timers and a cursor that
 * has to be given back, where one line, written again after a shard at most every 100 ms, is all there is to show.
 */
import type { Settings } from "../../config/settings.ts";
import type { Environment } from "../../environment.ts";
import { catchInterrupts } from "../../files/interrupts.ts";
import type { Progress } from "../../options.ts";
import { bytesText } from "../../report/numbers.ts";
import { showsProgress } from "./look.ts";
import { writeStderr } from "./streams.ts";

const PATIENCE_MS = 500;
const BETWEEN_LINES_MS = 100;
const CLEAR_LINE = "\r\x1B[K";
const BAR_WIDTH = 20;

/**
 * Says how far a long reading is, and leaves the terminal as it was, also on Ctrl-C. Who prints before it is over calls
 * `endProgress` first.
 */
export async function withProgressLine<T>(
  { progress: flag, quiet = false }: Pick<Settings, "progress" | "quiet">,
  { variables }: Environment,
  work: (onProgress: (progress: Progress) => void, endProgress: () => void) => Promise<T>,
): Promise<T> {
  const line = new ProgressLine(() => showsProgress(flag, quiet, variables));
  let release: (() => void) | undefined;
  try {
    const onProgress = (progress: Progress) => {
      release ??= catchInterrupts(() => line.clear());
      line.update(progress);
      if (progress.bytesDone >= progress.bytesTotal) release();
    };
    return await work(onProgress, () => line.clear());
  } finally {
    release?.();
    line.clear();
  }
}

export class ProgressLine {
  readonly #startedMs = Date.now();
  #writtenMs = 0;
  /** Asked once the scan has taken longer than anybody waits without a word. */
  readonly #isWanted: () => boolean;
  #isShown: boolean | undefined;

  constructor(isWanted: () => boolean) {
    this.#isWanted = isWanted;
  }

  update(progress: Progress): void {
    const nowMs = Date.now();
    const takenMs = nowMs - this.#startedMs;
    if (takenMs < PATIENCE_MS || nowMs - this.#writtenMs < BETWEEN_LINES_MS) return;
    this.#isShown ??= this.#isWanted();
    if (!this.#isShown) return;
    this.#writtenMs = nowMs;
    writeStderr(CLEAR_LINE + progressText(progress, takenMs, process.stderr.columns));
  }

  /** Leaves the terminal as it was. */
  clear(): void {
    if (this.#writtenMs > 0) writeStderr(CLEAR_LINE);
    this.#writtenMs = 0;
    this.#isShown = false;
  }
}

/** A line that is too long would stay: only its last part could be cleared. */
function progressText({ bytesDone, bytesTotal }: Progress, takenMs: number, width: number): string {
  const share = bytesTotal === 0 ? 1 : Math.min(1, bytesDone / bytesTotal);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = "━".repeat(filled) + "╌".repeat(BAR_WIDTH - filled);
  const bytesPerSecond = (bytesDone / takenMs) * 1000;
  const leftSeconds = Math.ceil((bytesTotal - bytesDone) / Math.max(1, bytesPerSecond));
  const speed = `${Math.round(bytesPerSecond / 1e6)} MB/s`;
  const text = `${bar} ${bytesText(bytesDone)} of ${bytesText(bytesTotal)}, ${speed}, ${timeText(leftSeconds)} left`;
  return text.length < width ? text : `${Math.floor(share * 100)} %`;
}

function timeText(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
