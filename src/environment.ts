import { homedir, userInfo } from "node:os";

/** What a scan knows of the machine. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: NodeJS.Platform;
}

export function thisEnvironment(): Environment {
  return { variables: process.env, home: homeFolder(), platform: process.platform };
}

/** Who has none, as in containers, has the root for one: an empty one would be the current folder. */
function homeFolder(): string {
  try {
    return homedir() || userInfo().homedir || "/";
  } catch {
    return "/";
  }
}
