/** Random families of Codex rollouts: every disturbance of `formats/codex.md` §3 to §5, alone and together. */
import fc from "fast-check";
import { sessionId } from "../transcripts.ts";

interface Use {
  readonly input: number;
  readonly cached: number;
  readonly written: number;
  readonly output: number;
  readonly reasoning: number;
}

/** A review by a thread of its own that comes to its end, or is killed with its process; or by the session itself. */
export type Review = "ended" | "killed" | "within";

/** What happens in a session. Only `count` happens in plain ones. */
export type Act =
  | { readonly do: "count"; readonly use: Use }
  | { readonly do: "turn"; readonly model: number }
  | {
      readonly do: "review";
      readonly uses: readonly Use[];
      readonly hasOwn: boolean;
      readonly lateMs: number;
      readonly how?: Review;
    }
  | { readonly do: "missed" | "back"; readonly use: Use }
  | { readonly do: (typeof PLAIN_ACTS)[number] };

const PLAIN_ACTS = [
  "repeat",
  "again",
  "estimate",
  "null",
  "restart",
  "tool",
  "custom tool",
  "text",
  "own meta",
  "only last",
  "only total",
  "no time",
  "bad number",
  "torn",
] as const;

export interface Session {
  readonly acts: readonly Act[];
  /** What it was forked from, counted back from itself; 0 or beyond the first: nothing. */
  readonly from: number;
  /** Lines copied from it, in hundredths of them. */
  readonly copied: number;
  /** Lines of it left out before these, likewise. */
  readonly skipped: number;
  readonly namesOrigin: boolean;
  readonly repeatsMeta: boolean;
  /** Copies nothing of it but names it, and goes on from its total; under its id, or as a fork; telling that total again or not. */
  readonly refers: { readonly isPage: boolean; readonly repeats: boolean } | null;
  /** How long copying took, and how long after it the session's own work begins. */
  readonly copyMs: number;
  readonly source: number;
  /** Its rollout is gone. */
  readonly isGone: boolean;
  /** A copy of its first hundredths lies in the archive. */
  readonly saved: number | null;
  /** Taken back to the first hundredths of its history, from where it went on: what it was before is among the revisions. */
  readonly reverted?: { readonly kept: number; readonly acts: readonly Act[] } | null;
}

const MODELS = ["gpt-5.1-codex", "gpt-5.2-codex", "o5"] as const;
const SOURCES: readonly unknown[] = [
  "cli",
  "exec",
  { subagent: { thread_spawn: { parent_thread_id: "x", depth: 1 } } },
  { custom: "ide" },
  { subagent: "compact" },
  undefined,
];

type Total = { -readonly [Part in keyof Use]: Use[Part] };
type Line = Record<string, unknown>;

const NOTHING: Use = { input: 0, cached: 0, written: 0, output: 0, reasoning: 0 };

function vector({ input, cached, written, output, reasoning }: Use) {
  return {
    input_tokens: input,
    cached_input_tokens: cached,
    ...(written > 0 && { cache_write_input_tokens: written }),
    output_tokens: output,
    reasoning_output_tokens: reasoning,
    total_tokens: input + output,
  };
}

const event = (atMs: number, payload: object): Line => ({
  timestamp: new Date(atMs).toISOString(),
  type: "event_msg",
  payload,
});
const tokens = (atMs: number, total: object | undefined, last: object | undefined): Line =>
  event(atMs, {
    type: "token_count",
    info: { ...(total && { total_token_usage: total }), ...(last && { last_token_usage: last }) },
  });

interface Written {
  readonly id: string;
  readonly lines: readonly Line[];
  /** With what it goes on from, without it where it is copied. */
  readonly history: readonly Line[];
  readonly endMs: number;
  readonly total: Use;
}

const START_MS = Date.UTC(2026, 5, 1, 10);

