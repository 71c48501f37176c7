/** Cursor files that are damaged, forged, of another version, or cannot be written. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { scan } from "tokensift";
import { describe, expect, test } from "vitest";
import type { Environment } from "../../src/environment.ts";
import { tokensift } from "../cli/tokensift.ts";
import { answerOf, makeFolder, response } from "../transcripts.ts";
import { envelopeEnd, open, seal, withChecksum } from "./forge.ts";
import { Machine, responses } from "./machine.ts";

/** A machine that was scanned once, with every kind of column in use. */
async function scannedMachine(): Promise<Machine> {
  const machine = new Machine();
  const iterations = [
    { type: "compaction", model: "claude-haiku-4-5", input_tokens: 5, output_tokens: 6 },
    { type: "message", input_tokens: 1, output_tokens: 10 },
  ];
  machine.write(
    machine.path(1),
    `${responses(0, 30)}${response(30, {}, { iterations })}\n{"bad":\n${JSON.stringify({ type: "user", uuid: "u" })}\n`,
  );
  machine.write(machine.path(2), responses(20, 50, { isSidechain: true, timestamp: "1969-05-05T00:00:00Z" }));
  await machine.scan();
  return machine;
}

/** The same file with another envelope. */
function withEnvelope(bytes: Buffer, change: (envelope: Record<string, unknown>) => unknown): Buffer {
  const { envelope, columns } = open(bytes);
  return seal(bytes, { envelope: change(envelope), columns });
}

