import { runBench } from "./bench.ts";
import { ourTool, peer } from "./contestants.ts";

// In turns with the fastest peer. `--peer-only` measures it alone, before our tool is built.
const isPeerOnly = process.argv.includes("--peer-only");
if (isPeerOnly) process.argv.splice(process.argv.indexOf("--peer-only"), 1);
await runBench("peers", isPeerOnly ? [peer()] : [ourTool(null), peer()]);
