/** Cursor files that are damaged, and such as somebody forged. */
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { TABLE_NAMES, TABLES } from "../../src/cursors/columns.ts";
import type { ScanResult } from "../../src/types.ts";
import { endOf } from "../cli/tokensift.ts";
import { response, sessionId, type Tree } from "../transcripts.ts";
import { Corpus, manyLines } from "./corpus.ts";
import { envelopeEnd, open, overwrite, seal, sealPacked, withChecksum, withFormat } from "./forge.ts";
import { sayingsOf } from "./scan.ts";

const FIRST = `-srv-app/${sessionId(1)}.jsonl`;
const MIB = 2 ** 20;

/** One project, so one cursor file: forks, snapshots, agents, teams, iterations, damage, a tail. */
function tree(): Tree {
  const iterations = [
    { type: "advisor_message", model: "claude-haiku-4-5", input_tokens: 4, output_tokens: 5 },
    { type: "message", input_tokens: 1, output_tokens: 10 },
  ];
  const content = [{ type: "tool_use", id: "toolu_1", name: "Read", input: {} }];
  return {
    [FIRST]: `${manyLines(1, 6)}{"type":"assistant",\n${response(7, { teamName: "red", gitBranch: "é" }, { iterations })}\n${response(8).slice(0, 90)}`,
    [`-srv-app/${sessionId(2)}.jsonl`]: `${manyLines(1, 3)}${response(20, {}, {}, { content })}\n${response(20, { uuid: "u" }, { output_tokens: 40 })}\n`,
    [`-srv-app/${sessionId(1)}/subagents/agent-a1.jsonl`]: manyLines(40, 3),
    [`-srv-app/${sessionId(1)}/subagents/agent-a1.meta.json`]: '{"agentType":"Explore"}',
    [`-srv-app/${sessionId(3)}.jsonl`]: "",
  };
}

let corpus: Corpus;
let path: string;
/** The cursor file as a run wrote it. */
let file: Buffer;
let truth: unknown;

beforeEach(async () => {
  corpus = new Corpus(tree());
  const cold = await corpus.cold({ by: ["session", "agent", "team"] });
  truth = sayingsOf(cold);
  await corpus.warm();
  path = corpus.cacheFiles()[0]!;
  expect(corpus.cacheFiles()).toEqual([path]);
  file = readFileSync(path);
});

const ask = (): Promise<ScanResult> => corpus.warm({ by: ["session", "agent", "team"] });

/** The figures of a run that finds this for a cursor file. */
async function answerWith(bytes: Buffer): Promise<ScanResult> {
  writeFileSync(path, bytes);
  return ask();
}

async function expectTruth(bytes: Buffer, what: string): Promise<ScanResult> {
  const result = await answerWith(bytes);
  expect(sayingsOf(result), what).toEqual(truth);
  return result;
}

/** A file that no run takes for its own. */
async function expectPassedOver(bytes: Buffer, what: string): Promise<void> {
  const { stats } = await expectTruth(bytes, what);
  expect(stats.bytesRead, what).toBeGreaterThanOrEqual(stats.bytesTotal);
}

test("the file as it was written is used: what follows is about something", async () => {
  const { stats } = await expectTruth(file, "as written");
  // One of the four has a tail, which is read each time.
  expect(stats.transcriptsUnchanged).toBe(3);
  expect(stats.bytesRead).toBeLessThan(400);
  expect(withChecksum(file)).toEqual(file);
  expect(await answerWith(seal(file, open(file)))).toMatchObject({ stats: { transcriptsUnchanged: 3 } });
});

describe("damage changes no figure", () => {
  test("a bit flipped, in every region", { timeout: 120_000 }, async () => {
    const step = Math.max(1, Math.floor(file.length / 300));
    for (let at = 0; at < file.length; at += at < 64 ? 1 : step) {
      const damaged = Buffer.from(file);
      damaged[at]! ^= 1 << (at % 8);
      await expectPassedOver(damaged, `bit ${at % 8} of byte ${at} flipped`);
    }
  });

  test("cut at every percent, and by a byte", async () => {
    for (let percent = 0; percent < 100; percent++) {
      const length = Math.floor((file.length * percent) / 100);
      await expectPassedOver(file.subarray(0, length), `cut to ${length} bytes`);
    }
    await expectPassedOver(file.subarray(0, -1), "cut by a byte");
  });

  test("bytes behind the end, zeros inside, halves exchanged, doubled", async () => {
    const half = file.length >> 1;
    const holed = Buffer.from(file).fill(0, half, half + 64);
    const all = { more: Buffer.concat([file, Buffer.alloc(8)]), holed, doubled: Buffer.concat([file, file]) };
    for (const [what, bytes] of Object.entries(all)) await expectPassedOver(bytes, what);
    await expectPassedOver(Buffer.concat([file.subarray(half), file.subarray(0, half)]), "exchanged");
  });

  test("random bytes, with the right beginning or without", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const noise = Buffer.from(Array.from({ length: seed * 37 }, (_, i) => Math.imul(i + seed, 2654435761) >>> 13));
      await expectPassedOver(noise, `noise ${seed}`);
      await expectPassedOver(Buffer.concat([file.subarray(0, 8 + seed), noise]), `a beginning and noise ${seed}`);
      await expectPassedOver(Buffer.concat([file.subarray(0, file.length >> 1), noise]), `half and noise ${seed}`);
    }
  });
});

