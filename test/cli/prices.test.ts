import type { PriceList } from "../../src/pricing/list.ts";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Row } from "tokensift";
import { makeFolder } from "../transcripts.ts";
import { makeHome, response } from "./home.ts";
import { tokensift } from "./tokensift.ts";

const prices = (args: string, world = {}) => tokensift(["prices", ...args.split(" ").filter(Boolean)], world);

describe("prices", () => {
  test("shows rates, where they come from and since when", async () => {
    const { code, stdout, stderr } = await prices("claude-opus-4-6 claude-sonnet-4-5 nobody-1");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^claude-opus-4-6 +5 +25 +6.25 +10 +0.5 +10 +since 2026-03-13$/m);
    expect(stdout).toMatch(
      /^claude-sonnet-4-5 +3 +15 +3.75 +6 +0.3 +10\n +6 +22.5 +7.5 +12 +0.6 +10 +above 200000 tokens of input$/m,
    );
    expect(stdout).toMatch(/^ {2}claude-opus-4-6: anthropic claude-opus-4-6 in @pydantic\/genai-prices \d/m);
    expect(stdout).toMatch(/^ {2}fast: x 6 for claude-opus-4-6 \(https:/m);
    expect(stdout).toContain("nobody-1: no price is known (--prices FILE gives it one)");
  });

  test.each([
    ["opus", "opus"],
    ["opus*", "opus*"],
    ["*opus-", "*opus-"],
  ])("of a part of a name: the pattern that was meant (%s)", async (written, shown) => {
    const { code, stdout } = await prices(written);
    const part = written.replaceAll("*", "");
    expect(code).toBe(0);
    expect(stdout).toContain(`  ${shown}: no price is known (did you mean '*${part}*'? --prices FILE gives it one)\n`);
    const json = JSON.parse((await prices(`${written} nobody-1 claude-opus-4-6 --json`)).stdout) as PriceList;
    expect(json.models.map(({ meant }) => meant)).toEqual([`*${part}*`, null, null]);
    expect((await prices("zzz*")).stdout).toContain("  zzz*: no price is known (--prices FILE gives it one)\n");
  });

  test("what an entry says that terms cost goes before what providers publish", async () => {
    const entry = { input: 1, output: 2, times: { fast: 3 } };
    const own = { models: { mine: entry, "claude-opus-4-8": entry } };
    const file = join(makeFolder({ "p.json": JSON.stringify(own) }), "p.json");
    const { stdout } = await prices(`mine claude-opus-4-8 --prices ${file}`, { variables: { COLUMNS: "200" } });
    expect(stdout).toContain(`  fast: x 3 for mine, claude-opus-4-8 (${file})\n`);
    expect(stdout).toMatch(/^ {2}batch: x 0\.5 for claude-opus-4-8 \(https:/m);
    expect(stdout).not.toMatch(/fast: x 2/);
  });

  test("of a model that is fast by its name are not multiplied again", async () => {
    const { stdout } = await prices("claude-opus-4.6-fast");
    expect(stdout).toMatch(/^claude-opus-4.6-fast +30 +150 /m);
    expect(stdout).not.toMatch(/fast: x/);
    expect(stdout).toMatch(/batch: x 0.5 for claude-opus-4.6-fast/);
  });

  test("takes patterns, and own prices", async () => {
    const file = join(
      makeFolder({ "p.json": JSON.stringify({ models: { mine: { input: 1, output: 2 } } }) }),
      "p.json",
    );
    const { stdout } = await prices(`claude-opus-4-* mine --json --prices ${file}`);
    const { models, basis } = JSON.parse(stdout) as {
      models: Array<{ model: string; from: string; rows: Array<{ usdPerMillion: object; since: null }> }>;
      basis: { overrides: string };
    };
    expect(models.map(({ model }) => model)).toContain("claude-opus-4-8");
    expect(models.at(-1)).toMatchObject({ model: "mine", from: file, rows: [{ since: null }] });
    expect(models.at(-1)?.rows[0]?.usdPerMillion).toMatchObject({ input: 1, output: 2, cacheRead: 1 });
    expect(basis.overrides).toBe(file);
  });

  test("without names shows the models in use", async () => {
    const home = makeHome(response({}, {}), response({ message: undefined }));
    const { code, stdout } = await prices("", { home });
    expect(code).toBe(0);
    expect(stdout.match(/^claude-\S+/gm)).toEqual(["claude-opus-4-6"]);
  });

  test("explain: a cost as its sum", async () => {
    const home = makeHome(response(), response());
    const { code, stdout } = await prices("explain --session 5e55*", { home });
    expect(code).toBe(0);
    expect(stdout.split("\n").map((line) => line.replaceAll(/ +/g, " "))).toEqual([
      expect.stringMatching(
        /^claude-opus-4-6, since 2026-03-13, 2 responses: 0.00061 USD \(anthropic claude-opus-4-6 in .*\)$/,
      ) as string,
      " input 2 x 5 / 1M = 0.00001",
      " output 20 x 25 / 1M = 0.0005",
      " cache read 200 x 0.5 / 1M = 0.0001",
      "",
      "Total: 0.00061 USD",
      "Each response is rounded once to nano-dollars. Cost is an estimate from list prices at the time of use, not a bill.",
      "",
    ]);
    const nobody = await prices("explain --session x*", { home });
    expect(nobody.stdout).toMatch(/^Total: 0.00 USD\n/);
  });

  test("explain --by: each row as its sum, or the rows that are named", async () => {
    const other = response({ timestamp: "2026-06-02T00:00:00Z" }, { input_tokens: 3 }).replace("opus-4-6", "opus-4-8");
    const home = makeHome(response(), response(), other);
    const plain = ({ stdout }: { stdout: string }) => stdout.split("\n").map((line) => line.replaceAll(/ +/g, " "));
    const all = await prices("explain --by day,model", { home });
    expect(plain(all).filter((line) => !/^ |^$/.test(line))).toEqual([
      "Day 2026-06-01, Model claude-opus-4-6: 0.00061 USD",
      "Day 2026-06-02, Model claude-opus-4-8: 0.000315 USD",
      "Total: 0.000925 USD",
      expect.stringContaining("is an estimate") as string,
    ]);
    for (const row of ["--row 2026-06-02,*", "--row *,claude-opus-4-8", "--top 1 --sort costUsd:asc"]) {
      const one = await prices(`explain --by day,model ${row}`, { home });
      expect(plain(one), row).toEqual([
        "Day 2026-06-02, Model claude-opus-4-8: 0.000315 USD",
        expect.stringMatching(/^ claude-opus-4-8, 1 response: 0.000315 USD \(anthropic claude-opus-4-8 in/) as string,
        " input 3 x 5 / 1M = 0.000015",
        " output 10 x 25 / 1M = 0.00025",
        " cache read 100 x 0.5 / 1M = 0.00005",
        "",
        "Total of all rows: 0.000925 USD",
        expect.stringContaining("is an estimate") as string,
        "",
      ]);
    }
    const json = await prices("explain --by day --row 2026-06-02 --row 2026-06-0? --json", { home });
    const { rows, totals } = JSON.parse(json.stdout) as { rows: Row[]; totals: Row };
    expect(rows.map(({ key, costUsd, costLines }) => [key.day, costUsd, costLines?.[0]?.costUsd])).toEqual([
      ["2026-06-01", 0.00061, 0.00061],
      ["2026-06-02", 0.000315, 0.000315],
    ]);
    expect(totals.costUsd).toBe(0.000925);
  });

  test("of files and folders given by hand", async () => {
    const home = makeHome(response());
    const { stdout } = await prices(`explain ${join(home, ".claude/projects")} --by project --row /srv/app`);
    expect(stdout).toMatch(/^Project \/srv\/app: 0.000305 USD\n/);
  });

  test("rows are named as tables name them, and by what config files say of scans nothing is cut", async () => {
    const home = makeHome(response());
    const folder = makeFolder({ "tokensift.config.json": `{"by": ["day"], "top": 0, "breakdown": true}` });
    const together = await prices("explain", { home, folder });
    expect(together.stdout).toMatch(/^claude-opus-4-6, since .*1 response: 0.000305 USD/);
    const named = await prices("explain --by team --row (none)", { home, folder });
    expect(named.stdout).toMatch(/^Team \(none\): 0.000305 USD\n/);
  });

  test("shows no digits that a double only seems to have", async () => {
    const { stdout } = await prices("explain", { home: makeHome(response({ costUSD: 1234567.123456789 })) });
    expect(stdout).toContain("Total: 1,234,567.123456789 USD\n");
  });

  test("fits its terminal", async () => {
    const home = makeHome(response());
    for (const args of ["claude-sonnet-4-5 claude-opus-4-*", "explain --by project,model"]) {
      const { stdout } = await prices(args, { home, variables: { COLUMNS: "80" } });
      const tooLong = stdout.split("\n").filter((line) => line.length > 80 && !/^ *\(?https:\S+$/.test(line));
      expect(tooLong, args).toEqual([]);
    }
  });

  test("on an empty machine says where it looked", async () => {
    for (const args of ["", "explain", "explain --by day"]) {
      const { code, stderr } = await prices(args, { home: makeFolder() });
      expect(code).toBe(0);
      expect(stderr, args).toContain("No transcripts found. Looked in:\n");
    }
    const filtered = await prices("explain --session nobody", { home: makeHome(response()) });
    expect(filtered.stderr).toContain("No rows: nothing in 1 transcript");
  });

  test.each([
    ["explain this", /no such file or folder: .*this \(give another path/],
    ["explain --cost none", /--cost: none has nothing to explain/],
    ["update a b", /prices update: "b" is too much/],
    ["explain --row x", /--row: "x" needs --by/],
    ["explain --by none --row x", /--row: "x" needs --by/],
    [
      "explain --by model --row claude-opus-4-7",
      /"claude-opus-4-7" names no row by model \(did you mean claude-opus-4-6\?/,
    ],
    ["explain --by day,model --row claude-*", /is not as --by day,model names rows \(give 2 names, \* for any\)/],
    ["explain --by modle", /--by: "modle" is no dimension \(did you mean model\?/],
    ["explian", /prices: "explian" is neither a known model nor explain/],
    ["--by model", /prices: --by is for tokensift prices explain/],
    ["claude-opus-4-8 --session x", /prices claude-opus-4-8: --session is for tokensift prices explain/],
    ["update --since 7d", /prices update: --since is for tokensift prices explain/],
    ["claude-opus-4-8 --prices /no/such.json", /--prices: \/no\/such.json cannot be read \(ENOENT/],
  ])("%s", async (args, message) => {
    const { code, stdout, stderr } = await prices(args, { home: makeHome(response()) });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr.split("\n")).toHaveLength(2);
  });
});

const NEWER = [
  {
    id: "anthropic",
    name: "Anthropic",
    api_pattern: "x",
    pricing_urls: ["https://example.org"],
    model_match: { contains: "claude" },
    models: [
      {
        id: "claude-opus-4-6",
        match: { starts_with: "claude-opus-4-6" },
        prices: [{ prices: { input_mtok: 50, output_mtok: 250, cache_read_mtok: 5, requests_kcount: 3 } }],
      },
      { id: "no-tokens", match: { equals: "no-tokens" }, prices: { requests_kcount: 3 } },
    ],
  },
];

describe("prices update", () => {
  async function serve(body: string, status = 200): Promise<string> {
    const server = createServer((_, answer) => answer.writeHead(status).end(body));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.json`;
  }

  const costOf = async (home: string, cache: string) => {
    const { stdout } = await tokensift(["scan", "--json", "--by", "none", "--cache-dir", cache], { home });
    const { totals, costBasis } = JSON.parse(stdout) as {
      totals: { costUsd: number };
      costBasis: { fetchedAt: string };
    };
    return { costUsd: totals.costUsd, isFetched: costBasis.fetchedAt !== null };
  };

  test("puts newer prices to use, for nobody else to read", async () => {
    const [home, cache] = [makeHome(response()), makeFolder()];
    expect(await costOf(home, cache)).toEqual({ costUsd: 0.000305, isFetched: false });
    const { code, stdout } = await prices(`update ${await serve(JSON.stringify(NEWER))} --cache-dir ${cache}`, {
      home,
    });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^1 model of 1 provider from http/) as string,
    });
    expect(await costOf(home, cache)).toEqual({ costUsd: 0.00305, isFetched: true });
    const folder = join(cache, "prices");
    expect(readdirSync(folder).sort()).toEqual(["anthropic.json", "index.json"]);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    expect(readdirSync(cache).filter((name) => name.startsWith("prices"))).toEqual(["prices"]);
  });

  test("takes a file, and again", async () => {
    const [home, cache] = [makeHome(response()), makeFolder({ "data.json": JSON.stringify(NEWER) })];
    for (let i = 0; i < 2; i++) {
      expect(await prices(`update ${join(cache, "data.json")} --cache-dir ${cache}`)).toMatchObject({ code: 0 });
    }
    expect(await costOf(home, cache)).toEqual({ costUsd: 0.00305, isFetched: true });
  });

  test.each<readonly [name: string, body: string, status: number, message: RegExp]>([
    ["an answer that is none", "no", 404, /cannot fetch http.* \(status 404\); the prices at hand stay in use/],
    ["no JSON", "{", 200, /is no price list \(.*\); the prices at hand stay in use/],
    ["no list", "{}", 200, /is no price list \(no list of providers\)/],
    ["a price below 0", JSON.stringify(NEWER).replace("50", "-50"), 200, /is no price list \(a price of anthropic/],
    ["a path for a name", JSON.stringify(NEWER).replace(`"anthropic"`, `"../x"`), 200, /a provider named "..\/x"/],
    ["names that are none", JSON.stringify(NEWER).replace("starts_with", "begins"), 200, /names of anthropic/],
  ])("%s changes nothing", async (_, body, status, message) => {
    const [home, cache] = [makeHome(response()), makeFolder()];
    const { code, stderr } = await prices(`update ${await serve(body, status)} --cache-dir ${cache}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.split("\n")).toHaveLength(2);
    expect(readdirSync(cache)).toEqual([]);
    expect(await costOf(home, cache)).toEqual({ costUsd: 0.000305, isFetched: false });
  });

  test("a folder of that name that is somebody else's is left as it is", async () => {
    const index = JSON.stringify({ package: "x", providers: [] });
    for (const mine of [
      { "prices/notes.txt": "mine" },
      { "prices/index.json": "{}" },
      { "prices/a.json": "{}" },
      { "prices/index.json": index, "prices/more/x.json": "{}" },
      { prices: "a file" },
    ]) {
      const cache = makeFolder({ "data.json": JSON.stringify(NEWER), ...mine });
      const before = readdirSync(cache, { recursive: true });
      expect(await prices(`update ${join(cache, "data.json")} --cache-dir ${cache}`)).toMatchObject({
        code: 2,
        stderr:
          `tokensift: ${cache}/prices: holds something else than fetched prices (move it away, or name another --cache-dir); ` +
          "the prices at hand stay in use\n",
      });
      expect(readdirSync(cache, { recursive: true })).toEqual(before);
    }
  });

  test("nobody there", async () => {
    const { code, stderr } = await prices(`update http://127.0.0.1:9/data.json --cache-dir ${makeFolder()}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^tokensift: prices update: cannot fetch http:\/\/127.0.0.1:9\/data.json \(.+\); the prices at hand stay in use\n$/,
    );
  });

  test("damaged fetched prices are those that came with tokensift", async () => {
    const [home, cache] = [makeHome(response()), makeFolder({ "data.json": JSON.stringify(NEWER) })];
    await prices(`update ${join(cache, "data.json")} --cache-dir ${cache}`);
    for (const damage of ["{", "{}", "[]", "null", JSON.stringify(NEWER[0]), `{"id":"anthropic","models":[{}]}`]) {
      writeFileSync(join(cache, "prices", "anthropic.json"), damage);
      expect(await costOf(home, cache), damage).toEqual({ costUsd: 0.000305, isFetched: false });
    }
    writeFileSync(join(cache, "prices", "index.json"), `{"package":""}`);
    expect(await costOf(home, cache)).toEqual({ costUsd: 0.000305, isFetched: false });
    writeFileSync(join(cache, "prices", "index.json"), "{");
    expect(await costOf(home, cache)).toEqual({ costUsd: 0.000305, isFetched: false });
  });
});

describe("costs in reports", () => {
  test("name what has no price", async () => {
    const home = makeHome(response(), response({}, {}).replace("claude-opus-4-6", "model-x"));
    const { stdout, stderr } = await tokensift(["scan", "--no-cache", "--by", "model"], { home });
    expect(stdout).toMatch(/^model-x .* {2}– /m);
    expect(stdout).toMatch(/^Total .* >0.00 /m);
    expect(stdout).toContain("Cost is an estimate from list prices at the time of use, not a bill.");
    expect(stderr).toContain("Cost excludes 111 tokens of unpriced models: model-x (--prices FILE gives them prices)");
  });

  test("say whose prices they are, also where a config file names them", async () => {
    const folder = makeFolder({
      "p.json": `{"discount": 0.5}`,
      "tokensift.config.json": `{"prices": "p.json"}`,
    });
    const home = makeHome(response());
    const table = await tokensift(["scan", "--no-cache"], { home, folder });
    expect(table.stdout).toContain("not a bill. Prices of ");
    expect(table.stdout.replaceAll(/\s+/g, " ")).toContain(`${join(folder, "p.json")} go first.`);
    const json = await tokensift(["scan", "--no-cache", "--json"], { home, folder });
    expect(JSON.parse(json.stdout)).toMatchObject({
      totals: { costUsd: 0.0001525 },
      costBasis: { overrides: join(folder, "p.json") },
    });
  });

  test("--cost none shows none", async () => {
    const { stdout } = await tokensift(["scan", "--no-cache", "--cost", "none"], { home: makeHome(response()) });
    expect(stdout).not.toMatch(/cost/i);
  });

  test("are found beside the config file that names them, wherever the run is", async () => {
    const home = makeHome(response());
    const settings = join(home, ".config/tokensift");
    mkdirSync(settings, { recursive: true });
    writeFileSync(join(settings, "config.json"), `{"prices": "p.json"}`);
    writeFileSync(join(settings, "p.json"), `{"discount": 0.5}`);
    // A file of that name in a folder that somebody else made is not asked.
    const folder = makeFolder({ "p.json": `{"discount": 0.1}` });
    const { stdout } = await tokensift(["scan", "--no-cache", "--json", "--by", "none"], { home, folder });
    const { totals, costBasis } = JSON.parse(stdout) as { totals: object; costBasis: object };
    expect(totals).toMatchObject({ costUsd: 0.0001525 });
    expect(costBasis).toMatchObject({ overrides: join(settings, "p.json") });
  });

  test("say that transcripts say them, where they do", async () => {
    const home = makeHome(response({ costUSD: 0.5 }));
    for (const args of [["scan"], ["scan", "--format", "md"], ["prices", "explain"]]) {
      const { stdout } = await tokensift([...args, "--no-cache", "--cost", "recorded"], { home });
      expect(stdout, args.join(" ")).toContain("Cost is an estimate that transcripts say themselves, not a bill.");
      expect(stdout, args.join(" ")).not.toContain("list prices");
    }
  });

  test("what transcripts say no cost of is not what has no price", async () => {
    const home = makeHome(response({ costUSD: 0.5 }), response());
    const { stderr } = await tokensift(["scan", "--no-cache", "--cost", "recorded"], { home });
    expect(stderr).toContain("Cost excludes 111 tokens that transcripts say no cost of: claude-opus-4-6 (--cost auto");
    expect(stderr).not.toContain("--prices");
  });

  test("of metrics say whose prices they are", async () => {
    const folder = makeFolder({ "p\\x.json": `{"discount": 0.5}` });
    const metrics = join(folder, "m.prom");
    const args = ["scan", "--no-cache", "--quiet", "--metrics", metrics, "--prices", join(folder, "p\\x.json")];
    await tokensift(args, { home: makeHome(response()) });
    const help = readFileSync(metrics, "utf8")
      .split("\n")
      .find((line) => line.startsWith("# HELP tokensift_cost_usd"));
    expect(help).toMatch(/estimate from list prices.*not a bill\. Prices of .*p\\\\x\.json go first\. What has no/);
  });

  test("a mistake in --cost or --prices stops the run", async () => {
    const home = makeHome(response());
    const cost = await tokensift(["scan", "--cost", "calc"], { home });
    expect(cost).toMatchObject({ code: 2, stdout: "" });
    expect(cost.stderr).toMatch(/--cost: "calc" is no source of costs \(did you mean calculate\? one of/);
    const folder = makeFolder({ "p.json": `{"models": {"x": {"inptu": 1, "output": 2}}}` });
    const file = await tokensift(["scan", "--prices", join(folder, "p.json")], { home });
    expect(file).toMatchObject({ code: 2, stdout: "" });
    expect(file.stderr).toMatch(/has an unknown key "inptu" \(did you mean "input"\?\)\n$/);
  });
});
