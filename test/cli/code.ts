/** Code that V8 made of the command line, as it lies in a folder. */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { CLI } from "./tokensift.ts";

/** A path that nothing has yet. */
export function freshCache(): string {
  return join(mkdtempSync(join(tmpdir(), "tokensift-code-")), "cache");
}

export function codeIn(cache: string): string[] {
  return existsSync(cache) ? readdirSync(cache).filter((name) => name.endsWith(".code")) : [];
}

export function pathOf(cache: string, part: string): string {
  return join(cache, codeIn(cache).find((name) => name.startsWith(part)) as string);
}

/** Changes with every writing: a file is replaced, so it is another one. */
export function stampsOf(cache: string, part: string): string {
  const { ino, size, mtimeNs } = statSync(pathOf(cache, part), { bigint: true });
  return [ino, size, mtimeNs].join(" ");
}

/** The built command line in a folder of its own, with the packages of this one. */
export function copyOfOurs(): string {
  const repository = join(CLI, "../../..");
  const copy = mkdtempSync(join(tmpdir(), "tokensift-copy-"));
  cpSync(join(repository, "dist"), join(copy, "dist"), { recursive: true });
  cpSync(join(repository, "package.json"), join(copy, "package.json"));
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** What can happen to one of these files. */
interface Damage {
  readonly name: string;
  /** A part of its length. */
  readonly where: number;
  readonly how: "flip" | "cut" | "zeros" | "more";
  readonly bit: number;
}

export function damagesOf(names: readonly string[]): fc.Arbitrary<Damage> {
  return fc.record({
    name: fc.constantFrom(...names),
    where: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    how: fc.constantFrom("flip", "cut", "zeros", "more"),
    bit: fc.nat({ max: 7 }),
  });
}

/** Whether the file is another one now: zeros that were there before are no damage. */
export function inflict({ name, where, how, bit }: Damage, cache: string): boolean {
  const path = join(cache, name);
  const whole = readFileSync(path);
  const bytes = Buffer.from(whole);
  const at = Math.floor(where * bytes.length);
  if (how === "flip") bytes[at] = (bytes[at] as number) ^ (1 << bit);
  if (how === "zeros") bytes.fill(0, at);
  writeFileSync(path, bytes);
  if (how === "cut") truncateSync(path, at);
  if (how === "more") appendFileSync(path, bytes.subarray(0, at + 1));
  return !bytes.equals(whole) || how === "cut" || how === "more";
}
