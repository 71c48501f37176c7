/** What is read on a second scan, and that it says what a first one would (`spec/incremental.md`). */
import { linkSync, readFileSync, renameSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { response, sessionId } from "../transcripts.ts";
import { IDENTITY_READS, Machine, responses } from "./machine.ts";

describe("a transcript that did not change", () => {
  test("is not opened", async () => {
    const machine = new Machine();
    machine.write(machine.path(1), responses(0, 20));
    const first = await machine.scan();
    expect(first.stats).toMatchObject({ transcriptsUnchanged: 0, bytesRead: first.stats.bytesTotal });
    const second = await machine.scan();
    expect(second.stats).toMatchObject({ transcriptsUnchanged: 1, bytesRead: 0, responses: 20, records: 20 });
  });

  test("but was changed shortly before its cursor has its head and anchor looked at, until it has not", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), responses(0, 20));
    writeFileSync(path, readFileSync(path));
    await machine.scan();
    expect(await machine.bytesRead()).toBe(IDENTITY_READS);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect(await machine.bytesRead()).toBe(IDENTITY_READS);
    expect(await machine.bytesRead()).toBe(0);
  });

  test("but was changed shortly before, among many that were not, is looked at each time: that costs less than writing", async () => {
    const machine = new Machine();
    for (let n = 1; n <= 10; n++) machine.write(machine.path(n), responses(n * 20, n * 20 + 20));
    await machine.scan();
    const path = machine.path(1);
    writeFileSync(path, readFileSync(path) + responses(500, 501));
    await machine.scan();
    const written = statSync(join(machine.cache, machine.files()[0] as string)).mtimeMs;
    await new Promise((resolve) => setTimeout(resolve, 2100));
    for (let n = 0; n < 2; n++) expect(await machine.bytesRead()).toBe(IDENTITY_READS);
    expect(statSync(join(machine.cache, machine.files()[0] as string)).mtimeMs).toBe(written);
    machine.append(machine.path(2), responses(600, 601));
    await machine.scan();
    expect(await machine.bytesRead()).toBe(0);
  });

  test("and is empty is not opened either", async () => {
    const machine = new Machine();
    machine.write(machine.path(1), "");
    await machine.scan();
    expect((await machine.scan()).stats).toMatchObject({ transcriptsUnchanged: 1, bytesRead: 0 });
  });

  test("is read again with another limit for lines", async () => {
    const machine = new Machine();
    machine.write(machine.path(1), responses(0, 5) + response(5, { text: "x".repeat(5000) }) + "\n");
    await machine.scan();
    const short = await machine.scan({ maxLineBytes: 1000 });
    expect(short.stats.skipped.oversized).toBe(1);
    expect(short.stats.bytesRead).toBeGreaterThan(5000);
    expect((await machine.scan()).stats.skipped.oversized).toBe(0);
  });
});

describe("a transcript that grew", () => {
  test("is read from where it was left: what stands before is not looked at", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), responses(0, 50));
    const before = await machine.scan();
    const bytes = readFileSync(path);
    bytes.fill("#", 300, bytes.length - 300);
    const line = `${response(50)}\n`;
    writeFileSync(path, Buffer.concat([bytes, Buffer.from(line)]));
    const { scan } = await import("tokensift");
    const after = await scan({ paths: [machine.folder], threads: 0, cacheDirectory: machine.cache });
    expect(after.totals.totalTokens).toBe(before.totals.totalTokens + 111);
    expect(after.stats).toMatchObject({ responses: 51, bytesRead: line.length + IDENTITY_READS });
    expect(after.stats.skipped.malformed).toBe(0);
  });

  test("by one line after the other is right each time", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), "");
    for (let n = 0; n < 12; n++) {
      machine.append(path, `${response(n >> 1, { uuid: `uuid-${n}` })}\n`);
      await machine.scan();
    }
    expect((await machine.scan()).stats).toMatchObject({
      records: 12,
      responses: 6,
      duplicateRecords: 6,
      bytesRead: 0,
    });
  });

  test("by half a line counts it once it is whole", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), responses(0, 10));
    await machine.scan();
    const line = response(10);
    machine.append(path, line.slice(0, 100));
    expect((await machine.scan()).stats.skipped.pending).toBe(1);
    machine.append(path, line.slice(100));
    expect((await machine.scan()).stats).toMatchObject({ responses: 11 });
    machine.append(path, "\n");
    expect((await machine.scan()).stats).toMatchObject({ responses: 11, records: 11 });
    expect((await machine.scan()).stats).toMatchObject({ responses: 11, bytesRead: 0 });
  });

  test("and has no line end is read again", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), response(1).slice(0, 50));
    await machine.scan();
    machine.append(path, response(1).slice(50));
    expect((await machine.scan()).stats.responses).toBe(1);
    expect(await machine.bytesRead()).toBe(statSync(path).size);
    expect(machine.files()).toHaveLength(1);
  });

  test("from a few bytes to more than its head has its head grow with it", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), "{}\n");
    await machine.scan();
    machine.append(path, `{"uuid":"${"u".repeat(60)}"}\n`);
    await machine.scan();
    machine.append(path, responses(0, 3));
    await machine.scan();
    const bytes = readFileSync(path);
    bytes.write("x", 20);
    machine.write(path, Buffer.concat([bytes, Buffer.from(responses(3, 4))]));
    expect(await machine.bytesRead()).toBeGreaterThan(statSync(path).size);
  });
});

