import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SOURCES } from "../../src/types.ts";
import { makeFolder } from "../transcripts.ts";
import { makeHome, response, TRANSCRIPT } from "./home.ts";
import { CLI, endOf, tokensift } from "./tokensift.ts";

/** What somebody typed, and what stands on the one line of stderr. */
const MISTAKES: ReadonlyArray<readonly [args: string, says: string]> = [
  ["dialy", '"dialy" is no command (did you mean daily? see tokensift --help; paths need the word scan)'],
  ["quux", '"quux" is no command (see tokensift --help; paths need the word scan)'],
  ["help quux", '"quux" is no command (see tokensift --help; paths need the word scan)'],
  ["--json sesion", '"sesion" is no command (did you mean session? see tokensift --help; paths need the word scan)'],
  ["/", '"/" is no command (to scan it: tokensift scan /)'],
  ["--by day /", '"/" is no command (to scan it: tokensift scan /)'],
  ["--json daily", '"daily" stands behind flags (the command goes first: tokensift daily …)'],
  ["--project model model", '"model" is no command (see tokensift --help; paths need the word scan)'],
  ["-- scan", '"scan" stands behind flags (the command goes first: tokensift scan …)'],
  ["-- --json", '"--json" is no command (see tokensift --help; paths need the word scan)'],
  ["daily /", "daily takes no paths (to scan files or folders: tokensift scan --by day PATH)"],
  ["daily --by model", "unknown option '--by' (see tokensift daily --help)"],
  ["--jsn", "unknown option '--jsn' (did you mean --json? see tokensift --help)"],
  ["scan --treads 2", "unknown option '--treads' (did you mean --threads? see tokensift scan --help)"],
  ["--by", "option '--by <dimensions>' argument missing (see tokensift --help)"],
  ["--sort key:up", '--sort: "key:up" has no such direction (give :asc or :desc, or neither)'],
  ["--threads two", '--threads: "two" is no whole number from 0 to 256'],
  ["--threads 1.5", '--threads: "1.5" is no whole number from 0 to 256'],
  ["--top -1", '--top: "-1" is no whole number of 0 or more'],
  ["--max-line 1GB", '--max-line: "1GB" is too large (at most 512MiB)'],
  ["--max-line 4x", '--max-line: "4x" is no size (give bytes, or a number with KiB, MiB, KB or MB)'],
  ["--max-line 0", '--max-line: "0" is no size (give bytes, or a number with KiB, MiB, KB or MB)'],
  [
    "--fail-over-tokens lots",
    '--fail-over-tokens: "lots" is no number of tokens (give one such as 1500000, 200k or 1.5M)',
  ],
  [
    "--fail-over-tokens 1.0005k",
    '--fail-over-tokens: "1.0005k" is no number of tokens (give one such as 1500000, 200k or 1.5M)',
  ],
  ["--count twice", '--count: "twice" is no way to count (one of responses, records)'],
  ["--format xml", '--format: "xml" is no format (one of table, json, csv, ndjson, md)'],
  ["--json --format csv", "--json and --format csv: two formats (give one of them)"],
  [
    "--source cursor",
    `--source: "cursor" is no known agent (one or more of ${SOURCES.join(", ")}, with commas between)`,
  ],
  [
    "--since tomorrow",
    '--since: "tomorrow" is no time (give 2026-06-01, 2026-06-01T14:30Z, 7d, 24h, today or yesterday)',
  ],
  ["--since 2026-06-02 --until 2026-06-01", '--since: "2026-06-02" is later than --until 2026-06-01 (swap the two)'],
  ["--timezone Mars/Base", '--timezone: "Mars/Base" is no time zone (give an IANA name, such as Europe/Berlin)'],
  ["--project=", '--project: "" is empty (give a value or leave it out)'],
  ["scan /no/such/path", "no such file or folder: /no/such/path (give another path)"],
  ["scan / --demo", "--demo: scans its own transcripts (leave out the paths or --demo)"],
  ["--output /no/such/x", "--output: no such folder: /no/such (create it or give another file)"],
  ["--metrics /", "--metrics: / is a folder (give a file)"],
  ["--output /dev/null", "--output: /dev/null is no regular file (leave --output out to write to stdout)"],
  ["--output /tmp/x --metrics /tmp/x", "--output and --metrics: both are /tmp/x (give two files)"],
  ["--output /tmp/x --metrics /tmp/../tmp/x", "--output and --metrics: both are /tmp/x (give two files)"],
  ["--output -", "--output: - is no stdout here (leave --output out, or write ./- for a file of that name)"],
  ["completion", "missing required argument 'shell' (see tokensift completion --help)"],
  ["completion bsh", 'completion: "bsh" is no shell with completion here (did you mean bash? one of bash, zsh, fish)'],
];