/** A folder of rollouts, by name. */
export function writeFamily(sessions: readonly Session[]): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  const written: Written[] = [];
  const put = (folder: string, n: number, id: string, lines: readonly (Line | string)[]) => {
    const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
    files[`${folder}/rollout-2026-06-01T10-00-0${n}-${id}.jsonl`] = Buffer.from(`${text}\n`);
  };
  for (const [n, session] of sessions.entries()) {
    const origin = session.from > 0 ? written[n - session.from] : undefined;
    const putReview = (id: string, lines: readonly Line[]) => put("sessions/2026/06/01", n, id, lines);
    let one = writeSession(sessionId(n + 1), n, session, origin, putReview);
    if (session.reverted) {
      const text = one.lines.map((line) => JSON.stringify(line)).join("\n");
      files[`rollout_revisions/${one.id}/${sessionId(5000 + n)}.jsonl`] = Buffer.from(`${text}\n`);
      one = revert(one, n, session.reverted, putReview);
    }
    written.push(one);
    if (!session.isGone) put("sessions/2026/06/01", n, sessionId(n + 1), one.lines);
    if (session.saved !== null) {
      const lines = one.lines.slice(0, Math.max(1, Math.ceil((one.lines.length * session.saved) / 100)));
      put("archived_sessions", n, sessionId(n + 1), lines);
    }
  }
  return files;
}

/** The rollout that stands in the place of the one before: a copy of what is kept, and what followed. */
function revert(
  before: Written,
  n: number,
  { kept, acts }: NonNullable<Session["reverted"]>,
  putReview: (id: string, lines: readonly Line[]) => void,
): Written {
  const [meta = {}] = before.lines;
  const history = before.history.slice(0, Math.ceil((before.history.length * kept) / 100));
  const origin = { ...before, lines: [meta, ...history] };
  const head = writeSession(before.id, n, { ...ALONE, acts, copied: 100 }, origin, putReview);
  const [first = {}, ...others] = head.lines;
  const { history_base: _, ...payload } = meta["payload"] as Line;
  return { ...head, lines: [{ ...first, payload }, ...others] };
}

