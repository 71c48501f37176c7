/** Which model wrote the summaries of Pi's sessions: they name none (`docs/decisions/0015`). */
import { FLAG } from "../events.ts";
import { UNKNOWN_MODEL } from "./keys.ts";
import type { Places } from "./places.ts";
import type { EventTable } from "./table.ts";

/** Gives each summary the model in force: the one last changed to, or of the last answer. */
export function settlePi({ event, transcript, texts, length }: EventTable, { transcripts }: Places): void {
  for (const [t, { source }] of transcripts.entries()) {
    if (source !== "pi") continue;
    let model = 0;
    const to = transcript.firstEvent[t + 1] ?? length;
    for (let i = transcript.firstEvent[t] as number; i < to; i++) {
      const flags = event.flags[i] as number;
      if (flags & FLAG.turn) {
        model = event.model[i] as number;
        event.model[i] = 0;
      } else if (flags & FLAG.usage) {
        if (event.model[i] === 0) event.model[i] = model;
        else if (texts[event.model[i] as number] !== UNKNOWN_MODEL) model = event.model[i] as number;
      }
    }
  }
}
