/** Config files: JSON objects whose keys are flags. An unknown key is an error: it would do nothing, silently. */
import { dirname, join, resolve } from "node:path";
import { ScanError } from "../errors.ts";
import { isHidden } from "../files/folder.ts";
import { isAbsent, isBehindDeadLink, readRegular } from "../files/regular.ts";
import type { Environment } from "../environment.ts";
import type { Written } from "./flag.ts";
import { FLAG_NAMES, type FlagName, FLAGS } from "./flags.ts";
import type { Layer } from "./layer.ts";
import { nearest } from "./suggest.ts";
import { withoutMark } from "../json.ts";

/** `tokensift.config.json` here, before the user's. */
export function configPaths(folder: string, { variables, home, platform }: Environment): string[] {
  const settings =
    variables["XDG_CONFIG_HOME"] || (platform === "win32" && variables["APPDATA"]) || join(home, ".config");
  return [join(folder, "tokensift.config.json"), join(settings, "tokensift", "config.json")];
}

/** Nothing where there is no such file. */
export function fileLayer(path: string, { home }: Environment): Layer | undefined {
  const text = readIfThere(path, home);
  if (text === undefined) return undefined;
  const written: Partial<Record<FlagName, Written>> = {};
  for (const [key, value] of Object.entries(parseObject(text, path))) {
    if (key === "$schema") continue;
    const name = checkKey(key, path);
    written[name] = checkValue(value, key, path, home);
  }
  return { written, origin: (name) => `"${name}" in ${path}` };
}

function readIfThere(path: string, home: string): string | undefined {
  try {
    return withoutMark(readRegular(path).toString());
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // A link that leads nowhere is a file that somebody wants read, but one that the home itself is.
    const isThere = !isAbsent(cause) || (isBehindDeadLink(path) && !isBehindDeadLink(home));
    if (!isThere || (code === "EACCES" && isElsewhere(dirname(path), home))) return undefined;
    throw new ScanError("INVALID_OPTION", `${path}: cannot be read (${code}; make it readable or remove it)`, {
      cause,
    });
  }
}

/** Below one's own home nothing is: a folder there that nobody may enter holds what was meant. */
function isElsewhere(folder: string, home: string): boolean {
  return isHidden(folder.startsWith(home) ? `${home}/.` : folder);
}

function parseObject(text: string, path: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = (cause as Error).message.replaceAll(/\s+/g, " ");
    throw new ScanError("INVALID_OPTION", `${path}: is not JSON (${reason})`, { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new ScanError("INVALID_OPTION", `${path}: holds no JSON object (write one such as {"by": "day,model"})`);
}

function checkKey(key: string, path: string): FlagName {
  const names = FLAG_NAMES.filter((name) => !("isPerRun" in FLAGS[name]));
  const known = names.find((name) => name === key);
  if (known !== undefined) return known;
  const where = `unknown key "${key}" in ${path}`;
  if (Object.hasOwn(FLAGS, key))
    throw new ScanError("INVALID_OPTION", `${where}: it belongs on the command line (remove it here)`);
  const off = names.find((name) => `no${name}` === key.toLowerCase());
  if (off !== undefined) throw new ScanError("INVALID_OPTION", `${where} (write "${off}": false)`);
  const name = nearest(key, names);
  const hint = name === undefined ? `known are ${names.join(", ")}` : `did you mean "${name}"?`;
  throw new ScanError("INVALID_OPTION", `${where} (${hint})`);
}

/** Lists may be JSON lists; numbers may be numbers. What the text means is checked like a flag's. */
function checkValue(value: unknown, key: string, path: string, home: string): Written {
  // What a config file names lies beside it, wherever the run is; no shell reads its `~`.
  if (typeof value === "string" && value !== "" && /<(?:file|folder)>/.test(FLAGS[key as FlagName].term))
    return resolve(
      dirname(path),
      value.replace(/^~(?=$|[/\\])/, () => home),
    );
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return String(value);
  if (Array.isArray(value) && value.every((part) => typeof part === "string")) {
    return FLAGS[key as FlagName].kind === "list" ? value : value.join(",");
  }
  throw new ScanError("INVALID_OPTION", `"${key}" in ${path}: give text, a number, true, false or a list of texts`);
}
