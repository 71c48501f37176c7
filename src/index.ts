/** The public API. */
export { type BlocksOptions, scanBlocks } from "./blocks/index.ts";
export type { Block, BlockFigures, BlocksReport, BurnRate, Gap, Projection, TokenLimit } from "./blocks/types.ts";
export { ScanError, type ScanErrorCode } from "./errors.ts";
export type { Environment } from "./environment.ts";
export { exportResponses, type ExportOptions, type ExportResult } from "./export/index.ts";
export type { ResponseRow } from "./export/rows.ts";
export { listSources, type SourceFolder, type SourceInfo } from "./inventory.ts";
export type { Filters, Progress, ScanOptions } from "./options.ts";
export type { CostMode } from "./cost-modes.ts";
export type {
  CliAgent,
  CliFigures,
  CliQuery,
  CliReading,
  CliSession,
  CliUsage,
  FindCliSessions,
  FoundCliSessions,
  SkippedOf,
  UnassignedCliSession,
} from "./run/cli-sessions.ts";
export type { CollectOptions, LeadUsage, WorkerUsage } from "./run/collect.ts";
export { collectRun, type CollectedTeamState, type CollectRunOptions } from "./run/index.ts";
export type { RunDiagnostics, RunSummary } from "./run/summary.ts";
export type { NoUsage, UsageBlock } from "./run/usage.ts";
export { scan } from "./scan.ts";
export type { TaskOf, TaskSession } from "./tally/tasks.ts";
export {
  type CostBasis,
  type CostClass,
  type CostLine,
  type Diagnostics,
  type Dimension,
  DIMENSIONS,
  type Figures,
  type Row,
  type RowKey,
  type ScanResult,
  type SkippedLine,
  type SkipReason,
  type SourceName,
  type Stats,
  type UnreadableFile,
} from "./types.ts";