describe("a cursor file", () => {
  test("is private", async () => {
    const machine = await scannedMachine();
    expect(statSync(machine.cache).mode & 0o777).toBe(0o700);
    for (const name of machine.files()) expect(statSync(join(machine.cache, name)).mode & 0o777).toBe(0o600);
  });

  test("is not written where nothing changed", async () => {
    const machine = await scannedMachine();
    const [name] = machine.files();
    const path = join(machine.cache, name as string);
    const before = statSync(path, { bigint: true });
    await machine.scan();
    expect(statSync(path, { bigint: true }).ino).toBe(before.ino);
  });

  const changes: Record<string, (bytes: Buffer) => Buffer> = {
    empty: () => Buffer.alloc(0),
    "of random bytes": (bytes) => Buffer.from(bytes.map((_, i) => (i * 7919) >> 3)),
    "cut off": (bytes) => bytes.subarray(0, bytes.length - 1),
    "with a byte more": (bytes) => Buffer.concat([bytes, Buffer.from([0])]),
    "with other magic": (bytes) => (bytes.writeUInt8(1, 0), bytes),
    "of another format": (bytes) => (bytes.writeUInt32LE(99, 8), bytes),
    "with another head": (bytes) => (bytes.writeUInt32LE(bytes.length, 24), withChecksum(bytes)),
    "with an endless head": (bytes) => (bytes.writeUInt32LE(0xffffffff, 24), withChecksum(bytes)),
    "with another checksum": (bytes) => (bytes.writeUInt32LE(1, 12), bytes),
    "with an endless envelope": (bytes) => (bytes.writeUInt32LE(0xffffffff, 20), withChecksum(bytes)),
    "of another parser version": (bytes) => withEnvelope(bytes, (e) => ({ ...e, parserVersion: 0 })),
    "of another source": (bytes) => withEnvelope(bytes, (e) => ({ ...e, source: "codex" })),
    "of another folder": (bytes) => withEnvelope(bytes, (e) => ({ ...e, folder: "/elsewhere" })),
    "that holds no object": (bytes) => withEnvelope(bytes, () => null),
    "that holds endless tables": (bytes) => withEnvelope(bytes, (e) => ({ ...e, lengths: Array(8).fill(2 ** 40) })),
    "that holds long tables": (bytes) => withEnvelope(bytes, (e) => ({ ...e, lengths: Array(8).fill(2 ** 27) })),
    "that holds no numbers": (bytes) =>
      withEnvelope(bytes, (e) => ({ ...e, lengths: ["1", {}, [], null, 1, 1, 1, 1] })),
    "with columns of no width": (bytes) => withEnvelope(bytes, (e) => ({ ...e, widths: Buffer.alloc(99) })),
    "with too few texts": (bytes) => withEnvelope(bytes, (e) => ({ ...e, texts: '[""]' })),
    "with texts that are none": (bytes) => withEnvelope(bytes, (e) => ({ ...e, texts: "[1" })),
    "with paths out of order": (bytes) => withEnvelope(bytes, (e) => ({ ...e, paths: '["/b","/a"]' })),
  };
  test.each(Object.keys(changes))("%s is as good as absent, and replaced", async (name) => {
    const machine = await scannedMachine();
    machine.damage((bytes) => changes[name]?.(bytes) as Buffer);
    expect((await machine.scan()).stats.transcriptsUnchanged).toBe(0);
    expect((await machine.scan()).stats.transcriptsUnchanged).toBe(2);
  });

  test("of another parser version spares nothing, and is pruned", async () => {
    const machine = await scannedMachine();
    const run = async (action: string) =>
      JSON.parse((await tokensift(["cache", action, "--json", "--cache-dir", machine.cache])).stdout) as object;
    expect(await run("info")).toMatchObject({ files: 1, transcripts: 2, unusable: 0 });
    machine.damage((bytes) => withEnvelope(bytes, (e) => ({ ...e, parserVersion: 0 })));
    expect(await run("info")).toMatchObject({ files: 1, transcripts: 0, transcriptBytes: 0, unusable: 1 });
    expect(await run("prune")).toMatchObject({ transcripts: 0, files: 1 });
    expect(machine.files()).toEqual([]);
  });

  test("is not there: a mistyped folder does not look like a good cache", async () => {
    const folder = join(makeFolder(), "cahce");
    const run = (action: string) => tokensift(["cache", action, "--cache-dir", folder]);
    const nothing = `${folder}: nothing is cached\n`;
    expect(await run("info")).toMatchObject({ code: 0, stdout: nothing });
    const { code, stdout } = await run("verify");
    expect({ code, stdout: stdout.slice(0, nothing.length) }).toEqual({ code: 0, stdout: nothing });
    expect(existsSync(folder)).toBe(false);
  });

  test("with any byte changed changes nothing", async () => {
    const machine = await scannedMachine();
    const options = { paths: [machine.folder], threads: 0, cacheDirectory: machine.cache } as const;
    const right = answerOf(await scan({ ...options, cache: false }));
    const [name] = machine.files();
    const whole = readFileSync(join(machine.cache, name as string));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] as number) ^ by;
        writeFileSync(join(machine.cache, name as string), bytes);
        expect(answerOf(await scan(options))).toEqual(right);
      }),
      { numRuns: 200 },
    );
  });

  test("that was forged, checksum and all, is survived", async () => {
    const machine = await scannedMachine();
    const options = { paths: [machine.folder], threads: 0, cacheDirectory: machine.cache } as const;
    const [name] = machine.files();
    const whole = readFileSync(join(machine.cache, name as string));
    const from = envelopeEnd(whole);
    const edit = fc.tuple(fc.integer({ min: from, max: whole.length - 1 }), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 8 }), async (edits) => {
        const bytes = Buffer.from(whole);
        for (const [at, byte] of edits) bytes[at] = byte;
        writeFileSync(join(machine.cache, name as string), withChecksum(bytes));
        // Its figures may be forged as well, but they are figures.
        const { stats } = await scan(options).catch((error: Error) => {
          expect(error.message).toContain("2^53");
          return { stats: { transcripts: 2 } };
        });
        expect(stats.transcripts).toBe(2);
      }),
      { numRuns: 500 },
    );
  });

  test("that is a folder or a link to nothing is replaced or left, and said", async () => {
    const machine = await scannedMachine();
    const [name] = machine.files();
    rmSync(join(machine.cache, name as string));
    mkdirSync(join(machine.cache, name as string));
    const { diagnostics, stats } = await machineScan(machine);
    expect(stats.responses).toBe(50);
    expect(diagnostics.cache).toMatch(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
  });
});

async function machineScan(machine: Machine) {
  return scan({ paths: [machine.folder], threads: 0, cacheDirectory: machine.cache });
}