describe("what could not run ends with 2 and one line", () => {
  test.each(MISTAKES)("%s", async (args, says) => {
    const ending = await tokensift(args.split(" "));
    expect(ending).toEqual({ code: 2, signal: null, stdout: "", stderr: `tokensift: ${says}\n` });
  });

  test("a dimension is suggested, and all are named", async () => {
    const { code, stderr } = await tokensift(["--by", "dya"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^tokensift: --by: "dya" is no dimension \(did you mean day\? one or more of day, week, .*\)\n$/,
    );
  });

  test("a sort field is suggested, before anything is scanned", async () => {
    const { code, stderr } = await tokensift(["--sort", "total"], { home: makeHome(response()) });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tokensift: --sort: "total" names no figure \(did you mean totalTokens\? .*\)\n$/);
  });

  test.each([["scan"], ["tasks", "scan"], ["run"], ["serve"]])(
    "%s of an empty path is not the current folder",
    async (...words) => {
      const ending = await tokensift([...words, ""], { folder: makeFolder({ "a.jsonl": response() }) });
      expect(ending).toMatchObject({
        code: 2,
        stdout: "",
        stderr: 'tokensift: no such file or folder: "" (give another path)\n',
      });
    },
  );

  test.each([["--json"], ["scan", "."], ["sources"], ["tasks", "summary"], ["cache", "info"], ["--cache-dir", "x"]])(
    "%s where the current folder is gone",
    async (...words) => {
      const folder = makeFolder();
      const script = `rmdir "$PWD"; exec "$0" "$@"`;
      const child = spawn("bash", ["-c", script, process.execPath, CLI, ...words], {
        cwd: folder,
        env: { PATH: process.env["PATH"], HOME: "/nonexistent", TZ: "UTC" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const { code, stdout, stderr } = await endOf(child);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toBe("tokensift: the current folder is gone (go to one that is there)\n");
    },
  );

  test("a transcript is no place for a report", async () => {
    const home = makeHome(response());
    const folder = makeFolder({ "a.jsonl": response() });
    const says = async (...args: string[]) => {
      const { code, stderr } = await tokensift(args, { home });
      return { code, stderr };
    };
    const among = (flag: string, path: string) => ({
      code: 2,
      stderr: `tokensift: ${flag}: ${path} is among transcripts, which are only ever read (give another file)\n`,
    });
    const own = `${home}/${TRANSCRIPT}`;
    expect(await says("--output", own)).toEqual(among("--output", own));
    expect(await says("--metrics", `${home}/.codex/sessions/x.prom`)).toMatchObject({ code: 2 });
    expect(await says("scan", folder, "--output", `${folder}/a.jsonl`)).toEqual(among("--output", `${folder}/a.jsonl`));
    expect(await says("scan", folder, "--output", `${folder}/new.jsonl`)).toMatchObject({ code: 2 });
    expect(await says("scan", folder, "--output", `${folder}/report.json`)).toMatchObject({ code: 0 });
    expect(await says("tasks", "scan", "--ledger", own)).toEqual(among("--ledger", own));
    expect(await says("tasks", "report", "--task", "task-1", "--refresh", "--insert", own)).toEqual(
      among("--insert", own),
    );
    expect(readFileSync(own, "utf8")).toMatch(/^\{"type":"assistant"/);
  });

  test("a model without a name is a mistake, not one without a price", async () => {
    const stderr = 'tokensift: prices: "" is empty (give a value or leave it out)\n';
    expect(await tokensift(["prices", ""])).toMatchObject({ code: 2, stdout: "", stderr });
  });

  test("a path that is missing beside one that is there", async () => {
    const folder = makeFolder({ "a.jsonl": response() });
    const { code, stdout } = await tokensift(["scan", `${folder}/a.jsonl`, `${folder}/b.jsonl`]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("a sum beyond 2^53 - 1 gives no figures", async () => {
    const most = { input_tokens: Number.MAX_SAFE_INTEGER };
    const home = makeHome(response({}, most), response({}, most));
    const output = `${makeFolder()}/out.json`;
    const { code, stdout, stderr } = await tokensift(["--json", "--output", output], { home });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^tokensift: .*2\^53 - 1.*\n$/);
    expect(existsSync(output)).toBe(false);
  });
});
