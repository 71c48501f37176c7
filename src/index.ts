/** The public API. */
export { ScanError, type ScanErrorCode } from "./errors.ts";
export type { Environment } from "./environment.ts";
export type { Filters, Progress, ScanOptions } from "./options.ts";
export type { CostMode } from "./cost-modes.ts";
export { scan } from "./scan.ts";
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