test("a folder that cannot be made is said once, and the figures are right", async () => {
  const machine = new Machine();
  machine.write(machine.path(1), responses(0, 5));
  machine.write(machine.path(2, "-srv-other"), responses(5, 9));
  const file = join(makeFolder({ file: "x" }), "file");
  const { diagnostics, totals } = await scan({
    paths: [machine.folder],
    threads: 0,
    cacheDirectory: join(file, "cache"),
  });
  expect(diagnostics.cache).toBe("ENOTDIR");
  expect(totals.responses).toBe(9);
});

test("stale temporary files are swept, young ones and other files are not", async () => {
  const machine = await scannedMachine();
  const [name = ""] = machine.files();
  const stem = name.slice(0, -".cursors".length);
  const [stale, young] = [`${stem}.99-abc.tmp`, `${stem}.99-def.tmp`];
  for (const file of [stale, young, "notes.txt"]) writeFileSync(join(machine.cache, file), "x");
  utimesSync(join(machine.cache, stale), 1, 1);
  machine.append(machine.path(1), responses(60, 61));
  await machine.scan();
  expect(machine.files()).toEqual([name, young, "notes.txt"].sort());
});

describe("cursors are kept", () => {
  const home = mkdtempSync(join(tmpdir(), "tokensift-home-"));
  const rows: ReadonlyArray<[string, Partial<Environment["variables"]>, NodeJS.Platform, string]> = [
    ["in ~/.cache", {}, "linux", ".cache/tokensift"],
    ["in XDG_CACHE_HOME", { XDG_CACHE_HOME: "HOME/xdg" }, "linux", "xdg/tokensift"],
    ["in ~/.cache when XDG_CACHE_HOME is no absolute path", { XDG_CACHE_HOME: "xdg" }, "linux", ".cache/tokensift"],
    ["in ~/Library/Caches on a Mac", {}, "darwin", "Library/Caches/tokensift"],
    ["in LOCALAPPDATA on Windows", { LOCALAPPDATA: "HOME/local" }, "win32", "local/tokensift"],
    [
      "in OKSTRA_HOME before that",
      { OKSTRA_HOME: "HOME/okstra", XDG_CACHE_HOME: "HOME/xdg" },
      "linux",
      "okstra/cache/token-usage",
    ],
    ["not in an OKSTRA_HOME that is blank", { OKSTRA_HOME: "  " }, "linux", ".cache/tokensift"],
    [
      "in TOKENSIFT_CACHE_DIR before that",
      { TOKENSIFT_CACHE_DIR: "HOME/mine", OKSTRA_HOME: "HOME/okstra" },
      "linux",
      "mine",
    ],
  ];
  test.each(rows)("%s", async (_, variables, platform, expected) => {
    const folder = makeFolder({ "p/a.jsonl": [response(1)] });
    const named = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, value?.replace("HOME", home)]),
    );
    await scan({ paths: [folder], threads: 0, environment: { variables: named, home, platform } });
    expect(readdirSync(join(home, expected)).filter((name) => name.endsWith(".cursors"))).toHaveLength(1);
    rmSync(join(home, expected.split("/")[0] as string), { recursive: true });
  });

  test("where the caller says, before all", async () => {
    const folder = makeFolder({ "p/a.jsonl": [response(1)] });
    const cacheDirectory = join(makeFolder(), "deep", "er");
    const environment = { variables: { TOKENSIFT_CACHE_DIR: join(home, "no") }, home, platform: "linux" } as const;
    await scan({ paths: [folder], threads: 0, environment, cacheDirectory });
    expect(readdirSync(cacheDirectory)).toHaveLength(1);
    expect(existsSync(join(home, "no"))).toBe(false);
  });

  test("nowhere where there is no place", async () => {
    const folder = makeFolder({ "p/a.jsonl": [response(1)] });
    const environment = { variables: {}, home: "", platform: "linux" } as const;
    const { diagnostics, totals } = await scan({ paths: [folder], threads: 0, environment });
    expect([totals.responses, diagnostics.cache]).toEqual([1, null]);
  });
});

test("a folder that nobody may write in is said", async () => {
  if (process.getuid?.() === 0) return;
  const machine = new Machine();
  machine.write(machine.path(1), responses(0, 5));
  mkdirSync(machine.cache);
  chmodSync(machine.cache, 0o500);
  expect((await machineScan(machine)).diagnostics.cache).toBe("EACCES");
});
