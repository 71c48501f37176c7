/** What Claude Code says on stdin to whoever makes its status line; every field may be missing. */
import { fstatSync, readSync } from "node:fs";
import { basename } from "node:path";
import { isObject } from "../json.ts";
import type { Told } from "../report/statusline.ts";

export interface StatuslineInput {
  readonly session: string | undefined;
  readonly told: Told;
  /** Whether it tells the context itself; else the transcript's last response does. */
  readonly tellsContext: boolean;
  /** Why nothing was told, for stderr. */
  readonly problem: string | undefined;
}

const STDIN = 0;
/** Claude Code sends 2 kB. */
const MOST_BYTES = 1 << 20;
const FULL_PIPE_WAIT_MS = 5;
const LF = 0x0a;
const CLOSING_BRACE = 0x7d;
/** In place of what stands on stdin. */
const TERMINAL = Symbol("terminal");
const NOTHING = Symbol("nothing");

export async function readStatuslineInput(): Promise<StatuslineInput> {
  const value = await readStdin();
  if (value === TERMINAL)
    return inputOf({}, "statusline: stdin is a terminal (Claude Code gives it JSON; see tokensift statusline --help)");
  if (value === NOTHING) return inputOf({});
  return isObject(value)
    ? inputOf(value)
    : // Not what it was instead: a prompt may be in it.
      inputOf({}, "statusline: stdin is no JSON object (it is for the status line of Claude Code)");
}

function inputOf(input: Readonly<Record<string, unknown>>, problem?: string): StatuslineInput {
  const { model, context_window: context } = input;
  const transcript = textIn(input, "transcript_path");
  const window = isObject(context) ? context : {};
  return {
    session: textIn(input, "session_id") ?? (transcript && basename(transcript, ".jsonl")),
    told: {
      model: isObject(model) ? (textIn(model, "display_name") ?? textIn(model, "id")) : undefined,
      ...contextOf(window),
    },
    tellsContext: isObject(context),
    problem,
  };
}

/** Input of the latest request, cached or not. Null before the first one, and after a compaction. */
function contextOf(window: Readonly<Record<string, unknown>>): Pick<Told, "contextTokens" | "contextPercent"> {
  const usage = window["current_usage"];
  if (!isObject(usage)) return { contextTokens: undefined, contextPercent: undefined };
  const names = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
  const contextTokens = names.reduce((sum, name) => sum + (countIn(usage, name) ?? 0), 0);
  const sizeTokens = countIn(window, "context_window_size") ?? 0;
  const computed = sizeTokens > 0 ? (contextTokens / sizeTokens) * 100 : undefined;
  return { contextTokens, contextPercent: amountIn(window, "used_percentage") ?? computed };
}

/** What the JSON on stdin says; undefined: it is none. A terminal would be waited for, and who gives nothing has nothing to tell. */
async function readStdin(): Promise<unknown> {
  try {
    if (fstatSync(STDIN).isCharacterDevice() && (await import("node:tty")).isatty(STDIN)) return TERMINAL;
  } catch {
    return undefined; // Closed.
  }
  const bytes = Buffer.alloc(MOST_BYTES);
  let length = 0;
  while (length < MOST_BYTES) {
    try {
      const read = readSync(STDIN, bytes, length, MOST_BYTES - length, null);
      if (read === 0) break;
      length += read;
      // Who has said all may forget to close the pipe, and would wait for us.
      const said = bytes[length - 1] === LF || bytes[length - 1] === CLOSING_BRACE ? parsed(bytes, length) : undefined;
      if (said !== undefined) return said;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EAGAIN") break;
      // A pipe that somebody made non-blocking is asked again.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_WAIT_MS);
    }
  }
  return length === 0 ? NOTHING : parsed(bytes, length);
}

function parsed(bytes: Buffer, length: number): unknown {
  try {
    return JSON.parse(bytes.toString("utf8", 0, length));
  } catch {
    return undefined;
  }
}

function textIn(object: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = object[name];
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function amountIn(object: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = object[name];
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function countIn(object: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = amountIn(object, name);
  return Number.isSafeInteger(value) ? value : undefined;
}
