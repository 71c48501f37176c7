/** `--stats`: what was read, and where the time went. */
import type { ScanResult } from "../types.ts";
import { bytesText, counted, exact } from "./numbers.ts";

export function statsLines({ stats }: Pick<ScanResult, "stats">): string[] {
  const { stagesMs, elapsedMs, bytesRead } = stats;
  const stages = Object.entries(stagesMs).map(([stage, ms]) => `${stage} ${ms}`);
  const speed = stagesMs.scan > 0 ? `, ${exact(Math.round(bytesRead / 1e3 / stagesMs.scan))} MB/s while scanning` : "";
  const threads = stats.threads === 0 ? "no threads" : counted(stats.threads, "thread");
  const unchanged = stats.transcriptsUnchanged > 0 ? ` (${exact(stats.transcriptsUnchanged)} unchanged)` : "";
  return [
    `${counted(stats.transcripts, "transcript")}${unchanged}, ${bytesText(bytesRead)} read, ${counted(stats.records, "record")}, ` +
      `${counted(stats.responses, "response")}, ${counted(stats.duplicateRecords, "duplicate record")}`,
    `${exact(elapsedMs)} ms (${stages.join(", ")}), ${threads}${speed}`,
  ];
}
