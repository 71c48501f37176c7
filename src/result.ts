/** A finished scan, as its callers get it. */
import type { Calendar } from "./calendar.ts";
import type { Discovery } from "./discover/index.ts";
import type { MergedTable } from "./merge.ts";
import type { CheckedOptions, Sort } from "./options.ts";
import type { Stages } from "./stages.ts";
import type { Tally } from "./tally/index.ts";
import type { Window } from "./window.ts";
import { compareText, type Row, type ScanResult, type SortField, type UnreadableFile } from "./types.ts";
import { VERSION } from "./version.ts";

export interface FinishedScan {
  readonly checked: CheckedOptions;
  readonly calendar: Calendar;
  readonly window: Window;
  readonly found: Discovery;
  /** Before anything of transcripts was read, and beside them. */
  readonly unreadable: readonly UnreadableFile[];
  readonly table: MergedTable;
  readonly tallied: Tally;
  /** Files: a database is one, whatever it holds. */
  readonly transcripts: number;
  readonly bytesTotal: number;
  readonly bytesRead: number;
  readonly transcriptsUnchanged: number;
  readonly untoldTokens: number;
  /** The system's code. */
  readonly cacheFailure: string | undefined;
  readonly threads: number;
  readonly stages: Stages;
}

export function describeScan(scan: FinishedScan): ScanResult {
  const { checked, calendar, window, found, table, tallied, stages } = scan;
  const pathOf = (transcript: number) => found.transcripts[transcript]?.path ?? "";
  const unread = [...table.unreadable].map(([transcript, code]) => ({ path: pathOf(transcript), code }));
  const sorted = sortRows(tallied.rows, checked.sort);
  const rows = sorted.slice(0, checked.top);
  return {
    schemaVersion: 1,
    tool: { name: "tokensift", version: VERSION },
    window: {
      since: Number.isFinite(window.sinceMs) ? new Date(window.sinceMs).toISOString() : null,
      until: Number.isFinite(window.untilMs) ? new Date(window.untilMs).toISOString() : null,
      timezone: calendar.timezone,
    },
    by: checked.by,
    rows,
    rowsOmitted: sorted.length - rows.length,
    totals: tallied.totals,
    costBasis: tallied.costBasis,
    ...(tallied.costLines && { costLines: tallied.costLines }),
    stats: {
      transcripts: scan.transcripts,
      transcriptsUnchanged: scan.transcriptsUnchanged,
      bytesTotal: scan.bytesTotal,
      bytesRead: scan.bytesRead,
      records: table.records,
      responses: tallied.responses,
      duplicateRecords: tallied.usageRecords - tallied.responses,
      skipped: table.skipped,
      threads: scan.threads,
      elapsedMs: Math.round(stages.totalMs),
      stagesMs: {
        discover: Math.round(stages.ms.discover),
        load: Math.round(stages.ms.load),
        scan: Math.round(stages.ms.scan),
        merge: Math.round(stages.ms.merge),
        save: Math.round(stages.ms.save),
        tally: Math.round(stages.ms.tally),
      },
    },
    diagnostics: {
      cache: scan.cacheFailure ?? null,
      roots: found.roots,
      unreadable: [...scan.unreadable, ...unread].sort((a, b) => compareText(a.path, b.path)),
      skippedLines: table.skippedLines.map(({ transcript, ...line }) => ({ path: pathOf(transcript), ...line })),
      responsesWithoutTime: tallied.responsesWithoutTime,
      clampedResponses: tallied.clampedResponses,
      outputOnlyResponses: tallied.outputOnlyResponses,
      untoldTokens: scan.untoldTokens + tallied.untoldTokens,
      lowOutputResponses: tallied.lowOutputResponses,
      unpricedModels: tallied.unpricedModels,
      unpricedTokens: tallied.unpricedTokens,
    },
  };
}

/** Rows by a figure or by their key; rows that are equal in it keep their order. */
function sortRows(rows: readonly Row[], sort: Sort | undefined): readonly Row[] {
  if (sort === undefined) return rows;
  const sign = sort.isAscending ? 1 : -1;
  return rows.toSorted((a, b) => sign * compareBy(sort.field, a, b));
}

function compareBy(field: SortField, a: Row, b: Row): number {
  if (field === "key") return compareText(keyText(a), keyText(b));
  const [left, right] = [a[field], b[field]];
  if (typeof left === "number" && typeof right === "number") return left - right;
  return compareText(String(left ?? ""), String(right ?? ""));
}

function keyText(row: Row): string {
  return Object.entries(row.key)
    .map(([dimension, name]) => (dimension === "hour" ? hourText(name ?? "") : (name ?? "")))
    .join("\0");
}

/** In autumn the later of two hours of one name has the smaller offset. */
function hourText(name: string): string {
  const startMs = Date.parse(name.replace(/T\d\d/, "$&:00"));
  return Number.isNaN(startMs) ? name : new Date(startMs).toISOString();
}
