/** Users without a home folder, as in containers. */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lines, makeFolder, response } from "../transcripts.ts";
import { start, endOf } from "./tokensift.ts";

/** Of nobody that the system knows. */
const STRANGER = 54_321;

test.skipIf(process.getuid?.() !== 0).each([
  ["HOME is not set", undefined],
  ["HOME is empty", ""],
])(
  "where %s, and the system knows of no other, given paths count, and the current folder is no home",
  async (_, HOME) => {
    const folder = makeFolder({ ".claude/projects/-srv-app/a.jsonl": lines([response(1)]) });
    chmodSync(folder, 0o755);
    const run = async (...args: string[]) => {
      // An undefined variable is not handed on.
      const variables = { HOME, TOKENSIFT_CACHE_DIR: join(folder, "cache") } as Record<string, string>;
      return endOf(start(["scan", "--json", "--no-cache", ...args], { folder, user: STRANGER, variables }));
    };
    const given = await run(folder);
    expect(given).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(given.stdout)).toMatchObject({ totals: { responses: 1 } });
    const own = await run();
    expect(own.code).toBe(0);
    expect(JSON.parse(own.stdout)).toMatchObject({ totals: { responses: 0 } });
  },
);
