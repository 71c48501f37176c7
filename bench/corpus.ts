import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { planRollouts, writeRollout } from "./corpus/codex.ts";
import { type FilePlan, planCorpus } from "./corpus/plan.ts";
import { type Sink, writeSession, type Written } from "./corpus/session.ts";
import { createExpected, type Expected } from "./corpus/sums.ts";
import { createTexts } from "./corpus/text.ts";
import { BENCH } from "./folder.ts";

/** Goes up with every change of what is generated; an older corpus on disk is then made anew. */
const GENERATOR = "3";

export const SHAPES = ["tiny", "large", "small", "big", "codex"] as const;
export type Shape = (typeof SHAPES)[number];

export interface Corpus {
  readonly shape: Shape;
  readonly seed: number;
  /** Works as HOME: transcripts are in `.claude/projects` or `.codex/sessions` below it. */
  readonly home: string;
  readonly expected: Expected;
}

/** The corpus of this shape and seed, from disk if it is there. The same on every machine. */
export function ensureCorpus(shape: Shape, seed = 1, root = join(BENCH, ".corpus")): Corpus {
  const home = join(root, `${shape}-${seed}`);
  const stamp = join(home, "expected.json");
  if (existsSync(stamp)) {
    const expected = JSON.parse(readFileSync(stamp, "utf8")) as Expected;
    if (expected.generator === GENERATOR) return { shape, seed, home, expected };
  }
  rmSync(home, { recursive: true, force: true });
  const expected = generate(shape, seed, home);
  // Written last: a corpus without it is unfinished and made anew.
  writeFileSync(stamp, `${JSON.stringify(expected, null, 2)}\n`);
  return { shape, seed, home, expected };
}

function generate(shape: Shape, seed: number, home: string): Expected {
  const texts = createTexts(seed);
  const expected = createExpected(GENERATOR, shape, seed);
  if (shape === "codex") {
    for (const plan of planRollouts(seed)) {
      const path = join(home, ".codex/sessions", plan.path);
      mkdirSync(dirname(path), { recursive: true });
      const sink = createSink(path);
      writeRollout(plan, seed, texts, sink, expected);
      expected.bytes += sink.close();
      expected.files += 1;
    }
    return expected;
  }
  const written = new Map<FilePlan, Written>();
  // Sessions end some bytes after their planned size; the next ones give them back, so that the total holds.
  let excess = 0;
  for (const planned of planCorpus(shape, seed)) {
    const plan = { ...planned, sizeBytes: Math.max(planned.sizeBytes * 0.5, planned.sizeBytes - Math.max(0, excess)) };
    const path = join(home, ".claude/projects", plan.path);
    mkdirSync(dirname(path), { recursive: true });
    const sink = createSink(path);
    const source = plan.forkOf === null ? null : (written.get(plan.forkOf) ?? null);
    const agents = plan.agents.map((agent) => written.get(agent)!);
    const result = writeSession(plan, seed, texts, sink, expected, source, agents);
    const sizeBytes = sink.close();
    excess += sizeBytes - planned.sizeBytes;
    expected.bytes += sizeBytes;
    expected.files += 1;
    for (const agent of plan.agents) written.delete(agent);
    if (plan.isForked || plan.agentId !== null) written.set(planned, result);
    if (plan.agentId !== null)
      writeFileSync(
        path.replace(/jsonl$/, "meta.json"),
        `{"agentType":"general-purpose","description":"Look into it"}`,
      );
  }
  return expected;
}

/** Joins lines to pieces of about 1 MB before it encodes and writes them. */
function createSink(path: string): Sink & { close(): number } {
  const file = openSync(path, "w");
  let lines: string[] = [];
  let chars = 0;
  let size = 0;
  const flush = (): void => {
    if (lines.length === 0) return;
    const bytes = Buffer.from(`${lines.join("\n")}\n`);
    writeSync(file, bytes);
    size += bytes.length;
    lines = [];
    chars = 0;
  };
  return {
    write(line) {
      lines.push(line);
      chars += line.length + 1;
      if (chars > 1_000_000) flush();
    },
    sizeBytes: () => size + chars,
    close() {
      flush();
      closeSync(file);
      return size;
    },
  };
}

const isMain = process.argv[1]?.endsWith("corpus.ts") === true;
if (isMain) {
  const { values } = parseArgs({
    options: { shape: { type: "string", default: "tiny" }, seed: { type: "string", default: "1" } },
  });
  const shape = SHAPES.find((known) => known === values.shape);
  if (shape === undefined) {
    console.error(`no such shape: ${values.shape} (one of ${SHAPES.join(", ")})`);
    process.exit(2);
  }
  const startedAt = process.hrtime.bigint();
  const corpus = ensureCorpus(shape, Number(values.seed));
  const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  console.log(
    `${corpus.home}: ${corpus.expected.files} files, ${corpus.expected.records} records, ${(corpus.expected.bytes / 1e6).toFixed(1)} MB (${seconds.toFixed(1)} s)`,
  );
}
