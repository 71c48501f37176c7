/** Sums that were kept, and the cursors they are of. */
import type { CostMode } from "../cost-modes.ts";
import { fileName } from "../cursors/file.ts";
import type { CursorTable } from "../cursors/table.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { type DecodedSums, readSums } from "./decode.ts";

/** The file of sums of all that stands under these roots, priced in one way. */
export function sumsName(roots: readonly string[], cost: CostMode): string {
  return fileName("sums", [cost, ...roots].join("\0"), "sums");
}

export class StoredSums {
  readonly decoded: DecodedSums;
  readonly #numbers: ReadonlyMap<string, number>;

  private constructor(decoded: DecodedSums) {
    this.decoded = decoded;
    this.#numbers = new Map(decoded.files.map((name, number) => [name, number]));
  }

  /** Those made with this key, in `memory`. Undefined: there are none, or they are no use. */
  static open(path: string, key: string, memory: TallyMemory): StoredSums | undefined {
    const decoded = readSums(path, (found) => found === key, memory);
    return decoded && new StoredSums(decoded);
  }

  /** Where a cursor file stands, whatever is in it now. */
  find(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /** Whether these are the cursors that sums were made from. */
  areOf(number: number, { version, paths, contexts }: CursorTable): boolean {
    const { file } = this.decoded;
    return (
      file.versionLow[number] === version.low &&
      file.versionHigh[number] === version.high &&
      file.rows[number] === paths.length &&
      file.contexts[number] === contexts
    );
  }

  /** By row of a file, its member; -1: none. */
  membersOf(number: number): Int32Array {
    const { file, member, firstMember } = this.decoded;
    const rows = file.rows[number] as number;
    const [from, to] = [firstMember[number] as number, firstMember[number + 1] as number];
    const members = new Int32Array(rows).fill(-1);
    // Rows beyond the last one are a forger's.
    for (let m = from; m < to; m++) members[member.row[m] as number] = m;
    return members;
  }
}
