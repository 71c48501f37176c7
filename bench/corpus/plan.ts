import { createRandom, hex, type Random, uuid } from "./random.ts";
import { dialects, type Dialect } from "./dialect.ts";

/** One transcript before it is written. */
export interface FilePlan {
  readonly index: number;
  /** Below `.claude/projects`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly dialect: Dialect;
  readonly project: Project;
  readonly sessionId: string;
  /** Set for a subagent's transcript. */
  readonly agentId: string | null;
  /** Subagents this session starts, written before it because it nests copies of their records. */
  readonly agents: FilePlan[];
  /** The session whose first lines this one repeats. */
  forkOf: FilePlan | null;
  /** Some fork needs the lines. */
  isForked: boolean;
  readonly startMs: number;
  /** Agent records stand in the session itself (1.0.x had no agent files; `big` has no room for any). */
  readonly hasInlineAgents: boolean;
}

interface Project {
  readonly cwd: string;
  readonly folder: string;
  readonly branch: string;
}

export type ClaudeShape = "tiny" | "large" | "small" | "big";

interface ShapePlan {
  readonly files: number;
  readonly totalBytes: number;
  readonly projects: number;
  readonly agentShare: number;
  readonly forkShare: number;
  sizes(count: number, total: number): number[];
}

const PLANS: Record<ClaudeShape, ShapePlan> = {
  tiny: {
    files: 30,
    totalBytes: 5e6,
    projects: 4,
    agentShare: 0.25,
    forkShare: 0.08,
    sizes: (count, total) => logNormal(count, total, 1.3),
  },
  large: { files: 400, totalBytes: 1e9, projects: 24, agentShare: 0.2, forkShare: 0.03, sizes: heavyTail },
  small: {
    files: 20_000,
    totalBytes: 680e6,
    projects: 60,
    agentShare: 0.3,
    forkShare: 0.02,
    sizes: (count, total) => logNormal(count, total, 1.1),
  },
  big: {
    files: 2,
    totalBytes: 430e6,
    projects: 2,
    agentShare: 0,
    forkShare: 0,
    sizes: (count, total) => Array.from({ length: count }, () => total / count),
  },
};

export function planCorpus(shape: ClaudeShape, seed: number): FilePlan[] {
  const random = createRandom(seed, 0x91a4);
  const plan = PLANS[shape];
  const projects = Array.from({ length: plan.projects }, (_, i) => createProject(random, i));
  const sizes = plan.sizes(plan.files, plan.totalBytes);
  shuffle(random, sizes);
  const agentCount = Math.round(plan.files * plan.agentShare);
  const mainSizes = sizes.slice(agentCount);
  const byDialect = dialectsOf(mainSizes);
  const mains = mainSizes.map((size, i): FilePlan => {
    const project = random.pick(projects);
    const dialect = shape === "big" ? dialects[i === 0 ? 2 : dialects.length - 1]! : byDialect[i]!;
    const sessionId = uuid(random);
    return {
      index: i,
      path: `${project.folder}/${sessionId}.jsonl`,
      sizeBytes: size,
      dialect,
      project,
      sessionId,
      agentId: null,
      agents: [],
      forkOf: null,
      isForked: false,
      startMs: startOf(random, dialect),
      hasInlineAgents: shape === "big" && dialect.hasProgress,
    };
  });
  const bySize = [...mains].sort((a, b) => b.sizeBytes - a.sizeBytes);
  const agents = sizes.slice(0, agentCount).map((size, i) => planAgent(random, bySize, size, mains.length + i));
  const forkCount = Math.round(plan.files * plan.forkShare);
  for (let made = 0, tries = 0; made < forkCount && tries < 100 * forkCount; tries++)
    if (planFork(random, mains, plan.totalBytes / plan.files / 8)) made++;
  // Sources before forks, agents before their sessions.
  const order: FilePlan[] = [];
  for (const main of mains) if (main.forkOf === null) order.push(...main.agents, main);
  for (const main of mains) if (main.forkOf !== null) order.push(...main.agents, main);
  if (order.length !== mains.length + agents.length) throw new Error("a transcript was planned twice or never");
  return order;
}

