/** The window asked about, in words and local time. */
import type { ScanResult } from "../types.ts";
import { showsLastRecord } from "./columns.ts";
import type { Look } from "./look.ts";

/** Whether a report says when anything was: only then is it worth knowing the zone's offsets. */
export function showsTimes({ by, window }: ScanResult): boolean {
  return window.since !== null || window.until !== null || showsLastRecord(by);
}

/** `all time`, `2026-06-01 to 2026-06-07`, `since 2026-06-01 14:30`, always with the zone. */
export function windowText({ since, until, timezone }: ScanResult["window"], offsetMs: Look["offsetMs"]): string {
  const from = since === null ? null : boundText(localIso(Date.parse(since), offsetMs), "T00:00:00.000");
  const to = until === null ? null : boundText(localIso(Date.parse(until), offsetMs), "T23:59:59.999");
  return `${spanText(from, to)} (${timezone})`;
}

function spanText(from: string | null, to: string | null): string {
  if (from === null) return to === null ? "all time" : `until ${to}`;
  if (to === null) return `since ${from}`;
  return from === to ? from : `${from} to ${to}`;
}

/** A whole day's bound is its date. */
function boundText(local: string, edge: string): string {
  return local.endsWith(edge) ? local.slice(0, -edge.length) : minuteText(local);
}

export function minuteText(local: string): string {
  return local.slice(0, "YYYY-MM-DDTHH:MM".length).replace("T", " ");
}

export function localIso(instantMs: number, offsetMs: Look["offsetMs"]): string {
  return new Date(instantMs + offsetMs(instantMs)).toISOString().slice(0, -"Z".length);
}
