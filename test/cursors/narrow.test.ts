/** Columns are as narrow as their largest number lets them be, and say the same. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { numbersOf, paddedBytes, putNumbers, widthOf } from "../../src/cursors/narrow.ts";
import { response } from "../transcripts.ts";
import { Machine } from "./machine.ts";

const numbers = fc.oneof(
  ...[2 ** 8, 2 ** 16, 2 ** 32, 2 ** 48, 2 ** 53].map((end) => fc.maxSafeNat().map((number) => number % end)),
  fc.constantFrom(2 ** 8 - 1, 2 ** 16 - 1, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1, 2 ** 48),
  fc.constantFrom(0, -1, -0, 0.5, NaN, Infinity, -Infinity),
);

test("numbers come out of a column as they were put in", () => {
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 6 }), (values) => {
      const column = Float64Array.from(values);
      const width = widthOf(column);
      const bytes = new Uint8Array(8 + paddedBytes(width, column.length));
      putNumbers(column, width, bytes, 8);
      expect(Array.from(numbersOf({ address: 8, width, length: column.length }, bytes.buffer))).toEqual(values);
    }),
  );
});

test.each([
  [[0, 0], 0],
  [[0, 255], 1],
  [[256], 2],
  [[65_536], 4],
  [[2 ** 32], 6],
  [[2 ** 48 - 1, 3], 6],
  [[2 ** 48], 8],
  [[1, Infinity], 8],
  [[-0], 8],
])("%j take %d bytes each", (values, width) => expect(widthOf(Float64Array.from(values))).toBe(width));

describe("times in a transcript", () => {
  test.each([
    ["a month", "2026-05-10T10:00:00.001Z"],
    ["fifty days", "2026-04-21T10:00:00.002Z"],
    ["fifty years", "1976-06-10T10:00:00.003Z"],
    ["nine thousand years", "9999-12-31T23:59:59.999Z"],
  ])("%s apart are those of a scan without a cache", async (_, timestamp) => {
    const machine = new Machine();
    const lines = [response(1), response(2, { timestamp }), response(3)];
    const far = response(4, { timestamp: "0500-01-01T00:00:00Z" });
    machine.write(machine.path(1), [...lines, timestamp.startsWith("9999") ? far : "{}", ""].join("\n"));
    machine.write(machine.path(2), [response(5), ""].join("\n"));
    const first = await machine.scan();
    const second = await machine.scan();
    expect(second.stats).toMatchObject({ bytesRead: 0, responses: first.stats.responses });
    expect(second.rows.map(({ key, firstAt, lastAt }) => [key, firstAt, lastAt])).toEqual(
      first.rows.map(({ key, firstAt, lastAt }) => [key, firstAt, lastAt]),
    );
  });
});

describe("as many tokens as", () => {
  const most = [2 ** 8, 2 ** 16, 2 ** 32, 2 ** 48, 2 ** 53].map((end) => end - 1);
  test.each([...most, 2 ** 8, 2 ** 16, 2 ** 32, 2 ** 48])("%d come out of a cursor", async (tokens) => {
    const machine = new Machine();
    const alone = { input_tokens: tokens, output_tokens: 0, cache_read_input_tokens: 0 };
    machine.write(machine.path(1), `${response(1, {}, alone)}\n`);
    const nothing = { ...alone, input_tokens: 0 };
    machine.write(machine.path(2), `${response(2, {}, nothing)}\n`);
    await machine.scan();
    const { stats, totals } = await machine.scan();
    expect(stats).toMatchObject({ bytesRead: 0, transcriptsUnchanged: 2 });
    expect(totals).toMatchObject({ inputTokens: tokens });
  });
});
