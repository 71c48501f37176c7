/** Where cursors are kept. */
import { join, resolve } from "node:path";
import type { Environment } from "../environment.ts";

/** What was asked for, else `TOKENSIFT_CACHE_DIR`, else Okstra's cache, else the platform's. Undefined where none of them is known. */
export function cacheFolder(environment: Environment, asked?: string): string | undefined {
  const { variables } = environment;
  const named = asked || variables["TOKENSIFT_CACHE_DIR"];
  if (named) return resolve(named);
  const okstra = variables["OKSTRA_HOME"];
  if (okstra !== undefined && okstra.trim() !== "") return resolve(okstra, "cache", "token-usage");
  const platform = platformFolder(environment);
  return platform === undefined ? undefined : join(platform, "tokensift");
}

function platformFolder({ variables, home, platform }: Environment): string | undefined {
  if (platform === "win32") return variables["LOCALAPPDATA"] || (home && join(home, "AppData", "Local")) || undefined;
  const xdg = variables["XDG_CACHE_HOME"];
  // The XDG rules: a relative path is to be ignored.
  if (xdg?.startsWith("/")) return xdg;
  if (home === "") return undefined;
  return platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache");
}
