import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { byteLength, EVENT, FLAG, RECORD, STANDS_ALONE, TERMS, USAGE } from "../../src/events.ts";
import * as host from "../../workers/layout.ts";

/** The numbers of the kernel's own file, which is AssemblyScript and cannot be imported. */
const source = readFileSync(new URL("../../workers/kernel/layout.ts", import.meta.url), "utf8");
const kernel = Object.fromEntries(
  [...source.matchAll(/^export const (\w+): \w+ = (\w+);/gm)].map(([, name, value]) => [name, Number(value)]),
);

const numberOf = (name: string) => kernel[name] ?? NaN;

test("the kernel's file is read whole", () => {
  expect(Object.keys(kernel)).toHaveLength(source.match(/^export /gm)?.length ?? 0);
  expect(Object.values(kernel).every(Number.isInteger)).toBe(true);
});

test("memory lies where the host thinks", () => {
  const { SCRATCH, SCRATCH_BYTES, ROWS, BUFFER, CELL_BYTES, MAX_KEY_BYTES } = host;
  expect(kernel).toMatchObject({ SCRATCH, SCRATCH_BYTES, ROWS, BUFFER, CELL_BYTES, MAX_KEY_BYTES });
  expect(host.TABLES_END).toBeLessThanOrEqual(host.SCRATCH);
  expect(host.SCRATCH + host.SCRATCH_BYTES).toBeLessThanOrEqual(host.ROWS);
});

test("64 rows of 64 slots fit before the memos", () => {
  const rowBytes = host.ROW.cells + 64 * host.CELL_BYTES;
  expect(host.ROWS + numberOf("ROW_LIMIT") * rowBytes).toBeLessThanOrEqual(numberOf("MEMOS"));
  expect(numberOf("MEMOS_END")).toBeLessThanOrEqual(numberOf("EVENTS"));
});

test("what makes events lies where the host thinks, and nothing on anything else", () => {
  const { STATE, RANGE_STATE, DRAFT } = host;
  expect(kernel).toMatchObject({
    STATE_EVENTS: STATE.events,
    STATE_RECORDS: STATE.records,
    STATE_USAGES: STATE.usages,
    STATE_EVENT_BASE: STATE.eventBase,
    STATE_RECORD_BASE: STATE.recordBase,
    STATE_USAGE_BASE: STATE.usageBase,
    STATE_FOLDS: STATE.folds,
    STATE_WANTS_MESSAGE: STATE.wantsMessage,
    STATE_MAX_LINE_BYTES: STATE.maxLineBytes,
    STATE_SOURCE: STATE.source,
    STATE_TAKEN: STATE.taken,
    RANGE_SESSION_ID: RANGE_STATE.sessionId,
    RANGE_AGENT_NAME: RANGE_STATE.agentName,
    RANGE_AGENT_TYPE: RANGE_STATE.agentType,
    RANGE_TEAM: RANGE_STATE.team,
    RANGE_CWD: RANGE_STATE.cwd,
    RANGE_USAGE_RECORDS: RANGE_STATE.usageRecords,
    RANGE_CWD_TIME: RANGE_STATE.cwdTimeMs,
    DRAFT_TIME: DRAFT.timeMs,
    DRAFT_ID: DRAFT.id,
    DRAFT_RESPONSE: DRAFT.response,
    DRAFT_REQUEST: DRAFT.request,
    DRAFT_FLAGS: DRAFT.flags,
    DRAFT_MODEL: DRAFT.model,
    DRAFT_TOOL_USES: DRAFT.toolUses,
    DRAFT_CONTEXT: DRAFT.context,
    DRAFT_HAS_EXTRAS: DRAFT.hasExtras,
    DRAFT_TERMS: DRAFT.terms,
    DRAFT_AMOUNTS: DRAFT.amounts,
    ROOM: host.ROOM,
    EVENT_COLUMNS: host.EVENT_COLUMNS,
    RECORD_COLUMNS: host.RECORD_COLUMNS,
    USAGE_COLUMNS: host.USAGE_COLUMNS,
  });
  const areas = [
    [numberOf("DRAFT_AMOUNTS"), numberOf("AMOUNTS") * 8],
    [numberOf("KNOWN_TEXTS"), numberOf("KNOWN_TEXTS_LENGTH") * numberOf("KNOWN_TEXT_BYTES")],
    [numberOf("KNOWN_CONTEXTS"), numberOf("KNOWN_CONTEXTS_LENGTH") * numberOf("KNOWN_CONTEXT_BYTES")],
    [host.EVENT_COLUMNS, byteLength(EVENT, host.ROOM)],
    [host.RECORD_COLUMNS, byteLength(RECORD, host.ROOM)],
    [host.USAGE_COLUMNS, byteLength(USAGE, host.ROOM)],
    [host.BUFFER, 0],
  ] as const;
  for (const [i, [from, bytes]] of areas.slice(0, -1).entries()) {
    expect(from + bytes).toBeLessThanOrEqual((areas[i + 1] as (typeof areas)[number])[0]);
  }
});

