/** What a span of Claude Code versions writes differently (formats/claude-code.md, sections 2 and 3). */
export interface Dialect {
  readonly versions: readonly string[];
  /** Of the sessions. */
  readonly share: number;
  readonly from: string;
  readonly until: string;
  readonly models: readonly string[];
  /** Later versions put `message` first and `cwd`, `sessionId`, `version` last, and write more of `usage`. */
  readonly isLate: boolean;
  readonly hasProgress: boolean;
  readonly hasFlatAgents: boolean;
  readonly agentIdLength: number;
  /** Chance that a response of several lines has growing output, whose last line is final. */
  readonly growing: number;
  /** Outputs that never become final: small numbers, the same on every line. */
  readonly placeholder: number;
  readonly hasStopReason: boolean;
  readonly hasGeo: boolean;
}

const OPUS45 = "claude-opus-4-5-20251101";
const SONNET45 = "claude-sonnet-4-5-20250929";
const HAIKU45 = "claude-haiku-4-5-20251001";

export const dialects: readonly Dialect[] = [
  {
    versions: ["2.0.64", "2.0.76", "2.1.2"],
    share: 0.16,
    from: "2025-11-03",
    until: "2026-01-12",
    models: [OPUS45, SONNET45, SONNET45],
    isLate: false,
    hasProgress: false,
    hasFlatAgents: true,
    agentIdLength: 7,
    growing: 0.55,
    placeholder: 0,
    hasStopReason: false,
    hasGeo: false,
  },
  {
    versions: ["2.1.11", "2.1.17", "2.1.22"],
    share: 0.16,
    from: "2026-01-14",
    until: "2026-01-30",
    models: [OPUS45, OPUS45, SONNET45],
    isLate: false,
    hasProgress: true,
    hasFlatAgents: false,
    agentIdLength: 7,
    growing: 0,
    placeholder: 1,
    hasStopReason: false,
    hasGeo: false,
  },
  {
    versions: ["2.1.31", "2.1.38", "2.1.45"],
    share: 0.24,
    from: "2026-02-01",
    until: "2026-02-26",
    models: ["claude-opus-4-6", "claude-opus-4-6", OPUS45],
    isLate: false,
    hasProgress: true,
    hasFlatAgents: false,
    agentIdLength: 7,
    growing: 0.3,
    placeholder: 0.5,
    hasStopReason: false,
    hasGeo: true,
  },
  {
    versions: ["2.1.61", "2.1.72", "2.1.79"],
    share: 0.17,
    from: "2026-03-01",
    until: "2026-03-28",
    models: ["claude-opus-4-6", "claude-sonnet-4-6"],
    isLate: false,
    hasProgress: true,
    hasFlatAgents: false,
    agentIdLength: 17,
    growing: 0.94,
    placeholder: 0,
    hasStopReason: true,
    hasGeo: true,
  },
  {
    versions: ["2.1.104", "2.1.121", "2.1.169", "2.1.215"],
    share: 0.27,
    from: "2026-04-02",
    until: "2026-07-25",
    models: ["claude-opus-4-6", "claude-sonnet-4-6", "claude-opus-4-8"],
    isLate: true,
    hasProgress: false,
    hasFlatAgents: false,
    agentIdLength: 17,
    growing: 0,
    placeholder: 0,
    hasStopReason: true,
    hasGeo: true,
  },
];

/** What subagents are often given. */
export const SMALL_MODEL = HAIKU45;
