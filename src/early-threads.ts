import { defaultThreads } from "./options.ts";
import type { ScanLimits } from "./plan.ts";
import type { StartedThreads } from "./pool.ts";

/** Starts threads while transcripts are still being looked for, where all of them will be read. */
export class EarlyThreads {
  readonly #start: (threads: number) => StartedThreads;
  readonly #threads: number | undefined;
  #bytes = 0;
  #files = 0;
  #hasTried = false;
  started: StartedThreads | undefined;

  /** `threads`: how many the user wants, at least 1; undefined: as many as pay. */
  static async for(threads: number | undefined, limits: ScanLimits): Promise<EarlyThreads> {
    const { startThreads } = await import("./pool.ts");
    return new EarlyThreads(threads, (count) => startThreads(count, limits));
  }

  private constructor(threads: number | undefined, start: (threads: number) => StartedThreads) {
    this.#threads = threads;
    this.#start = start;
  }

  /** One more file was found. Never throws: whoever looks for files would take that for a folder that cannot be read. */
  found(sizeBytes: number): void {
    if (this.#hasTried) return;
    this.#bytes += sizeBytes;
    this.#files++;
    // Whether they pay is known before all is: it only becomes more.
    const paying = defaultThreads(this.#bytes, this.#files);
    if (paying === 0) return;
    this.#hasTried = true;
    try {
      this.started = this.#start(this.#threads ?? paying);
    } catch {
      // It may not be needed after all. If it is, it is tried again then, and said.
    }
  }
}

/** Does what comes before anything is read; where that fails, nobody needs the threads. */
export async function orStop<T>(early: EarlyThreads | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    early?.started?.stop();
    throw error;
  }
}
