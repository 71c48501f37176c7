/** What a run was asked for, whoever asked: flag, environment, project config, user config. */
import { invalidOption, ScanError } from "../errors.ts";
import type { Flag } from "./flag.ts";
import { FLAG_NAMES, type FlagName, FLAGS, flagOf, type Format } from "./flags.ts";
import type { Layer } from "./layer.ts";

type Values = { readonly [Name in FlagName]?: ReturnType<(typeof FLAGS)[Name]["parse"]> | undefined };

export interface Settings extends Values {
  /** Where a flag was set. */
  readonly origins: Readonly<Partial<Record<FlagName, string>>>;
}

/** A command that has other formats than `scan`. */
export interface FormatsOf {
  readonly command: string;
  readonly formats: readonly Format[];
}

/**
 * Layers: the strongest, what was written by hand, first. Throws `INVALID_OPTION` with the place of the value. A format that
 * the command does not have is passed over in weaker layers: there it is meant for others.
 */
export function resolveSettings(layers: readonly Layer[], of?: FormatsOf): Settings {
  const values: Partial<Record<FlagName, unknown>> = {};
  const origins: Partial<Record<FlagName, string>> = {};
  let isJsonOff = false;
  for (const layer of layers) {
    const joined = joinFormat(layer);
    for (const name of FLAG_NAMES) {
      const written = joined.written[name];
      if (written === undefined) continue;
      const origin = joined.origin(name);
      // Weaker layers are checked too: a mistake in a config file shows before it matters.
      const value = (FLAGS[name] as Flag<unknown>).parse(written, origin);
      if (name === "format" && of && !of.formats.includes(value as Format)) {
        if (layer !== layers[0]) continue;
        throw invalidOption(origin, String(value), `is no format of ${of.command} (one of ${of.formats.join(", ")})`);
      }
      if (name in values || (name === "format" && value === "json" && isJsonOff)) continue;
      values[name] = value;
      origins[name] = origin;
    }
    // `--no-json` is about weaker layers.
    isJsonOff ||= layer.written.json === false;
  }
  return { ...(values as Values), origins };
}

/** `--json` is `--format json`, in whatever place it stands. */
function joinFormat(layer: Layer): Layer {
  const { json, ...written } = layer.written;
  if (json === undefined || !FLAGS.json.parse(json, layer.origin("json"))) return { ...layer, written };
  if (written.format !== undefined && written.format !== "json") {
    const both = `${layer.origin("json")} and ${layer.origin("format")} ${String(written.format)}`;
    throw new ScanError("INVALID_OPTION", `${both}: two formats (give one of them)`);
  }
  return { written: { ...written, format: "json" }, origin: (name) => layer.origin(name === "format" ? "json" : name) };
}

/** An error of the engine, which knows flags only, told with the place where the value stands. */
export function placeError(error: ScanError, origins: Settings["origins"]): ScanError {
  for (const [name, origin] of Object.entries(origins)) {
    const flag = `--${flagOf(name)}`;
    if (error.code === "INVALID_OPTION" && error.message.startsWith(`${flag}:`)) {
      return new ScanError(error.code, `${origin}${error.message.slice(flag.length)}`, { cause: error });
    }
  }
  return error;
}
