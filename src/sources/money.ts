/** Costs that transcripts say. */

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;
/** Nano-dollars are nine digits behind the point. */
const DIGITS = 9;

/**
 * US dollars, as JSON writes a number, as nano-dollars plus 1, rounded once, halves up: 0 stands for none, and for what
 * can be no cost (below 0, or 2^53 nano-dollars and more).
 */
export function recordedCost(text: string | undefined): number {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    (text === undefined ? null : DECIMAL.exec(text)) ?? [];
  if (whole === "") return 0;
  const digits = whole + fraction;
  if (sign !== "" && /[1-9]/.test(digits)) return 0;
  // Where the point stands in `digits` when it is moved to count nano-dollars.
  const point = whole.length + Number(exponent) + DIGITS;
  if (point < 0) return 1;
  const nanos = BigInt(digits.slice(0, point).padEnd(point, "0") || "0") + (digits.charAt(point) >= "5" ? 1n : 0n);
  return nanos < BigInt(Number.MAX_SAFE_INTEGER) ? Number(nanos) + 1 : 0;
}
