import { parseArgs } from "node:util";
import { type Shape, SHAPES } from "./corpus.ts";

export interface Options {
  readonly shapes: readonly Shape[];
  readonly seed: number;
  readonly samples: number;
  readonly save: boolean;
}

/** `--shape large --shape big --samples 9 --seed 1 --no-save`; results of `tiny` alone are never kept. */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      shape: { type: "string", multiple: true, default: ["large", "small", "big"] },
      seed: { type: "string", default: "1" },
      samples: { type: "string", default: "5" },
      "no-save": { type: "boolean", default: false },
    },
  });
  const shapes = values.shape.map((name) => {
    const shape = SHAPES.find((known) => known === name);
    if (shape === undefined) throw new Error(`no such shape: ${name} (one of ${SHAPES.join(", ")})`);
    return shape;
  });
  return {
    shapes,
    seed: Number(values.seed),
    samples: Number(values.samples),
    save: !values["no-save"] && !shapes.includes("tiny"),
  };
}
