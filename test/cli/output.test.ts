import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { makeFolder } from "../transcripts.ts";
import { makeHome, response } from "./home.ts";
import { tokensift } from "./tokensift.ts";

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe("--output", () => {
  test("has what stdout would have, and stdout nothing", async () => {
    const home = makeHome(response());
    const file = `${makeFolder()}/report.csv`;
    const { stdout } = await tokensift(["--format", "csv"], { home });
    expect(await tokensift(["--format", "csv", "--output", file], { home })).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
    });
    expect(readFileSync(file, "utf8")).toBe(stdout);
  });

  test("is there before the run ends with 1", async () => {
    const file = `${makeFolder()}/report.json`;
    const { code } = await tokensift(["--json", "--fail-over-tokens", "1", "--output", file], {
      home: makeHome(response()),
    });
    expect(code).toBe(1);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ totals: { totalTokens: 111 } });
  });

  test("is for its owner alone; an existing file keeps its mode", async () => {
    const folder = makeFolder({ "old.json": "old" });
    chmodSync(`${folder}/old.json`, 0o644);
    const home = makeHome(response());
    for (const name of ["new.json", "old.json"]) await tokensift(["--json", "--output", `${folder}/${name}`], { home });
    expect([modeOf(`${folder}/new.json`), modeOf(`${folder}/old.json`)]).toEqual([0o600, 0o644]);
    expect(readFileSync(`${folder}/old.json`, "utf8")).toMatch(/^\{\n/);
  });

  test("follows a link and leaves it a link", async () => {
    const folder = makeFolder({ "real/report.json": "old" });
    symlinkSync("real/report.json", `${folder}/link.json`);
    await tokensift(["--json", "--output", `${folder}/link.json`], { home: makeHome(response()) });
    expect(lstatSync(`${folder}/link.json`).isSymbolicLink()).toBe(true);
    expect(readFileSync(`${folder}/real/report.json`, "utf8")).toMatch(/^\{\n/);
  });

  test("leaves nothing behind where it cannot be put in place", async () => {
    const folder = makeFolder();
    const home = makeHome(response());
    // A folder that takes the name while the scan runs: rename then fails, at the last step of all.
    const script = `require("fs").renameSync = () => { throw Object.assign(new Error("no"), { code: "EISDIR" }); }`;
    writeFileSync(`${home}/fail.cjs`, script);
    const variables = { NODE_OPTIONS: `--require ${home}/fail.cjs` };
    const { code, stdout, stderr } = await tokensift(["--json", "--output", `${folder}/report.json`], {
      home,
      variables,
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(`tokensift: --output: cannot write report.json in ${folder} (EISDIR)\n`);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.skipIf(!isRoot)("needs the right to write, before anything is scanned (needs root to try)", async () => {
    const folder = makeFolder();
    chmodSync(folder, 0o755);
    const { code, stderr } = await tokensift(["--output", `${folder}/x`], { user: NOBODY });
    expect(code).toBe(2);
    expect(stderr).toBe(`tokensift: --output: no right to write in ${folder} (give another file)\n`);
  });

  test("leaves no temporary file beside it", async () => {
    const folder = makeFolder();
    await tokensift(["--output", `${folder}/a`, "--metrics", `${folder}/b`], { home: makeHome(response()) });
    expect(readdirSync(folder).sort()).toEqual(["a", "b"]);
  });
});

describe("--metrics", () => {
  test("are written beside the report, for a collector that is another user", async () => {
    const folder = makeFolder();
    mkdirSync(`${folder}/collector`);
    const file = `${folder}/collector/tokensift.prom`;
    const { stdout } = await tokensift(["--by", "model", "--format", "csv", "--metrics", file], {
      home: makeHome(response()),
    });
    expect(stdout).toMatch(/^model,/);
    expect(modeOf(file)).toBe(0o666 & ~process.umask());
    const metrics = readFileSync(file, "utf8");
    expect(metrics).toContain('tokensift_tokens{model="claude-opus-4-6",kind="cache_read"} 100\n');
    for (const line of metrics.trimEnd().split("\n")) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) tokensift_\w+ .+|tokensift_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? \d+(\.\d+)?)$/,
      );
    }
  });
});
