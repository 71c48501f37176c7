/** 1 GB of Codex rollouts, of two dialects: up to 0.114 every event was written twice. */
import { createRandom, hex, type Random, uuid } from "./random.ts";
import type { Sink } from "./session.ts";
import { addResponse, type Expected } from "./sums.ts";
import { base64, excerpt, type Texts } from "./text.ts";

const FILES = 500;
const BYTES = 1e9;
const MODELS = ["gpt-5.1-codex", "gpt-5.2-codex", "gpt-5.1-codex-mini"] as const;

export interface RolloutPlan {
  readonly index: number;
  /** Below `.codex/sessions`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly id: string;
  readonly startMs: number;
  readonly isOld: boolean;
}

/** Sizes spread over three doublings to both sides of their median. */
export function planRollouts(seed: number): RolloutPlan[] {
  const random = createRandom(seed, 0xc0de);
  const weights = Array.from({ length: FILES }, () => random.logUniform(1 / 8, 8));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight, index) => {
    const id = uuid(random);
    // No session straddles a month.
    const startMs = Date.UTC(2025, 9 + random.int(0, 8), random.int(1, 20), random.int(0, 23), random.int(0, 59));
    const day = new Date(startMs).toISOString();
    const path = `${day.slice(0, 10).replaceAll("-", "/")}/rollout-${day.slice(0, 19).replaceAll(":", "-")}-${id}.jsonl`;
    return { index, path, sizeBytes: (BYTES * weight) / total, id, startMs, isOld: random.chance(0.5) };
  });
}

interface Total {
  input: number;
  cached: number;
  output: number;
  reasoning: number;
}

/** Writes one rollout, and counts what it adds. */
export function writeRollout(plan: RolloutPlan, seed: number, texts: Texts, sink: Sink, expected: Expected): void {
  const random = createRandom(seed, 5000 + plan.index);
  const total: Total = { input: 0, cached: 0, output: 0, reasoning: 0 };
  const month = new Date(plan.startMs).toISOString().slice(0, 7);
  let nowMs = plan.startMs;
  const put = (type: string, payload: string): void => {
    sink.write(`{"timestamp":"${new Date(nowMs).toISOString()}","type":"${type}","payload":${payload}}`);
    expected.records++;
  };
  const quote = (chars: number): string => `"${excerpt(random, texts.mixedCode, chars).text}"`;
  put(
    "session_meta",
    `{"id":"${plan.id}","timestamp":"${new Date(nowMs).toISOString()}","cwd":"/srv/app${plan.index % 20}","originator":"codex_cli_rs","cli_version":"${plan.isOld ? "0.77.0" : "0.140.0"}","source":"cli","model_provider":"openai","base_instructions":{"text":${quote(22_000)}},"git":{"branch":"main"}}`,
  );
  while (sink.sizeBytes() < plan.sizeBytes) {
    const model = random.pick(MODELS);
    nowMs += random.int(5000, 60_000);
    put(
      "turn_context",
      `{"cwd":"/srv/app${plan.index % 20}","approval_policy":"never","model":"${model}","effort":"high"}`,
    );
    put("event_msg", `{"type":"user_message","message":${quote(random.int(20, 400))},"images":[]}`);
    for (let step = random.int(1, 12); step > 0; step--) {
      nowMs += random.int(800, 30_000);
      const toolUses = writeStep(random, texts, put, quote);
      const usage = addRequest(random, total);
      addResponse(expected, model, month, usage, toolUses);
      const count = tokenCount(total, usage);
      put("event_msg", count);
      if (plan.isOld) put("event_msg", count);
    }
  }
}

type Put = (type: string, payload: string) => void;

/** Reasoning, a call and its output, or the last words of a turn. Returns its tool calls. */
function writeStep(random: Random, texts: Texts, put: Put, quote: (chars: number) => string): number {
  put(
    "response_item",
    `{"type":"reasoning","summary":[{"type":"summary_text","text":${quote(200)}}],"content":null,"encrypted_content":"${base64(random, texts, random.int(400, 2400))}"}`,
  );
  if (random.chance(0.15)) {
    const text = quote(random.int(100, 1500));
    put("event_msg", `{"type":"agent_message","message":${text}}`);
    put("response_item", `{"type":"message","role":"assistant","content":[{"type":"output_text","text":${text}}]}`);
    return 0;
  }
  const call = `call_${hex(random, 24)}`;
  put(
    "response_item",
    `{"type":"function_call","name":"shell","arguments":${quote(random.int(40, 500))},"call_id":"${call}"}`,
  );
  const output = quote(Math.round(random.logUniform(60, 40_000)));
  put("response_item", `{"type":"function_call_output","call_id":"${call}","output":${output}}`);
  return 1;
}

function addRequest(random: Random, total: Total) {
  const cached = 128 * random.int(0, 900);
  const input = random.int(20, 6000);
  const output = random.int(20, 900);
  total.input += input + cached;
  total.cached += cached;
  total.output += output;
  total.reasoning += Math.floor(output / 3);
  return { input, output, cache5m: 0, cache1h: 0, cacheRead: cached, reasoning: Math.floor(output / 3) };
}

function tokenCount(total: Total, last: ReturnType<typeof addRequest>): string {
  const whole = vector(total.input, total.cached, total.output, total.reasoning);
  const one = vector(last.input + last.cacheRead, last.cacheRead, last.output, last.reasoning);
  return `{"type":"token_count","info":{"total_token_usage":${whole},"last_token_usage":${one},"model_context_window":272000},"rate_limits":{"primary":{"used_percent":7.0,"window_minutes":300,"resets_at":1766679920},"secondary":null,"credits":null,"plan_type":null}}`;
}

function vector(input: number, cached: number, output: number, reasoning: number): string {
  return `{"input_tokens":${input},"cached_input_tokens":${cached},"output_tokens":${output},"reasoning_output_tokens":${reasoning},"total_tokens":${input + output}}`;
}