describe("a transcript that is not what it was", () => {
  const cases: Record<string, (machine: Machine, path: string) => void> = {
    "shorter at a line end": (_, path) => truncateSync(path, responses(0, 10).length),
    "shorter in a line": (_, path) => truncateSync(path, responses(0, 10).length - 7),
    empty: (_, path) => truncateSync(path, 0),
    "of the same length, in place": (machine, path) => {
      machine.write(path, readFileSync(path, "utf8").replaceAll('"output_tokens":10', '"output_tokens":77'));
    },
    "of the same length, another file": (machine, path) => {
      const content = readFileSync(path, "utf8").replaceAll('"output_tokens":10', '"output_tokens":77');
      rmSync(path);
      machine.write(path, content);
    },
    "longer, with another head": (machine, path) => machine.write(path, responses(5, 40)),
    "longer, with another anchor": (machine, path) => {
      const bytes = Buffer.from(responses(0, 40));
      bytes.write("9", responses(0, 20).length - 40);
      machine.write(path, bytes);
    },
    touched: (machine, path) => machine.settle(path),
  };
  test.each(Object.keys(cases))("%s", async (name) => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), responses(0, 20));
    machine.write(machine.path(2), responses(200, 210));
    await machine.scan();
    cases[name]?.(machine, path);
    machine.settle(path);
    const after = await machine.scan();
    expect(after.stats.transcriptsUnchanged).toBe(1);
    expect((await machine.scan()).stats.transcriptsUnchanged).toBe(name === "shorter in a line" ? 1 : 2);
  });

  test("in the same tick of the clock", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), responses(0, 40));
    const { scan } = await import("tokensift");
    const options = { paths: [machine.folder], threads: 0, cacheDirectory: machine.cache };
    for (let n = 0; n < 20; n++) {
      const bytes = Buffer.from(responses(0, 40));
      bytes.write(String(n % 10), bytes.indexOf('"output_tokens":10', bytes.length / 2) + 16);
      writeFileSync(path, bytes);
      const { totals } = await scan(options);
      expect(totals).toEqual((await scan({ ...options, cache: false })).totals);
    }
  });

  test("since the instant in which it was looked at, maybe: it is read again until that is over", async () => {
    const machine = new Machine();
    const { ctimeMs, size } = statSync(machine.write(machine.path(1), responses(0, 40)));
    const realNow = Date.now;
    // What the clock of the runs says: a change that comes later may still bear the ctime that they see.
    const at = (sinceMs: number) => (Date.now = () => Math.ceil(ctimeMs) + sinceMs);
    try {
      at(10);
      await machine.scan();
      expect(await machine.bytesRead()).toBe(size);
      at(1000);
      expect(await machine.bytesRead()).toBe(size);
      expect(await machine.bytesRead()).toBe(0);
    } finally {
      Date.now = realNow;
    }
  });
});

describe("a transcript with another name", () => {
  test("is read again: renaming hides that it was rewritten, as long as before and with its time put back", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), responses(0, 40));
    await machine.scan();
    const { atimeMs, mtimeMs, size } = statSync(path);
    const bytes = Buffer.from(responses(0, 40));
    bytes.write("9", bytes.indexOf('"output_tokens":10', bytes.length / 2) + 16);
    writeFileSync(path, bytes);
    utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
    renameSync(path, machine.path(7));
    expect(await machine.bytesRead()).toBe(size);
    expect(await machine.bytesRead()).toBe(0);
  });

  test("and more lines keeps its cursor", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), responses(0, 20));
    await machine.scan();
    renameSync(path, machine.path(0));
    machine.append(machine.path(0), responses(20, 21));
    expect(await machine.bytesRead()).toBe(IDENTITY_READS + responses(20, 21).length);
  });

  test("and more lines keeps nothing where it was a document by its old name", async () => {
    const machine = new Machine();
    const chats = join(machine.folder, ".gemini/tmp/shop/chats");
    const message = (id: string) => ({ id, type: "gemini", timestamp: "2026-06-01T10:00:00Z", tokens: { input: 5 } });
    const document = { sessionId: "s1", projectHash: "x", messages: [message("m1")], note: "y".repeat(600) };
    const path = machine.write(join(chats, "session-1.json"), JSON.stringify(document));
    expect((await machine.scan()).totals.inputTokens).toBe(5);
    renameSync(path, join(chats, "session-1.jsonl"));
    // As lines, its first one is none.
    machine.append(join(chats, "session-1.jsonl"), `${JSON.stringify(message("m2"))}\n`);
    expect((await machine.scan()).stats.skipped.malformed).toBe(1);
  });

  test("beside its old one is another transcript", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), responses(0, 20));
    await machine.scan();
    linkSync(path, machine.path(2));
    expect(await machine.bytesRead()).toBe(2 * statSync(path).size);
  });
});

