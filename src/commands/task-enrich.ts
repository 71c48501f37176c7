/** `tokensift tasks enrich`: token_usage into the timers file. */
import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { ScanError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { type Enriched, enrichText } from "../ledger/enrich.ts";
import { withLock } from "../ledger/store.ts";
import { readTimersText } from "../ledger/timers.ts";
import { counted } from "../report/numbers.ts";
import { printable } from "../report/printable.ts";
import { currentLedger } from "./task-ledger.ts";
import { isJson, type TaskRun, writeJson } from "./task-run.ts";
import { sayLines } from "./terminal/streams.ts";

export async function enrichTimers(run: TaskRun): Promise<number> {
  const { timersPath } = run;
  const { ledger, exitCode } = await currentLedger(run);
  const { entries, stale } = await enrichFile(timersPath, ledger.tasks);
  if (stale.length > 0 && !run.settings.quiet) sayLines([staleLine(timersPath, stale)]);
  if (isJson(run)) await writeJson({ timers: timersPath, entries });
  else if (!run.settings.quiet) sayLines([`${timersPath}: ${counted(entries, "timer")} with token_usage`]);
  return exitCode;
}

function staleLine(timersPath: string, [first = "", ...others]: readonly string[]): string {
  const more = others.length > 0 ? ` and ${counted(others.length, "other task")}` : "";
  return `${timersPath}: the ledger has no session of ${printable(first)}${more}; the token_usage there is from before, and stays as it is (it may count elsewhere now)`;
}

/** What was written, or stood there already. Rejects with a `ScanError`. */
export async function enrichFile(timersPath: string, tasks: Parameters<typeof enrichText>[2]): Promise<Enriched> {
  // Whoever writes the file takes no lock of ours: what changed while it was enriched is enriched again, once.
  const enrich = () => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const before = stampOf(timersPath);
      const text = readTimersText(timersPath, true) as string;
      const enriched = enrichText(text, timersPath, tasks);
      if (enriched.text === text) return enriched;
      // Read as text, other bytes are not what they were.
      if (!isUtf8(readFileSync(timersPath))) {
        throw new ScanError(
          "OUTPUT_FAILED",
          `--timers: ${timersPath} is not UTF-8 (give it as that; nothing was written)`,
        );
      }
      if (stampOf(timersPath) !== before) continue;
      writeAtomic("--timers", timersPath, enriched.text, "owner");
      return enriched;
    }
    throw new ScanError("OUTPUT_FAILED", `--timers: ${timersPath} is being changed by somebody else (try again)`);
  };
  return withLock(timersPath, enrich, "--timers");
}

function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs}` : "";
}
