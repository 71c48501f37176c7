import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromCsv, toCsv } from "./csv.ts";
import { BENCH, REPO } from "./folder.ts";
import { METER_NOTE, type Sample } from "./harness.ts";
import { HARDWARE, MACHINE, revision } from "./machine.ts";
import { summarize } from "./summary.ts";

/** What ran, and whether tokensift had cursors of its own. */
const BENCHES: Readonly<Record<string, { readonly command: string; readonly cache: string }>> = {
  cold: { command: "npm run bench", cache: "off" },
  peers: { command: "npm run bench:peers", cache: "off" },
  warm: { command: "npm run bench:warm", cache: "of the run before, nothing new" },
  append: { command: "npm run bench:append", cache: "of the run before, with what is said to be new" },
};

/**
 * Puts samples into `results/DATE-MACHINE/` and returns the folder. Samples of the same bench and shape
 * from earlier that day are replaced, all others stay, and the summary is made from what is there then.
 */
export function saveResults(samples: readonly Sample[]): string {
  const folder = join(BENCH, "results", `${new Date().toISOString().slice(0, 10)}-${MACHINE}`);
  mkdirSync(folder, { recursive: true });
  const csv = join(folder, "samples.csv");
  const replaced = new Set(samples.map((sample) => `${sample.bench}/${sample.shape}`));
  const earlier = existsSync(csv) ? fromCsv(readFileSync(csv, "utf8")) : [];
  const all = [...earlier.filter((sample) => !replaced.has(`${sample.bench}/${sample.shape}`)), ...samples];
  writeFileSync(csv, toCsv(all));
  writeFileSync(join(folder, "summary.md"), `# Summary\n\n${summarize(all)}`);
  writeFileSync(join(folder, "README.md"), readme(all));
  return folder;
}

function readme(samples: readonly Sample[]): string {
  const benches = [...new Set(samples.map((sample) => sample.bench))];
  const programs = [...new Set(samples.map((sample) => `${sample.contestant} ${sample.version}`))];
  const loads = samples.map((sample) => sample.load);
  return `# What ran here

- Commands, and tokensift's own cache:
${benches.map((bench) => `  - \`${BENCHES[bench]?.command ?? bench}\`: ${BENCHES[bench]?.cache ?? "as the bench says"}`).join("\n")}
- Machine: ${HARDWARE}
- Node ${process.version}; last measured at revision ${revision(REPO)}
- Programs: ${programs.join(", ")}
- Page cache: warm (every file read once before, one round not counted).
- Each sample is a fresh process. ${METER_NOTE}.
- Load of the machine when samples began: ${Math.min(...loads).toFixed(2)} to ${Math.max(...loads).toFixed(2)}
- \`samples.csv\` has every sample, \`summary.md\` the medians. A sample whose figures differ from the generator's sums has no time.
`;
}
