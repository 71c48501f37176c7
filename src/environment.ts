import { homedir } from "node:os";

/** What a scan knows of the machine. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: NodeJS.Platform;
}

export function thisEnvironment(): Environment {
  return { variables: process.env, home: homedir(), platform: process.platform };
}
