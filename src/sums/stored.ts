/** Sums that were kept, and the cursors they are of. */
import type { CostMode } from "../cost-modes.ts";
import { fileName } from "../cursors/file.ts";
import type { Version } from "../cursors/table.ts";
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

  /** Where a version of a cursor file stands. */
  numberOf(name: string, { low, high }: Version): number | undefined {
    const { versionLow, versionHigh } = this.decoded.file;
    const number = this.#numbers.get(name);
    return number !== undefined && versionLow[number] === low && versionHigh[number] === high ? number : undefined;
  }

  /** By row of a file that has so many, its member; -1: none. */
  membersOf(number: number, rows: number): Int32Array {
    const { member, firstMember } = this.decoded;
    const [from, to] = [firstMember[number] as number, firstMember[number + 1] as number];
    const members = new Int32Array(rows).fill(-1);
    // Rows beyond the last one are a forger's.
    for (let m = from; m < to; m++) members[member.row[m] as number] = m;
    return members;
  }
}