function writeSession(
  id: string,
  n: number,
  { acts, copied, skipped, copyMs, namesOrigin, repeatsMeta, refers, source }: Session,
  origin: Written | undefined,
  putReview: (id: string, lines: readonly Line[]) => void,
): Written {
  const reference = origin ? refers : null;
  const ownId = origin && reference?.isPage ? origin.id : id;
  let atMs = origin ? origin.endMs + 60_000 : START_MS + n * 3_600_000;
  const meta: Line = {
    timestamp: new Date(atMs).toISOString(),
    type: "session_meta",
    payload: {
      id: ownId,
      cwd: `/srv/app${n % 2}`,
      cli_version: "0.142.0",
      source: SOURCES[source % SOURCES.length],
      git: { branch: n % 2 ? "main" : `fork-${n}` },
      ...(origin && (reference ? !reference.isPage : namesOrigin) && { forked_from_id: origin.id }),
      ...(origin && reference && { history_mode: "paginated", history_base: { thread_id: origin.id } }),
    },
  };
  const lines: Line[] = [meta];
  let total: Total = { ...NOTHING };
  let last: Use = NOTHING;
  if (origin) {
    const own = origin.lines.slice(repeatsMeta ? 0 : 1);
    const from = reference ? 0 : Math.floor((own.length * skipped) / 100);
    const copies = own.slice(from, Math.ceil((own.length * copied) / 100));
    for (const [i, line] of reference ? [] : copies.entries()) {
      lines.push({ ...line, timestamp: new Date(atMs + Math.floor((copyMs * i) / copies.length)).toISOString() });
    }
    // It goes on from the last total it took over.
    for (const line of copies) {
      const info = (line["payload"] as { info?: { total_token_usage?: Record<string, number> } }).info;
      const said = info?.total_token_usage;
      if (said && typeof said["output_tokens"] === "number" && said["output_tokens"] >= 0) {
        total = {
          input: said["input_tokens"] ?? 0,
          cached: said["cached_input_tokens"] ?? 0,
          written: said["cache_write_input_tokens"] ?? 0,
          output: said["output_tokens"],
          reasoning: said["reasoning_output_tokens"] ?? 0,
        };
      }
    }
    atMs += copyMs;
    if (reference?.repeats && total.input + total.output > 0) lines.push(tokens(atMs, vector(total), vector(total)));
  }
  const add = (use: Use) => {
    last = use;
    for (const part of Object.keys(use) as (keyof Use)[]) total[part] += use[part];
  };
  for (const [i, act] of acts.entries()) {
    atMs += 5000;
    switch (act.do) {
      case "count":
        add(act.use);
        lines.push(tokens(atMs, vector(total), vector(act.use)));
        break;
      case "missed":
        add(act.use);
        break;
      case "back":
        // Some part goes down, others do not.
        total = { ...total, output: Math.max(0, total.output - act.use.output) };
        lines.push(tokens(atMs, vector(total), vector(act.use)));
        break;
      case "repeat":
        lines.push(tokens(atMs, vector(total), vector(last)));
        break;
      case "again": {
        const before = lines.find((line) => (line["payload"] as Line)["type"] === "token_count");
        if (before) lines.push({ ...before, timestamp: new Date(atMs).toISOString() });
        break;
      }
      case "estimate":
        lines.push(tokens(atMs, vector(total), { ...vector(NOTHING), total_tokens: 13_290 }));
        break;
      case "null":
        lines.push(event(atMs, { type: "token_count", info: null, rate_limits: { primary: null } }));
        break;
      case "restart":
        total = { ...NOTHING };
        break;
      case "only last":
        lines.push(tokens(atMs, undefined, vector(last)));
        break;
      case "only total":
        add({ ...NOTHING, input: 7, output: 1 });
        lines.push(tokens(atMs, vector(total), undefined));
        break;
      case "no time":
        add({ ...NOTHING, input: 3, output: 2 });
        lines.push({ ...tokens(atMs, vector(total), vector(last)), timestamp: "soon" });
        break;
      case "bad number":
        lines.push(tokens(atMs, { ...vector(total), output_tokens: -1 }, vector(last)));
        break;
      case "torn":
        lines.push(event(atMs, { type: "token_count", info: "torn" }));
        break;
      case "tool":
        lines.push({ ...event(atMs, { type: "function_call", name: "shell" }), type: "response_item" });
        break;
      case "custom tool":
        lines.push({ ...event(atMs, { type: "custom_tool_call", name: "patch" }), type: "response_item" });
        break;
      case "text":
        lines.push({
          ...event(atMs, { type: "message", id: "msg_1", content: [{ text: '"total_token_usage":{}' }] }),
          type: "response_item",
        });
        break;
      case "own meta":
        lines.push({ ...meta, timestamp: new Date(atMs).toISOString() });
        break;
      case "turn":
        lines.push({
          ...event(atMs, { model: MODELS[act.model % MODELS.length], cwd: "/srv/elsewhere" }),
          type: "turn_context",
        });
        break;
      case "review": {
        lines.push(event(atMs, { type: "entered_review_mode" }));
        const reviewId = sessionId(1000 + 100 * n + i);
        const own: Line[] = [
          { ...meta, payload: { id: reviewId, source: { subagent: "review" }, cwd: "/srv/app0" } },
          { ...event(atMs, { model: "gpt-review" }), type: "turn_context" },
        ];
        const reviewed: Total = act.how === "within" ? total : { ...NOTHING };
        if (act.how === "within") lines.push({ ...event(atMs, { model: "gpt-review" }), type: "turn_context" });
        for (const use of act.uses) {
          atMs += 1000;
          for (const part of Object.keys(use) as (keyof Use)[]) reviewed[part] += use[part];
          lines.push(tokens(atMs, vector(reviewed), vector(use)));
          own.push(tokens(atMs + act.lateMs, vector(reviewed), vector(use)));
        }
        if (act.hasOwn && act.how !== "within") putReview(reviewId, own);
        if (act.how === "killed") {
          if (act.uses.length > 0) total = reviewed;
          lines.push({ ...event(atMs + 1000, { model: MODELS[0] }), type: "turn_context" });
        } else {
          lines.push(event(atMs, { type: "exited_review_mode" }));
        }
        break;
      }
    }
  }
  const inherited =
    origin && reference ? origin.history.slice(0, Math.ceil((origin.history.length * copied) / 100)) : [];
  return { id: ownId, lines, history: [...inherited, ...lines.slice(1)], endMs: atMs, total: { ...total } };
}

