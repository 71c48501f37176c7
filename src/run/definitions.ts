/** One sentence for each figure of a run. */
export const DEFINITIONS: Readonly<Record<string, string>> = {
  totalTokens: "Input + output + cache creation; cache reads are not in it, they would drown the rest.",
  inputTokens: "Input that was neither read from nor written to the prompt cache.",
  outputTokens: "Output, reasoning included.",
  cacheCreationTokens: "Input written to the prompt cache, for 5 minutes and for an hour together.",
  cacheCreation5mTokens: "The part written for 5 minutes; all of it where the transcript does not tell.",
  cacheCreation1hTokens: "The part written for an hour.",
  cacheReadTokens: "Input read from the prompt cache; not in totalTokens, but in the cost.",
  billableEquivalentTokens:
    "Tokens in units of the base input price: input x 1, output x 5, cache creation x 1.25 (5 minutes) or x 2 (an hour), cache read x 0.1.",
  estimatedCostUsd:
    "An estimate from list prices at the time of use, not a bill; cache reads included; null where the price of a model is not known.",
  toolUses: "Tool uses in responses, each counted once.",
  durationMs: "Last minus first record in the window, per session with its subagents, added up over sessions.",
  sessionsFound:
    "Sessions of the lead and of workers with a record in the window, and workers inside the lead's process.",
  leadTotalTokens: "totalTokens of the lead's session, its subagents and its resumed sessions.",
  workerTotalTokens: "totalTokens of all workers and of team sessions that fit none.",
  runTotalTokens: "leadTotalTokens + workerTotalTokens.",
  leadBillableTokens: "billableEquivalentTokens of the lead.",
  workerBillableTokens: "billableEquivalentTokens of all workers and of team sessions that fit none.",
  runBillableTokens: "leadBillableTokens + workerBillableTokens.",
  leadEstimatedCostUsd: "estimatedCostUsd of the lead.",
  workerEstimatedCostUsd: "estimatedCostUsd of all workers and of team sessions that fit none.",
  runEstimatedCostUsd: "leadEstimatedCostUsd + workerEstimatedCostUsd; null where one of them is.",
  cliTotalTokens:
    "Input + output of the Codex or Gemini session under a worker, cached input included; never in totalTokens.",
  cliInputTokens: "Its input, cached input included.",
  cliCachedInputTokens: "The part of its input that was read from the prompt cache.",
  cliOutputTokens: "Its output, reasoning included.",
  cliReasoningTokens: "The part of its output that was reasoning.",
  cliEstimatedCostUsd:
    "An estimate for the Codex and Gemini sessions under workers, beside the run's own cost and never in it.",
  unattributedWorkerUsage:
    "Of team sessions without an agent name, or with one that fits no worker; in the worker totals.",
};
