import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BENCH } from "./folder.ts";

/** A native program on npm, without its cache or with one. */
export const CCUSAGE = { package: "@ccusage/ccusage-linux-x64", version: "20.0.24", binary: "bin/ccusage" } as const;
export const TOKSCALE = {
  package: "@tokscale/cli-linux-x64-gnu",
  version: "4.17.0",
  binary: "bin/tokscale",
} as const;

/** Path of a peer's binary, installed from npm into a scratch folder if it is not there. */
export function installPeer(peer: typeof CCUSAGE | typeof TOKSCALE): string {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `no peer for ${process.platform}-${process.arch}: ${peer.package} runs on Linux x64 (run this bench there)`,
    );
  }
  const folder = join(BENCH, ".peers", peer.version);
  const binary = join(folder, "node_modules", peer.package, peer.binary);
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), `{"private":true}\n`);
    const name = `${peer.package}@${peer.version}`;
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", name], {
      cwd: folder,
      stdio: "inherit",
    });
  }
  // The packages ship them without their run bit.
  chmodSync(binary, 0o755);
  return binary;
}
