/** One scan from top to bottom: roots, transcripts, shards, batches, events, figures. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { calendarFor } from "./calendar.ts";
import type { CursorOptions, Cursors } from "./cursors/index.ts";
import { EarlyThreads, orStop } from "./early-threads.ts";
import { DamagedCursors } from "./cursors/damaged.ts";
import { isCursorFile } from "./cursors/file.ts";
import { cacheFolder } from "./cursors/location.ts";
import type { Unfolded } from "./databases/index.ts";
import { isDatabase } from "./discover/database.ts";
import { isUnreadNote } from "./discover/qwen.ts";
import type { AgentTypes } from "./discover/agent-types.ts";
import { discover, type Discovery } from "./discover/index.ts";
import type { Transcript } from "./discover/transcript.ts";
import { type MergedTable, Merger } from "./merge.ts";
import { ScanError, stopIfAborted } from "./errors.ts";
import { type CheckedOptions, checkOptions, defaultThreads, type ScanOptions } from "./options.ts";
import { ScannedBatch, wholeOf } from "./parts.ts";
import type { Overrides } from "./pricing/own-prices.ts";
import { bytesOf, plan, type Unread } from "./plan.ts";
import { readShards } from "./read-shards.ts";
import { describeScan } from "./result.ts";
import { Stages } from "./stages.ts";
import type { Sums } from "./sums/index.ts";
import { SumsOfNoUse } from "./tally/summed.ts";
import type { FindCountedBefore, ResponsesOfSessions } from "./tally/counted-before.ts";
import { asksForTasks, tally } from "./tally/index.ts";
import { type TallyMemory, withMemory } from "./tally/memory.ts";
import { findPlaces, type Places } from "./tally/places.ts";
import type { Tallied } from "./tally/tallied.ts";
import { isTimeDimension, type ScanResult } from "./types.ts";
import { parseWindow } from "./window.ts";

/**
 * Scans transcripts and tells what they consumed.
 *
 * Bad lines and unreadable files are counted and listed in the result. Rejects with a `ScanError`: a bad option,
 * a path that does not exist, a sum beyond 2^53 - 1, or an abort.
 *
 * @example
 * const { totals, rows } = await scan({ by: ["project"], since: "7d" });
 */
export async function scan(options: ScanOptions = {}): Promise<ScanResult> {
  try {
    return await withMemory(async (memory) => (await scanWhole(options, memory, undefined, "sums are enough")).result);
  } catch (error) {
    // Comparing with sums takes memory that a scan without them can do without.
    const isTooMuch = error instanceof ScanError && error.code === "TOO_MANY_RECORDS" && options.cache !== false;
    if (!(error instanceof SumsOfNoUse || error instanceof DamagedCursors || isTooMuch)) throw error;
    return withMemory(async (memory) => (await scanWhole(options, memory)).result);
  }
}

/** A scan, with what it knows of each transcript. */
export interface WholeScan {
  readonly result: ScanResult;
  readonly table: MergedTable;
  readonly places: Places;
  /** Only for the ledger. */
  readonly responsesOf: ResponsesOfSessions | undefined;
  /** For further questions; in the scan's memory. */
  readonly tallied: Tallied;
}

/**
 * The same for the ledger, which says what was counted before: then responses are listed, and task ids are found with this
 * scan's pattern whatever cursors hold. Where sums are enough, events of projects may be left out of what is tallied, and it throws
 * `SumsOfNoUse` or `DamagedCursors` where they had to be there after all.
 */
