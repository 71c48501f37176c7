/** OpenCode moved its messages from files into a database and left the files: what the database holds, files only repeat. */
import { FLAG, NO_USAGE } from "../events.ts";
import type { CountMode } from "./groups.ts";
import type { Places } from "./places.ts";
import type { EventTable } from "./table.ts";

export function settleOpenCode(table: EventTable, { transcripts }: Places, count: CountMode): void {
  const { event, record, transcript, length } = table;
  if (count === "records") return;
  const eventsOf = function* (isStored: boolean) {
    for (const [t, { source, content }] of transcripts.entries()) {
      if (source !== "opencode" || (content !== undefined) !== isStored) continue;
      const to = transcript.firstEvent[t + 1] ?? length;
      for (let i = transcript.firstEvent[t] as number; i < to; i++) {
        if ((event.flags[i] as number) & FLAG.responseId) yield i;
      }
    }
  };
  const keyOf = (i: number) => `${event.responseLow[i]} ${event.responseHigh[i]}`;
  const stored = new Set(Array.from(eventsOf(true), keyOf));
  if (stored.size === 0) return;
  for (const i of eventsOf(false)) {
    if (!stored.has(keyOf(i))) continue;
    event.flags[i] = (event.flags[i] as number) & ~FLAG.usage;
    event.usage[i] = NO_USAGE;
    event.model[i] = event.toolUses[i] = 0;
    const to = event.lastRecord[i] as number;
    for (let r = event.firstRecord[i] as number; r <= to; r++) if (record.event[r] === i) record.toolUses[r] = 0;
  }
}