/** A subagent's transcript belongs to a session at least twice its size, if there is one. */
function planAgent(random: Random, bySize: readonly FilePlan[], size: number, index: number): FilePlan {
  let roomy = bySize.findIndex((main) => main.sizeBytes < 2 * size);
  if (roomy < 1) roomy = Math.min(8, bySize.length);
  let parent = bySize[random.int(0, roomy - 1)]!;
  // Sessions that nest copies of their agents' records get more of them: such lines are 5 % of all.
  for (let i = 0; i < 3 && !parent.dialect.hasProgress; i++) parent = bySize[random.int(0, roomy - 1)]!;
  const agentId = `a${hex(random, parent.dialect.agentIdLength - 1)}`;
  const flat = parent.dialect.hasFlatAgents;
  const agent: FilePlan = {
    index,
    path: flat
      ? `${parent.project.folder}/agent-${agentId}.jsonl`
      : `${parent.project.folder}/${parent.sessionId}/subagents/agent-${agentId}.jsonl`,
    sizeBytes: size,
    dialect: parent.dialect,
    project: parent.project,
    sessionId: parent.sessionId,
    agentId,
    agents: [],
    forkOf: null,
    isForked: false,
    startMs: parent.startMs + random.int(60_000, 3_600_000),
    hasInlineAgents: false,
  };
  parent.agents.push(agent);
  return agent;
}

function planFork(random: Random, mains: readonly FilePlan[], minBytes: number): boolean {
  const source = random.pick(mains);
  const fork = random.pick(mains);
  const isFit =
    source !== fork &&
    source.forkOf === null &&
    !fork.isForked &&
    fork.forkOf === null &&
    source.sizeBytes < 12e6 &&
    fork.sizeBytes < 12e6 &&
    fork.sizeBytes > minBytes &&
    source.sizeBytes > fork.sizeBytes / 3 &&
    source.dialect === fork.dialect;
  if (!isFit) return false;
  source.isForked = true;
  fork.forkOf = source;
  return true;
}

function createProject(random: Random, index: number): Project {
  const homes = ["/home/dev/work", "/Users/dana/src", "/srv", "/Users/kim.lee/Documents/GitHub", "/root/projects"];
  const names = [
    "billing_api",
    "web-client",
    "infra",
    "notes.app",
    "parser",
    "shop-frontend",
    "data_pipeline",
    "cli",
    "docs-site",
    "ml-tools",
  ];
  const cwd = `${random.pick(homes)}/${random.pick(names)}${index}`;
  return {
    cwd,
    folder: cwd.replace(/[^A-Za-z0-9]/g, "-"),
    branch: random.pick(["main", "main", "master", "feature/token-window", "fix/retry-timeout"]),
  };
}

/** Largest first, each to the dialect that lacks most bytes: the shares hold although few files carry most bytes. */
function dialectsOf(sizes: readonly number[]): Dialect[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const lacks = dialects.map((dialect) => dialect.share * total);
  const result: Dialect[] = [];
  const order = sizes.map((_, i) => i).sort((a, b) => sizes[b]! - sizes[a]!);
  for (const i of order) {
    const neediest = lacks.indexOf(Math.max(...lacks));
    lacks[neediest]! -= sizes[i]!;
    result[i] = dialects[neediest]!;
  }
  return result;
}

function startOf(random: Random, dialect: Dialect): number {
  const from = Date.parse(dialect.from);
  return Math.round(from + random.unit() * (Date.parse(dialect.until) - from));
}

/** Sizes at even quantiles of a log-normal, scaled to the total. */
function logNormal(count: number, total: number, sigma: number): number[] {
  const sizes = Array.from({ length: count }, (_, i) => Math.exp(sigma * normalQuantile((i + 0.5) / count)));
  const scale = total / sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => Math.max(1500, size * scale));
}

/** `large`: median 105 KB, 90 % below 650 KB, and a tail up to 95 MB that is bent until the total fits. */
function heavyTail(count: number, total: number): number[] {
  const median = 105e3;
  const ninth = 650e3;
  const largest = 95e6;
  const sigma = Math.log(ninth / median) / normalQuantile(0.9);
  const sizesWith = (bend: number): number[] =>
    Array.from({ length: count }, (_, i) => {
      const q = (i + 0.5) / count;
      if (q < 0.9) return Math.max(1500, median * Math.exp(sigma * normalQuantile(q)));
      return ninth * (largest / ninth) ** (((q - 0.9) / 0.1) ** bend);
    });
  let low = 0.1;
  let high = 5;
  for (let i = 0; i < 50; i++) {
    const bend = (low + high) / 2;
    if (sizesWith(bend).reduce((sum, size) => sum + size, 0) > total) low = bend;
    else high = bend;
  }
  return sizesWith(low);
}

/** Acklam's approximation is more than we need; bisection on erf would be slow. This one errs by 4.5e-4. */
function normalQuantile(q: number): number {
  const p = q < 0.5 ? q : 1 - q;
  const t = Math.sqrt(-2 * Math.log(p));
  const z =
    t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
  return q < 0.5 ? -z : z;
}

function shuffle(random: Random, list: number[]): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.int(0, i);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
}
