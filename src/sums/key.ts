/** With what sums were worked out: where anything of it is other than it was, they are of no use. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { CostMode } from "../cost-modes.ts";
import { BUILD } from "../version.ts";

export async function keyOf(cost: CostMode, fetchedFolder: string): Promise<string> {
  if (cost === "none") return JSON.stringify([BUILD, cost]);
  const { Catalog } = await import("../pricing/catalog.ts");
  const { index } = Catalog.open(fetchedFolder);
  const files = index.fetchedAt === null ? [] : stampsIn(fetchedFolder);
  return JSON.stringify([BUILD, cost, index.package, index.fetchedAt, ...files]);
}

/** Fetched prices may be changed by anybody. */
function stampsIn(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const { size, mtimeNs, ctimeNs } = statSync(join(folder, name), { bigint: true });
      return `${name} ${size} ${mtimeNs} ${ctimeNs}`;
    });
}

/** Whether this version of tokensift made a key. */
export function isOurs(key: string): boolean {
  return key.startsWith(JSON.stringify([BUILD]).slice(0, -1));
}
