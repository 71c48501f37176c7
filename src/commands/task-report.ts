/** `tokensift tasks report`: the section about one task, to stdout or into a report. */
import { readFileSync } from "node:fs";
import { ScanError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { DEFAULT_MIN_TASKS, DEFAULT_THRESHOLD, findAnomalies } from "../ledger/anomalies.ts";
import { insertSection, reportSection } from "../ledger/section.ts";
import { checkOutput } from "./no-transcript.ts";
import { currentLedger } from "./task-ledger.ts";
import { isJson, oneTask, taskOf, type TaskRun, writeJson } from "./task-run.ts";
import { sayLines, writeStdout } from "./terminal/streams.ts";

export async function writeReport(run: TaskRun): Promise<number> {
  const { threshold = DEFAULT_THRESHOLD, minTasks = DEFAULT_MIN_TASKS, lang = "en", insert, quiet } = run.settings;
  const id = oneTask(run);
  const asJson = isJson(run);
  if (insert !== undefined) {
    checkOutput("--insert", insert, run);
  }
  const { ledger, exitCode } = await currentLedger(run);
  taskOf(ledger, id, run);
  const section = reportSection(id, ledger, findAnomalies(ledger, { threshold, minTasks }), lang);
  if (insert === undefined) {
    await (asJson ? writeJson({ task_id: id, markdown: section }) : writeStdout(section));
    return exitCode;
  }
  const before = readReport(insert);
  const after = insertSection(before, section);
  if (after === undefined) {
    throw new ScanError(
      "OUTPUT_FAILED",
      `--insert: ${insert} holds the marks of the section more than once or in disorder (mend them)`,
    );
  }
  if (after !== before) writeAtomic("--insert", insert, after, "owner");
  if (asJson) await writeJson({ task_id: id, inserted: insert });
  else if (!quiet) sayLines([`${insert}: has the section about ${id}`]);
  return exitCode;
}

function readReport(path: string): string {
  try {
    const bytes = readFileSync(path);
    const text = bytes.toString("utf8");
    // Written back it has to be the same bytes.
    if (Buffer.from(text).equals(bytes)) return text;
    throw new ScanError("OUTPUT_FAILED", `--insert: ${path} is not UTF-8 (give a text file)`);
  } catch (cause) {
    if (cause instanceof ScanError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new ScanError("OUTPUT_FAILED", `--insert: ${path} cannot be read (${code}; give a report that is there)`, {
      cause,
    });
  }
}
