/** Keeps the last snapshot, and a thread that makes the next one. Whoever asks gets what is there. */
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Page, Pages, Reply, Request } from "./messages.ts";
import type { Subject, UsageQuery } from "./snapshot.ts";

/** At most so often is anything looked at. */
const BETWEEN_LOOKS_MS = 1000;
/** While nobody asks. */
const BETWEEN_IDLE_LOOKS_MS = 10_000;
const IDLE_AFTER_MS = 60_000;
/** An answer may be of a snapshot before the last one for so long; then whoever asks waits for another. */
const MOST_STALE_MS = 5000;
/** How long an answer waits for durations as of now, while the thread scans: then they are as of the last time. */
const MOST_RETIMING_MS = 250;
/** A thread that stopped is started again after a second, then after twice as long each time. */
const LEAST_PAUSE_MS = 1000;
const MOST_PAUSE_MS = 60_000;
/** Answers to different questions that are kept. */
const MOST_QUERIES = 64;
/** Questions that may wait for the thread: more than it will answer before they are given up. */
const MOST_WAITING = 64;

interface KeptUsage {
  page: Page | undefined;
  /** The snapshot that it is of. */
  at: string;
  workedMs: number;
  /** When it was last known to be of the last snapshot. */
  freshMs: number;
  pending: Promise<Page> | undefined;
}

/** The code of what fails because the thread stopped. */
const STOPPED = "STOPPED";

/** A question that the thread could not answer. */
export class UsageFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export class Refresher {
  readonly #subject: Subject;
  /** Undefined: it stopped, and the next look starts another one. */
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #usages = new Map<string, KeptUsage>();
  readonly #onFailure: (message: string) => void;
  #nextId = 0;
  #current: Pages | undefined;
  #retiming: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lookedMs = -Infinity;
  #stoppedMs = -Infinity;
  #pauseMs = 0;
  #askedMs = Date.now();
  #isLooking = false;
  #isClosed = false;
  #failure: string | undefined;
  #said: string | undefined;

