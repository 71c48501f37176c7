/** One flag: how it is written, where else it can be set, and what its text means. */
import { invalidOption } from "../errors.ts";
import type { Parse } from "./values.ts";

/** As somebody wrote it; a list is written by repeating the flag. */
export type Written = string | boolean | readonly string[];

export const GROUPS = ["Rows", "Time", "Filters", "Output", "Reading", "Tasks", "Server", "Exit code"] as const;
export type Group = (typeof GROUPS)[number];

export interface Flag<Value> {
  /** `--top <n>`, as help shows it; `--no-` in front where on is the default. */
  readonly term: string;
  readonly about: string;
  readonly group: Group;
  readonly kind: "text" | "list" | "switch";
  /** For completion. */
  readonly choices?: readonly string[];
  /** Names a file to write or what to scan: only on the command line, never in a config file, which may be somebody else's. */
  readonly isPerRun?: boolean;
  readonly isHidden?: boolean;
  /** Whether `TOKENSIFT_NAME` sets it too. */
  readonly hasVariable?: boolean;
  readonly parse: (written: Written, origin: string) => Value;
}

type Details = Partial<Pick<Flag<unknown>, "choices" | "isPerRun" | "isHidden" | "hasVariable">>;

export function textFlag<Value>(group: Group, term: string, about: string, parse: Parse<Value>, details: Details = {}) {
  return { term, about, group, kind: "text", ...details, parse: parseWritten } as const satisfies Flag<Value>;

  function parseWritten(written: Written, origin: string): Value {
    if (typeof written === "string") return parse(written, origin);
    throw invalidOption(origin, String(written), "is neither text nor number");
  }
}

/** A flag that may be given several times. */
export function listFlag(group: Group, term: string, about: string, parse: Parse<string>, details: Details = {}) {
  return { term, about, group, kind: "list", ...details, parse: parseWritten } as const satisfies Flag<
    readonly string[]
  >;

  function parseWritten(written: Written, origin: string): readonly string[] {
    if (typeof written === "boolean")
      throw invalidOption(origin, String(written), "is neither text nor a list of texts");
    return [written].flat().map((text) => parse(text, origin));
  }
}

/** A flag of names with commas between, which may be given several times: all of them are meant. */
export function namesFlag<Name extends string>(
  group: Group,
  term: string,
  about: string,
  parse: Parse<readonly Name[]>,
  details: Details = {},
) {
  return { term, about, group, kind: "list", ...details, parse: parseWritten } as const satisfies Flag<readonly Name[]>;

  function parseWritten(written: Written, origin: string): readonly Name[] {
    if (typeof written === "boolean")
      throw invalidOption(origin, String(written), "is neither text nor a list of texts");
    return parse([written].flat().join(","), origin);
  }
}

export function switchFlag(group: Group, term: string, about: string, details: Details = {}) {
  return { term, about, group, kind: "switch", ...details, parse: parseWritten } as const satisfies Flag<boolean>;

  function parseWritten(written: Written, origin: string): boolean {
    if (typeof written === "boolean") return written;
    throw invalidOption(origin, String(written), "is neither true nor false");
  }
}