const use: fc.Arbitrary<Use> = fc
  .record({
    input: fc.integer({ min: 0, max: 60 }),
    cached: fc.integer({ min: 0, max: 60 }),
    written: fc.constantFrom(0, 0, 0, 5),
    output: fc.integer({ min: 0, max: 9 }),
    reasoning: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ input, cached, output, reasoning, written }) => ({
    input: input + cached + written,
    cached,
    written,
    output: output + reasoning,
    reasoning,
  }));

export const count: fc.Arbitrary<Act> = fc.record({ do: fc.constant("count" as const), use });
const turn: fc.Arbitrary<Act> = fc.record({ do: fc.constant("turn" as const), model: fc.nat(2) });

/** A review, whose own rollout tells of it so much later. */
export function reviewWithin(lateMs: readonly number[], how: readonly Review[] = ["ended"]): fc.Arbitrary<Act> {
  return fc.record({
    do: fc.constant("review" as const),
    uses: fc.array(use, { maxLength: 3 }),
    hasOwn: fc.boolean(),
    lateMs: fc.constantFrom(...lateMs),
    how: fc.constantFrom(...how),
  });
}

export const review = reviewWithin([0, 1, -10]);

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 10, arbitrary: count },
  { weight: 3, arbitrary: turn },
  { weight: 8, arbitrary: fc.constantFrom(...PLAIN_ACTS).map((name): Act => ({ do: name })) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("missed" as const, "back" as const), use }) },
  { weight: 2, arbitrary: reviewWithin([0, 1, -1, 10, 11], ["ended", "ended", "killed", "within"]) },
);

const session = (some: fc.Arbitrary<Act>): fc.Arbitrary<Session> =>
  fc.record({
    acts: fc.array(some, { maxLength: 10, size: "max" }),
    from: fc.nat(3),
    copied: fc.constantFrom(0, 30, 60, 100),
    skipped: fc.constantFrom(0, 0, 20, 50),
    namesOrigin: fc.boolean(),
    repeatsMeta: fc.boolean(),
    refers: fc.option(fc.record({ isPage: fc.boolean(), repeats: fc.boolean() }), { nil: null, freq: 2 }),
    copyMs: fc.constantFrom(0, 900, 2000, 4000),
    source: fc.nat(SOURCES.length - 1),
    isGone: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    reverted: fc.option(fc.record({ kept: fc.constantFrom(0, 30, 70, 100), acts: fc.array(some, { maxLength: 4 }) }), {
      nil: null,
      freq: 3,
    }),
    saved: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(40, 100) }),
  });

export const family: fc.Arbitrary<readonly Session[]> = fc.array(session(act), { minLength: 1, maxLength: 5 });

/** A session without restart, review or copies, in which every request has its event. */
export const plainActs: fc.Arbitrary<readonly Act[]> = fc.array(fc.oneof(count, turn), { minLength: 1, maxLength: 8 });

export const ALONE: Session = {
  acts: [],
  from: 0,
  copied: 0,
  skipped: 0,
  namesOrigin: false,
  repeatsMeta: false,
  refers: null,
  copyMs: 0,
  source: 0,
  isGone: false,
  saved: null,
};
