/** What the words in the JSON mean. */
export const BLOCK_DEFINITIONS = {
  block:
    "Five hours of one agent that begin at the full UTC hour of its first response after the block before was over; the end is no part of it. Where blocks begin is decided by all responses of the agent, whatever the window and the filters; what they hold is not. The limits of a subscription may begin otherwise.",
  figures:
    "Each response once, in the block of its own time. Responses without a time stand in a last block without start and end. Tool uses after the end, or of no response, are in the block before, else in the first; firstAt and lastAt are within the block. Blocks add up to totals.",
  gap: "Five hours or more between two blocks of an agent.",
  isActive: "startAt <= asOf < endAt.",
  tokensPerMinute:
    "totalTokens / minutes from firstAt to lastAt, rounded; only of the active block, and null below one minute.",
  costUsdPerHour: "costUsd / hours from firstAt to lastAt.",
  projection:
    "totalTokens and costUsd, plus their rates times the time from asOf to endAt. Plain arithmetic, no forecast.",
  limitPercent: "totalTokens per tokenLimit.tokens. A limit is what you say it is: agents do not publish theirs.",
  costUsd:
    "US dollars at list prices of the time of use: an estimate, not a bill. costIsPartial: something in it has no known price.",
} as const;
