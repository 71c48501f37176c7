/** Which model wrote the summaries of Pi's sessions: they name none (`docs/decisions/0015`). */
import { FLAG } from "../events.ts";
import { UNKNOWN_MODEL } from "./keys.ts";
import type { Places } from "./places.ts";
import type { EventTable } from "./table.ts";

/** Gives each summary the model in force: the one last changed to, or of the last answer. */
export function settlePi(table: EventTable, { transcripts }: Places): void {
  for (const [t, { source }] of transcripts.entries()) if (source === "pi") settleSession(table, t);
}

function settleSession({ event, transcript, texts, length }: EventTable, t: number): void {
  /** By response. One that stands twice is told once or twice, as the file is cut: it is where it stands first. */
  const models = new Map<string, number>();
  let inForce = 0;
  const to = transcript.firstEvent[t + 1] ?? length;
  for (let i = transcript.firstEvent[t] as number; i < to; i++) {
    const flags = event.flags[i] as number;
    if (flags & FLAG.turn) {
      inForce = event.model[i] as number;
      event.model[i] = 0;
    } else if (flags & FLAG.usage) {
      const own = event.model[i] as number;
      const key = `${event.responseLow[i]} ${event.responseHigh[i]}`;
      const known = flags & FLAG.responseId ? models.get(key) : undefined;
      if (known !== undefined) {
        if (own === 0) event.model[i] = known;
        continue;
      }
      const model = own === 0 ? inForce : own;
      event.model[i] = model;
      models.set(key, model);
      if (own !== 0 && texts[own] !== UNKNOWN_MODEL) inForce = own;
    }
  }
}
