/** What is tallied. */
import type { MergedTable } from "../merge.ts";
import type { TallyMemory } from "./memory.ts";

export interface EventTable extends MergedTable {
  /** Where its columns lie. */
  readonly memory: TallyMemory;
}
