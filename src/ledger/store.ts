/** The ledger file: read, set aside when damaged, written whole and under a lock. */
import { readFileSync, renameSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ScanError } from "../errors.ts";
import { isReplaceable, notRegular, writeAtomic } from "../files/atomic.ts";
import { makeFolder } from "../files/folder.ts";
import { addsUp, hasSoundSessions, SCHEMA_VERSION, versionOf } from "./check.ts";
import type { Ledger } from "./types.ts";

export type ReadLedger =
  | { readonly kind: "whole"; readonly ledger: Ledger }
  | { readonly kind: "absent" }
  /** `reason` in a few words. With a `ledger` its sessions are sound, and nothing else of it. */
  | { readonly kind: "damaged"; readonly reason: string; readonly ledger?: Ledger };

/**
 * `isForSessions`: whoever asks takes only its sessions and builds all else anew, which is not looked at then.
 * Throws a `ScanError` when it cannot be read, or a newer tokensift wrote it.
 */
export function readLedger(path: string, isForSessions = false): ReadLedger {
  // Neither read, which may take for ever, nor set aside.
  if (!isReplaceable(path)) throw notRegular("--ledger", path, "give another file");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return { kind: "absent" };
    throw new ScanError("INVALID_OPTION", `--ledger: ${path} cannot be read (${code}; give another file)`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "damaged", reason: "it is not JSON" };
  }
  const version = versionOf(value);
  if (version !== undefined && version > SCHEMA_VERSION) {
    throw new ScanError(
      "INVALID_OPTION",
      `--ledger: ${path} is of schema version ${version} (update tokensift or give another file)`,
    );
  }
  if (!hasSoundSessions(value)) return { kind: "damaged", reason: "it is JSON, but no ledger" };
  if (isForSessions || addsUp(value)) return { kind: "whole", ledger: value };
  return { kind: "damaged", reason: "its tasks are not what its sessions add up to", ledger: value };
}

/** Puts a damaged file out of the way. Returns where it is now. Only under the lock. */
export function setAside(path: string, nowMs: number): string {
  const aside = `${path}.corrupt-${new Date(nowMs).toISOString().replaceAll(":", "-")}`;
  renameSync(path, aside);
  return aside;
}

export function writeLedger(path: string, ledger: Ledger): void {
  writeAtomic("--ledger", path, `${JSON.stringify(ledger, undefined, 2)}\n`, "owner");
}

/** A process that holds a lock tells so this often; one that has not for so long is dead. */
const LOCK = { stale: 10_000, update: 2_000 } as const;
/** Locks are held for milliseconds. */
const PATIENCE = { retries: 120, factor: 1.2, minTimeout: 10, maxTimeout: 200, randomize: true } as const;

/** Does `work` while nobody else changes the ledger. Rejects with a `ScanError` when it cannot be locked. */
export async function withLock<T>(path: string, work: () => T | Promise<T>, flag = "--ledger"): Promise<T> {
  const file = resolve(path);
  const { lock } = await import("proper-lockfile");
  let isLost = false;
  let release: () => Promise<void>;
  try {
    makeFolder(dirname(file));
    release = await lock(file, { ...LOCK, realpath: false, retries: PATIENCE, onCompromised: () => (isLost = true) });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const what =
      code === "ELOCKED"
        ? "is locked by another run (wait for it to end)"
        : `cannot be locked (${code}; give another file)`;
    throw new ScanError("OUTPUT_FAILED", `${flag}: ${path} ${what}`, { cause });
  }
  try {
    return await work();
  } finally {
    // Lost: somebody took this process for dead, and what is locked now is theirs.
    if (!isLost) await release().catch(() => {});
  }
}
