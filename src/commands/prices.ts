/** `tokensift prices`: rates and where they come from, costs as their sums, newer price lists. */
import { join } from "node:path";
import { configPaths, fileLayer } from "../config/file.ts";
import { commandLineLayer, environmentLayer, type Layer } from "../config/layer.ts";
import { placeError, resolveSettings, type Settings } from "../config/settings.ts";
import { cacheFolder } from "../cursors/location.ts";
import { type Environment, thisEnvironment } from "../environment.ts";
import { ScanError } from "../errors.ts";
import { PriceBook } from "../pricing/book.ts";
import { Catalog } from "../pricing/catalog.ts";
import { listPrices } from "../pricing/list.ts";
import { readOverrides } from "../pricing/overrides.ts";
import { SURCHARGES_CHECKED } from "../pricing/surcharges.ts";
import { REMOTE_PRICES, updatePrices } from "../pricing/update.ts";
import { diagnosticLines } from "../report/diagnostics.ts";
import { explanationLines, priceLines } from "../report/prices.ts";
import { counted } from "../report/numbers.ts";
import { printable } from "../report/width.ts";
import { scan } from "../scan.ts";
import type { ScanResult } from "../types.ts";
import { EXIT } from "./exit-code.ts";
import { engineOptions } from "./engine-options.ts";
import { sayLines, writeStdout } from "./terminal/streams.ts";

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function runPrices(words: readonly string[], written: Layer["written"]): Promise<number> {
  const environment = thisEnvironment();
  const files = configPaths(process.cwd(), environment).flatMap((path) => fileLayer(path) ?? []);
  const settings = resolveSettings([commandLineLayer(written), environmentLayer(environment.variables), ...files]);
  const isJson = written.json === true;
  const [action, ...others] = words;
  if (action === "explain") {
    if (others.length > 0) throw tooMany("explain", others, "choose what with flags such as --session ID");
    return explain(settings, environment, isJson);
  }
  if (action === "update") {
    if (others.length > 1) throw tooMany("update", others.slice(1), "give one URL or file");
    return update(others[0] ?? REMOTE_PRICES, settings, environment, isJson);
  }
  return list(words, settings, environment, isJson);
}

function tooMany(action: string, words: readonly string[], remedy: string): ScanError {
  return new ScanError("INVALID_OPTION", `prices ${action}: "${words.join(" ")}" is too much (${remedy})`);
}

async function list(names: readonly string[], settings: Settings, environment: Environment, isJson: boolean) {
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
  await writeStdout(isJson ? `${JSON.stringify(listed)}\n` : `${priceLines(listed).join("\n")}\n`);
  return EXIT.done;
}

/** Of the transcripts on this machine; `synthetic` and `unknown` are none. */
async function modelsInUse(settings: Settings, environment: Environment): Promise<string[]> {
  const { rows } = await scanWith({ ...settings, cost: "none" }, environment, ["model"]);
  const names = rows.flatMap(({ key }) => key.model ?? []);
  return names.filter((name) => name !== "synthetic" && name !== "unknown");
}

async function explain(settings: Settings, environment: Environment, isJson: boolean): Promise<number> {
  if (settings.cost === "none") {
    throw new ScanError("INVALID_OPTION", "--cost: none has nothing to explain (leave it out, or give auto)");
  }
  const result = await scanWith(settings, environment, ["none"]);
  const { totals, costBasis, costLines, window } = result;
  const json = { window, totals, costBasis, costLines, diagnostics: result.diagnostics };
  await writeStdout(isJson ? `${JSON.stringify(json)}\n` : `${explanationLines(result).join("\n")}\n`);
  if (!settings.quiet) sayLines(diagnosticLines(result));
  return EXIT.done;
}

async function scanWith(settings: Settings, environment: Environment, by: readonly ("model" | "none")[]) {
  try {
    const { sort: _, top: _top, breakdown: _b, ...options } = engineOptions(settings);
    return (await scan({ ...options, by, environment, explain: settings.cost !== "none" })) satisfies ScanResult;
  } catch (error) {
    throw error instanceof ScanError ? placeError(error, settings.origins) : error;
  }
}

async function update(from: string, settings: Settings, environment: Environment, isJson: boolean): Promise<number> {
  const folder = pricesFolder(settings, environment);
  if (folder === undefined) {
    throw new ScanError("INVALID_OPTION", "no place for prices on this machine (name one with --cache-dir)");
  }
  const updated = await updatePrices(from, folder, Date.now());
  const what = `${counted(updated.models, "model")} of ${counted(updated.providers, "provider")}`;
  await writeStdout(isJson ? `${JSON.stringify(updated)}\n` : `${what} from ${from} in ${printable(folder)}\n`);
  return EXIT.done;
}

function pricesFolder({ cacheDir }: Settings, environment: Environment): string | undefined {
  const folder = cacheFolder(environment, cacheDir);
  return folder && join(folder, "prices");
}
