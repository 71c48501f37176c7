/** The ids of responses and records in a cursor file. */
import type { CursorTable, IdColumns } from "../cursors/table.ts";
import type { TallyMemory } from "../tally/memory.ts";

/**
 * With a checksum of all of them: they may be read without the rest of their file, whose checksum then says nothing. What
 * had to be read lies behind `memory.next`. Throws `DamagedCursors`.
 */
export function idsOf(
  table: CursorTable,
  { native }: TallyMemory,
): { readonly columns: readonly IdColumns[]; readonly checksum: number } {
  const columns = table.readIds();
  let checksum = 0;
  for (const { address, width, length } of columns.flatMap(({ low, high }) => [low, high])) {
    // Times an odd number, so that their order counts too.
    checksum = (Math.imul(checksum, 0x9e3779b1) ^ native.checksum(address, width * length)) >>> 0;
  }
  return { columns, checksum };
}
