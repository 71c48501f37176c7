/**
 * Whether two tables say the same of a transcript. Events may be cut differently in them, which never shows in a
 * figure: so those that could have been one are put together first.
 */
import { FLAG, MESSAGE_TASKS, type MESSAGES, NO_USAGE, STANDS_ALONE, USAGE } from "../events.ts";
import type { MergedTable } from "../merge.ts";

const FACTS = ["lines", "records", "usageRecords", "malformed", "oversized", "messages"] as const;
const FIRSTS = ["sessionId", "agentName", "agentType", "team", "cwd"] as const;

/** In what two tables differ about transcript `t`; in nothing: empty. */
export function differences(a: MergedTable, b: MergedTable, t: number): string[] {
  const what: string[] = FACTS.filter((name) => a.transcript[name][t] !== b.transcript[name][t]);
  for (const name of FIRSTS) {
    if (a.texts[a.transcript[name][t] as number] !== b.texts[b.transcript[name][t] as number]) what.push(name);
  }
  const namesOf = (table: MergedTable, name: keyof typeof MESSAGES) => table.texts[table.transcript[name][t] as number];
  // Found with another pattern they may differ.
  if (namesOf(a, "taskPattern") === namesOf(b, "taskPattern")) {
    what.push(...MESSAGE_TASKS.filter((name) => namesOf(a, name) !== namesOf(b, name)));
  }
  if (a.transcript.cwdTimeMs[t] !== b.transcript.cwdTimeMs[t]) what.push("cwdTimeMs");
  if (skippedText(a, t) !== skippedText(b, t)) what.push("skippedLines");
  if (recordsText(a, t) !== recordsText(b, t)) what.push("eventRecords");
  if (responsesText(a, t) !== responsesText(b, t)) what.push("responses");
  return what;
}

function skippedText({ skippedLines }: MergedTable, t: number): string {
  const lines = skippedLines.filter(({ transcript }) => transcript === t);
  return lines.map(({ line, offset, reason }) => `${line} ${offset} ${reason}`).join("\n");
}

function recordsText({ transcript, eventRecords, record }: MergedTable, t: number): string {
  const rows: string[] = [];
  const end = transcript.firstRecord[t + 1] ?? eventRecords;
  for (let i = transcript.firstRecord[t] as number; i < end; i++) {
    rows.push(`${record.timeMs[i]} ${record.idLow[i]} ${record.idHigh[i]} ${record.toolUses[i]}`);
  }
  return rows.join("\n");
}

/** What events that could have been one say together. */
interface Said {
  firstMs: number;
  lastMs: number;
  flags: number;
  toolUses: number;
  /** The event whose figures and model are theirs. */
  chosen: number;
  readonly records: number[];
  readonly extras: string[];
}

function responsesText(table: MergedTable, t: number): string {
  const { transcript, length, eventRecords, extras, event, record, extra, texts } = table;
  const responses = new Map<string, Said>();
  const ofEvent: Said[] = [];
  const firstEvent = transcript.firstEvent[t] as number;
  const firstRecord = transcript.firstRecord[t] as number;
  for (let i = firstEvent, end = transcript.firstEvent[t + 1] ?? length; i < end; i++) {
    ofEvent.push(addEvent(responses, table, i));
  }
  for (let r = firstRecord, end = transcript.firstRecord[t + 1] ?? eventRecords; r < end; r++) {
    ofEvent[(record.event[r] as number) - firstEvent]?.records.push(r - firstRecord);
  }
  for (let x = transcript.firstExtra[t] as number, end = transcript.firstExtra[t + 1] ?? extras; x < end; x++) {
    const i = extra.event[x] as number;
    const said = ofEvent[i - firstEvent];
    if (said?.chosen === i) said.extras.push(`${texts[extra.model[x] as number]} ${usageText(extra, x)}`);
  }
  const rows = [...responses].map(([key, { chosen, ...said }]) => {
    const of = event.usage[chosen] === NO_USAGE ? "" : usageText(table.usage, event.usage[chosen] as number);
    return `${key} ${JSON.stringify(said)} ${texts[event.model[chosen] as number]} ${event.chosenMs[chosen]} ${of}`;
  });
  return rows.sort().join("\n");
}

function addEvent(responses: Map<string, Said>, table: MergedTable, i: number): Said {
  const { event } = table;
  const key = keyOf(table, i);
  const said = responses.get(key);
  const [firstMs, lastMs] = [event.firstMs[i] as number, event.lastMs[i] as number];
  const [flags, toolUses] = [event.flags[i] as number, event.toolUses[i] as number];
  if (!said) {
    const first = { firstMs, lastMs, flags, toolUses, chosen: i, records: [], extras: [] };
    responses.set(key, first);
    return first;
  }
  said.firstMs = Math.min(said.firstMs, firstMs);
  said.lastMs = Math.max(said.lastMs, lastMs);
  said.flags |= flags;
  said.toolUses += toolUses;
  if (isChosenOver(table, i, said.chosen)) said.chosen = i;
  return said;
}

/** What has to be equal for events to be one. */
function keyOf({ event, context, texts }: MergedTable, i: number): string {
  const alike = (event.flags[i] as number) & (FLAG.sideChain | FLAG.nested | FLAG.responseId | FLAG.requestId);
  const where = Object.values(context).map((column) => texts[column[event.context[i] as number] as number]);
  if ((event.flags[i] as number) & STANDS_ALONE)
    return JSON.stringify([event.flags[i], event.firstRecord[i], ...where]);
  const ids = [event.responseLow[i], event.responseHigh[i], event.requestLow[i], event.requestHigh[i]];
  return JSON.stringify([alike, ...ids, ...where]);
}

/** Numbers 16 and 19 of decision 0002; `i` comes after `other`. */
function isChosenOver({ event, usage: { output } }: MergedTable, i: number, other: number): boolean {
  const isLater = (event.chosenMs[i] as number) >= (event.chosenMs[other] as number);
  const [mine, others] = [event.usage[i] as number, event.usage[other] as number];
  if (mine !== NO_USAGE && others !== NO_USAGE) {
    const more = (output[mine] as number) - (output[others] as number);
    return more > 0 || (more === 0 && isLater);
  }
  if (mine !== NO_USAGE || others !== NO_USAGE) return mine !== NO_USAGE;
  return event.model[i] !== 0 && (event.model[other] === 0 || isLater);
}

function usageText(columns: MergedTable["usage"], i: number): string {
  return (Object.keys(USAGE) as Array<keyof typeof USAGE>).map((name) => columns[name][i]).join(" ");
}