  /** `onFailure` is told in one sentence why a refresh failed; the last snapshot stays. */
  constructor(subject: Subject, onFailure: (message: string) => void) {
    this.#onFailure = onFailure;
    this.#subject = subject;
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL("../workers/snapshot.js", import.meta.url), { workerData: this.#subject });
    worker.on("message", (reply: Reply) => {
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
    let reason = "it ended";
    worker.on("error", (error) => (reason = error.message));
    worker.on("exit", () => {
      if (this.#isClosed) return;
      this.#worker = undefined;
      this.#stoppedMs = Date.now();
      this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, LEAST_PAUSE_MS), MOST_PAUSE_MS);
      const message = `the thread that looks for changes stopped (${reason.split("\n", 1)[0]})`;
      for (const [id, resolve] of this.#waiting) resolve({ kind: "failed", id, code: STOPPED, message });
      this.#waiting.clear();
      if (!this.#current) return;
      // Nobody may have waited for it.
      this.#note({ code: STOPPED, message: `${message}; another one is started` });
      this.#schedule();
    });
    return worker;
  }

  /** The first snapshot. Rejects where there cannot be one. */
  async start(): Promise<void> {
    const reply = await this.#ask((id) => ({ kind: "refresh", id }));
    if (reply.kind === "failed") throw new UsageFailure(reply.code, reply.message);
    this.#take(reply);
    this.#lookedMs = Date.now();
    this.#schedule();
  }

  /** What is known now; a look at what has changed begins beside it. */
  get current(): Pages {
    this.#noteAsked();
    return this.#current as Pages;
  }

  /** The same with durations of what is running as of the last second. */
  async now(): Promise<Pages> {
    const { timedMs } = this.current;
    if (Date.now() - timedMs > BETWEEN_LOOKS_MS && this.#worker) {
      this.#retiming ??= this.#ask((id) => ({ kind: "retime", id }))
        .then((reply) => this.#take(reply))
        .finally(() => (this.#retiming = undefined));
      const bound = new AbortController();
      const late = wait(MOST_RETIMING_MS, undefined, { signal: bound.signal, ref: false }).catch(() => {});
      await Promise.race([this.#retiming, late]);
      bound.abort();
    }
    return this.#current as Pages;
  }

  /** An answer for the last snapshot or, for a few seconds while that is being worked out, the one before. */
  async usage(query: UsageQuery): Promise<Page> {
    this.#noteAsked();
    const key = JSON.stringify(query);
    let kept = this.#usages.get(key);
    if (!kept) this.#usages.set(key, (kept = { page: undefined, at: "", workedMs: 0, freshMs: 0, pending: undefined }));
    const { at } = this.#current as Pages;
    // `7d` moves with the clock too.
    const hasMoved = query.since !== undefined || query.until !== undefined;
    const isOld = kept.at !== at || (hasMoved && Date.now() - kept.workedMs > BETWEEN_IDLE_LOOKS_MS);
    // Forgotten in a later turn: one that is refused has failed before it stands here.
    if (isOld) kept.pending ??= this.#work(key, kept, query, at).finally(() => (kept.pending = undefined));
    if (!isOld) kept.freshMs = Date.now();
    if (kept.page && Date.now() - kept.freshMs <= MOST_STALE_MS) {
      kept.pending?.catch(() => {});
      return kept.page;
    }
    return kept.pending as Promise<Page>;
  }

  async #work(key: string, kept: KeptUsage, query: UsageQuery, at: string): Promise<Page> {
    try {
      if (!this.#worker) throw stopped();
      if (this.#waiting.size >= MOST_WAITING)
        throw new UsageFailure("BUSY", "too many different questions at once (ask again)");
      const reply = await this.#ask((id) => ({ kind: "usage", id, query }));
      if (reply.kind === "failed")
        throw reply.code === STOPPED ? stopped() : new UsageFailure(reply.code, reply.message);
      if (reply.kind !== "page") throw new UsageFailure("INTERNAL", "");
      kept.page = reply.page;
      kept.at = at;
      kept.workedMs = kept.freshMs = Date.now();
      for (const old of this.#usages.keys()) {
        if (this.#usages.size <= MOST_QUERIES) break;
        if (old !== key) this.#usages.delete(old);
      }
      return reply.page;
    } catch (error) {
      if (!kept.page) this.#usages.delete(key);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#worker?.terminate();
  }

  #noteAsked(): void {
    const wasIdle = Date.now() - this.#askedMs > IDLE_AFTER_MS;
    this.#askedMs = Date.now();
    if (wasIdle) this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const isIdle = Date.now() - this.#askedMs > IDLE_AFTER_MS;
    const dueMs = this.#lookedMs + (isIdle ? BETWEEN_IDLE_LOOKS_MS : BETWEEN_LOOKS_MS);
    const againMs = this.#stoppedMs + this.#pauseMs;
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, dueMs - Date.now(), againMs - Date.now()));
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#lookedMs = Date.now();
    const reply = await this.#ask((id) => ({ kind: "refresh", id }));
    this.#isLooking = false;
    // Was said when it stopped.
    if (reply.kind === "failed" && reply.code === STOPPED) return;
    this.#pauseMs = 0;
    this.#note(reply.kind === "failed" ? reply : undefined);
    this.#take(reply);
    this.#schedule();
  }

  /** Each failure is said once, however often it comes again. */
  #note(failed: { readonly code: string; readonly message: string } | undefined): void {
    if (failed && failed.message !== this.#said) this.#onFailure(failed.message);
    this.#said = failed?.message;
    this.#failure = failed?.code;
  }

  /** Why the last look failed, so that answers may be old; undefined: it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  #take(reply: Reply): void {
    if (reply.kind !== "snapshot" && reply.kind !== "retimed") return;
    const { at, timedMs, pages, byTask } = reply;
    this.#current = { at, timedMs, pages, byTask };
  }

  async #ask(make: (id: number) => Request): Promise<Reply> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      // A thread of Node, which has no origin.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      (this.#worker ??= this.#startWorker()).postMessage(make(id));
    });
  }
}

/** Why is told to nobody who asks: it may name files. */
function stopped(): UsageFailure {
  return new UsageFailure(STOPPED, "the thread that answers stopped and is started again (ask again)");
}
