import { exportResponses, type ResponseRow, scan } from "tokensift";
import { expect, test } from "vitest";
import { makeFolder, response, sessionId } from "../transcripts.ts";

const COUNT = 20;
const asked = () => ({
  paths: [makeFolder({ [`${sessionId(1)}.jsonl`]: Array.from({ length: COUNT }, (_, n) => response(n)) })],
  threads: 0,
  cache: false,
});

test("rows come one after the other, each when the one before is taken", async () => {
  let taken = 0;
  let inside = 0;
  await exportResponses(asked(), async () => {
    expect(++inside).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    inside--;
    taken++;
  });
  expect(taken).toBe(COUNT);
});

test.each([false, Promise.resolve(false)])(
  "whoever answers false gets no more of them, and the result",
  async (answer) => {
    let taken = 0;
    const { totals } = await exportResponses(asked(), () => (++taken === 3 ? answer : undefined));
    expect(taken).toBe(3);
    expect(totals.responses).toBe(COUNT);
  },
);

test("what goes wrong with a row is the export's error, and the next one is well", async () => {
  const failing = [
    () => {
      throw new RangeError("full");
    },
    async () => Promise.reject(new RangeError("full")),
  ];
  for (const take of failing) await expect(exportResponses(asked(), take)).rejects.toThrow(RangeError);
  const rows: ResponseRow[] = [];
  await exportResponses(asked(), (row) => void rows.push(row));
  expect(rows).toHaveLength(COUNT);
});

test("an abort ends it, before the rows and between them", async () => {
  const aborted = { name: "ScanError", code: "ABORTED" };
  const take = () => {};
  await expect(exportResponses({ ...asked(), signal: AbortSignal.abort() }, take)).rejects.toMatchObject(aborted);
  const stop = new AbortController();
  let taken = 0;
  const exporting = exportResponses({ ...asked(), signal: stop.signal }, () => {
    if (++taken === 5) stop.abort();
  });
  await expect(exporting).rejects.toMatchObject(aborted);
  expect(taken).toBe(5);
});

test("other scans may go on while rows are taken", async () => {
  const rows: ResponseRow[] = [];
  const options = asked();
  await exportResponses(options, async (row) => {
    rows.push(row);
    if (rows.length % 7 === 0) await scan({ ...options, by: ["session", "day"] });
  });
  expect(rows.map(({ time, totalTokens }) => [time, totalTokens])).toEqual(
    Array.from({ length: COUNT }, (_, n) => [new Date(Date.UTC(2026, 5, 1, 0, n)).toISOString(), 111]),
  );
});

test("options that are wrong are refused as a scan refuses them", async () => {
  const { paths } = asked();
  const take = () => {};
  await expect(exportResponses({ paths, since: "soon" }, take)).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await expect(exportResponses({ paths: ["/nowhere"] }, take)).rejects.toMatchObject({ code: "NO_SUCH_PATH" });
});
