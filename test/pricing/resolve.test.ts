import { describe, expect, test } from "vitest";
import { Catalog } from "../../src/pricing/catalog.ts";
import { resolveModel } from "../../src/pricing/resolve.ts";
import { BUNDLED } from "./book.ts";

const catalog = Catalog.open(undefined, BUNDLED);
const resolve = (name: string) => {
  const found = resolveModel(name, catalog);
  return found && `${found.provider} ${found.model.id}${found.isFast ? " fast" : ""}`;
};

describe("a name is the model it stands for", () => {
  test.each([
    ["claude-opus-4-6", "anthropic claude-opus-4-6"],
    ["claude-opus-4-6[1m]", "anthropic claude-opus-4-6"],
    ["Claude-Opus-4-6", "anthropic claude-opus-4-6"],
    ["claude-sonnet-4-5-20250929", "anthropic claude-sonnet-4-5"],
    ["claude-opus-4-20250514", "anthropic claude-opus-4-0"],
    ["claude-sonnet-4-20250514", "anthropic claude-sonnet-4-0"],
    ["claude-opus-4-1-20250805", "anthropic claude-opus-4-1"],
    ["claude-3-5-haiku-20241022", "anthropic claude-3-5-haiku-latest"],
    // Google
    ["claude-opus-4-5@20251101", "anthropic claude-opus-4-5"],
    ["claude-sonnet-4@20250514", "anthropic claude-sonnet-4-0"],
    ["claude-sonnet-4-6@default", "anthropic claude-sonnet-4-6"],
    ["publishers/google/models/gemini-2.5-pro", "google gemini-2.5-pro"],
    ["models/gemini-2.5-flash", "google gemini-2.5-flash"],
    // Gateways
    ["anthropic/claude-opus-4.6", "anthropic claude-opus-4-6"],
    ["openrouter/anthropic/claude-sonnet-4.5:thinking", "anthropic claude-sonnet-4-5"],
    ["anthropic/claude-opus-4.8-fast", "anthropic claude-opus-4-8 fast"],
    ["openai/gpt-5-codex", "openai gpt-5"],
    // Amazon: regional endpoints cost a tenth more.
    ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws regional.anthropic.claude-sonnet-4-5-20250929-v1:0"],
    ["global.anthropic.claude-opus-4-5-20251101-v1:0", "aws global.anthropic.claude-opus-4-5-v1:0"],
    ["bedrock/us.anthropic.claude-opus-4-6-v1", "aws regional.anthropic.claude-opus-4-6-v1:0"],
    [
      "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
      "aws regional.anthropic.claude-haiku-4-5-20251001-v1:0",
    ],
    // Snapshots are named by their date; those with a price of their own are in the list.
    ["gpt-5.2-codex-2026-01-14", "openai gpt-5.2"],
    ["azure/gpt-5.1-codex-mini-20251113", "openai gpt-5.1-codex-mini"],
    ["gpt-4o-2024-05-13", "openai gpt-4o-2024-05-13"],
    // Others
    ["gpt-5.1-codex-max", "openai gpt-5.1"],
    ["o4-mini", "openai o4-mini"],
    ["kimi-k2-thinking", "moonshotai kimi-k2-thinking"],
    ["deepseek-chat", "deepseek deepseek-chat"],
  ])("%s", (name, model) => {
    expect(resolve(name)).toBe(model);
  });
});

describe("a name that stands for none is not priced like another", () => {
  test.each([
    ["claude-opus-4-10"],
    ["claude-sonnet-5-5-20270101"],
    ["claude-opus-9"],
    ["my-claude"],
    ["claude"],
    ["gpt-99"],
    ["gemini-3.6-flash-lite"],
    ["gateway/model-x"],
    ["synthetic"],
    ["unknown"],
    [""],
    ["/"],
    ["[1m]"],
    ["-fast"],
    ["[".repeat(1e6)],
    ["claude-".repeat(1e5)],
  ])("%.30s", (name) => {
    expect(resolve(name)).toBeUndefined();
  });
});
