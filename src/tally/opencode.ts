/**
 * Which of several messages of OpenCode count (`docs/decisions/0012`). It moved them from files into a database and left the
 * files; and a fork of a session holds copies of its messages, under ids of their own.
 */
import { FLAG, NO_USAGE, USAGE } from "../events.ts";
import type { CountMode } from "./groups.ts";
import type { Places } from "./places.ts";
import type { EventTable } from "./table.ts";

export function settleOpenCode(table: EventTable, places: Places, count: CountMode): void {
  if (count === "records") return;
  const stored = eventsOf(table, places, true);
  const inFiles = eventsOf(table, places, false);
  const storedKeys = new Set(stored.map((i) => messageOf(table, i)));
  const left = inFiles.filter((i) => !storedKeys.has(messageOf(table, i)));
  if (left.length < inFiles.length) {
    for (const i of inFiles) if (storedKeys.has(messageOf(table, i))) drop(table, i);
  }
  dropCopies(table, places, [...stored, ...left]);
}

/** Of what databases hold, or of what files do. */
function eventsOf({ event, transcript, length }: EventTable, { transcripts }: Places, isStored: boolean): number[] {
  const events: number[] = [];
  for (const [t, { source, content }] of transcripts.entries()) {
    if (source !== "opencode" || (content !== undefined) !== isStored) continue;
    const to = transcript.firstEvent[t + 1] ?? length;
    for (let i = transcript.firstEvent[t] as number; i < to; i++) {
      if ((event.flags[i] as number) & FLAG.responseId) events.push(i);
    }
  }
  return events;
}

/** The message that an event is of, or whose part it is. */
function messageOf({ event }: EventTable, i: number): string {
  return `${event.responseLow[i]} ${event.responseHigh[i]}`;
}

/** Copies keep time, model and numbers. The oldest session has the original: ids of sessions are made to sort newest first. */
function dropCopies(table: EventTable, { sessionOf, sessions }: Places, events: readonly number[]): void {
  const sessionAt = (i: number) => sessions[sessionOf[table.transcriptOf[i] as number] as number] as string;
  const originals = new Map<string, number>();
  const copies = new Set<string>();
  for (const i of events) {
    const key = contentOf(table, i);
    if (key === undefined) continue;
    const other = originals.get(key);
    const isOlder = other === undefined || sessionAt(i) > sessionAt(other);
    if (other !== undefined && sessionAt(i) !== sessionAt(other)) copies.add(messageOf(table, isOlder ? other : i));
    if (isOlder) originals.set(key, i);
  }
  if (copies.size === 0) return;
  // With their parts.
  for (const i of events) if (copies.has(messageOf(table, i))) drop(table, i);
}

/** Undefined: it is no message that used anything, or may be any. */
function contentOf({ event, usage }: EventTable, i: number): string | undefined {
  const at = event.usage[i] as number;
  if (!Number.isFinite(event.firstMs[i])) return undefined;
  if (at === NO_USAGE && (event.model[i] === 0 || event.toolUses[i] === 0)) return undefined;
  if (at === NO_USAGE) return `${event.firstMs[i]} ${event.model[i]}`;
  const numbers = NUMBERS.map((name) => usage[name][at]);
  return `${event.firstMs[i]} ${event.model[i]} ${numbers.join(" ")}`;
}

const NUMBERS = Object.keys(USAGE) as Array<keyof typeof USAGE>;

function drop({ event, record }: EventTable, i: number): void {
  event.flags[i] = (event.flags[i] as number) & ~FLAG.usage;
  event.usage[i] = NO_USAGE;
  event.model[i] = event.toolUses[i] = 0;
  const to = event.lastRecord[i] as number;
  for (let r = event.firstRecord[i] as number; r <= to; r++) if (record.event[r] === i) record.toolUses[r] = 0;
}
