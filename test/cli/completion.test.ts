import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeFolder } from "../transcripts.ts";
import { tokensift } from "./tokensift.ts";

const hasShell = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;

async function scriptFile(shell: string): Promise<string> {
  const { code, stdout } = await tokensift(["completion", shell]);
  expect(code).toBe(0);
  const file = `${makeFolder()}/_tokensift`;
  writeFileSync(file, stdout);
  return file;
}

describe.skipIf(!hasShell("bash"))("bash (needs bash to try)", () => {
  async function complete(...words: string[]): Promise<string[]> {
    const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tokensift; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync("bash", ["-c", script, await scriptFile("bash"), "tokensift", ...words], {
      encoding: "utf8",
    });
    return stdout.split("\n").filter((line) => line !== "");
  }

  test("commands", async () => expect(await complete("we")).toEqual(["weekly"]));
  test("flags", async () => expect(await complete("scan", "--fo")).toEqual(["--format"]));
  test("flags without a command", async () =>
    expect(await complete("--json", "--st")).toEqual(["--start-of-week", "--stats", "--strict"]));
  test("values", async () => expect(await complete("daily", "--format", "n")).toEqual(["ndjson"]));
  test("values that only some commands have", async () => {
    expect(await complete("tasks", "summary", "--format", "")).toEqual(["table", "json", "md"]);
    expect(await complete("export", "--format", "")).toEqual(["csv", "ndjson"]);
    expect(await complete("scan", "--format", "")).toEqual(["table", "json", "csv", "ndjson", "md"]);
    expect(await complete("--json", "--format", "c")).toEqual(["csv"]);
  });
  test("what a command is to do, and then files", async () => {
    expect(await complete("tasks", "an")).toEqual(["anomaly"]);
    expect(await complete("prices", "")).toEqual(["explain", "update"]);
    expect(await complete("cache", "v")).toEqual(["verify"]);
    const folder = makeFolder({ "a.jsonl": "" });
    expect(await complete("tasks", "scan", `${folder}/`)).toEqual([`${folder}/a.jsonl`]);
  });
  test("shells", async () => expect(await complete("completion", "")).toEqual(["bash", "zsh", "fish"]));
  test("nothing where nothing can be known", async () => expect(await complete("scan", "--since", "")).toEqual([]));
  test("files", async () => {
    const folder = makeFolder({ "a.jsonl": "" });
    expect(await complete("scan", `${folder}/`)).toEqual([`${folder}/a.jsonl`]);
    expect(await complete("scan", "--output", `${folder}/`)).toEqual([`${folder}/a.jsonl`]);
  });
});

describe.skipIf(!hasShell("fish"))("fish (needs fish to try)", () => {
  async function complete(line: string): Promise<string[]> {
    const script = `source $argv[1]; complete -C $argv[2]`;
    const { stdout } = spawnSync("fish", ["-c", script, await scriptFile("fish"), line], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: makeFolder() },
    });
    return stdout
      .split("\n")
      .filter((text) => text !== "")
      .map((text) => text.split("\t")[0] as string);
  }

  test("commands", async () => expect(await complete("tokensift we")).toEqual(["weekly"]));
  test("flags", async () => expect(await complete("tokensift scan --fo")).toEqual(["--format"]));
  test("values", async () => expect(await complete("tokensift daily --format n")).toContain("ndjson"));
  test("values that only some commands have", async () =>
    expect(await complete("tokensift tasks summary --format ")).toEqual(["json", "md", "table"]));
});

describe.skipIf(!hasShell("zsh"))("zsh (needs zsh to try)", () => {
  test("reads the script", async () => {
    const { status, stderr } = spawnSync("zsh", ["-n", await scriptFile("zsh")], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});
