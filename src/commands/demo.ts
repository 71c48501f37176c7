/** Transcripts that come with the package, for whoever has none yet. Their figures are invented. */
import { fileURLToPath } from "node:url";

/** As seen from `dist/src/`, where every module of the command line ends up. */
export const DEMO_FOLDER = fileURLToPath(new URL("../../fixtures/demo/projects", import.meta.url));

export const DEMO_LABEL = "Demo: invented transcripts that come with tokensift, not yours";
