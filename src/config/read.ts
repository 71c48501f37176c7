/** Settings from every place where flags are set: the command line, the environment, config files. */
import type { Environment } from "../environment.ts";
import { configPaths, fileLayer } from "./file.ts";
import { commandLineLayer, environmentLayer, type Layer } from "./layer.ts";
import { type FormatsOf, resolveSettings, type Settings } from "./settings.ts";

/** `folder`: where it was called; its config file counts. `formats`: of a command that has others than `scan`. Throws `INVALID_OPTION` with the place of a wrong value. */
export function readSettings(
  written: Layer["written"],
  environment: Environment,
  folder: string = process.cwd(),
  formats?: FormatsOf,
): Settings {
  const files = configPaths(folder, environment).flatMap((path) => fileLayer(path, environment) ?? []);
  return resolveSettings([commandLineLayer(written), environmentLayer(environment.variables), ...files], formats);
}
