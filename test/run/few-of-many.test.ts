/** A run is few of its project's transcripts: of the others cursors are read no further than it takes to tell. */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { collectRun, type CollectedTeamState } from "tokensift";
import { describe, expect, test } from "vitest";
import { envelopeEnd, withChecksum } from "../cursors/forge.ts";
import { type Spent, transcript, uuid, World } from "./world.ts";

const RUNS = Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 40);
const START_MS = Date.UTC(2026, 5, 10, 10);
const SESSIONS = 60;
/** How a transcript's name begins, that of the lead aside; it is of the run where its number is in `ofRun`. */
const nameOf = (n: number) => `session-${n}`;

/** Sessions of a project, some of them the run's, scanned once; `isLongAgo`: when nothing had changed for a while. */
async function scanned(ofRun: readonly number[], isLongAgo = false): Promise<{ world: World; state: string }> {
  const world = new World();
  for (let n = 0; n < SESSIONS; n++) {
    const spent = Array.from({ length: 2 + (n % 5) }, (_, i) => spend(n, i));
    const says = { cwd: world.root, gitBranch: `branch-${n % 7}`, ...(ofRun.includes(n) && teamOf(n)) };
    world.writeSession(n, transcript(nameOf(n), spent, says));
  }
  const state = world.writeRun({ workers: [{ workerId: "claude" }] });
  if (isLongAgo) await setTimeout(2100);
  await collectRun(state, world.options);
  return { world, state };
}

const spend = (n: number, i: number): Spent => ({ atMs: START_MS + n * 1000 + i, input: n * n + i, output: n + i });
const teamOf = (n: number) => ({ teamName: "crew", ...(n % 2 === 1 && { agentName: "claude-worker" }) });

function said(answer: CollectedTeamState): string {
  return JSON.stringify(answer, (key, value: unknown) => (key === "collectedAt" ? undefined : value));
}

async function expectFresh(world: World, state: string): Promise<void> {
  const warm = await collectRun(state, world.options);
  expect(said(warm)).toBe(said(await collectRun(state, { ...world.options, cache: false })));
}

function cursorFiles({ cache }: World): string[] {
  return readdirSync(cache).flatMap((name) => (name.endsWith(".cursors") ? [join(cache, name)] : []));
}

/** Where what hangs on events begins in a file. */
const endOfHead = (file: Buffer) => file.readUInt32LE(24);

const some = fc.uniqueArray(fc.integer({ min: 1, max: SESSIONS - 1 }), { maxLength: 9 });

test(
  "whichever transcripts are the run's, whatever is appended between: as without cursors",
  { timeout: 120_000 },
  async () => {
    const change = fc.record({ session: fc.nat(SESSIONS - 1), isOfTeam: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(some, fc.array(change, { maxLength: 4 }), async (ofRun, changes) => {
        const { world, state } = await scanned(ofRun);
        await expectFresh(world, state);
        for (const [i, { session, isOfTeam }] of changes.entries()) {
          const says = { cwd: world.root, ...(isOfTeam && teamOf(session)) };
          const path = join(world.projectFolder(), `${uuid(session)}.jsonl`);
          appendFileSync(path, transcript(`appended-${i}`, [spend(session, 100 + i)], says));
          await expectFresh(world, state);
        }
      }),
      { numRuns: RUNS },
    );
  },
);

describe("cursors that are damaged or forged change no figure", () => {
  test("a byte of what all runs read, or of what this run reads", { timeout: 120_000 }, async () => {
    const { world, state } = await scanned([5, 6, 40], true);
    const [path = ""] = cursorFiles(world);
    const file = readFileSync(path);
    const answer = said(await collectRun(state, world.options));
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const damaged = Buffer.from(file);
        damaged[at] = (damaged[at] as number) ^ by;
        writeFileSync(path, damaged);
        expect(said(await collectRun(state, world.options)), `byte ${at}`).toBe(answer);
        // Damage is seen as soon as somebody looks there: by everybody in the head, else by whoever asks for that row.
        if (at >= 16 && at < endOfHead(file)) expect(readFileSync(path).equals(damaged), `byte ${at}`).toBe(false);
      }),
      { numRuns: RUNS * 5 },
    );
  });

  test("all that hangs on events: nobody notices who asks for none, and who does reads the transcripts anew", async () => {
    const { world, state } = await scanned([5], true);
    const elsewhere = world.writeRun({ lead: { sessionId: uuid(SESSIONS + 1) }, team: { teamName: "nobody" } });
    const [path = ""] = cursorFiles(world);
    const file = readFileSync(path);
    const holed = Buffer.from(file).fill(0xa5, endOfHead(file));
    writeFileSync(path, holed);
    expect((await collectRun(elsewhere, world.options)).leadUsage).toMatchObject({ source: "unavailable" });
    expect(readFileSync(path).equals(holed)).toBe(true);
    world.writeRun({ workers: [{ workerId: "claude" }] });
    await expectFresh(world, state);
    expect(readFileSync(path).equals(file)).toBe(true);
  });

  test("a right checksum of the head over any bytes there", { timeout: 120_000 }, async () => {
    const { world, state } = await scanned([5, 6, 40], true);
    const [path = ""] = cursorFiles(world);
    const file = readFileSync(path);
    const edit = fc.tuple(fc.integer({ min: 20, max: endOfHead(file) - 1 }), fc.nat(255));
    expect(envelopeEnd(file)).toBeLessThan(endOfHead(file));
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 8 }), async (edits) => {
        const forged = Buffer.from(file);
        for (const [at, byte] of edits) forged[at] = byte;
        writeFileSync(path, withChecksum(forged));
        // Its figures may be forged as well, but they are figures.
        const answer = await collectRun(state, world.options);
        expect(answer.usageSummary.sessionsFound).toEqual(expect.anything());
      }),
      { numRuns: RUNS * 5 },
    );
  });

  test("a file that another run replaces while this one reads it", async () => {
    const { world, state } = await scanned([5, 6], true);
    await Promise.all(Array.from({ length: 8 }, async () => expectFresh(world, state)));
  });
});
