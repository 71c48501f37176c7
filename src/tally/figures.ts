/** Sums. Every addend is a non-negative integer, so a sum that is safe at the end was safe all the way. */
import { sumTooLarge } from "../errors.ts";
import type { USAGE } from "../events.ts";
import type { Columns } from "../events.ts";
import type { Figures } from "../types.ts";
import type { Cells } from "./cells.ts";

/** What is added up for a row. */
export class Sums {
  input = 0;
  output = 0;
  reasoning = 0;
  cacheCreation5m = 0;
  cacheCreation1h = 0;
  cacheRead = 0;
  webSearches = 0;
  responses = 0;
  toolUses = 0;
  firstMs = Infinity;
  lastMs = -Infinity;
  durationMs = 0;
  /** Whether anything but time was added. */
  isShown = false;

  addUsage(from: Columns<typeof USAGE>, i: number): void {
    this.input += from.input[i] as number;
    this.output += from.output[i] as number;
    this.reasoning += from.reasoning[i] as number;
    this.cacheCreation5m += from.cacheCreation5m[i] as number;
    this.cacheCreation1h += from.cacheCreation1h[i] as number;
    this.cacheRead += from.cacheRead[i] as number;
    this.webSearches += from.webSearches[i] as number;
    this.isShown = true;
  }

  addCell(cells: Cells, i: number): void {
    const [responses, toolUses] = [cells.responses[i] as number, cells.toolUses[i] as number];
    if (responses + toolUses === 0) return;
    this.addUsage(cells, i);
    this.responses += responses;
    this.toolUses += toolUses;
  }

  addToolUses(blocks: number): void {
    this.toolUses += blocks;
    this.isShown = true;
  }

  /** Everything but times. */
  addSums(other: Sums): void {
    this.input += other.input;
    this.output += other.output;
    this.reasoning += other.reasoning;
    this.cacheCreation5m += other.cacheCreation5m;
    this.cacheCreation1h += other.cacheCreation1h;
    this.cacheRead += other.cacheRead;
    this.webSearches += other.webSearches;
    this.responses += other.responses;
    this.toolUses += other.toolUses;
  }

  addSpan(firstMs: number, lastMs: number): void {
    if (firstMs < this.firstMs) this.firstMs = firstMs;
    if (lastMs > this.lastMs) this.lastMs = lastMs;
    this.durationMs += lastMs - firstMs;
  }

  get total(): number {
    return this.input + this.output + this.cacheCreation5m + this.cacheCreation1h + this.cacheRead;
  }

  /** Throws `SUM_TOO_LARGE` where a figure is beyond 2^53 - 1. */
  toFigures(): Figures {
    const cacheCreationTokens = this.cacheCreation5m + this.cacheCreation1h;
    const figures = {
      inputTokens: this.input,
      outputTokens: this.output,
      reasoningTokens: this.reasoning,
      cacheCreationTokens,
      cacheCreation5mTokens: this.cacheCreation5m,
      cacheCreation1hTokens: this.cacheCreation1h,
      cacheReadTokens: this.cacheRead,
      totalTokens: this.total,
      responses: this.responses,
      toolUses: this.toolUses,
      webSearches: this.webSearches,
    };
    for (const [name, value] of Object.entries(figures)) {
      if (!Number.isSafeInteger(value)) throw sumTooLarge(name);
    }
    const hasTime = this.firstMs <= this.lastMs;
    return {
      ...figures,
      firstAt: hasTime ? new Date(this.firstMs).toISOString() : null,
      lastAt: hasTime ? new Date(this.lastMs).toISOString() : null,
      durationMs: this.durationMs,
    };
  }
}
