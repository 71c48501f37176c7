/** `tokensift prices`: rates and where they come from, costs as their sums, newer price lists. */
import { join } from "node:path";
import { commandLineLayer, type Layer } from "../config/layer.ts";
import { flagOf } from "../config/flags.ts";
import { readSettings } from "../config/read.ts";
import { nearest } from "../config/suggest.ts";
import { parseText } from "../config/values.ts";
import { resolveSettings, type Settings } from "../config/settings.ts";
import { cacheFolder } from "../cursors/location.ts";
import { type Environment, thisEnvironment } from "../environment.ts";
import { invalidOption, ScanError } from "../errors.ts";
import { PriceBook } from "../pricing/book.ts";
import { Catalog } from "../pricing/catalog.ts";
import { listPrices } from "../pricing/list.ts";
import { readOverrides } from "../pricing/overrides.ts";
import { SURCHARGES_CHECKED } from "../pricing/surcharges.ts";
import { REMOTE_PRICES, updatePrices } from "../pricing/update.ts";
import { noRows, noTranscripts } from "../report/empty.ts";
import { priceLines } from "../report/prices.ts";
import { counted } from "../report/numbers.ts";
import { printable, printableJson } from "../report/printable.ts";
import { engineOptions } from "./engine-options.ts";
import { EXIT } from "./exit-code.ts";
import { explain } from "./explain.ts";
import { PRICES_ACTIONS, PRICES_FLAGS } from "./prices-flags.ts";
import { scanWithProgress } from "./scanning.ts";
import { outputWidth } from "./terminal/look.ts";
import { sayLines, writeStdout } from "./terminal/streams.ts";

/** As commander has them. */
export type PricesWritten = Layer["written"] & { readonly row?: readonly string[] };

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function runPrices(words: readonly string[], written: PricesWritten): Promise<number> {
  const environment = thisEnvironment();
  const settings = readSettings(written, environment);
  const isJson = written.json === true;
  const [action = "", ...others] = words;
  checkWritten(action, words, written);
  if (action === "explain") {
    const { by, sort, top } = resolveSettings([commandLineLayer(written)]);
    return explain(settings, { paths: others, by, sort, top, rows: written.row }, environment, isJson);
  }
  if (action === "update") {
    if (others.length > 1) throw tooMany("update", others.slice(1), "give one URL or file");
    return update(others[0] ?? REMOTE_PRICES, settings, environment, isJson);
  }
  return list(words, settings, environment, isJson);
}

/** Of what concerns transcripts nothing counts where none are read. */
function checkWritten(action: string, words: readonly string[], written: PricesWritten): void {
  if (action === "explain") return;
  const known: readonly string[] = words.length === 0 ? IN_USE_FLAGS : BESIDE_FLAGS;
  const other = Object.keys(written).find((name) => !known.includes(name));
  if (other === undefined) return;
  const what = words.length === 0 ? "prices" : `prices ${words.join(" ")}`;
  throw new ScanError("INVALID_OPTION", `${what}: --${flagOf(other)} is for tokensift prices explain (leave it out)`);
}

const BESIDE_FLAGS = ["prices", "json", "quiet", "progress", "color", "threads", "cache", "cacheDir"];
const COST_FLAGS = ["sort", "top", "count", "cost", "startOfWeek"];
const IN_USE_FLAGS = [...PRICES_FLAGS.filter((name) => !COST_FLAGS.includes(name)), "color"];

function tooMany(action: string, words: readonly string[], remedy: string): ScanError {
  return new ScanError("INVALID_OPTION", `prices ${action}: "${words.join(" ")}" is too much (${remedy})`);
}

async function list(names: readonly string[], settings: Settings, environment: Environment, isJson: boolean) {
  for (const name of names) parseText(name, "prices");
  const overrides = settings.prices === undefined ? undefined : readOverrides(settings.prices);
  const book = new PriceBook(Catalog.open(pricesFolder(settings, environment)), overrides);
  const asked = names.length > 0 ? names : await modelsInUse(settings, environment);
  const { package: packageName, fetchedAt } = book.catalog.index;
  const basis = {
    list: packageName,
    fetchedAt,
    surchargesCheckedAt: SURCHARGES_CHECKED,
    overrides: overrides?.path ?? null,
  };
  const listed = listPrices(asked, book, basis, Date.now());
  for (const { model, from } of listed.models) {
    const meant = from === null ? nearest(model, PRICES_ACTIONS) : undefined;
    if (meant !== undefined)
      throw invalidOption("prices", model, `is neither a known model nor ${meant} (write one of them)`);
  }
  await writeStdout(
    isJson
      ? `${printableJson(JSON.stringify(listed))}\n`
      : `${priceLines(listed, outputWidth(environment.variables, false)).join("\n")}\n`,
  );
  return EXIT.done;
}

/** Of the transcripts on this machine; `synthetic` and `unknown` are none. */
async function modelsInUse(settings: Settings, environment: Environment): Promise<string[]> {
  const { sort: _, top: _top, breakdown: _b, ...options } = engineOptions({ ...settings, cost: "none" });
  const result = await scanWithProgress({ ...options, by: ["model"] }, settings, environment);
  if (result.rows.length === 0 && !settings.quiet) {
    sayLines(result.stats.transcripts === 0 ? noTranscripts(result) : noRows(result));
  }
  const names = result.rows.flatMap(({ key }) => key.model ?? []);
  return names.filter((name) => name !== "synthetic" && name !== "unknown");
}

async function update(from: string, settings: Settings, environment: Environment, isJson: boolean): Promise<number> {
  const folder = pricesFolder(settings, environment);
  if (folder === undefined) {
    throw new ScanError("INVALID_OPTION", "no place for prices on this machine (name one with --cache-dir)");
  }
  const updated = await updatePrices(from, folder, Date.now());
  const what = `${counted(updated.models, "model")} of ${counted(updated.providers, "provider")}`;
  await writeStdout(
    isJson ? `${printableJson(JSON.stringify(updated))}\n` : `${what} from ${from} in ${printable(folder)}\n`,
  );
  return EXIT.done;
}

function pricesFolder({ cacheDir }: Settings, environment: Environment): string | undefined {
  const folder = cacheFolder(environment, cacheDir);
  return folder && join(folder, "prices");
}
