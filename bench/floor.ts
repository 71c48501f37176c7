import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";

/**
 * Reads every byte of the transcripts below HOME in one thread and does nothing with them: no reader of
 * the same bytes with `readSync` can be faster on this machine.
 */
export function readAll(home: string): { readonly bytes: number; readonly readMs: number } {
  const startedAt = process.hrtime.bigint();
  const buffer = Buffer.allocUnsafe(512 * 1024);
  let bytes = 0;
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".jsonl")) continue;
    const file = openSync(join(entry.parentPath, entry.name), "r");
    for (let got = readSync(file, buffer); got > 0; got = readSync(file, buffer)) bytes += got;
    closeSync(file);
  }
  return { bytes, readMs: Number(process.hrtime.bigint() - startedAt) / 1e6 };
}

// Both `node bench/ts.mjs floor.ts <home>` and the bundle `floor-<pid>.mjs <home>` come here.
const home = process.argv[2];
if (home !== undefined && /floor(\.ts|-\d+\.mjs)$/.test(process.argv[1] ?? ""))
  console.log(JSON.stringify(readAll(home)));
