/** What a source may do with what it reads. */
import type { RecordDraft } from "./record-draft.ts";

/** Takes in records, in the order of the bytes; they are folded into events (`workers/event-columns.ts`). */
export interface EventWriter {
  /** The number of a text in this batch. */
  textNumber(text: string): number;
  /** The number of a context in this batch. */
  contextNumber(
    agentName: number,
    agentType: number,
    team: number,
    branch: number,
    version: number,
    otherTeam?: number,
    dispatches?: number,
  ): number;
  /** Takes in a record of the range. */
  add(draft: RecordDraft): void;
  /** Notes a text of the range, unless one is noted. */
  noteFirst(name: "sessionId" | "agentName" | "agentType" | "team", textNumber: number): void;
  /** Notes a working directory; the earliest stays. A time in ms UTC, NaN for none. */
  noteCwd(textNumber: number, timeMs: number): void;
  /** Whether contexts are to have dispatches. */
  readonly wantsDispatches: boolean;
  /** Whether what a user wrote is to be looked at: the first messages of the range are. */
  readonly wantsMessage: boolean;
  /** Notes a message by the tasks its text names. */
  noteMessage(text: string): void;
}
