import { execFileSync } from "node:child_process";
import { arch, availableParallelism, cpus, release, totalmem, type } from "node:os";

const cpu = (cpus()[0]?.model ?? "unknown cpu").replace(/\s+/g, " ").trim();

/** Short enough for a folder, and without the host's name. */
export const MACHINE = `${cpu} ${availableParallelism()} cores`
  .toLowerCase()
  .replace(/\((r|tm)\)|processor|cpu|@.*?ghz/g, "")
  .replace(/[^a-z0-9]+/g, "-")
  .replace(/^-|-$/g, "");

export const HARDWARE = `${cpu}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()} ${arch()}`;

/** The commit that was measured; `+` when files differ from it. */
export function revision(folder: string): string {
  const git = (...words: string[]): string =>
    execFileSync("git", words, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "--", "src", "workers") === "" ? "" : "+"}`;
  } catch {
    return "no commit";
  }
}
