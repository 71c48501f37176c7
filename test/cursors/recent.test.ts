/** New cursors of a project that has many: they are written to a file of their own, until they are too many for it. */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tokensift } from "../cli/tokensift.ts";
import { sessionId } from "../transcripts.ts";
import { IDENTITY_READS, Machine, responses } from "./machine.ts";

const MANY = 40;

/** Forty transcripts of a hundred responses that were scanned once, and the file with their cursors. */
async function scannedMachine() {
  const machine = new Machine();
  for (let n = 1; n <= MANY; n++) machine.write(machine.path(n), responses(n * 100, n * 100 + 100));
  await machine.scan();
  const [name] = machine.files() as [string];
  return {
    machine,
    main: join(machine.cache, name),
    recent: join(machine.cache, name.replace("cursors", "recent.cursors")),
  };
}

/** Changes a figure in the middle, where neither head nor anchor is, and no length. */
function changeMiddle(path: string): void {
  const text = readFileSync(path, "utf8");
  const at = text.indexOf('"output_tokens":', text.length / 2) + '"output_tokens":'.length;
  writeFileSync(path, `${text.slice(0, at)}${text[at] === "1" ? "2" : "1"}${text.slice(at + 1)}`);
}

/** With one response more in transcript 7, which is in the file of newer cursors. */
async function grownMachine() {
  const { machine, main, recent } = await scannedMachine();
  machine.append(machine.path(7), responses(9900, 9901));
  await machine.scan();
  return { machine, main, recent };
}

