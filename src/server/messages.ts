/** What a server and its thread say to each other. */
import type { UsageQuery } from "./snapshot.ts";

/** Text as it is sent, and what names it. */
export interface Page {
  readonly body: string;
  readonly etag: string;
}

export type PageName = "token-usage" | "token-anomaly" | "tasks" | "health" | "metrics";

export type Request =
  | { readonly kind: "refresh"; readonly id: number }
  /** The same as of now: time alone changes some of it. */
  | { readonly kind: "retime"; readonly id: number }
  | { readonly kind: "usage"; readonly id: number; readonly query: UsageQuery };

export type Reply =
  | { readonly kind: "unchanged"; readonly id: number }
  | ({ readonly kind: "snapshot"; readonly id: number } & Pages)
  | ({ readonly kind: "retimed"; readonly id: number } & Pages)
  | { readonly kind: "page"; readonly id: number; readonly page: Page }
  | { readonly kind: "failed"; readonly id: number; readonly code: string; readonly message: string };

export interface Pages {
  /** Of the snapshot. */
  readonly at: string;
  /** As of when durations are; Infinity: none of them grows by itself. */
  readonly timedMs: number;
  readonly pages: Readonly<Record<PageName, Page>>;
  readonly byTask: ReadonlyMap<string, Page>;
}
