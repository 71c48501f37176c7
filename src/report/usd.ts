/** Money as people read it. */
import { exact } from "./numbers.ts";

/** `$1,234.5678` */
export function usdText(usd: number): string {
  const [whole = "0", fraction = ""] = usd.toFixed(4).split(".");
  return `$${exact(Number(whole))}.${fraction}`;
}