async function cache(action: string, { cache: folder }: Machine): Promise<Record<string, unknown>> {
  const { stdout } = await tokensift(["cache", action, "--json", "--cache-dir", folder]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe("a transcript of many grew", () => {
  test("and its cursor alone is written", async () => {
    const { machine, main, recent } = await scannedMachine();
    const before = readFileSync(main);
    machine.append(machine.path(7), responses(9900, 9901));
    expect(await machine.bytesRead()).toBe(responses(9900, 9901).length + IDENTITY_READS);
    expect(readFileSync(main)).toEqual(before);
    expect(statSync(recent).size).toBeLessThan(before.length / 8);
    expect(statSync(recent).mode & 0o777).toBe(0o600);
    expect((await machine.scan()).stats).toMatchObject({ transcriptsUnchanged: MANY, bytesRead: 0 });
  });

  test("and another: both are there", async () => {
    const { machine, main } = await grownMachine();
    const before = statSync(main).ino;
    machine.append(machine.path(8), responses(9901, 9902));
    machine.write(machine.path(99), responses(9902, 9903));
    await machine.scan();
    expect(statSync(main).ino).toBe(before);
    expect((await machine.scan()).stats).toMatchObject({ transcriptsUnchanged: MANY + 1, bytesRead: 0 });
  });

  test("and others, until all are written together", async () => {
    const { machine, recent } = await grownMachine();
    for (let n = 8; n < 14; n++) machine.append(machine.path(n), responses(9900 + n, 9901 + n));
    await machine.scan();
    expect(machine.files()).toHaveLength(1);
    expect(existsSync(recent)).toBe(false);
    expect((await machine.scan()).stats).toMatchObject({ transcriptsUnchanged: MANY, bytesRead: 0 });
  });

  test("and one is removed: its cursors go, wherever they are", async () => {
    const { machine } = await grownMachine();
    rmSync(machine.path(7));
    expect((await machine.scan()).stats.responses).toBe((MANY - 1) * 100);
    expect(machine.files()).toHaveLength(1);
    expect(await cache("info", machine)).toMatchObject({ transcripts: MANY - 1 });
  });

  test("and is renamed: it is read again, and its former cursors go, wherever they are", async () => {
    const { machine } = await grownMachine();
    renameSync(machine.path(7), machine.path(77));
    const { stats } = await machine.scan();
    expect(stats.bytesRead).toBe(statSync(machine.path(77)).size);
    expect(stats.transcriptsUnchanged).toBe(MANY - 1);
    expect(machine.files()).toHaveLength(1);
  });

  test("and is renamed and grows: it keeps its cursor", async () => {
    const { machine } = await grownMachine();
    renameSync(machine.path(7), machine.path(77));
    machine.append(machine.path(77), responses(9901, 9902));
    const { stats } = await machine.scan();
    expect(stats.bytesRead).toBe(IDENTITY_READS + responses(9901, 9902).length);
    expect(stats.transcriptsUnchanged).toBe(MANY - 1);
    expect(machine.files()).toHaveLength(1);
  });

  test("and is left out of a scan: its cursor stays", async () => {
    const { machine } = await grownMachine();
    machine.append(machine.path(8), responses(9901, 9902));
    await machine.scan({ paths: [machine.path(8)] });
    expect((await machine.scan()).stats).toMatchObject({ transcriptsUnchanged: MANY, bytesRead: 0 });
  });
});

test("where nothing changes nothing is written, though there is a transcript of which nothing can be remembered", async () => {
  const { machine, main } = await grownMachine();
  machine.write(machine.path(7), '{"no line end');
  await machine.scan();
  const { ino } = statSync(main);
  await machine.scan();
  expect(statSync(main).ino).toBe(ino);
  expect(machine.files()).toHaveLength(1);
});

test("a newer cursor that has settled is written once more, and its transcript is not looked at any more", async () => {
  const { machine, recent } = await scannedMachine();
  appendFileSync(machine.path(7), responses(9900, 9901));
  await machine.scan();
  expect(await machine.bytesRead()).toBe(IDENTITY_READS);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  await machine.scan();
  const { ino } = statSync(recent);
  expect((await machine.scan()).stats).toMatchObject({ transcriptsUnchanged: MANY, bytesRead: 0 });
  expect(statSync(recent).ino).toBe(ino);
});

describe("the file of newer cursors", () => {
  test("is as good as absent where it is damaged", async () => {
    const { machine, recent } = await grownMachine();
    const bytes = readFileSync(recent);
    writeFileSync(recent, bytes.subarray(0, bytes.length - 1));
    expect(await machine.bytesRead()).toBe(responses(9900, 9901).length + IDENTITY_READS);
    expect((await machine.scan()).stats).toMatchObject({ transcriptsUnchanged: MANY, bytesRead: 0 });
  });

  test.each(["for the first time", "again"])(
    "is lost after one that was rewritten %s, which then grows",
    async (when) => {
      const { machine, recent } = when === "again" ? await grownMachine() : await scannedMachine();
      changeMiddle(machine.path(7));
      machine.settle(machine.path(7));
      await machine.scan();
      rmSync(recent, { force: true });
      machine.append(machine.path(7), responses(9990, 9991));
      await machine.scan();
    },
  );

  test("holds by itself where the other is gone", async () => {
    const { machine, main, recent } = await grownMachine();
    rmSync(main);
    expect((await machine.scan()).stats.transcriptsUnchanged).toBe(1);
    expect(machine.files()).toHaveLength(1);
    expect(existsSync(recent)).toBe(false);
  });

  test("may be older than the other: what a run that was killed leaves", async () => {
    const { machine, recent } = await grownMachine();
    copyFileSync(recent, `${recent}.kept`);
    for (let n = 7; n < 14; n++) machine.append(machine.path(n), responses(9910 + n, 9911 + n));
    await machine.scan();
    expect(existsSync(recent)).toBe(false);
    renameSync(`${recent}.kept`, recent);
    expect(await machine.bytesRead()).toBe(responses(9910, 9911).length + IDENTITY_READS);
    expect((await machine.scan()).stats).toMatchObject({ transcriptsUnchanged: MANY, bytesRead: 0 });
  });
});

describe("`cache`", () => {
  test("counts each transcript once", async () => {
    const { machine } = await grownMachine();
    const { stats } = await machine.scan();
    expect(await cache("info", machine)).toMatchObject({
      // Of sums, too.
      files: 3,
      transcripts: MANY,
      transcriptBytes: stats.bytesTotal,
      unusable: 0,
    });
    expect(await cache("verify", machine)).toMatchObject({ transcripts: MANY, unused: 0, differences: [] });
  });

  test("finds what is wrong in either, and puts it right", async () => {
    const { machine, recent } = await grownMachine();
    for (const n of [7, 8]) {
      const path = machine.path(n);
      const { atime, mtime } = statSync(path);
      changeMiddle(path);
      utimesSync(path, atime, mtime);
      machine.append(path, responses(9950 + n, 9951 + n));
    }
    const { differences } = await cache("verify", machine);
    expect((differences as Array<{ path: string }>).map(({ path }) => path)).toEqual([
      machine.path(8),
      machine.path(7),
    ]);
    expect((await cache("verify", machine)).differences).toEqual([]);
    await machine.scan();
    rmSync(recent);
    await machine.scan();
  });

  test("counts what was made otherwise by itself: no scan uses both", async () => {
    const { machine, recent } = await grownMachine();
    const bytes = readFileSync(recent);
    await machine.scan({ maxLineBytes: 1e6 });
    writeFileSync(recent, bytes);
    expect(await cache("info", machine)).toMatchObject({ files: 2, transcripts: MANY + 1 });
    expect(await cache("verify", machine)).toMatchObject({ transcripts: MANY + 1, differences: [] });
    expect((await machine.scan({ maxLineBytes: 1e6 })).stats).toMatchObject({ transcriptsUnchanged: MANY });
  });

  test("prunes both", async () => {
    const { machine } = await grownMachine();
    for (const n of [7, 8]) rmSync(machine.path(n));
    expect(await cache("prune", machine)).toMatchObject({ transcripts: 2, files: 1 });
    expect(await cache("info", machine)).toMatchObject({ files: 1, transcripts: MANY - 2 });
  });
});

describe("cursors of another project are written", () => {
  /** One transcript of another project. */
  const other = ({ folder }: Machine) => join(folder, "-srv-other", `${sessionId(1)}.jsonl`);

  test("and those that are new since long are put to the others", async () => {
    const { machine, recent } = await grownMachine();
    machine.write(other(machine), responses(0, 3));
    await machine.scan();
    expect(existsSync(recent)).toBe(false);
    expect((await machine.scan()).stats).toMatchObject({ transcriptsUnchanged: MANY + 1, bytesRead: 0 });
  });

  test("and those that are new since today stay apart", async () => {
    const { machine, recent } = await grownMachine();
    machine.append(machine.path(7), responses(9901, 9902));
    const anHourAgo = Date.now() / 1000 - 3600;
    utimesSync(machine.path(7), anHourAgo, anHourAgo);
    await machine.scan();
    machine.write(other(machine), responses(0, 3));
    await machine.scan();
    expect(existsSync(recent)).toBe(true);
    expect(machine.files()).toHaveLength(3);
  });
});
