import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { workerNamed } from "../../src/run/names.ts";

const workers = (...ids: string[]) => ids.map((workerId) => ({ workerId, agent: "" }));
const owner = (name: string, ...ids: string[]) => {
  const found = workerNamed(name, workers(...ids));
  return found === undefined ? undefined : ids[found];
};

describe("an agent's name is that of the worker", () => {
  test.each([
    ["codex-worker", "codex"],
    ["codex-executor", "codex"],
    ["codex", "codex"],
    ["CODEX-Worker", "codex"],
    ["codex-worker-002", "codex"],
    ["codex-002", "codex"],
    ["claude-reverify-r1", "claude"],
    ["claude-executor-reverify-R1-2", "claude"],
    ["report-writer", "report-writer"],
    ["report-writer-worker-2", "report-writer"],
    ["codex-worker-", undefined],
    ["codex-worker--2", undefined],
    ["codex-worker-ä", undefined],
    ["codex-worker 2", undefined],
    ["codexworker", undefined],
    ["codexer-worker", undefined],
    ["my-codex-worker", undefined],
    ["", undefined],
  ])("%s: %s", (name, worker) => {
    expect(owner(name, "codex", "claude", "report-writer")).toBe(worker);
  });

  test("an exact id comes before a longer stem", () => {
    expect(owner("codex-worker", "codex", "codex-worker")).toBe("codex-worker");
    expect(owner("report-writer", "report", "report-writer")).toBe("report-writer");
  });

  test("then the longest stem, then the order of the workers", () => {
    expect(owner("report-writer-2", "report", "report-writer")).toBe("report-writer");
    expect(owner("a-worker-2", "a", "a-worker")).toBe("a");
    expect(owner("a-worker-2", "a-worker", "a")).toBe("a-worker");
    expect(owner("A-B-C", "a", "a-b")).toBe("a-b");
  });

  test("ids are taken as they stand, whatever they mean to a regular expression", () => {
    expect(owner("a.b-worker", "a.b")).toBe("a.b");
    expect(owner("axb-worker", "a.b")).toBeUndefined();
    expect(owner("(-worker-1", "(")).toBe("(");
  });

  test("every name made of an id, a role and suffixes finds a worker with such an id", () => {
    const id = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}$/);
    const suffixes = fc.array(fc.stringMatching(/^[A-Za-z0-9]{1,3}$/), { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.uniqueArray(id, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.constantFrom("", "-worker", "-executor"),
        suffixes,
        (ids, at, role, rest) => {
          const name = ids[at % ids.length] + role + rest.map((suffix) => `-${suffix}`).join("");
          const found = owner(name, ...ids);
          expect(found).toBeDefined();
          expect(name.toLowerCase().startsWith(found as string)).toBe(true);
        },
      ),
    );
  });
});
