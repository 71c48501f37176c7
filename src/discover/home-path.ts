/** A folder that a variable names for agents that take `~` for the home folder, which no shell did for them; undefined where it is not set. */
export function homePath(folder: string | undefined, home: string): string | undefined {
  return folder ? folder.replace(/^~(?=$|[\\/])/, () => home) : undefined;
}
