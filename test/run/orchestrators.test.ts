/** The example of `docs/orchestrators.md`, as it stands there. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { RUN_FLAGS } from "../../src/commands/run-flags.ts";
import { CLI } from "../cli/tokensift.ts";
import { transcript, World } from "./world.ts";

const DOCUMENT = readFileSync(fileURLToPath(new URL("../../docs/orchestrators.md", import.meta.url)), "utf8");

/** The text of the code blocks of a language, in order. */
const blocks = (language: string) =>
  [...DOCUMENT.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text = ""]) =>
    name === language ? [text] : [],
  );

test("the examples print what the page says, one after the other", () => {
  const world = new World();
  const [state = ""] = blocks("json");
  const [script = ""] = blocks("sh");
  const [report = "", printed = "", printedByProgram = ""] = blocks("");
  const [program = ""] = blocks("ts");
  const run = world.path(".orchestrator/runs/42");
  world.write(join(run, "state/team-state-a.json"), state);
  world.write(join(run, "manifests/run-manifest-a.json"), '{"createdAt":"2026-06-10T10:00:00Z"}');
  world.write(join(run, "reports/final.data.json"), "{}");
  world.write(join(run, "reports/final.md"), report);
  const spent = (tokens: number) => [{ atMs: Date.UTC(2026, 5, 10, 10, 30), input: tokens, output: 0 }];
  const { sessionId } = (JSON.parse(state) as { lead: { sessionId: string } }).lead;
  world.write(join(world.projectFolder(), `${sessionId}.jsonl`), transcript("lead", spent(30)));
  for (const [i, [agentName, tokens]] of Object.entries({ "claude-worker": 50, codex: 7 }).entries())
    world.writeSession(i + 1, transcript(agentName, spent(tokens), { teamName: "crew-42", agentName }));

  const programs = join(world.base, "bin");
  mkdirSync(programs);
  const npx = world.write(join(programs, "npx"), `#!/bin/sh\nshift\nexec "${process.execPath}" "${CLI}" "$@"\n`);
  chmodSync(npx, 0o755);
  const env = { PATH: `${programs}:${process.env["PATH"]}`, HOME: world.home, TOKENSIFT_CACHE_DIR: world.cache };
  const how = { cwd: world.root, encoding: "utf8", env } as const;
  expect(spawnSync("sh", ["-e", "-c", script], how)).toMatchObject({ status: 0, stderr: "", stdout: printed });

  mkdirSync(world.path("node_modules"));
  symlinkSync(fileURLToPath(new URL("../..", import.meta.url)), world.path("node_modules/tokensift"));
  const file = world.write(world.path("report.mjs"), program);
  expect(spawnSync(process.execPath, [file], how)).toMatchObject({ status: 0, stderr: "", stdout: printedByProgram });
});

test("the page has every flag that is a run's own", () => {
  const said = [...DOCUMENT.matchAll(/`(--[a-z-]+)/g)].map(([, flag]) => flag);
  for (const [flag] of RUN_FLAGS) expect(said).toContain(flag.split(" ")[0]);
});
