import { runBench } from "./bench.ts";
import { ourWarmTool } from "./contestants.ts";
import { copyCorpus, Growth } from "./grow.ts";

// A copy of the corpus grows: by nothing, by a line in one transcript, by a line in each hundredth of them.
await runBench(
  "append",
  (corpus) => {
    const growth = new Growth(corpus);
    const grown = (name: string, files: number) => ({
      ...ourWarmTool(name),
      prepare: () => growth.appendTo(files),
    });
    return [ourWarmTool(), grown("one line", 1), grown("1 % grown", Math.ceil(corpus.expected.files / 100))];
  },
  copyCorpus,
);
