/** Put in by the build, from package.json. */
declare const TOKENSIFT_VERSION: string | undefined;

export const VERSION = typeof TOKENSIFT_VERSION === "string" ? TOKENSIFT_VERSION : "0.0.0";

/** Put in by the build: a hash of all sources. What was worked out by other code may be worked out otherwise. */
declare const TOKENSIFT_BUILD: string | undefined;

export const BUILD = typeof TOKENSIFT_BUILD === "string" ? TOKENSIFT_BUILD : "";
