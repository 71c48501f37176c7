/** `tokensift sources`: whose transcripts are on this machine. */
import type { Layer } from "../config/layer.ts";
import { readSettings } from "../config/read.ts";
import { thisEnvironment } from "../environment.ts";
import { listSources, type SourceInfo } from "../inventory.ts";
import { bytesText, counted } from "../report/numbers.ts";
import { unreadablePlaces } from "../report/diagnostics.ts";
import { printable, printableJson } from "../report/printable.ts";
import { EXIT } from "./exit-code.ts";
import { withProgress } from "./scanning.ts";
import { writeStdout } from "./terminal/streams.ts";

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function runSources(written: Layer["written"]): Promise<number> {
  const environment = thisEnvironment();
  const settings = readSettings(written, environment);
  const { source: sources, timezone, threads, cache, cacheDir: cacheDirectory } = settings;
  const options = { sources, timezone, threads, cache, cacheDirectory };
  const found = await withProgress(options, settings, environment, listSources);
  const text =
    written.json === true
      ? printableJson(JSON.stringify({ schemaVersion: 1, sources: found }))
      : found.map(sourceText).join("\n");
  await writeStdout(`${text}\n`);
  return EXIT.done;
}

function sourceText({
  source,
  folders,
  transcripts,
  bytes,
  responses,
  firstDay,
  lastDay,
  unreadable,
}: SourceInfo): string {
  const what =
    transcripts === 0
      ? "no transcripts"
      : `${counted(transcripts, "transcript")}, ${bytesText(bytes)}, ${counted(responses, "response")}`;
  const when = firstDay === null ? "" : `, ${firstDay} to ${lastDay}`;
  const codes = new Map(unreadable.map(({ path, code }) => [path, code]));
  const others = unreadable.filter(({ path }) => folders.every((folder) => folder.path !== path));
  return [
    `${source}: ${what}${when}`,
    ...folders.map((folder) => folderText(folder, codes.get(folder.path))),
    ...unreadablePlaces(others).map((line) => `  ${line}`),
  ].join("\n");
}

/** `code`: why it could not be read. */
function folderText({ path, exists, transcripts, bytes }: SourceInfo["folders"][number], code?: string): string {
  const found = exists ? `${counted(transcripts, "transcript")}, ${bytesText(bytes)}` : "not there";
  return `  ${printable(path)}: ${code === undefined ? found : `cannot be read (${code})`}`;
}
