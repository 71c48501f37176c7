import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FLAG_NAMES, FLAGS } from "../../src/config/flags.ts";
import { makeFolder } from "../transcripts.ts";
import { FIXTURES, tokensift, type World } from "./tokensift.ts";

const KNOWN = FLAG_NAMES.filter((name) => !("isPerRun" in FLAGS[name])).join(", ");
const TRANSCRIPTS = `${FIXTURES}/report/names`;
const PROJECT = "tokensift.config.json";
const USER = "tokensift/config.json";

/** The header of a CSV report: what was grouped by. */
async function keysOf(args: readonly string[], { project, user, variables }: Settings): Promise<string> {
  const { stdout, stderr } = await tokensift([...args, "--format", "csv"], worldOf({ project, user, variables }));
  return stdout === "" ? stderr : (stdout.split(",inputTokens")[0] as string);
}

interface Settings {
  readonly project?: object | string | undefined;
  readonly user?: object | string | undefined;
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

function worldOf({ project, user, variables }: Settings): World {
  const text = (value: object | string) => (typeof value === "string" ? value : JSON.stringify(value));
  return {
    folder: makeFolder(project === undefined ? {} : { [PROJECT]: text(project) }),
    variables: {
      CLAUDE_CONFIG_DIR: TRANSCRIPTS,
      XDG_CONFIG_HOME: makeFolder(user === undefined ? {} : { [USER]: text(user) }),
      ...variables,
    },
  };
}

describe("the first place that sets a flag wins", () => {
  const all = { project: { by: "agent" }, user: { by: "team" }, variables: { TOKENSIFT_BY: "model" } };

  test("the flag", async () => expect(await keysOf(["--by", "day"], all)).toBe("day"));
  test("then the environment", async () => expect(await keysOf([], all)).toBe("model"));
  test("then the project's config", async () => expect(await keysOf([], { ...all, variables: {} })).toBe("agent"));
  test("then the user's config", async () => expect(await keysOf([], { user: all.user })).toBe("team"));
  test("then the default", async () => expect(await keysOf([], {})).toBe("source,model"));
  test("an empty variable sets nothing", async () => {
    expect(await keysOf([], { user: all.user, variables: { TOKENSIFT_BY: "" } })).toBe("team");
  });
  test("each flag for itself", async () => {
    expect(await keysOf([], { project: { top: 1 }, user: { by: "team" } })).toBe("team");
  });
});

describe("values in a config file", () => {
  test("lists, numbers and switches", async () => {
    const project = { by: ["day", "model"], top: 2, model: ["*opus*"], strict: true, quiet: true, $schema: "x" };
    const { code, stdout } = await tokensift(["--format", "csv"], worldOf({ project }));
    expect(
      stdout
        .trim()
        .split("\r\n")
        .slice(1)
        .map((line) => line.split(",").slice(0, 2)),
    ).toEqual([
      ["2026-05-31", "claude-opus-4-6"],
      ["2026-06-01", "claude-opus-4-6[1m]"],
    ]);
    expect(code).toBe(1);
  });

  test("a list on the command line replaces one in a file", async () => {
    const { stdout } = await tokensift(
      ["--model", "*haiku*", "--format", "csv"],
      worldOf({ project: { model: "*opus*" } }),
    );
    expect(stdout).toContain("claude-haiku");
    expect(stdout).not.toContain("claude-opus");
  });

  test("--no-NAME turns off what a file turned on", async () => {
    const world = worldOf({ project: { strict: true, json: true } });
    const { code, stdout } = await tokensift(["--no-strict", "--format", "csv"], world);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^source,model,/);
  });
});

test("--no-json undoes JSON of weaker places, however they asked for it, and nothing else", async () => {
  const first = async (settings: Settings, ...args: string[]) =>
    (await tokensift(["--no-json", ...args], worldOf(settings))).stdout.slice(0, 6);
  expect(await first({ project: { json: true } })).toBe("Tokens");
  expect(await first({ project: { format: "json" } })).toBe("Tokens");
  expect(await first({ variables: { TOKENSIFT_FORMAT: "json" } })).toBe("Tokens");
  expect(await first({ project: { json: true }, user: { format: "csv" } })).toBe("source");
  expect(await first({ project: { format: "csv" } })).toBe("source");
});

test("a file may begin with a byte order mark", async () => {
  expect(await keysOf([], { project: '\uFEFF{"by": "day"}' })).toBe("day");
});

test("~ in a file is the home folder, which no shell says there", async () => {
  const home = makeFolder({ "prices.json": JSON.stringify({ models: { "*": { input: 1, output: 1 } } }) });
  const { stdout } = await tokensift(["--json"], { ...worldOf({ project: { prices: "~/prices.json" } }), home });
  expect(JSON.parse(stdout)).toMatchObject({ costBasis: { overrides: `${home}/prices.json` } });
});

test("what scans are to fail on is no matter of tasks", async () => {
  const world = worldOf({ project: { failOverTokens: 0 } });
  expect((await tokensift(["--json"], world)).code).toBe(1);
  expect(await tokensift(["tasks", "scan", "--quiet"], { ...world, home: makeFolder() })).toMatchObject({
    code: 0,
    stderr: "",
  });
});

