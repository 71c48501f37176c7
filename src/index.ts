/** The public API. */
export { ScanError, type ScanErrorCode } from "./errors.ts";
export type { Environment } from "./environment.ts";
export { listSources, type SourceFolder, type SourceInfo } from "./inventory.ts";
export type { Filters, Progress, ScanOptions } from "./options.ts";
export { scan } from "./scan.ts";
export {
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