describe("a transcript that is gone", () => {
  test("is forgotten, and the others are not", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), responses(0, 20));
    machine.write(machine.path(2), responses(20, 30));
    await machine.scan();
    rmSync(path);
    expect((await machine.scan()).stats).toMatchObject({ transcripts: 1, transcriptsUnchanged: 1, bytesRead: 0 });
  });

  test("is not one that nobody asked for", async () => {
    const machine = new Machine();
    machine.write(machine.path(1), responses(0, 20));
    const other = machine.write(machine.path(2), responses(20, 30));
    await machine.scan();
    machine.append(other, responses(30, 31));
    await machine.scan({ paths: [other] });
    expect((await machine.scan()).stats).toMatchObject({ transcriptsUnchanged: 2, bytesRead: 0 });
  });
});

describe("counts and skipped lines come from cursors too", () => {
  const bad = '{"bad":\n';

  test("with the numbers of their lines", async () => {
    const machine = new Machine();
    const path = machine.write(machine.path(1), `\ufeff${bad}${responses(0, 3)}\n\n${bad}`);
    await machine.scan();
    machine.append(path, `${responses(3, 4)}${bad}{"cut":`);
    const { stats, diagnostics } = await machine.scan();
    expect(stats.skipped).toEqual({ malformed: 3, oversized: 0, pending: 1 });
    expect(diagnostics.skippedLines.map(({ line }) => line)).toEqual([1, 7, 9, 10]);
    await machine.scan();
  });

  test("a hundred of each transcript, whoever comes before it", async () => {
    const machine = new Machine();
    const first = machine.write(machine.path(1), bad.repeat(90));
    machine.write(machine.path(2), bad.repeat(130));
    machine.write(machine.path(3), bad.repeat(130));
    await machine.scan();
    rmSync(first);
    expect((await machine.scan()).diagnostics.skippedLines).toHaveLength(100);
    rmSync(machine.path(2));
    const { stats } = await machine.scan();
    expect(stats).toMatchObject({ bytesRead: 0, skipped: { malformed: 130 } });
  });

  test("with names, teams and folders of the first records", async () => {
    const machine = new Machine();
    const path = machine.write(
      machine.path(1).replace(sessionId(1), "agent-x"),
      responses(0, 1, { agentName: "scout" }),
    );
    await machine.scan();
    machine.append(path, responses(1, 2, { agentName: "late", teamName: "blue", cwd: "/elsewhere", sessionId: "s" }));
    const { rows } = await machine.scan({ by: ["agent", "team", "project", "session"] });
    expect(rows.map(({ key }) => key)).toEqual(
      expect.arrayContaining([{ agent: "scout", team: "blue", project: "/srv/app", session: "s" }]),
    );
  });
});

test("counting every record does without cursors", async () => {
  const machine = new Machine();
  const path = machine.write(machine.path(1), responses(0, 20));
  await machine.scan();
  const size = statSync(path).size;
  expect(await machine.bytesRead({ count: "records" })).toBe(size);
  expect(await machine.bytesRead()).toBe(0);
});

test("other questions read nothing", async () => {
  const machine = new Machine();
  machine.write(machine.path(1), responses(0, 20, { teamName: "blue", gitBranch: "\ud800 \u0000", version: "2.1.0" }));
  await machine.scan();
  for (const by of [["team"], ["branch"], ["hour"], ["week", "project"]] as const) {
    expect(await machine.bytesRead({ by, since: "2026-06-01T00:05Z", filters: { team: ["b*"] } })).toBe(0);
  }
});

test("threads and ranges make cursors that are as good", async () => {
  const machine = new Machine();
  const path = machine.write(machine.path(1), responses(0, 60));
  machine.write(machine.path(2), `${responses(60, 90)}${response(90)}`);
  for (const rangeBytes of [1, 97, 1000]) {
    await machine.scan({ rangeBytes, chunkBytes: 64, threads: rangeBytes === 1000 ? 2 : 0 });
    expect(await machine.bytesRead()).toBe(response(90).length);
    machine.append(path, responses(100 + rangeBytes, 101 + rangeBytes));
    await machine.scan({ rangeBytes, chunkBytes: 64 });
    machine.settle(path);
  }
});
