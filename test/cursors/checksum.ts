/** The checksum of cursor files, written again from its description (`src/tally/wasm/checksum.ts`). */
export function checksum(bytes: Uint8Array): number {
  const mix = (state: number, word: number) => {
    const product = Math.imul(state ^ word, 0x9e3779b1);
    return (product << 15) | (product >>> 17);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lanes = Int32Array.from({ length: 16 }, (_, i) => i + 1);
  const whole = bytes.length - (bytes.length % 64);
  for (let at = 0; at < whole; at += 4) {
    const lane = (at / 4) % 16;
    lanes[lane] = mix(lanes[lane] as number, view.getInt32(at, true));
  }
  let state = lanes.reduce(mix, 0);
  for (const byte of bytes.subarray(whole)) state = mix(state, byte);
  state = mix(state, bytes.length);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  return (state ^ (state >>> 13)) >>> 0;
}
