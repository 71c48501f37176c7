/** The table of a scan, as the command prints it. */
import { expect, test } from "vitest";
import { makeHome, response } from "./home.ts";
import { tokensift } from "./tokensift.ts";

test("a narrow table names above all what is true of its total, not of the rows that --top left", async () => {
  const home = makeHome(
    response({ gitBranch: "main" }, { output_tokens: 900 }, { model: "claude-opus-4-6" }),
    response({ gitBranch: "main" }, { output_tokens: 800 }, { model: "claude-sonnet-4-6" }),
    response({ gitBranch: "other" }, { output_tokens: 7 }, { model: "claude-haiku-4-5" }),
  );
  const args = ["--by", "branch,model", "--top", "2"];
  const { stdout } = await tokensift(args, { home, variables: { COLUMNS: "70" } });
  const [title] = stdout.split("\n");
  expect(title).toBe("Tokens by branch and model, all time (UTC)");
  expect(stdout).toMatch(/^main +claude-opus-4-6 /m);
  expect(stdout).toContain("… 1 more row, part of the total");
});

test("a narrow table says once, above all, what all its rows share", async () => {
  const home = makeHome(
    response({ gitBranch: "main" }, {}, { model: "claude-opus-4-6" }),
    response({ gitBranch: "main" }, {}, { model: "claude-sonnet-4-6" }),
  );
  const { stdout } = await tokensift(["--by", "branch,model"], { home, variables: { COLUMNS: "70" } });
  expect(stdout.split("\n")[0]).toBe("Tokens by branch and model, branch main, all time (UTC)");
});
