import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Made, and removed with all that tests leave in it, by test/temporary.ts: others only look at this file.
const temporary = join(tmpdir(), `tokensift-tests-${process.pid}-${Date.now()}`);

// Tests use the package as its users do: built, by its name (`npm test` builds first).
export default defineConfig({
  resolve: {
    alias: [
      { find: "tokensift/ledger", replacement: fileURLToPath(new URL("./dist/src/ledger/index.js", import.meta.url)) },
      { find: "tokensift", replacement: fileURLToPath(new URL("./dist/src/index.js", import.meta.url)) },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    // Of a machine with other things to do, and of a property that fails and has to be shrunk.
    testTimeout: 180_000,
    // No test reads what another one left, or writes into a fixture that is a home.
    env: { TZ: "UTC", NO_COLOR: "1", TMPDIR: temporary, TOKENSIFT_CACHE_DIR: join(temporary, "cache") },
    globalSetup: "test/temporary.ts",
  },
});