describe("cursors made otherwise are as if absent", () => {
  test.each([0, 1, 255, 2 ** 32 - 1])("format %d", async (format) => {
    await expectPassedOver(withFormat(file, format), `format ${format}`);
  });

  test.each([
    ["another parser version", { parserVersion: 10_000 }],
    ["another source", { source: "codex" }],
    ["another project folder", { folder: "/srv/elsewhere" }],
    ["another longest line", { maxLineBytes: 100 }],
  ])("%s", async (what, change) => {
    const { envelope, columns } = open(file);
    await expectPassedOver(seal(file, { envelope: { ...envelope, ...change }, columns }), what);
  });
});

// A forged file may say other figures: who can write it, can write transcripts. It may do no harm.
describe("a forged file with a right checksum neither crashes a run nor takes its memory", () => {
  const HUGE = [2 ** 53, 2 ** 32, 2 ** 31, 2 ** 28, 2 ** 24, 100_000, -1, 1.5, NaN, Infinity, "9", null, [], 2n ** 63n];

  test("lengths, widths and texts that are not what they say", async () => {
    const { envelope, columns } = open(file);
    const forged: Buffer[] = [];
    const change = (name: string, value: unknown) =>
      forged.push(seal(file, { envelope: { ...envelope, [name]: value }, columns }));
    for (const [name, value] of Object.entries(envelope)) {
      for (const huge of HUGE) change(name, huge);
      if (!Array.isArray(value)) continue;
      for (const at of value.keys()) for (const huge of HUGE) change(name, value.with(at, huge));
      change(
        name,
        Array.from({ length: 1_000_000 }, () => 2 ** 28),
      );
    }
    const widths = Uint8Array.from(envelope["widths"] as Uint8Array);
    for (const at of widths.keys()) for (const width of [0, 3, 8]) change("widths", widths.with(at, width));
    for (const name of ["paths", "texts"]) {
      for (const json of ["[".repeat(200_000), "{}", '["a","a"]', "[]", "[null]", "", `["${"x".repeat(3 * MIB)}"]`]) {
        change(name, json);
      }
    }
    await expectHarmless(forged);
  });

  test("tables of zeros, which take no bytes, of any length", async () => {
    const { envelope, columns } = open(file);
    const [lengths, widths] = [envelope["lengths"] as number[], envelope["widths"] as Uint8Array];
    let [column, at] = [0, 0];
    const forged = TABLE_NAMES.flatMap((table, i) => {
      const [first, from] = [column, at];
      for (const _ of Object.keys(TABLES[table])) {
        at += Math.ceil(((widths[column++] as number) * (lengths[i] as number)) / 8) * 8;
      }
      const rest = Buffer.concat([columns.subarray(0, from), columns.subarray(at)]);
      const zeros = Uint8Array.from(widths).fill(0, first, column);
      return [2 ** 28, 2 ** 24, 100_000].map((length) => {
        return seal(file, {
          envelope: { ...envelope, widths: zeros, lengths: lengths.with(i, length) },
          columns: rest,
        });
      });
    });
    await expectHarmless(forged);
  });

  test("an envelope that is cut, nested, or says it is large", async () => {
    const { columns } = open(file);
    const packed = file.subarray(32, envelopeEnd(file));
    const large = [[0xdd], [0xdf], [0xc6], [0xdb], [0xc9]].map((type) => Buffer.from([...type, 255, 255, 255, 255, 1]));
    const nested = [0x91, 0x81, 0xdc].map((type) => Buffer.alloc(300_000, type));
    const cut = Array.from({ length: 40 }, (_, i) => packed.subarray(0, Math.floor((packed.length * i) / 40)));
    await expectHarmless(
      [...large, ...nested, ...cut].map((envelope) => sealPacked(file, Buffer.from(envelope), columns)),
    );
  });

  test("any byte of the envelope", async () => {
    const values = [
      [0xff],
      [0x00],
      [0xdd, 0xff, 0xff, 0xff, 0xff],
      [0xdf, 0x7f, 0xff, 0xff, 0xff],
      [0xc6, 0xff, 0xff, 0xff],
      [0xd4, 0x72, 0x40],
      [0xc7, 0xff, 0x72],
    ];
    const end = envelopeEnd(file);
    const step = Math.max(1, Math.floor((end - 16) / 60));
    const forged: Buffer[] = [];
    for (let at = 16; at < end; at += at < 48 ? 1 : step) {
      for (const value of values) forged.push(overwrite(file, at, value));
    }
    await expectHarmless(forged);
  });

  test("any number of the columns", async () => {
    const values = [
      [0xff],
      [0xff, 0xff, 0xff, 0xff],
      [0, 0, 0, 0, 0, 0, 0xf8, 0x7f],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xef, 0x7f],
      [0, 0, 0, 0x80],
    ];
    const from = envelopeEnd(file);
    const step = Math.max(1, Math.floor((file.length - from) / 120));
    const forged: Buffer[] = [];
    for (let at = from; at < file.length; at += step) {
      for (const value of values) forged.push(overwrite(file, at, value));
    }
    await expectHarmless(forged);
  });

  test("files that are large, and empty inside", async () => {
    const before = await peakOf([file]);
    for (const mib of [200, 255, 1024, 8192]) {
      const sparse = openSync(path, "w");
      writeSync(sparse, file);
      ftruncateSync(sparse, mib * MIB);
      closeSync(sparse);
      const { maxRssBytes } = await runInChild([]);
      expect(maxRssBytes, `${mib} MiB`).toBeLessThan(before + (mib < 256 ? mib + 100 : 60) * MIB);
    }
  });

  const peakOf = async (files: readonly Buffer[]): Promise<number> => (await runInChild(files)).maxRssBytes;

  async function expectHarmless(files: readonly Buffer[]): Promise<void> {
    const { maxRssBytes: usual } = await runInChild(files.slice(0, 50).map(() => file));
    const { maxRssBytes, codes, slowestMs } = await runInChild(files);
    expect(codes.filter((code) => code !== "SUM_TOO_LARGE")).toEqual([]);
    expect(slowestMs).toBeLessThan(3000);
    expect(maxRssBytes).toBeLessThan(usual + 100 * MIB);
  }
});