test("an event's flags and a response's terms have the same bits", () => {
  expect(kernel).toMatchObject({
    FLAG_USAGE: FLAG.usage,
    FLAG_SIDE_CHAIN: FLAG.sideChain,
    FLAG_NESTED: FLAG.nested,
    FLAG_RESPONSE_ID: FLAG.responseId,
    FLAG_REQUEST_ID: FLAG.requestId,
    FLAG_FINAL: FLAG.final,
    FLAG_LONG_BLOCK: FLAG.longBlock,
    FLAG_READING: FLAG.reading,
    FLAG_ONLY_LAST: FLAG.onlyLast,
    FLAG_REVIEW_START: FLAG.reviewStart,
    FLAG_REVIEW_END: FLAG.reviewEnd,
    FLAG_STANDS_ALONE: STANDS_ALONE,
    TERM_FAST: TERMS.fast,
    TERM_BATCH: TERMS.batch,
    TERM_PRIORITY: TERMS.priority,
    TERM_US: TERMS.us,
    SOURCE_CLAUDE: host.SOURCES.claude,
    SOURCE_CODEX: host.SOURCES.codex,
  });
});

test("a row has its parts where the host reads them", () => {
  expect(kernel).toMatchObject({
    ROW_LINE_START: host.ROW.lineStart,
    ROW_LINE_END: host.ROW.lineEnd,
    ROW_STATUS: host.ROW.status,
    ROW_LINE_INDEX: host.ROW.lineIndex,
    ROW_PRESENT: host.ROW.present,
    ROW_ODD: host.ROW.odd,
    ROW_CELLS: host.ROW.cells,
  });
});

test("an entry of a table has its parts where the host writes them", () => {
  expect(kernel).toMatchObject({
    TABLE_ENTRIES: host.ENTRY.tableHeader,
    ENTRY_BYTES: host.ENTRY.bytes,
    ENTRY_FIRST: host.ENTRY.first,
    ENTRY_LAST: host.ENTRY.last,
    ENTRY_SECOND: host.ENTRY.second,
    ENTRY_THIRD: host.ENTRY.third,
    ENTRY_LENGTH: host.ENTRY.length,
    ENTRY_KIND: host.ENTRY.kind,
    ENTRY_SLOT: host.ENTRY.slot,
    ENTRY_CHILD: host.ENTRY.child,
    ENTRY_SUBTREE: host.ENTRY.subtree,
  });
});

test("a status and a kind mean the same on both sides", () => {
  expect(kernel).toMatchObject({
    STATUS_OBJECT: host.STATUS.object,
    STATUS_MALFORMED: host.STATUS.malformed,
    STATUS_VALUE: host.STATUS.value,
    STATUS_MESSAGE: host.STATUS.message,
    KIND_OBJECT: host.KIND.object,
    KIND_EACH: host.KIND.each,
    KIND_COUNT: host.KIND.count,
    KIND_TIME: host.KIND.time,
    KIND_HASH: host.KIND.hash,
    KIND_TEXT: host.KIND.text,
    KIND_BOOL: host.KIND.flag,
    KIND_ENUM: host.KIND.oneOf,
    KIND_TAG: host.KIND.tag,
    KIND_JSON: host.KIND.json,
  });
});
