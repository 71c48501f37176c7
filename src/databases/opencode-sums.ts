/** What the messages of a database add up to, against what OpenCode adds up itself (`docs/decisions/0014`). */
import { isObject } from "../json.ts";
import { countsIn } from "../sources/opencode-newer.ts";
import type { Tables } from "./sqlite.ts";

/** In the order of `countsIn`. */
const TOTALS = [
  "tokens_input",
  "tokens_output",
  "tokens_reasoning",
  "tokens_cache_read",
  "tokens_cache_write",
] as const;

/** Tokens by session, each kind by itself. */
export class TokenSums {
  readonly #bySession = new Map<string, number[]>();

  add(session: string, tokens: unknown): void {
    if (!isObject(tokens)) return;
    const sums = this.#bySession.get(session) ?? TOTALS.map(() => 0);
    for (const [i, count] of countsIn(tokens).entries()) sums[i] = (sums[i] as number) + asCount(count);
    this.#bySession.set(session, sums);
  }

  /** Tokens that totals of sessions hold and no message tells of: of titles, of attempts that failed, of what was undone. */
  untold(tables: Tables): number {
    const told = new Set<string>();
    let untold = 0;
    // Version 1 has totals too, since May 2026; what the table of version 2 says of a session is newer.
    for (const table of ["session_v2", "session"]) {
      const columns = tables.columnsOf(table);
      if (!["id", ...TOTALS].every((name) => columns.has(name))) continue;
      for (const session of tables.rows(`SELECT id, ${TOTALS.join(", ")} FROM ${table}`)) {
        const id = String(session["id"]);
        if (told.has(id)) continue;
        told.add(id);
        const sums = this.#bySession.get(id);
        for (const [i, name] of TOTALS.entries()) {
          untold += Math.max(0, asCount(Number(session[name])) - (sums?.[i] ?? 0));
        }
      }
    }
    return untold;
  }
}

function asCount(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
