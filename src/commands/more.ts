/** The commands that are seldom run, and never on each prompt: the build puts them into a file of their own (`build.mjs`). */
export { runBlocks } from "./blocks.ts";
export { runCache } from "./cache.ts";
export { completionScript } from "./completion.ts";
export { runExport } from "./export.ts";
export { runHook } from "./hook.ts";
export { runPrices } from "./prices.ts";
export { runSources } from "./sources.ts";
export { runTasks } from "./tasks.ts";
