/** `tokensift prices update`: newer list prices, from the package's own repository or from a file of that form. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ScanError } from "../errors.ts";
import { makeFolder } from "../files/folder.ts";
import { isObject } from "../json.ts";
import { Catalog } from "./catalog.ts";
import { checkProvider } from "./check.ts";
import { prepareCatalog } from "./prepare.mjs";

/** Where the package says its newest data are (`REMOTE_DATA_JSON_URL`). */
export const REMOTE_PRICES =
  "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json";

const TIMEOUT_MS = 20_000;
/** The list has 1 MB; more than this is something else. */
const MOST_BYTES = 64 << 20;
const WITHOUT = "the prices at hand stay in use";

export interface Updated {
  readonly from: string;
  readonly folder: string;
  readonly providers: number;
  readonly models: number;
}

/** Rejects with a `ScanError` when there is nothing usable; nothing is changed then. */
export async function updatePrices(from: string, folder: string, nowMs: number): Promise<Updated> {
  const text = /^https?:/.test(from) ? await fetchText(from) : await readText(from);
  const files = prepare(text, from, new Date(nowMs).toISOString());
  const providers = files.flatMap(([, content]) => ("models" in content ? [content] : []));
  checkIsOurs(folder);
  try {
    writeFolder(folder, files);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ScanError("OUTPUT_FAILED", `${folder}: cannot be written (${code}; ${WITHOUT})`, { cause });
  }
  const models = providers.reduce((sum, provider) => sum + provider.models.length, 0);
  return { from, folder, providers: providers.length, models };
}

async function fetchText(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const length = Number(answer.headers.get("content-length") ?? 0);
    if (length > MOST_BYTES) throw new Error(`${length} bytes`);
    return await answer.text();
  } catch (error) {
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
    throw new ScanError(
      "INVALID_OPTION",
      `prices update: cannot fetch ${url} (${cause?.code ?? message}); ${WITHOUT}`,
      {
        cause: error,
      },
    );
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ScanError("INVALID_OPTION", `prices update: ${path} cannot be read (${code}); ${WITHOUT}`, { cause });
  }
}

/** Everything is looked at before anything is written: prices that make no sense would be wrong figures later. */
function prepare(text: string, from: string, fetchedAt: string) {
  const bundled = Catalog.open(undefined).index.package;
  try {
    const list = JSON.parse(text) as unknown;
    if (!Array.isArray(list) || list.length === 0) throw new TypeError("no list of providers");
    const files = prepareCatalog(list, bundled, fetchedAt);
    for (const [, content] of files) if ("models" in content) checkProvider(content);
    return files;
  } catch (cause) {
    const reason = (cause as Error).message.replaceAll(/\s+/g, " ");
    throw new ScanError("INVALID_OPTION", `prices update: ${from} is no price list (${reason}); ${WITHOUT}`, { cause });
  }
}

/** What is in a folder of fetched prices is replaced as a whole: one that somebody else has named so is not ours to remove. */
function checkIsOurs(folder: string): void {
  if (!existsSync(folder) || isOurs(folder)) return;
  const remedy = "move it away, or name another --cache-dir";
  throw new ScanError("OUTPUT_FAILED", `${folder}: holds something else than fetched prices (${remedy}); ${WITHOUT}`);
}

function isOurs(folder: string): boolean {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (!entries.every((entry) => entry.isFile() && entry.name.endsWith(".json"))) return false;
    return entries.length === 0 || (entries.some(({ name }) => name === INDEX) && isIndex(join(folder, INDEX)));
  } catch {
    return false;
  }
}

const INDEX = "index.json";

function isIndex(path: string): boolean {
  const index: unknown = JSON.parse(readFileSync(path, "utf8"));
  return isObject(index) && typeof index["package"] === "string" && Array.isArray(index["providers"]);
}

/** All files or none: a folder beside it takes its place. */
function writeFolder(folder: string, files: ReadonlyArray<readonly [name: string, content: object]>): void {
  makeFolder(dirname(folder));
  const made = mkdtempSync(`${folder}-`);
  try {
    for (const [name, content] of files) writeFileSync(join(made, name), JSON.stringify(content), { mode: 0o600 });
    rmSync(folder, { recursive: true, force: true });
    renameSync(made, folder);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    throw error;
  }
}