describe("a default that is meant for scans does not break a command that cannot do it", () => {
  const tasks = async (settings: Settings, ...args: string[]) =>
    tokensift(["tasks", "scan", "--quiet", ...args], { ...worldOf(settings), home: makeFolder() });

  test.each(["csv", "ndjson"])("tasks has no %s", async (format) => {
    const plain = await tasks({});
    for (const settings of [{ variables: { TOKENSIFT_FORMAT: format } }, { project: { format } }, { user: { format } }])
      expect(await tasks(settings)).toEqual(plain);
    expect(plain.code).toBe(0);
    // The next weaker place that says one it has.
    const { stdout } = await tasks({ variables: { TOKENSIFT_FORMAT: format }, project: { json: true } });
    expect(JSON.parse(stdout)).toHaveProperty("ledger_path");
    expect((await tasks({ project: { format } }, "--json")).stdout).toMatch(/^\{"ledger_path"/);
  });

  test("but what is written by hand is a mistake, before anything is scanned or written", async () => {
    const home = makeFolder();
    const world = { ...worldOf({ project: { format: "json" } }), home };
    for (const action of ["scan", "enrich", "summary"]) {
      expect(await tokensift(["tasks", action, "--format", "csv"], world)).toMatchObject({
        code: 2,
        stdout: "",
        stderr: 'tokensift: --format: "csv" is no format of tasks (one of table, json, md)\n',
      });
    }
    expect(readdirSync(home)).toEqual([]);
  });

  test("sessions that scans are of are none that tasks record is told", async () => {
    const world = { ...worldOf({ project: { session: ["5e55*"] } }), home: makeFolder() };
    expect(await tokensift(["tasks", "record", "--task", "task-1"], world)).toMatchObject({
      code: 2,
      stderr: "tokensift: tasks record: say one session (--session ID --task ID)\n",
    });
  });

  test("no costs in reports are no answer to prices explain", async () => {
    for (const settings of [{ project: { cost: "none" } }, { variables: { TOKENSIFT_COST: "none" } }]) {
      const { code, stdout, stderr } = await tokensift(["prices", "explain", "--json", "--quiet"], worldOf(settings));
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).toMatchObject({ costBasis: { mode: "auto" } });
    }
    expect((await tokensift(["prices", "explain", "--cost", "none"], worldOf({}))).code).toBe(2);
  });
});

describe("a mistake in a config file is an error that names the file", () => {
  test.each([
    [{ bye: "day" }, `unknown key "bye" in FILE (did you mean "by"?)`],
    [{ startofweek: "monday" }, `unknown key "startofweek" in FILE (did you mean "startOfWeek"?)`],
    [{ noProgress: true }, `unknown key "noProgress" in FILE (write "progress": false)`],
    [{ output: "x" }, `unknown key "output" in FILE: it belongs on the command line (remove it here)`],
    [{ constructor: 1 }, `unknown key "constructor" in FILE (known are KNOWN)`],
    ['{"__proto__": 1}', `unknown key "__proto__" in FILE (known are KNOWN)`],
    [{ threads: -1 }, `"threads" in FILE: "-1" is no whole number from 0 to 256`],
    [{ strict: "yes" }, `"strict" in FILE: "yes" is neither true nor false`],
    [{ top: null }, `"top" in FILE: give text, a number, true, false or a list of texts`],
    [{ format: "xml" }, `"format" in FILE: "xml" is no format (one of table, json, csv, ndjson, md)`],
    [
      { since: "tomorrow" },
      `"since" in FILE: "tomorrow" is no time (give 2026-06-01, 2026-06-01T14:30Z, 7d, 24h, today or yesterday)`,
    ],
    [{ json: true, format: "csv" }, `"json" in FILE and "format" in FILE csv: two formats (give one of them)`],
    ["[]", `FILE: holds no JSON object (write one such as {"by": "day,model"})`],
  ])("%j", async (project, says) => {
    const world = worldOf({ project });
    const ending = await tokensift([], world);
    const file = `${world.folder}/${PROJECT}`;
    expect(ending).toEqual({
      code: 2,
      signal: null,
      stdout: "",
      stderr: `tokensift: ${says.replaceAll("FILE", file).replace("KNOWN", KNOWN)}\n`,
    });
  });

  test("what is not JSON", async () => {
    const { code, stderr } = await tokensift([], worldOf({ user: "{\n  by: 'day'\n}" }));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tokensift: .*\/tokensift\/config\.json: is not JSON \(.*\)\n$/);
  });

  test("even where a flag says otherwise", async () => {
    const { code } = await tokensift(["--by", "day"], worldOf({ project: { by: "dya" } }));
    expect(code).toBe(2);
  });
});

test.each([
  ["TOKENSIFT_BY", "dya"],
  ["TOKENSIFT_SINCE", "tomorrow"],
  ["TOKENSIFT_UNTIL", "tomorrow"],
  ["TOKENSIFT_TIMEZONE", "Mars/Base"],
  ["TOKENSIFT_THREADS", "two"],
  ["TOKENSIFT_FORMAT", "xml"],
  ["TOKENSIFT_MAX_LINE", "4x"],
  ["TOKENSIFT_START_OF_WEEK", "mon"],
  ["TOKENSIFT_SOURCE", "cursor"],
])("a mistake in %s is an error that names it", async (variable, value) => {
  const { code, stdout, stderr } = await tokensift([], worldOf({ variables: { [variable]: value } }));
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(new RegExp(`^tokensift: ${variable}: "${value}" is no .*\\n$`));
});