interface ChildReport {
  readonly maxRssBytes: number;
  readonly slowestMs: number;
  /** Of errors that scans rejected with. */
  readonly codes: readonly string[];
}

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));

/** A process with a small heap that scans with one cursor file after the other; without any, with the one that is there. */
async function runInChild(files: readonly Buffer[]): Promise<ChildReport> {
  const folder = join(corpus.folder, "forged");
  mkdirSync(folder, { recursive: true });
  for (const [i, bytes] of files.entries()) writeFileSync(join(folder, String(i)), bytes);
  const source = `
    import { copyFileSync } from "node:fs";
    const { scan } = await import(${JSON.stringify(pathToFileURL(join(DIST, "src/index.js")).href)});
    const options = ${JSON.stringify({ paths: [corpus.root], threads: 0, timezone: "UTC", cacheDirectory: corpus.cacheDirectory })};
    const codes = [];
    let slowestMs = 0;
    for (let i = 0; i < ${Math.max(1, files.length)}; i++) {
      if (${files.length} > 0) copyFileSync(${JSON.stringify(folder)} + "/" + i, ${JSON.stringify(path)});
      const startedMs = performance.now();
      try {
        await scan({ ...options, by: i % 2 ? ["day", "agent", "team"] : ["session", "project"] });
      } catch (error) {
        codes.push(error.name === "ScanError" ? error.code : i + ": " + error.stack);
      }
      slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    }
    const maxRssBytes = process.resourceUsage().maxRSS * 1024;
    process.stdout.write(JSON.stringify({ maxRssBytes, slowestMs, codes }));`;
  const child = spawn(process.execPath, ["--max-old-space-size=64", "--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { stdout, stderr, code } = await endOf(child);
  expect(code, stderr.slice(0, 2000)).toBe(0);
  return JSON.parse(stdout) as ChildReport;
}
