/** Products of decimals as they are written: 45 x 0.7 is 31.5, where doubles make it 31.499999999999996. */

/** Rounded to a whole number, halves up. Factors are 0 or more. */
export function wholeProduct(...factors: readonly number[]): number {
  const others = factors.filter((factor) => factor !== 1);
  if (others.every(Number.isInteger)) return others.reduce((product, factor) => product * factor, 1);
  let [digits, scale] = [1n, 1n];
  for (const factor of others) {
    const [mantissa = "", exponent = "0"] = String(factor).split("e");
    const [whole = "", fraction = ""] = mantissa.split(".");
    const places = fraction.length - Number(exponent);
    digits *= BigInt(whole + fraction) * (places < 0 ? 10n ** BigInt(-places) : 1n);
    scale *= places > 0 ? 10n ** BigInt(places) : 1n;
  }
  return Number((2n * digits + scale) / (2n * scale));
}
