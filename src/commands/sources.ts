/** `tokensift sources`: whose transcripts are on this machine. */
import { configPaths, fileLayer } from "../config/file.ts";
import { commandLineLayer, environmentLayer, type Layer } from "../config/layer.ts";
import { placeError, resolveSettings } from "../config/settings.ts";
import { thisEnvironment } from "../environment.ts";
import { ScanError } from "../errors.ts";
import { listSources, type SourceInfo } from "../inventory.ts";
import { bytesText, counted } from "../report/numbers.ts";
import { printable, printableJson } from "../report/printable.ts";
import { EXIT } from "./exit-code.ts";
import { writeStdout } from "./terminal/streams.ts";

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function runSources(written: Layer["written"]): Promise<number> {
  const environment = thisEnvironment();
  const files = configPaths(process.cwd(), environment).flatMap((path) => fileLayer(path) ?? []);
  const layers = [commandLineLayer(written), environmentLayer(environment.variables), ...files];
  const { source: sources, timezone, threads, cache, cacheDir: cacheDirectory, origins } = resolveSettings(layers);
  const found = await listSources({ sources, timezone, threads, cache, cacheDirectory, environment }).catch(
    (error: unknown) => {
      throw error instanceof ScanError ? placeError(error, origins) : error;
    },
  );
  const text =
    written.json === true
      ? printableJson(JSON.stringify({ schemaVersion: 1, sources: found }))
      : found.map(sourceText).join("\n");
  await writeStdout(`${text}\n`);
  return EXIT.done;
}

function sourceText({ source, folders, transcripts, bytes, responses, firstDay, lastDay }: SourceInfo): string {
  const what =
    transcripts === 0
      ? "no transcripts"
      : `${counted(transcripts, "transcript")}, ${bytesText(bytes)}, ${counted(responses, "response")}`;
  const when = firstDay === null ? "" : `, ${firstDay} to ${lastDay}`;
  return [`${source}: ${what}${when}`, ...folders.map(folderText)].join("\n");
}

function folderText({ path, exists, transcripts, bytes }: SourceInfo["folders"][number]): string {
  return `  ${printable(path)}: ${exists ? `${counted(transcripts, "transcript")}, ${bytesText(bytes)}` : "not there"}`;
}
