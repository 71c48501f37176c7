/** A machine with a project and its runs, made from a fixture or from nothing, and gone when its test is done. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Environment } from "../../src/environment.ts";

const FIXTURES = fileURLToPath(new URL("../../fixtures/run", import.meta.url));

/** Of the fixtures' project. */
export const TEAM_STATE = ".orchestrator/tasks/TG/TID/runs/error-analysis/state/team-state-r1.json";

export function fixturePath(path: string): string {
  return join(FIXTURES, path);
}

/** The id of a session by a small number. */
export function uuid(n: number): string {
  return `${String(n).padStart(8, "0")}-0000-4000-8000-000000000000`;
}

export class World {
  /** Stands for `/srv` of the fixtures; the project's root is `app` in it. */
  readonly base: string;
  readonly cache: string;

  constructor() {
    this.base = realpathSync(mkdtempSync(join(tmpdir(), "tokensift-run-")));
    this.cache = join(this.base, "cache");
    onTestFinished(() => rmSync(this.base, { recursive: true, force: true }));
  }

  static fromFixture(name: string): World {
    const world = new World();
    cpSync(join(FIXTURES, name), world.base, { recursive: true });
    renameSync(join(world.root, "dot-git"), join(world.root, ".git"));
    world.#adapt(world.base);
    return world;
  }

  /** What a fixture says of `/srv` is true of this folder. */
  #adapt(folder: string): void {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isFile()) writeFileSync(path, readFileSync(path, "utf8").replaceAll("/srv/", `${this.base}/`));
      else this.#adapt(path);
      if (entry.name.startsWith("-srv-")) renameSync(path, join(folder, encoded(this.base) + entry.name.slice(4)));
    }
  }

  get root(): string {
    return join(this.base, "app");
  }
  get home(): string {
    return join(this.base, "home");
  }
  get environment(): Environment {
    return { variables: {}, home: this.home, platform: "linux" };
  }
  /** A path in the project. */
  path(below: string): string {
    return join(this.root, below);
  }
  /** The folder of the transcripts of a folder of `/srv`. */
  projectFolder(name = "app"): string {
    return join(this.home, ".claude", "projects", encoded(join(this.base, name)));
  }

  /** A project with one run, whose team-state this is the path of. */
  writeRun(state: object, manifest?: object): string {
    const run = ".runs/1";
    if (manifest) this.write(this.path(`${run}/manifests/run-manifest-1.json`), JSON.stringify(manifest));
    const whole = { runDirectoryPath: run, team: { teamName: "crew" }, lead: { sessionId: uuid(0) }, ...state };
    return this.write(this.path(`${run}/state/team-state-1.json`), `${JSON.stringify(whole, undefined, 2)}\n`);
  }

  /** A session of the project. */
  writeSession(n: number, content: string, folder = "app"): string {
    return this.write(join(this.projectFolder(folder), `${uuid(n)}.jsonl`), content);
  }

  write(path: string, content: string): string {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** What collecting takes to stay in this world. */
  get options() {
    return {
      environment: this.environment,
      cacheDirectory: this.cache,
      threads: 0,
      nowMs: Date.UTC(2026, 5, 10, 12),
    };
  }
}

function encoded(path: string): string {
  return path.replaceAll(/[^A-Za-z0-9]/g, "-");
}

export interface Spent {
  /** Milliseconds UTC; undefined: the record has none. */
  readonly atMs: number | undefined;
  readonly input: number;
  readonly output: number;
}

/** Lines of a transcript, a response each, with whatever else a record is to say. */
export function transcript(name: string, spent: readonly Spent[], more: object = {}): string {
  const lines = spent.map(({ atMs, input, output }, i) =>
    JSON.stringify({
      type: "assistant",
      uuid: `${name}-${i}`,
      requestId: `req-${name}-${i}`,
      ...(atMs !== undefined && { timestamp: new Date(atMs).toISOString() }),
      ...more,
      message: {
        id: `msg-${name}-${i}`,
        model: "claude-opus-4-6",
        usage: { input_tokens: input, output_tokens: output },
      },
    }),
  );
  return lines.map((line) => `${line}\n`).join("");
}
