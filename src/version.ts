/** Put in by the build, from package.json. */
declare const TOKENSIFT_VERSION: string | undefined;

export const VERSION = typeof TOKENSIFT_VERSION === "string" ? TOKENSIFT_VERSION : "0.0.0";
