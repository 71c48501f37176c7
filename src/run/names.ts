/** Which worker an agent's name is of. */
import type { Worker } from "./team-state.ts";

/** Of a second or third dispatch: `-002`, `-reverify-r1`. */
const DISPATCH_SUFFIX = /^(?:-[a-z0-9]+)+$/;

/**
 * The number of the worker with this agent name, or undefined. An exact id comes first, then the longest of
 * `<id>-worker`, `<id>-executor` and `<id>` that the name is or begins with, then the order of the workers.
 */
export function workerNamed(agentName: string, workers: readonly Worker[]): number | undefined {
  const name = agentName.toLowerCase();
  const exact = workers.findIndex(({ workerId }) => workerId.toLowerCase() === name);
  if (exact >= 0) return exact;
  let best: number | undefined;
  let longest = 0;
  for (const [i, { workerId }] of workers.entries()) {
    const id = workerId.toLowerCase();
    for (const stem of [`${id}-worker`, `${id}-executor`, id]) {
      if (stem.length <= longest || !name.startsWith(stem)) continue;
      const rest = name.slice(stem.length);
      if (rest !== "" && !DISPATCH_SUFFIX.test(rest)) continue;
      best = i;
      longest = stem.length;
    }
  }
  return best;
}
