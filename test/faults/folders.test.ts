import { spawnSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import { answerOf, makeFolder, response, sessionId } from "../transcripts.ts";
import { scanInChild } from "./child.ts";

const name = (n: number) => `${sessionId(n)}.jsonl`;
const ask = (...paths: string[]) => scan({ paths, threads: 0, by: ["session"] });

test("a file that may not be opened is said, and the others count", async () => {
  const folder = makeFolder({ [name(1)]: [response(1)], [name(2)]: [response(2)] });
  chmodSync(folder, 0o755);
  chmodSync(join(folder, name(2)), 0);
  const { result } = await scanInChild({ paths: [folder], threads: 0, timezone: "UTC" }, { asNobody: true });
  expect(result?.diagnostics.unreadable).toEqual([{ path: join(folder, name(2)), code: "EACCES" }]);
  expect(result?.stats.transcripts).toBe(2);
  expect(result?.totals.responses).toBe(1);
});

test("a folder that may not be listed is said, and the others count", async () => {
  const folder = makeFolder({ [`a/${name(1)}`]: [response(1)], [`b/${name(2)}`]: [response(2)] });
  chmodSync(folder, 0o755);
  chmodSync(join(folder, "a"), 0);
  const { result } = await scanInChild({ paths: [folder], threads: 0, timezone: "UTC" }, { asNobody: true });
  chmodSync(join(folder, "a"), 0o755);
  expect(result?.diagnostics.unreadable).toEqual([{ path: join(folder, "a"), code: "EACCES" }]);
  expect(result?.totals.responses).toBe(1);
});

test("files of a folder that may be listed, but not entered, are said, and all others count", async () => {
  const folder = makeFolder({
    [`a/${name(1)}`]: [response(1)],
    [`b/${name(2)}`]: [response(2)],
    [`b/c/${name(3)}`]: [response(3)],
    [`c/${name(4)}`]: [response(4)],
  });
  chmodSync(folder, 0o755);
  chmodSync(join(folder, "b"), 0o444);
  const { result } = await scanInChild({ paths: [folder], threads: 0, timezone: "UTC" }, { asNobody: true });
  chmodSync(join(folder, "b"), 0o755);
  const unreadable = [join(folder, "b", name(2)), join(folder, "b", "c")].map((path) => ({ path, code: "EACCES" }));
  expect(new Set(result?.diagnostics.unreadable)).toEqual(new Set(unreadable));
  expect(result?.totals.responses).toBe(2);
});

test.skipIf(process.platform !== "linux")(
  "a file or folder whose name is no UTF-8 is said, and the others count",
  async () => {
    const folder = makeFolder({ [name(1)]: [response(1)] });
    const unnamable = (start: string, end = "") => Buffer.from(`${folder}/${start}\xff${end}`, "latin1");
    writeFileSync(unnamable("x", ".jsonl"), `${response(2)}\n`);
    mkdirSync(unnamable("y"));
    const { totals, diagnostics } = await scan({ paths: [folder], threads: 0, cache: false });
    expect(totals.responses).toBe(1);
    expect(diagnostics.unreadable).toEqual([
      { path: `${folder}/x\ufffd.jsonl`, code: "EILSEQ" },
      { path: `${folder}/y\ufffd`, code: "EILSEQ" },
    ]);
  },
);

test.skipIf(process.platform !== "linux")(
  "nothing is read in the place of what has a name that is no UTF-8, and a link with such a name is said",
  async () => {
    const line = (output: number) =>
      JSON.stringify({ type: "assistant", message: { model: "m", usage: { output_tokens: output } } });
    const folder = makeFolder({ "a\ufffdb.jsonl": [line(1000)], [`elsewhere/${name(1)}`]: [response(1)], "p/x": "" });
    const unnamable = (path: string) => Buffer.from(`${folder}/${path}`, "latin1");
    writeFileSync(unnamable("a\xffb.jsonl"), `${line(1)}\n`);
    symlinkSync("../elsewhere", unnamable("p/link\xff"));
    writeFileSync(unnamable("p/picture\xff.png"), "");
    const { totals, diagnostics } = await scan({
      paths: [`${folder}/a\ufffdb.jsonl`, join(folder, "p"), folder],
      threads: 0,
      cache: false,
    });
    expect([totals.outputTokens, totals.responses]).toEqual([1010, 2]);
    expect(diagnostics.unreadable).toEqual([
      { path: `${folder}/a\ufffdb.jsonl`, code: "EILSEQ" },
      { path: `${folder}/p/link\ufffd`, code: "EILSEQ" },
    ]);
  },
);

test("a file is met once: by its own name where that is a transcript's, else through its links", async () => {
  const folder = makeFolder({
    "p/records.txt": [response(1)],
    [`p/${name(2)}`]: [response(2)],
    [`elsewhere/${name(3)}`]: [response(3)],
  });
  symlinkSync("records.txt", join(folder, "p", name(1)));
  symlinkSync("records.txt", join(folder, "p", name(4)));
  symlinkSync(name(2), join(folder, "p", name(5)));
  symlinkSync("../elsewhere", join(folder, "p", "there"));
  symlinkSync(join(folder, "elsewhere", name(3)), join(folder, "p", name(6)));
  for (const paths of [
    [join(folder, "p")],
    [join(folder, "p"), join(folder, "p", name(2)), join(folder, "elsewhere", name(3))],
  ]) {
    const { totals, stats } = await ask(...paths);
    expect([totals.responses, stats.transcripts, stats.duplicateRecords]).toEqual([3, 3, 0]);
  }
});

test("links in a circle end", async () => {
  const folder = makeFolder({ [`p/${name(1)}`]: [response(1)] });
  symlinkSync("..", join(folder, "p", "up"));
  symlinkSync(folder, join(folder, "p", "top"));
  symlinkSync("loop.jsonl", join(folder, "p", "loop.jsonl"));
  const { totals, stats, diagnostics } = await ask(folder);
  expect([totals.responses, stats.transcripts]).toEqual([1, 1]);
  expect(diagnostics.unreadable).toEqual([{ path: join(folder, "p", "loop.jsonl"), code: "ELOOP" }]);
});

test("a file with a path of its own is read by that, whatever links lead to it", async () => {
  const folder = makeFolder({ [`p/${name(2)}`]: [response(1)] });
  symlinkSync("p", join(folder, "a-link"));
  symlinkSync(join("p", name(2)), join(folder, name(1)));
  const { rows, stats } = await ask(folder);
  expect(stats).toMatchObject({ transcripts: 1, records: 1 });
  expect(rows.map((row) => row.key)).toEqual([{ session: sessionId(2) }]);
});

test("what only links lead to is read once", async () => {
  const folder = makeFolder({ "scanned/x.txt": "", [`elsewhere/${name(1)}`]: [response(1)] });
  symlinkSync("../elsewhere", join(folder, "scanned", "first"));
  symlinkSync("../elsewhere", join(folder, "scanned", "second"));
  symlinkSync(join("..", "elsewhere", name(1)), join(folder, "scanned", name(2)));
  const { stats } = await ask(join(folder, "scanned"));
  expect(stats).toMatchObject({ transcripts: 1, records: 1, responses: 1 });
});

test("a dangling link is said and stops nothing", async () => {
  const folder = makeFolder({ [name(1)]: [response(1)] });
  symlinkSync("nowhere", join(folder, name(2)));
  const { totals, diagnostics } = await ask(folder);
  expect(totals.responses).toBe(1);
  expect(diagnostics.unreadable).toEqual([{ path: join(folder, name(2)), code: "ENOENT" }]);
});

test("two names of one file are two transcripts, whose responses count once", async () => {
  const folder = makeFolder({ [name(1)]: [response(1), response(2)] });
  linkSync(join(folder, name(1)), join(folder, name(2)));
  const { rows, stats } = await ask(folder);
  expect(stats).toMatchObject({ transcripts: 2, records: 4, responses: 2, duplicateRecords: 2 });
  expect(rows.map((row) => row.key)).toEqual([{ session: sessionId(1) }]);
});

test("roots that overlap are read once, in any order", async () => {
  const folder = makeFolder({ [`p/${name(1)}`]: [response(1)], [`p/q/${name(2)}`]: [response(2)] });
  const [p, q, file] = [join(folder, "p"), join(folder, "p", "q"), join(folder, "p", name(1))];
  const whole = (await ask(folder)).rows;
  for (const roots of [
    [folder, p, q, file],
    [file, q, p, folder],
    [folder, folder],
    [`${folder}/`, `${p}/../p`],
  ]) {
    const { rows, stats } = await ask(...roots);
    expect(rows).toEqual(whole);
    expect(stats).toMatchObject({ transcripts: 2, records: 2 });
  }
});

test("a pipe, a device and a folder named like a transcript are passed over", async () => {
  const folder = makeFolder({
    [name(1)]: [response(1)],
    [`folder.jsonl/${name(2)}`]: [response(2)],
    "notes.txt": response(3),
    "x.JSONL": response(4),
  });
  expect(spawnSync("mkfifo", [join(folder, "pipe.jsonl")]).status).toBe(0);
  symlinkSync("/dev/null", join(folder, "device.jsonl"));
  mkdirSync(join(folder, "empty.jsonl"));
  const { totals, stats, diagnostics } = await ask(folder);
  // What lies in the folder is found like in any other.
  expect([totals.responses, stats.transcripts, diagnostics.unreadable]).toEqual([2, 2, []]);
});

test("an empty file is a transcript without records", async () => {
  const { stats, rows } = await ask(makeFolder({ [name(1)]: "", [name(2)]: "\n", [name(3)]: "\ufeff" }));
  expect(stats).toMatchObject({
    transcripts: 3,
    bytesTotal: 4,
    records: 0,
    skipped: { malformed: 0, oversized: 0, pending: 0 },
  });
  expect(rows).toEqual([]);
});

test("an empty folder gives nothing", async () => {
  const { totals, rows, stats } = await ask(makeFolder());
  expect([totals.responses, totals.firstAt, rows, stats.transcripts]).toEqual([0, null, [], 0]);
});

test("a path that does not exist is refused before anything is scanned", async () => {
  const folder = makeFolder({ [name(1)]: [response(1)] });
  let isScanned = false;
  const missing = join(folder, "missing");
  const scanning = scan({ paths: [folder, missing], threads: 0, onProgress: () => (isScanned = true) });
  await expect(scanning).rejects.toMatchObject({
    name: "ScanError",
    code: "NO_SUCH_PATH",
    message: expect.stringContaining(missing) as string,
  });
  await expect(ask(join(folder, name(1), "below"))).rejects.toMatchObject({ code: "NO_SUCH_PATH" });
  expect(isScanned).toBe(false);
});

test("a transcript given by hand is read whatever its name, with names in every writing", async () => {
  const folder = makeFolder({
    "by hand": [response(1)],
    "p/\u{1f600} ü.jsonl": [response(2)],
    "p/quote'\".jsonl": [response(3)],
    "p/.hidden.jsonl": [response(4)],
  });
  expect((await ask(join(folder, "by hand"))).rows.map((row) => row.key)).toEqual([{ session: "by hand" }]);
  const { rows } = await ask(join(folder, "p"));
  expect(rows.map((row) => row.key.session)).toEqual([".hidden", "quote'\"", "\u{1f600} ü"]);
});

test("the folder's depth is no limit", async () => {
  const deep = Array.from({ length: 120 }, (_, i) => `d${i}`).join("/");
  const folder = makeFolder({ [`${deep}/${name(1)}`]: [response(1)] });
  expect((await ask(folder)).totals.responses).toBe(1);
  expect(answerOf(await ask(folder))).toEqual(answerOf(await ask(folder)));
});
