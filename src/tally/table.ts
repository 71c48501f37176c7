/** What is tallied. */
import type { MergedTable } from "../merge.ts";

export type EventTable = MergedTable;