export async function scanWhole(
  options: ScanOptions,
  memory: TallyMemory,
  countedBefore?: FindCountedBefore,
  needs: "all events" | "sums are enough" = "all events",
): Promise<WholeScan> {
  const checked = checkOptions(options);
  stopIfAborted(checked.signal);
  const stages = new Stages();
  const asksForDays = checked.by.some(isTimeDimension) || checked.since !== undefined || checked.until !== undefined;
  const calendar = await calendarFor(checked.timezone, checked.environment, asksForDays);
  const overrides = await overridesOf(checked);
  const window = parseWindow(checked.since, checked.until, calendar, checked.nowMs);

  const takenMs = Date.now();
  const needsTasks = countedBefore !== undefined || asksForTasks(checked);
  const limits = {
    chunkBytes: checked.chunkBytes,
    maxLineBytes: checked.maxLineBytes,
    folds: checked.count === "responses",
    // Without cursors nobody looks at these.
    dispatches: checked.cache,
    taskPattern: checked.cache || needsTasks ? checked.taskPattern : undefined,
    identifies: cursorFolder(checked) !== undefined,
  };
  const startsEarly = checked.threads !== 0 && !hasCursors(checked);
  const early = startsEarly ? await EarlyThreads.for(checked.threads, limits) : undefined;
  const { listed, found } = await orStop(early, () => find(checked, early));
  const bytesTotal = sum(listed.transcripts, ({ sizeBytes }) => sizeBytes);
  stages.end("discover");

  const { sums, cursorsStart, cursors, unread } = await orStop(early, async () => {
    const sums = needs === "sums are enough" ? await sumsOf(found, checked, memory) : undefined;
    const cursorsStart = memory.next;
    const cursors = await cursorsOf(found, checked, takenMs, memory, sums?.reading);
    if (cursors) sums?.use(cursors, window);
    if (needsTasks) await cursors?.findTasksAnew(checked.taskPattern);
    return { sums, cursorsStart, cursors, unread: cursors?.unread ?? found.transcripts.map(fromItsStart) };
  });
  const bytesLeft = sum(unread, ({ sizeBytes, start }) => sizeBytes - start);
  const threads = checked.threads ?? defaultThreads(bytesLeft, unread.length);
  const shards = plan(unread, { threads, rangeBytes: checked.rangeBytes });
  stages.end("load");

  const cursorsEnd = memory.next;
  const newMerger = () =>
    new Merger(found.transcripts.length, {
      memory,
      listsSkipped: "of scan",
      hasSpareEvents: true,
      earlyBytes: checked.earlyMergeBytes,
    });
  let merger = newMerger();
  const scanned: ScannedBatch[] = [];
  let bytesDone = 0;
  let bytesMerged = 0;
  await readShards(shards, {
    threads,
    limits,
    started: early?.started,
    signal: checked.signal,
    onShard: (shard) => checked.onProgress?.({ bytesDone: (bytesDone += bytesOf(shard)), bytesTotal: bytesLeft }),
    onBatch: (batch, shard) => {
      bytesMerged += bytesOf(shard);
      const one = new ScannedBatch(batch);
      // Cursors are written from the batches, and what they know comes between them.
      if (!cursors && merger.addEarly(wholeOf(one), bytesLeft === 0 ? 1 : bytesMerged / bytesLeft)) return batch.buffer;
      scanned.push(one);
      return undefined;
    },
  });
  // Where nothing is new, or all was read when it came, nobody has looked.
  stopIfAborted(checked.signal);
  stages.end("scan");

  const parts = () => cursors?.parts(scanned, (t) => sums?.tells(t) === true) ?? scanned.map(wholeOf);
  let table = merger.finish(parts());
  while (sums?.openShared(table, found.transcripts) === true) {
    merger = newMerger();
    table = merger.finish(parts());
  }
  const summed = sums?.widen(merger);
  stages.end("merge");

  // Not before: what is written takes the place of what may still have to be read.
  let cacheFailure = (await cursors?.save(scanned)) ?? found.cacheFailure;
  sums?.findCandidates(table, found.transcripts);
  memory.recycle(cursorsStart, cursorsEnd);
  stages.end("save");

  const asksForAgents = checked.by.includes("agent") || (checked.filters?.agent?.length ?? 0) > 0;
  const agents = asksForAgents ? await agentTypesOf(found.transcripts) : NO_AGENT_TYPES;
  const places = findPlaces(found.transcripts, table);
  const tallied = await tally(table, places, {
    ...checked,
    breakdown: checked.breakdown ?? false,
    filters: checked.filters,
    window,
    calendar,
    agentTypes: agents.types,
    explains: checked.explain ?? false,
    overrides,
    pricesFolder: pricesFolder(checked),
    countedBefore,
    summed,
  });
  stopIfAborted(checked.signal);
  stages.end("tally");
  cacheFailure = (await sums?.save(merger, tallied)) ?? cacheFailure;
  stages.end("save");
  const result = describeScan({
    checked,
    calendar,
    window,
    found,
    unreadable: [...found.unreadable, ...agents.unreadable],
    table,
    tallied,
    transcripts: listed.transcripts.length,
    bytesTotal,
    bytesRead: table.bytesRead + (cursors?.bytesRead ?? 0) + found.bytesRead,
    transcriptsUnchanged: (cursors?.unchanged ?? 0) + found.unchanged,
    untoldTokens: found.untoldTokens,
    cacheFailure,
    threads,
    stages,
  });
  return { result, table, places, responsesOf: tallied.responsesOf, tallied: tallied.tallied };
}

