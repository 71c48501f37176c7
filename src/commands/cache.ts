/** `tokensift cache`: what is remembered of transcripts, whether it is right, and how to be rid of it. */
import type { Layer } from "../config/layer.ts";
import { readSettings } from "../config/read.ts";
import type { Settings } from "../config/settings.ts";
import { oneOf } from "../config/values.ts";
import { cacheFolder } from "../cursors/location.ts";
import { clearStore, describeStore, pruneStore } from "../cursors/store.ts";
import { type Difference, verifyStore } from "../cursors/verify.ts";
import { thisEnvironment } from "../environment.ts";
import { ScanError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import { bytesText, counted, exact } from "../report/numbers.ts";
import { printable, printableJson } from "../report/printable.ts";
import { CACHE_ACTIONS } from "./cache-actions.ts";
import { EXIT } from "./exit-code.ts";
import { showsProgress } from "./terminal/look.ts";
import { ProgressLine } from "./terminal/progress.ts";
import { writeStdout } from "./terminal/streams.ts";

/** What an action found, for `--json` and for people. */
interface Answer {
  readonly json: object;
  readonly lines: readonly string[];
  readonly exitCode?: number;
}

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function runCache(action: string, written: Layer["written"]): Promise<number> {
  const environment = thisEnvironment();
  const settings = readSettings(written, environment);
  const folder = cacheFolder(environment, settings.cacheDir);
  if (folder === undefined) throw noFolder();
  const name = oneOf(CACHE_ACTIONS, "thing to do with the cache")(action, "cache");
  try {
    const { json, lines, exitCode = EXIT.done } = await ACTIONS[name](folder, settings);
    await writeStdout(written.json === true ? `${printableJson(JSON.stringify(json))}\n` : `${lines.join("\n")}\n`);
    return exitCode;
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException;
    if (cause instanceof ScanError || path === undefined) throw cause;
    throw new ScanError("OUTPUT_FAILED", `${path}: cannot be changed (${code}; clear the cache as its owner)`, {
      cause,
    });
  }
}

function noFolder(): ScanError {
  return new ScanError("INVALID_OPTION", "no place for a cache on this machine (name one with --cache-dir)");
}

const ACTIONS: Record<
  (typeof CACHE_ACTIONS)[number],
  (folder: string, settings: Settings) => Answer | Promise<Answer>
> = {
  info,
  verify,
  prune,
  clear,
};

function nothingIn(folder: string): string {
  return `${printable(folder)}: nothing is cached`;
}

function info(folder: string): Answer {
  const store = describeStore(folder);
  if (store.files === 0) return { json: store, lines: [nothingIn(folder)] };
  const share =
    store.transcriptBytes > 0
      ? `, ${((store.bytes / store.transcriptBytes) * 100).toFixed(1)} % of these transcripts`
      : "";
  return {
    json: store,
    lines: [
      `Folder       ${printable(folder)}`,
      `Files        ${exact(store.files)}, ${bytesText(store.bytes)}${share}`,
      `Transcripts  ${exact(store.transcripts)}, ${bytesText(store.transcriptBytes)} need not be read again`,
      `Oldest file  ${store.oldestAt}`,
      ...(store.codeBytes > 0
        ? [`Code         ${bytesText(store.codeBytes)} that Node compiled of tokensift itself`]
        : []),
      ...(store.unusable > 0
        ? [
            `Unusable     ${counted(store.unusable, "file")}: damaged or of another version (tokensift cache prune removes them)`,
          ]
        : []),
    ],
  };
}

async function verify(folder: string, settings: Settings): Promise<Answer> {
  const { chunkBytes } = checkOptions({});
  const { threads } = settings;
  const cursors = await withVerifyProgress(folder, settings, async (onRead) =>
    verifyStore({ folder, threads, chunkBytes, onRead }),
  );
  const { verifyRows } = await import("../databases/verify.ts");
  const rows = await verifyRows(folder);
  const verified = {
    transcripts: cursors.transcripts + rows.transcripts,
    bytesRead: cursors.bytesRead + rows.bytesRead,
    unused: cursors.unused + rows.unused,
    differences: [...cursors.differences, ...rows.differences],
  };
  const wrong = verified.differences.length;
  const isEmpty = verified.transcripts + verified.unused === 0;
  const compared = [
    counted(cursors.transcripts, "cursor"),
    ...(rows.transcripts > 0 ? [counted(rows.transcripts, "database")] : []),
  ];
  return {
    json: { folder, ...verified },
    lines: [
      // A mistyped folder has as few differences as a good cache.
      ...(isEmpty ? [nothingIn(folder)] : []),
      `${compared.join(" and ")} compared with ${bytesText(verified.bytesRead)} of transcripts: ` +
        (wrong === 0 ? "no difference" : `${counted(wrong, "difference")}, put right`),
      ...verified.differences.map(differenceText),
      ...(verified.unused > 0 ? [`${exact(verified.unused)} of no use: gone, changed or damaged`] : []),
    ],
    exitCode: wrong > 0 ? EXIT.found : EXIT.done,
  };
}

/** Says on a terminal how far the reading is. Comparing takes the main thread for long, so Ctrl-C is the system's. */
async function withVerifyProgress<T>(
  folder: string,
  { progress: flag, quiet = false }: Settings,
  run: (onRead?: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  if (!showsProgress(flag, quiet, thisEnvironment().variables)) return run();
  const bytesTotal = describeStore(folder).transcriptBytes;
  const line = new ProgressLine(() => true);
  let bytesDone = 0;
  try {
    return await run((bytes) => line.update({ bytesDone: (bytesDone += bytes), bytesTotal }));
  } finally {
    line.clear();
  }
}

function differenceText({ path, what }: Difference): string {
  return `  ${printable(path)}: ${what.join(", ")}`;
}

function prune(folder: string): Answer {
  const pruned = pruneStore(folder);
  const what = `${counted(pruned.transcripts, "cursor")} of transcripts that are gone, ${counted(pruned.files, "file")} of no use`;
  return { json: { folder, ...pruned }, lines: [`Removed ${what}`] };
}

function clear(folder: string): Answer {
  const files = clearStore(folder);
  return { json: { folder, files }, lines: [`Removed ${counted(files, "file")}`] };
}
