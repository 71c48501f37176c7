/** Money as people read it. */
import { exact } from "./numbers.ts";

/** `$1,234.5678`; `<$0.0001` is not nothing. */
export function usdText(usd: number): string {
  if (usd > 0 && usd < 0.0001) return "<$0.0001";
  const [whole = "0", fraction = ""] = usd.toFixed(4).split(".");
  return `$${exact(Number(whole))}.${fraction}`;
}
