/** `tokensift run` as a child process in a world. */
import { readdirSync } from "node:fs";
import { tokensift } from "../cli/tokensift.ts";
import type { World } from "./world.ts";

export async function run(world: World, ...args: string[]) {
  return tokensift(["run", ...args], {
    home: world.home,
    folder: world.root,
    variables: { TOKENSIFT_CACHE_DIR: world.cache },
  });
}

/** Of a team-state or report, what does not differ from one time to the next. */
export const withoutTime = (text: string) => text.replaceAll(/"collectedAt": "[^"]*"/g, '"collectedAt": ""');

export const filesIn = (folder: string) => readdirSync(folder).sort();
