import { join } from "node:path";

/** This folder; bundles run from somewhere else, so `bundle.mjs` fills it in. */
export const BENCH = process.env["BENCH_DIR"] ?? ".";
export const REPO = join(BENCH, "..");
