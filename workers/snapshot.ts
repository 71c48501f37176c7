/** The thread behind a server: looks whether anything has changed, scans, and answers with finished text. */
import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { thisEnvironment } from "../src/environment.ts";
import { ScanError } from "../src/errors.ts";
import { ESTIMATE } from "../src/ledger/cost.ts";
import type { SessionEntry } from "../src/ledger/types.ts";
import type { Page, Reply, Request } from "../src/server/messages.ts";
import { metricsText } from "../src/server/metrics.ts";
import {
  checkQuery,
  fingerprint,
  type Snapshot,
  type Subject,
  takeSnapshot,
  takeUsage,
} from "../src/server/snapshot.ts";

const subject = workerData as Subject;
let seen = "";
let known: ReadonlyMap<string, SessionEntry> = new Map();
/** The last snapshot as of another moment; undefined: it is the same at any. */
let snapshotAt: ((ms: number) => Snapshot) | undefined;

// One at a time: a snapshot and a usage would scan the same files at once.
let last: Promise<void> = Promise.resolve();
parentPort?.on("message", (request: Request) => {
  last = answer(request, last);
});

async function answer(request: Request, before: Promise<void>): Promise<void> {
  await before;
  const reply = await replyTo(request).catch((error: unknown): Reply => failure(request, error));
  // A thread of Node, which has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(reply);
}

async function replyTo(request: Request): Promise<Reply> {
  if (request.kind === "usage") {
    const { id } = request;
    const mistake = await checkQuery(request.query).then(
      () => undefined,
      (error: unknown) => failure(request, error),
    );
    if (mistake) return mistake;
    const usage = await takeUsage(subject, request.query).catch(() => undefined);
    // Why is told to nobody who asks: it may name files. The next look says it on stderr.
    if (!usage) return { kind: "failed", id, code: "INTERNAL", message: "" };
    return { kind: "page", id: request.id, page: pageOf({ note: note(), ...usage }) };
  }
  if (request.kind === "retime") {
    if (!snapshotAt) return { kind: "unchanged", id: request.id };
    const nowMs = Date.now();
    return { kind: "retimed", id: request.id, timedMs: nowMs, ...pagesOf(snapshotAt(nowMs)) };
  }
  const now = fingerprint(subject, thisEnvironment());
  if (now === seen) return { kind: "unchanged", id: request.id };
  const taken = await takeSnapshot(subject, known);
  known = taken.known;
  snapshotAt = taken.at;
  // Taken before: what changed while it was scanned is another change.
  seen = now;
  const timedMs = snapshotAt ? Date.parse(taken.snapshot.at) : Infinity;
  return { kind: "snapshot", id: request.id, timedMs, ...pagesOf(taken.snapshot) };
}

function failure({ id }: Request, error: unknown): Reply {
  if (error instanceof ScanError) return { kind: "failed", id, code: error.code, message: error.message };
  return { kind: "failed", id, code: "INTERNAL", message: "internal error" };
}

function note(): string {
  return `costs are an ${ESTIMATE}`;
}

/** Everything that can be asked for, as it is sent. */
function pagesOf({ at, ledger, anomalies, tasks, health }: Snapshot) {
  const byTask = Object.entries(ledger.tasks).map(
    ([task_id, task]) => [task_id, pageOf({ note: note(), task_id, ...task })] as const,
  );
  return {
    at,
    pages: {
      "token-usage": pageOf({ ...ledger, note: note() }),
      "token-anomaly": pageOf({ note: note(), ...anomalies }),
      tasks: pageOf({ note: note(), tasks }),
      health: pageOf({ status: "ok", at, ...health }),
      metrics: pageOf(metricsText(ledger, anomalies, health)),
    },
    byTask: new Map(byTask),
  };
}

function pageOf(content: object | string): Page {
  const body = typeof content === "string" ? content : JSON.stringify(content);
  return { body, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"` };
}
