/** Money as people read it. */
import { dollarsText, exact } from "./numbers.ts";

/** `$1,234.5678`; `<$0.0001` is not nothing. */
export function usdText(usd: number): string {
  if (usd > 0 && usd < 0.0001) return "<$0.0001";
  const [whole = "0", fraction = ""] = usd.toFixed(4).split(".");
  return `$${exact(Number(whole))}.${fraction}`;
}

/** `$1,234.57`, `<$0.01`; `>$12.30` where something without a price is missing. */
export function centsText(usd: number, isPartial = false): string {
  return dollarsText(usd, isPartial).replace(/^[<>]?/, (sign) => `${sign}$`);
}
