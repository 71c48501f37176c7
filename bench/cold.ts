import { runBench } from "./bench.ts";
import { floor, ourTool } from "./contestants.ts";

// Cold runs: no cursor cache, a fresh process each; the page cache is warm. The floor only reads.
await runBench("cold", [await floor(), ourTool(null), ourTool(0), ourTool(1), ourTool(2)]);
