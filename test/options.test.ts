/** What programs ask of the library: another name, or another kind of thing, is no question that is answered. */
import { collectRun, exportResponses, listSources, scan, ScanError, scanBlocks, type ScanOptions } from "tokensift";
import { describe, expect, test } from "vitest";
import { makeFolder } from "./transcripts.ts";

/** As a program in JavaScript would give them. */
const loose = (options: object) => options as ScanOptions;
const paths = () => [makeFolder()];

async function rejection(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ScanError);
  const { code, message } = error as ScanError;
  expect(code).toBe("INVALID_OPTION");
  return message;
}

describe("an option that is called otherwise is refused, for without it the figures would be others", () => {
  test.each([{ source: ["codex"] }, { model: ["*opus*"] }, { sinc: "7d" }])("scan: %j", async (wrong) => {
    const [name = ""] = Object.keys(wrong);
    expect(await rejection(scan(loose({ paths: paths(), cache: false, ...wrong })))).toMatch(
      `options: "${name}" is no option (one of paths, sources, by, `,
    );
  });

  test("a filter's", async () => {
    const wrong = loose({ paths: paths(), filters: { modle: ["*opus*"] } });
    expect(await rejection(scan(wrong))).toBe(
      'options: "filters.modle" is no option (one of project, session, model, agent, team, task)',
    );
  });

  test("by the other functions too", async () => {
    const wrong = loose({ sinc: "7d" });
    expect(await rejection(scanBlocks(wrong))).toContain('"sinc" is no option');
    expect(await rejection(exportResponses(wrong, () => true))).toContain('"sinc" is no option');
    expect(await rejection(listSources(wrong))).toContain('"sinc" is no option');
    const state = { runDirectoryPath: "run", lead: { sessionId: "lead" } };
    const options = { projectRoot: makeFolder(), cache: false };
    expect(await rejection(collectRun(state, { ...options, ...wrong }))).toContain('"sinc" is no option');
  });
});

describe("an option of another kind is refused", () => {
  test.each([
    [{ since: new Date(0) }, /^since: ".*1970.*" is no text$/],
    [{ since: null }, /^since: "null" is no text$/],
    [{ by: "day" }, /^by: "day" is no list of texts /],
    [{ paths: "/tmp" }, /^paths: "\/tmp" is no list of texts /],
    [{ filters: { model: "*opus*" } }, /^filters\.model: "\*opus\*" is no list of texts /],
    [{ threads: "2" }, /^threads: "2" is no number$/],
    [{ cache: "no" }, /^cache: "no" is neither true nor false$/],
    [{ cacheDirectory: 5 }, /^cacheDirectory: "5" is no text$/],
    [{ onProgress: {} }, /^onProgress: .* is no function$/],
  ])("scan: %j", async (wrong, message) => {
    expect(await rejection(scan(loose({ paths: paths(), ...wrong })))).toMatch(message);
  });

  test("blocks, rows and runs", async () => {
    expect(await rejection(scanBlocks(loose({ tokenLimit: "500k" })))).toMatch(
      /^--token-limit: "500k" is no number of tokens /,
    );
    expect(await rejection(scanBlocks(loose({ show: "activ" })))).toMatch(/^show: "activ" is no choice of blocks /);
    expect(await rejection(exportResponses({ paths: paths() }, undefined as never))).toMatch(
      /^take: .* is no function/,
    );
    const state = { runDirectoryPath: "run", lead: { sessionId: "lead" } };
    const options = { projectRoot: makeFolder(), cache: false };
    expect(await rejection(collectRun(state, loose({ ...options, since: new Date(0) })))).toMatch(/^since: /);
  });

  test("what is undefined is left out", async () => {
    const { by } = await scan(
      loose({ paths: paths(), cache: false, since: undefined, by: undefined, filters: undefined }),
    );
    expect(by).toEqual(["source", "model"]);
  });
});
