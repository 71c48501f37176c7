/** Results to text. A format is loaded when it is asked for. */
import type { Format } from "../config/flags.ts";
import type { ScanResult } from "../types.ts";
import type { Look } from "./look.ts";

export async function render(result: ScanResult, format: Format, look: () => Promise<Look>): Promise<string> {
  switch (format) {
    case "json":
      return (await import("./json.ts")).renderJson(result);
    case "ndjson":
      return (await import("./ndjson.ts")).renderNdjson(result);
    case "csv":
      return (await import("./csv.ts")).renderCsv(result);
    case "md":
      return (await import("./markdown.ts")).renderMarkdown(result, await look());
    case "table":
      return (await import("./table/index.ts")).renderTable(result, await look());
  }
}
