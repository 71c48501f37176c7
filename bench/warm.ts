import { runBench } from "./bench.ts";
import { cachingPeer, nodeAlone, ourWarmTool, peer } from "./contestants.ts";

// Nothing is new since the run before. The first peer has no cache; the second one does.
await runBench("warm", ({ expected }) => [ourWarmTool(), peer(), cachingPeer(), nodeAlone(() => expected.bytes)]);
