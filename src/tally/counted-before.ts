/**
 * Responses that were counted before for sessions whose figures stay as they were, most of them because their transcripts are
 * gone: a scan gives them to whoever holds copies, and there they are left out.
 */
import type { Hash } from "../cursors/hash.ts";
import { NO_GROUP } from "./buckets.ts";
import type { Groups } from "./groups.ts";
import type { Places } from "./places.ts";
import type { ResponseIds } from "./response-ids.ts";
import type { EventTable } from "./table.ts";

export interface CountedBefore {
  /** How many ids. */
  readonly size: number;
  /** Whether an id is of a response of one of the sessions that stay. */
  has(id: Hash): boolean;
  /** Whether a session, by its id, is one of them. */
  stays(session: string): boolean;
}

/** Asked before anything is settled. */
export type FindCountedBefore = (table: EventTable, places: Places) => CountedBefore;

/** What a scan knows of responses one by one, by the ids of their sessions. */
export interface ResponsesOfSessions {
  readonly ids: ReadonlyMap<string, readonly Hash[]>;
  /** Of those that others hold copies of: by who holds them, by whose they are. */
  readonly copied: ReadonlyMap<string, ReadonlyMap<string, readonly Hash[]>>;
  /** Sessions that something was left out of. */
  readonly leftOutOf: ReadonlySet<string>;
}

const NONE = 0xffffffff;

/** Leaves out what was counted before, and lists the responses that are left. */
export function leaveOut(
  table: EventTable,
  groups: Groups,
  places: Places,
  responses: ResponseIds,
  counted: CountedBefore,
): ResponsesOfSessions {
  const { chosen, attribution, of } = groups;
  const { length, transcriptOf } = table;
  const sessionAt = (i: number) => places.sessions[places.sessionOf[transcriptOf[i] as number] as number] as string;
  const sessionOf = (group: number) => sessionAt(attribution[group] as number);
  const isOut = new Uint8Array(groups.length);
  const leftOutOf = new Set<string>();
  for (let i = 0; counted.size > 0 && i < length; i++) {
    const group = of[i] as number;
    if (group < 0 || chosen[group] === NONE || isOut[group] === 1) continue;
    if (!responses.soughtOf(i).some((id) => counted.has(id))) continue;
    const session = sessionOf(group);
    if (counted.stays(session)) continue;
    isOut[group] = 1;
    leftOutOf.add(session);
  }
  if (leftOutOf.size > 0) {
    markRecordsBetween(isOut, table, groups);
    for (let group = 0; group < groups.length; group++) if (isOut[group]) chosen[group] = attribution[group] = NONE;
    for (let i = 0; i < length; i++) if (isOut[of[i] as number]) of[i] = NO_GROUP;
  }
  const ids = new Map<string, Hash[]>();
  const copied = new Map<string, Map<string, Hash[]>>();
  const noteCopied: NoteCopied = (holder, session, some) => {
    let ofHolder = copied.get(holder);
    if (!ofHolder) copied.set(holder, (ofHolder = new Map<string, Hash[]>()));
    add(ofHolder, session, some);
  };
  for (let i = 0; i < length; i++) {
    const group = of[i] as number;
    if (group < 0 || chosen[group] === NONE) continue;
    const [session, holder] = [sessionOf(group), sessionAt(i)];
    const own = responses.idsOf(i);
    add(ids, session, own);
    if (holder !== session) noteCopied(holder, session, own);
  }
  noteTakenOut(table, groups, responses, sessionAt, noteCopied);
  return { ids, copied, leftOutOf };
}

type NoteCopied = (holder: string, session: string, ids: readonly Hash[]) => void;

/** Copies that were taken out before groups were made: the same ids are of a response that counts. */
function noteTakenOut(
  { length }: EventTable,
  { of, chosen }: Groups,
  responses: ResponseIds,
  sessionAt: (i: number) => string,
  note: NoteCopied,
): void {
  const isCounted = (i: number) => (of[i] as number) >= 0 && chosen[of[i] as number] !== NONE;
  const sessions = new Map<string, string>();
  const others: number[] = [];
  for (let i = 0; i < length; i++) {
    if (!responses.mayBeTakenOut(i)) continue;
    if (isCounted(i)) for (const id of responses.idsOf(i)) sessions.set(keyOf(id), sessionAt(i));
    else others.push(i);
  }
  for (const i of others) {
    for (const id of responses.soughtOf(i)) {
      const session = sessions.get(keyOf(id));
      if (session !== undefined && session !== sessionAt(i)) note(sessionAt(i), session, [id]);
    }
  }
}

function keyOf({ low, high }: Hash): string {
  return `${low} ${high}`;
}

function add(to: Map<string, Hash[]>, session: string, ids: readonly Hash[]): void {
  const known = to.get(session);
  if (known) known.push(...ids);
  else to.set(session, [...ids]);
}

/** A fork begins with its copies: what stands before the last of them is copied too, messages as well as responses. */
function markRecordsBetween(isOut: Uint8Array, { event, transcriptOf, length }: EventTable, groups: Groups): void {
  const lastCopied = new Map<number, number>();
  for (let i = 0; i < length; i++) {
    if (!isOut[groups.of[i] as number]) continue;
    const t = transcriptOf[i] as number;
    lastCopied.set(t, Math.max(lastCopied.get(t) ?? 0, event.lastRecord[i] as number));
  }
  for (let group = 0; group < groups.length; group++) {
    const i = groups.attribution[group] as number;
    if (i === NONE || groups.chosen[group] !== NONE) continue;
    const last = lastCopied.get(transcriptOf[i] as number);
    if (last !== undefined && (event.lastRecord[i] as number) <= last) isOut[group] = 1;
  }
}
