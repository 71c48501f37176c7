import type { Sample } from "./harness.ts";
import { spread } from "./statistics.ts";

/** Most the ratio to the peer may be. */
interface Bar {
  readonly wall: number;
  readonly cpu: number;
}
/** By bench and shape. */
const BARS: Readonly<Record<string, Bar>> = {
  "peers large": { wall: 0.28, cpu: 0.3 },
  "peers big": { wall: 0.33, cpu: 0.38 },
  "peers small": { wall: 0.5, cpu: 0.55 },
  "warm large": { wall: 0.1, cpu: 0.08 },
  "warm big": { wall: 0.2, cpu: 0.15 },
  "warm small": { wall: 0.25, cpu: 0.2 },
  "peers codex": { wall: 0.3, cpu: 0.35 },
};

/** Tables of all samples, a section for each bench and shape. */
export function summarize(samples: readonly Sample[]): string {
  const sections = groups(samples, (sample) => `${sample.bench}, ${sample.shape}`);
  return [...sections].map(([title, group]) => `## ${title}\n\n${table(group)}${ratios(group)}`).join("\n");
}

function table(samples: readonly Sample[]): string {
  const head = [
    "| program | samples | wall ms: median | min to max | deviation | MiB/s | records/s | CPU s | peak MiB | scan ms | figures |",
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --- |",
  ];
  const rows = [...groups(samples, (sample) => `${sample.contestant} ${sample.version}`)].map(([name, group]) =>
    row(name, group),
  );
  return `${[...head, ...rows].join("\n")}\n`;
}

function row(name: string, group: readonly Sample[]): string {
  const digests = [...new Set(group.map((sample) => sample.digest))].join(" ");
  const wrong = group.filter((sample) => !sample.isRight).length;
  if (wrong > 0)
    return `| ${name} | ${group.length} | WRONG in ${wrong} of ${group.length} | | | | | | | | ${digests} |`;
  const wall = spread(pick(group, (sample) => sample.wallMs));
  const median = (of: (sample: Sample) => number | null, digits: number, scale = 1): string => {
    const values = pick(group, of);
    return values.length === 0 ? "" : (spread(values).median * scale).toFixed(digits);
  };
  const { bytes, records } = group[0]!;
  const seconds = wall.median / 1000;
  return `| ${name} | ${group.length} | ${wall.median.toFixed(0)} | ${wall.min.toFixed(0)} to ${wall.max.toFixed(0)} | ${wall.deviation.toFixed(0)} | ${(bytes / 2 ** 20 / seconds).toFixed(0)} | ${Math.round(records / seconds)} | ${median(cpuMs, 2, 0.001)} | ${median((sample) => sample.maxRssKiB, 0, 1 / 1024)} | ${median((sample) => sample.scanMs, 0)} | ${digests} |`;
}

/** Ours against the peer, round by round, so that a disturbance that hits a whole round cancels. */
function ratios(samples: readonly Sample[]): string {
  const ours = samples.filter((sample) => sample.contestant === "tokensift");
  const peers = samples.filter((sample) => sample.contestant === "ccusage");
  if (ours.length === 0 || peers.length === 0) return "";
  if ([...ours, ...peers].some((sample) => !sample.isRight)) return "\nNo ratio: an answer was wrong.\n";
  const bar = BARS[`${ours[0]!.bench} ${ours[0]!.shape}`];
  const line = (label: string, of: (sample: Sample) => number | null, most: number | undefined): string => {
    const mine = pick(ours, of);
    const theirs = pick(peers, of);
    if (mine.length === 0 || theirs.length === 0) return `- ${label}: not measured`;
    const ratio = spread(mine).median / spread(theirs).median;
    const byRound = spread(mine.map((value, i) => value / (theirs[i] ?? Number.NaN)));
    const verdict = most === undefined ? "" : `, bar ${most.toFixed(2)}: ${ratio <= most ? "met" : "MISSED"}`;
    return `- ${label}: ${ratio.toFixed(3)} (round by round ${byRound.min.toFixed(3)} to ${byRound.max.toFixed(3)})${verdict}`;
  };
  return `\nRatio of the medians, tokensift / ccusage:\n\n${line("wall", (sample) => sample.wallMs, bar?.wall)}\n${line("CPU", cpuMs, bar?.cpu)}\n`;
}

const cpuMs = (sample: Sample): number | null =>
  sample.userMs === null || sample.sysMs === null ? null : sample.userMs + sample.sysMs;

const pick = (samples: readonly Sample[], of: (sample: Sample) => number | null): number[] =>
  samples.map(of).filter((value) => value !== null);

function groups(samples: readonly Sample[], key: (sample: Sample) => string): Map<string, Sample[]> {
  const map = new Map<string, Sample[]>();
  for (const sample of samples) {
    const group = map.get(key(sample));
    if (group === undefined) map.set(key(sample), [sample]);
    else group.push(sample);
  }
  return map;
}