/** What is there, as files and with what these hold. */
async function find(checked: CheckedOptions, early: EarlyThreads | undefined) {
  const { paths, environment, sources } = checked;
  const listed = discover(paths, environment, sources, (sizeBytes) => early?.found(sizeBytes));
  return { listed, found: await unfolded(listed, checked) };
}

/** With the sessions of databases and of Qwen Code's notes, which few machines have. */
async function unfolded(
  found: Discovery,
  { cache, environment, cacheDirectory }: Pick<CheckedOptions, "cache" | "environment" | "cacheDirectory">,
): Promise<Unfolded> {
  const without = { bytesRead: 0, unchanged: 0, untoldTokens: 0, cacheFailure: undefined };
  if (found.transcripts.some(isUnreadNote)) {
    const { unfoldNotes } = await import("./databases/qwen-notes.ts");
    const { bytesRead, ...noted } = unfoldNotes(found);
    const rest = await unfolded(noted, { cache, environment, cacheDirectory });
    return { ...rest, bytesRead: rest.bytesRead + bytesRead };
  }
  if (!found.transcripts.some(isDatabase)) return { ...found, ...without };
  const { unfoldDatabases } = await import("./databases/index.ts");
  return unfoldDatabases(found, cache ? cacheFolder(environment, cacheDirectory) : undefined);
}

/** Where cursors are; undefined where the scan is to do without, or there is no place for them. */
function cursorFolder({ cache, count, environment, cacheDirectory }: CheckedOptions): string | undefined {
  // Older collectors counted every record: that needs rows which events, and so cursors, do not have.
  return cache && count !== "records" ? cacheFolder(environment, cacheDirectory) : undefined;
}

/** Whether any have been written yet: else, of what is there, all will be read. */
function hasCursors(checked: CheckedOptions): boolean {
  const folder = cursorFolder(checked);
  try {
    return folder !== undefined && readdirSync(folder).some(isCursorFile);
  } catch {
    return false;
  }
}

/** Undefined where there are none (`cursorFolder`), or nothing that they could be of. */
export async function cursorsOf(
  found: Discovery,
  checked: CheckedOptions,
  takenMs: number,
  memory: TallyMemory,
  reading: Pick<CursorOptions, "isHeadEnough" | "keepsOpen"> = {},
): Promise<Cursors | undefined> {
  const folder = cursorFolder(checked);
  if (folder === undefined || found.transcripts.length === 0) return undefined;
  const { Cursors } = await import("./cursors/index.ts");
  const { maxLineBytes } = checked;
  return new Cursors(found.transcripts, { folder, maxLineBytes, roots: found.roots, takenMs, memory, ...reading });
}

/** Undefined where each event is needed, or there is no place for sums. */
async function sumsOf(found: Discovery, checked: CheckedOptions, memory: TallyMemory): Promise<Sums | undefined> {
  const folder = cursorFolder(checked);
  if (folder === undefined || asksForTasks(checked)) return undefined;
  const { Sums } = await import("./sums/index.ts");
  return Sums.open(checked, found.roots, folder, memory);
}

/** Read before anything else: a mistake in them stops the run. */
export async function overridesOf({ cost, prices }: CheckedOptions): Promise<Overrides | undefined> {
  if (prices === undefined || cost === "none") return undefined;
  const { readOverrides } = await import("./pricing/overrides.ts");
  return readOverrides(prices);
}

/** Where `tokensift prices update` leaves prices. */
export function pricesFolder({ environment, cacheDirectory }: CheckedOptions): string | undefined {
  const folder = cacheFolder(environment, cacheDirectory);
  return folder && join(folder, "prices");
}

export function fromItsStart({ source, path, content, sizeBytes }: Transcript, transcript: number): Unread {
  const one = { transcript, source, path, start: 0, sizeBytes };
  return content ? { ...one, content } : one;
}

function sum<T>(some: readonly T[], of: (one: T) => number): number {
  return some.reduce((total, one) => total + of(one), 0);
}

const NO_AGENT_TYPES: AgentTypes = { types: new Map(), unreadable: [] };

async function agentTypesOf(transcripts: readonly Transcript[]): Promise<AgentTypes> {
  const { readAgentTypes } = await import("./discover/agent-types.ts");
  return readAgentTypes(transcripts);
}
