/** Sums. Every addend is a non-negative integer, so a sum that is safe at the end was safe all the way. */
import { sumTooLarge } from "../errors.ts";
import { AMOUNTS, type Columns } from "../events.ts";
import type { Figures } from "../types.ts";
import type { Cost } from "./costs.ts";

const NANOS_A_DOLLAR = 1e9;

/** Cells added up by row, in WebAssembly. */
export const ROW = {
  ...AMOUNTS,
  responses: Float64Array,
  toolUses: Float64Array,
  priced: Float64Array,
  unpriced: Float64Array,
  unpricedTokens: Float64Array,
  costDollars: Float64Array,
  costNanos: Float64Array,
} as const;

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
  /** Of what could be priced: whole dollars, and nano-dollars beside them. */
  costDollars = 0;
  costNanos = 0;
  /** Of what could not. */
  unpricedTokens = 0;
  priced = 0;
  unpriced = 0;
  firstMs = Infinity;
  lastMs = -Infinity;
  durationMs = 0;
  /** Whether anything but time was added. */
  isShown = false;

  addUsage(from: Columns<typeof AMOUNTS>, i: number): void {
    this.input += from.input[i] as number;
    this.output += from.output[i] as number;
    this.reasoning += from.reasoning[i] as number;
    this.cacheCreation5m += from.cacheCreation5m[i] as number;
    this.cacheCreation1h += from.cacheCreation1h[i] as number;
    this.cacheRead += from.cacheRead[i] as number;
    this.webSearches += from.webSearches[i] as number;
    this.isShown = true;
  }

  /** One that has responses or tool uses. */
  addRow(rows: Columns<typeof ROW>, i: number): void {
    const [responses, toolUses] = [rows.responses[i] as number, rows.toolUses[i] as number];
    this.addUsage(rows, i);
    this.responses += responses;
    this.toolUses += toolUses;
    this.priced += rows.priced[i] as number;
    this.unpriced += rows.unpriced[i] as number;
    this.unpricedTokens += rows.unpricedTokens[i] as number;
    this.#addMoney(rows.costDollars[i] as number, rows.costNanos[i] as number);
  }

  /** Undefined: no price is known for these tokens. */
  addCost(cost: Cost | undefined, tokens: number): void {
    if (cost) {
      this.priced++;
      this.#addMoney(cost.dollars, cost.nanos);
    } else {
      this.unpriced++;
      this.unpricedTokens += tokens;
    }
  }

  #addMoney(dollars: number, nanos: number): void {
    const all = this.costNanos + nanos;
    const carried = Math.floor(all / NANOS_A_DOLLAR);
    this.costNanos = all - carried * NANOS_A_DOLLAR;
    this.costDollars += dollars + carried;
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
    this.priced += other.priced;
    this.unpriced += other.unpriced;
    this.unpricedTokens += other.unpricedTokens;
    this.#addMoney(other.costDollars, other.costNanos);
  }

  addSpan(firstMs: number, lastMs: number, durationMs = lastMs - firstMs): void {
    if (firstMs < this.firstMs) this.firstMs = firstMs;
    if (lastMs > this.lastMs) this.lastMs = lastMs;
    this.durationMs += durationMs;
  }

  get total(): number {
    return this.input + this.output + this.cacheCreation5m + this.cacheCreation1h + this.cacheRead;
  }

  get #counts(): number {
    return this.responses + this.toolUses + this.webSearches;
  }

  get #cacheCreation(): number {
    return this.cacheCreation5m + this.cacheCreation1h;
  }

  #checkEach(): void {
    const figures = {
      inputTokens: this.input,
      outputTokens: this.output,
      reasoningTokens: this.reasoning,
      cacheCreationTokens: this.#cacheCreation,
      cacheReadTokens: this.cacheRead,
      totalTokens: this.total,
      responses: this.responses,
      toolUses: this.toolUses,
      webSearches: this.webSearches,
      costUsd: this.costDollars,
    };
    for (const [name, value] of Object.entries(figures)) if (!Number.isSafeInteger(value)) throw sumTooLarge(name);
  }

  /** Throws `SUM_TOO_LARGE` where a figure is beyond 2^53 - 1. Without `hasCosts` nothing was priced. */
  toFigures(hasCosts: boolean): Figures {
    // One sum of all instead of many looks: rows are many, and none is negative.
    if (!Number.isSafeInteger(this.total + this.reasoning + this.#counts + this.costDollars)) this.#checkEach();
    const hasTime = this.firstMs <= this.lastMs;
    return {
      inputTokens: this.input,
      outputTokens: this.output,
      reasoningTokens: this.reasoning,
      cacheCreationTokens: this.#cacheCreation,
      cacheCreation5mTokens: this.cacheCreation5m,
      cacheCreation1hTokens: this.cacheCreation1h,
      cacheReadTokens: this.cacheRead,
      totalTokens: this.total,
      responses: this.responses,
      toolUses: this.toolUses,
      webSearches: this.webSearches,
      costUsd: hasCosts && (this.priced > 0 || this.unpriced === 0) ? this.#costUsd() : null,
      firstAt: hasTime ? new Date(this.firstMs).toISOString() : null,
      lastAt: hasTime ? new Date(this.lastMs).toISOString() : null,
      durationMs: this.durationMs,
      billableEquivalentTokens: this.#billableEquivalentTokens(),
      costIsPartial: hasCosts && this.unpriced > 0,
    };
  }

  /** The double nearest to the exact sum. */
  #costUsd(): number {
    return Number(`${this.costDollars}.${String(this.costNanos).padStart(9, "0")}`);
  }

  /** From twentieths of a token, which are whole: 0.1 and 1.25 are 2 and 25 of them. */
  #billableEquivalentTokens(): number {
    const { input, output, cacheCreation5m, cacheCreation1h, cacheRead } = this;
    const twentieths = 20 * input + 100 * output + 25 * cacheCreation5m + 40 * cacheCreation1h + 2 * cacheRead;
    if (twentieths <= Number.MAX_SAFE_INTEGER) return twentieths / 20;
    const exact =
      20n * BigInt(input) +
      100n * BigInt(output) +
      25n * BigInt(cacheCreation5m) +
      40n * BigInt(cacheCreation1h) +
      2n * BigInt(cacheRead);
    const tokens = Number(exact / 20n);
    if (!Number.isSafeInteger(tokens)) throw sumTooLarge("billableEquivalentTokens");
    return tokens + Number(exact % 20n) / 20;
  }
}
