/** The kernel's hash of a text (`hashBytes` in `workers/kernel/text.ts`), for ids met where the kernel does not look. */
const MASK = (1n << 64n) - 1n;
const LONE_SURROGATE = /\p{Surrogate}/u;

export function hashText(text: string): { readonly low: number; readonly high: number } {
  const bytes = bytesOf(text);
  const padded = Buffer.concat([bytes, Buffer.alloc(8)]);
  let hash = 0x517cc1b727220a95n ^ ((BigInt(bytes.length) * 0x9e3779b97f4a7c15n) & MASK);
  for (let at = 0; at < bytes.length; at += 8) {
    // Bytes behind the end are zero, as the kernel masks them.
    hash = ((hash ^ padded.readBigUInt64LE(at)) * 0xff51afd7ed558ccdn) & MASK;
    hash ^= hash >> 32n;
  }
  hash = (hash * 0xc4ceb9fe1a85ec53n) & MASK;
  hash ^= hash >> 29n;
  return { low: Number(hash & 0xffffffffn), high: Number(hash >> 32n) };
}

/** As the kernel writes text: a lone surrogate, for which UTF-8 has no bytes, as the three it would have. */
function bytesOf(text: string): Buffer {
  if (!LONE_SURROGATE.test(text)) return Buffer.from(text);
  const bytes = Array.from(text, (character) => {
    if (!LONE_SURROGATE.test(character)) return [...Buffer.from(character)];
    const unit = character.charCodeAt(0);
    return [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)];
  });
  return Buffer.from(bytes.flat());
}
