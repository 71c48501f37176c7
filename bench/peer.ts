import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BENCH } from "./folder.ts";

const PACKAGE = "@ccusage/ccusage-linux-x64";
export const PEER_VERSION = "20.0.24";

/** Path of the fastest peer's binary, installed from npm into a scratch folder if it is not there. */
export function installPeer(): string {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `no peer for ${process.platform}-${process.arch}: ${PACKAGE} runs on Linux x64 (run this bench there)`,
    );
  }
  const folder = join(BENCH, ".peers", PEER_VERSION);
  const binary = join(folder, "node_modules", PACKAGE, "bin/ccusage");
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), `{"private":true}\n`);
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", `${PACKAGE}@${PEER_VERSION}`], {
      cwd: folder,
      stdio: "inherit",
    });
  }
  // The package ships it without its run bit.
  chmodSync(binary, 0o755);
  return binary;
}
