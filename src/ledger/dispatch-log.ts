/** What an orchestrator wrote when it dispatched tasks: JSON or JSONL with `task_id` and `session_id` or `cron_response.id`. */
import { readFileSync } from "node:fs";
import { ScanError } from "../errors.ts";
import { isObject, withoutMark } from "../json.ts";
import { normal } from "./timers.ts";

export interface DispatchLog {
  /** By session, in the order of the log. */
  readonly tasks: ReadonlyMap<string, readonly string[]>;
  /** Lines that are no JSON, from 1. */
  readonly damagedLines: readonly number[];
}

/** Throws a `ScanError` when it cannot be read. */
export function readDispatchLog(path: string): DispatchLog {
  let text: string;
  try {
    text = withoutMark(readFileSync(path, "utf8"));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ScanError("INVALID_OPTION", `--dispatch-log: ${path} cannot be read (${code}; give another file)`, {
      cause,
    });
  }
  const { values, damagedLines } = parse(text);
  const tasks = new Map<string, string[]>();
  for (const value of values.flatMap(entriesOf)) {
    const task = textOf(value["task_id"]);
    const response = value["cron_response"];
    const session = textOf(value["session_id"]) ?? (isObject(response) ? textOf(response["id"]) : undefined);
    if (task === undefined || session === undefined) continue;
    const named = tasks.get(session) ?? [];
    if (!named.includes(normal(task))) tasks.set(session, [...named, normal(task)]);
  }
  return { tasks, damagedLines };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function parse(text: string): { values: unknown[]; damagedLines: number[] } {
  try {
    return { values: [JSON.parse(text)], damagedLines: [] };
  } catch {
    // Not one value: lines.
  }
  const values: unknown[] = [];
  const damagedLines: number[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    try {
      values.push(JSON.parse(line));
    } catch {
      damagedLines.push(i + 1);
    }
  }
  return { values, damagedLines };
}

/** A list, an object that holds one (`dispatches`, `entries`, …), an object by task, or one entry. */
function entriesOf(value: unknown): Array<Record<string, unknown>> {
  if (Array.isArray(value)) return value.filter(isObject);
  if (!isObject(value)) return [];
  if ("task_id" in value) return [value];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (Array.isArray(inner)) return inner.filter(isObject);
    if (isObject(inner) && !("task_id" in inner) && ("session_id" in inner || "cron_response" in inner))
      return [{ ...inner, task_id: key }];
    return isObject(inner) && "task_id" in inner ? [inner] : [];
  });
}
