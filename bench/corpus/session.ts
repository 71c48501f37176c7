import * as blocks from "./blocks.ts";
import { SMALL_MODEL } from "./dialect.ts";
import { assistantLength, attachmentLength, bashProgressLength, userLength } from "./lengths.ts";
import type { FilePlan } from "./plan.ts";
import { createRandom, hex, id, type Random, uuid } from "./random.ts";
import { addResponse, type Expected, type Usage } from "./sums.ts";
import { excerpt, name, type Texts, words } from "./text.ts";

/** A record of an agent as `progress` lines of its session repeat it. */
interface Copy {
  readonly agentId: string;
  readonly message: string;
}

/** What the writing of one transcript leaves for others. */
export interface Written {
  /** For forks: the lines, and the line counts at which a copy may end (before a prompt or response). */
  readonly lines: string[];
  readonly cuts: number[];
  /** For the session above: what `progress` lines may repeat. */
  readonly copies: Copy[];
  /** The last usage, which the Task result repeats. */
  lastUsage: { readonly json: string; readonly total: number };
}

export interface Sink {
  /** Takes a line without its line end. */
  write(line: string): void;
  /** Bytes so far, a little behind because text is encoded in pieces. */
  sizeBytes(): number;
}

interface Session {
  readonly plan: FilePlan;
  readonly random: Random;
  readonly box: blocks.Toolbox;
  readonly sink: Sink;
  readonly expected: Expected;
  readonly written: Written;
  readonly version: string;
  readonly model: string;
  readonly isAgent: boolean;
  agentId: string | null;
  nowMs: number;
  parent: string | null;
  promptId: string;
  slug: string;
  cacheRead: number;
  keepsLines: boolean;
  keepsCopies: boolean;
  queue: Copy[];
  queueAt: number;
}

export function writeSession(
  plan: FilePlan,
  seed: number,
  texts: Texts,
  sink: Sink,
  expected: Expected,
  forked: Written | null,
  agents: readonly Written[],
): Written {
  const random = createRandom(seed, 1000 + plan.index);
  const { dialect, project } = plan;
  const isAgent = plan.agentId !== null;
  const session: Session = {
    plan,
    random,
    box: { random, texts, cwd: project.cwd },
    sink,
    expected,
    written: { lines: [], cuts: [], copies: [], lastUsage: { json: "null", total: 0 } },
    version: random.pick(dialect.versions),
    model: isAgent && random.chance(0.4) ? SMALL_MODEL : random.pick(dialect.models),
    isAgent,
    agentId: plan.agentId,
    nowMs: plan.startMs,
    parent: null,
    promptId: uuid(random),
    slug: `${name(random)}-${name(random)}-${random.int(1, 99)}`.toLowerCase(),
    cacheRead: random.int(12_000, 19_000),
    keepsLines: plan.isForked,
    keepsCopies: isAgent && dialect.hasProgress,
    queue: agents.flatMap((agent) => agent.copies),
    queueAt: 0,
  };
  if (forked !== null && plan.forkOf !== null) copyPrefix(session, forked, plan.forkOf);
  if (!isAgent && forked === null) opening(session);
  const results = plan.agents.map((agent, i) => ({ agent, written: agents[i] as Written }));
  // So many nested copies a response that they last for the whole session.
  const copiesPerByte = session.queue.length / Math.max(1, plan.sizeBytes);
  prompt(session);
  while (sink.sizeBytes() < plan.sizeBytes) {
    session.written.cuts.push(session.written.lines.length);
    if (!isAgent && random.chance(0.09)) prompt(session);
    response(session);
    if (dialect.hasProgress && session.queueAt < session.queue.length) nestedCopies(session, copiesPerByte);
    if (plan.hasInlineAgents && random.chance(0.035)) inlineAgent(session);
    if (results.length > 0 && random.chance(0.1)) finishAgent(session, results.pop()!);
    if (!isAgent) sideRecords(session);
  }
  if (session.queueAt === 0 && session.queue.length > 0) nestedCopies(session, 0);
  for (const result of results) finishAgent(session, result);
  session.written.cuts.push(session.written.lines.length);
  return session.written;
}

/** Lines of another session under this one's id: uuid, timestamp, ids and usage stay. */
function copyPrefix(session: Session, source: Written, sourcePlan: FilePlan): void {
  const from = `"sessionId":"${sourcePlan.sessionId}"`;
  const to = `"sessionId":"${session.plan.sessionId}"`;
  const wanted = session.plan.sizeBytes * (0.3 + 0.5 * session.random.unit());
  let size = 0;
  let end = 0;
  for (const cut of source.cuts) {
    for (let i = end; i < cut; i++) size += source.lines[i]!.length + 1;
    if (size > wanted && end > 0) break;
    end = cut;
  }
  for (let i = 0; i < end; i++) emit(session, source.lines[i]!.replaceAll(from, to));
}

function emit(session: Session, line: string): void {
  session.sink.write(line);
  session.expected.records += 1;
  if (session.keepsLines) session.written.lines.push(line);
}

/** A line length that does not make a small transcript out of one line. */
function capped(session: Session, length: number): number {
  const left = session.plan.sizeBytes - session.sink.sizeBytes();
  return Math.min(length, Math.max(900, left * 0.4));
}

function tick(session: Session, minMs: number, maxMs: number): string {
  session.nowMs += session.random.int(minMs, maxMs);
  return new Date(session.nowMs).toISOString();
}

/** Responses never straddle a month, so that every rule for their time gives the same month. */
function leaveMonthEnd(session: Session): void {
  const month = (ms: number): number => new Date(ms).getUTCMonth();
  while (month(session.nowMs) !== month(session.nowMs + 180_000)) session.nowMs += 180_000;
}

function head(session: Session): string {
  const { plan } = session;
  const parent = session.parent === null ? "null" : `"${session.parent}"`;
  const side = session.agentId !== null;
  if (plan.dialect.isLate) return `{"parentUuid":${parent},"isSidechain":${side}`;
  const agent = side ? `,"agentId":"${session.agentId}"` : `,"slug":"${session.slug}"`;
  return `{"parentUuid":${parent},"isSidechain":${side},"userType":"external","cwd":"${plan.project.cwd}","sessionId":"${plan.sessionId}","version":"${session.version}","gitBranch":"${plan.project.branch}"${agent}`;
}

function tail(session: Session): string {
  const { plan } = session;
  if (!plan.dialect.isLate) return "}";
  return `,"userType":"external","entrypoint":"cli","cwd":"${plan.project.cwd}","sessionId":"${plan.sessionId}","version":"${session.version}","gitBranch":"${plan.project.branch}"}`;
}

/** Bytes of a line beside its own content. */
function envelope(session: Session): number {
  return (session.plan.dialect.isLate ? 330 : 340) + 2 * session.plan.project.cwd.length * 0.5;
}

/** `promptId` and, in agent files, `agentId` stand before the type in late versions. */
function lateMarks(session: Session, hasPrompt: boolean): string {
  if (!session.plan.dialect.isLate) return "";
  return `${hasPrompt ? `,"promptId":"${session.promptId}"` : ""}${session.agentId === null ? "" : `,"agentId":"${session.agentId}"`}`;
}

function prompt(session: Session): void {
  const { random, box } = session;
  const own = uuid(random);
  session.promptId = uuid(random);
  const text = blocks.prompt(box, capped(session, random.logUniform(60, 2500)));
  const at = tick(session, 20_000, 500_000);
  const extra =
    session.plan.dialect.isLate || session.isAgent
      ? ""
      : `,"thinkingMetadata":{"maxThinkingTokens":31999},"todos":[],"permissionMode":"default"`;
  emit(
    session,
    `${head(session)}${lateMarks(session, true)},"type":"user","message":{"role":"user","content":"${text}"},"uuid":"${own}","timestamp":"${at}"${extra}${tail(session)}`,
  );
  session.parent = own;
}

function usageJson(session: Session, usage: Usage, output: number): string {
  const { random, plan } = session;
  const total = usage.cache5m + usage.cache1h;
  if (plan.dialect.isLate) {
    const parts = `"cache_creation":{"ephemeral_1h_input_tokens":${usage.cache1h},"ephemeral_5m_input_tokens":${usage.cache5m}}`;
    return `{"input_tokens":${usage.input},"cache_creation_input_tokens":${total},"cache_read_input_tokens":${usage.cacheRead},"output_tokens":${output},"server_tool_use":{"web_search_requests":0,"web_fetch_requests":0},"service_tier":"standard",${parts},"inference_geo":"global","iterations":[{"input_tokens":${usage.input},"output_tokens":${output},"cache_read_input_tokens":${usage.cacheRead},"cache_creation_input_tokens":${total},${parts},"type":"message"}],"speed":"standard"}`;
  }
  const split =
    usage.cache1h === 0 && random.chance(0.01)
      ? ""
      : `,"cache_creation":{"ephemeral_5m_input_tokens":${usage.cache5m},"ephemeral_1h_input_tokens":${usage.cache1h}}`;
  return `{"input_tokens":${usage.input},"cache_creation_input_tokens":${total},"cache_read_input_tokens":${usage.cacheRead}${split},"output_tokens":${output},"service_tier":"standard"${plan.dialect.hasGeo ? `,"inference_geo":"not_available"` : ""}}`;
}

function nextUsage(session: Session): Usage {
  const { random, plan } = session;
  const { dialect } = plan;
  const cacheCreation = Math.round(random.logUniform(90, 9000));
  const cacheRead = session.cacheRead;
  session.cacheRead += cacheCreation;
  if (session.cacheRead > 165_000) session.cacheRead = random.int(14_000, 30_000);
  const usesHour = dialect.isLate && !session.isAgent;
  const output =
    dialect.placeholder > 0 && random.chance(dialect.placeholder)
      ? random.int(1, 8)
      : Math.round(random.logUniform(40, 3200));
  return {
    input: random.chance(0.85) ? random.int(1, 12) : random.int(13, 3000),
    output,
    cache5m: usesHour ? 0 : cacheCreation,
    cache1h: usesHour ? cacheCreation : 0,
    cacheRead,
  };
}

/** One answer: a line per content block, then the results of its tools. */
function response(session: Session): void {
  const { random, plan, box, expected } = session;
  const { dialect } = plan;
  leaveMonthEnd(session);
  if (random.chance(0.002)) {
    apiError(session);
    return;
  }
  const messageId = id(random, "msg_01", 22);
  const requestId = id(random, "req_011C", 20);
  const usage = nextUsage(session);
  const model = random.chance(0.03) ? random.pick(dialect.models) : session.model;
  const kinds: ("thinking" | "text" | "tool")[] = [];
  if (random.chance(0.4)) kinds.push("thinking");
  if (random.chance(0.48)) kinds.push("text");
  const tools =
    kinds.length > 0 && random.chance(0.14) ? 0 : random.chance(0.14) ? random.int(2, random.chance(0.1) ? 11 : 3) : 1;
  for (let i = 0; i < tools; i++) kinds.push("tool");
  const grows = kinds.length > 1 && random.chance(dialect.growing) && usage.output > 12;
  const month = new Date(session.nowMs).toISOString().slice(0, 7);
  const calls: { toolId: string; uuid: string }[] = [];
  kinds.forEach((kind, i) => {
    const isLast = i === kinds.length - 1;
    const output = grows && !isLast ? Math.min(usage.output - 1, random.int(1, 8) + (i > 0 ? i * 2 : 0)) : usage.output;
    const usageText = usageJson(session, usage, output);
    const marks = requestId.length + 100 + usageText.length + 190 + envelope(session);
    const room = Math.max(30, capped(session, assistantLength(random)) - marks);
    const toolId = kind === "tool" ? id(random, "toolu_01", 22) : "";
    const content =
      kind === "thinking"
        ? blocks.thinking(box, room)
        : kind === "text"
          ? blocks.text(box, room)
          : blocks.toolUse(box, toolId, room, dialect.isLate);
    const stop =
      dialect.hasStopReason && (dialect.isLate || isLast) ? (tools > 0 ? `"tool_use"` : `"end_turn"`) : "null";
    const message = `{"model":"${model}","id":"${messageId}","type":"message","role":"assistant","content":[${content}],"stop_reason":${stop},"stop_sequence":null${dialect.isLate ? `,"stop_details":null` : ""},"usage":${usageText}`;
    const own = uuid(random);
    const at = tick(session, 200, 6000);
    const ending = dialect.isLate ? `,"diagnostics":null}` : "}";
    emit(
      session,
      `${head(session)}${lateMarks(session, false)},"message":${message}${ending},"requestId":"${requestId}","type":"assistant","uuid":"${own}","timestamp":"${at}"${tail(session)}`,
    );
    if (session.keepsCopies) {
      session.written.copies.push({
        agentId: session.agentId!,
        message: `{"type":"assistant","timestamp":"${at}","message":${message},"context_management":null},"requestId":"${requestId}","uuid":"${uuid(random)}"}`,
      });
    }
    session.parent = own;
    if (kind === "tool") calls.push({ toolId, uuid: own });
    if (isLast)
      session.written.lastUsage = {
        json: usageText,
        total: usage.input + output + usage.cache5m + usage.cache1h + usage.cacheRead,
      };
  });
  addResponse(expected, model, month, usage, tools);
  for (const call of calls) {
    if (dialect.hasProgress) toolProgress(session, call.toolId);
    toolAnswer(session, call.toolId, call.uuid);
  }
}

/** A line the client writes itself when a request fails: no response. */
function apiError(session: Session): void {
  const { random } = session;
  const own = uuid(random);
  const at = tick(session, 500, 3000);
  const usage = `{"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"server_tool_use":{"web_search_requests":0,"web_fetch_requests":0},"service_tier":null,"cache_creation":{"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":0}}`;
  emit(
    session,
    `${head(session)}${lateMarks(session, false)},"type":"assistant","uuid":"${own}","timestamp":"${at}","message":{"id":"${uuid(random)}","container":null,"model":"<synthetic>","role":"assistant","stop_reason":"stop_sequence","stop_sequence":"","type":"message","usage":${usage},"content":[{"type":"text","text":"API Error: Request was aborted."}]},"error":"unknown","isApiErrorMessage":true${tail(session)}`,
  );
  session.parent = own;
}

function toolAnswer(session: Session, toolId: string, caller: string): void {
  const { random, plan, box } = session;
  const { dialect } = plan;
  const room = Math.max(20, capped(session, userLength(random)) - envelope(session) - 150);
  const result = blocks.toolResult(box, toolId, room, dialect.isLate);
  const own = uuid(random);
  const at = tick(session, 50, 4000);
  // Agent files of late versions leave the second form of the result out.
  const second = session.isAgent && dialect.isLate ? "" : `,"toolUseResult":${result.toolUseResult}`;
  emit(
    session,
    `${head(session)}${lateMarks(session, true)},"type":"user","message":{"role":"user","content":${result.content}},"uuid":"${own}","timestamp":"${at}"${second},"sourceToolAssistantUUID":"${caller}"${tail(session)}`,
  );
  if (session.keepsCopies) {
    const more = random.chance(0.3) ? second : "";
    session.written.copies.push({
      agentId: session.agentId!,
      message: `{"type":"user","message":{"role":"user","content":${result.content}},"uuid":"${own}","timestamp":"${at}"${more}}`,
    });
  }
  session.parent = own;
}

function progress(session: Session, data: string, toolUseId: string, parentToolUseId: string): void {
  const own = uuid(session.random);
  emit(
    session,
    `${head(session)},"type":"progress","data":${data},"toolUseID":"${toolUseId}","parentToolUseID":"${parentToolUseId}","uuid":"${own}","timestamp":"${tick(session, 5, 900)}"}`,
  );
  session.parent = own;
}

function toolProgress(session: Session, toolId: string): void {
  const { random, box } = session;
  if (random.chance(0.15)) {
    for (let i = random.int(1, 11); i > 0; i--) {
      const room = Math.max(0, capped(session, bashProgressLength(random)) - 700);
      const out = room < 10 ? "" : excerpt(random, box.texts.code, room / 2).text;
      const timeout = random.chance(0.35) ? `,"timeoutMs":120000` : "";
      progress(
        session,
        `{"type":"bash_progress","output":"${out}","fullOutput":"${out}","elapsedTimeSeconds":${12 - i},"totalLines":${Math.round(out.length / 48)}${timeout}}`,
        `bash-progress-${11 - i}`,
        toolId,
      );
    }
  }
  if (random.chance(0.21)) {
    for (const event of ["PreToolUse", "PostToolUse"]) {
      progress(
        session,
        `{"type":"hook_progress","hookEvent":"${event}","hookName":"${event}:Edit","command":"${box.cwd}/.claude/hooks/check.sh"}`,
        toolId,
        toolId,
      );
    }
  }
  if (random.chance(0.012))
    progress(session, `{"type":"query_update","query":"${words(random, 6)}"}`, "search-progress-1", toolId);
}

/** `progress` lines that repeat an agent's records; the usage in them counts in the agent's own file. */
function nestedCopies(session: Session, perByte: number): void {
  const { random, box, queue } = session;
  const target = Math.min(queue.length, Math.ceil(session.sink.sizeBytes() * perByte) + 1);
  const task = id(random, "toolu_01", 22);
  const request = id(random, "agent_msg_01", 22);
  while (session.queueAt < target) {
    const copy = queue[session.queueAt++]!;
    if (random.chance(0.2)) continue;
    const before = random.chance(0.12) && session.queueAt > 1 ? queue[session.queueAt - 2]!.message : "";
    const task_prompt = blocks.prompt(box, random.logUniform(150, 2500));
    progress(
      session,
      `{"message":${copy.message},"normalizedMessages":[${before}],"type":"agent_progress","prompt":"${task_prompt}","agentId":"${copy.agentId}"}`,
      request,
      task,
    );
  }
}

/** Some responses of a subagent between the session's own lines, nested copies included. */
function inlineAgent(session: Session): void {
  const { random } = session;
  const { parent, cacheRead, queue, queueAt } = session;
  session.agentId = `a${hex(random, session.plan.dialect.agentIdLength - 1)}`;
  session.keepsCopies = true;
  session.parent = null;
  session.cacheRead = random.int(9000, 15_000);
  session.written.copies.length = 0;
  for (let i = random.int(2, 14); i > 0; i--) response(session);
  session.agentId = null;
  session.keepsCopies = false;
  session.parent = parent;
  session.cacheRead = cacheRead;
  session.queue = session.written.copies.slice();
  session.queueAt = 0;
  nestedCopies(session, Infinity);
  session.queue = queue;
  session.queueAt = queueAt;
}

function finishAgent(session: Session, result: { agent: FilePlan; written: Written }): void {
  const { random, box } = session;
  const own = uuid(random);
  const { content, toolUseResult } = blocks.taskResult(
    box,
    id(random, "toolu_01", 22),
    result.agent.agentId!,
    result.written.lastUsage.json,
    result.written.lastUsage.total,
  );
  emit(
    session,
    `${head(session)}${lateMarks(session, true)},"type":"user","message":{"role":"user","content":${content}},"uuid":"${own}","timestamp":"${tick(session, 50, 4000)}","toolUseResult":${toolUseResult}${tail(session)}`,
  );
  session.parent = own;
}

function opening(session: Session): void {
  const { random, plan } = session;
  if (random.chance(0.15))
    emit(session, `{"type":"summary","summary":"${words(random, 8)}","leafUuid":"${uuid(random)}"}`);
  if (plan.dialect.isLate) {
    emit(session, `{"type":"mode","mode":"normal","sessionId":"${plan.sessionId}"}`);
    emit(session, `{"type":"permission-mode","permissionMode":"default","sessionId":"${plan.sessionId}"}`);
  }
}

/** The small records between the turns; rates fitted to the counts of section 2. */
function sideRecords(session: Session): void {
  const { random, plan, box } = session;
  const { isLate, hasProgress } = plan.dialect;
  const own = (): string => uuid(random);
  const at = (): string => tick(session, 1, 400);
  const sessionId = plan.sessionId;
  if (random.chance(0.19)) emit(session, blocks.fileHistory(box, own(), at()));
  if (random.chance(0.13)) {
    const queued = random.chance(0.2) ? `,"content":"${words(random, random.int(5, 200))}"` : "";
    emit(
      session,
      `{"type":"queue-operation","operation":"${random.pick(["enqueue", "dequeue"])}","timestamp":"${at()}","sessionId":"${sessionId}"${queued}}`,
    );
  }
  if (random.chance(0.12)) {
    const body = random.pick([
      `"subtype":"turn_duration","durationMs":${random.int(900, 400_000)}`,
      `"subtype":"stop_hook_summary","hookCount":1,"hookInfos":[{"command":"./check.sh","durationMs":31}],"hookErrors":[],"preventedContinuation":false,"stopReason":"","hasOutput":false,"level":"suggestion"`,
      `"subtype":"local_command","content":"<command-name>/model</command-name>","level":"info"`,
    ]);
    const next = own();
    emit(
      session,
      `${head(session)},"type":"system",${body},"timestamp":"${at()}","uuid":"${next}","isMeta":false${tail(session)}`,
    );
    session.parent = next;
  }
  if (random.chance(0.022)) emit(session, `{"type":"summary","summary":"${words(random, 9)}","leafUuid":"${own()}"}`);
  if (hasProgress || isLate) {
    if (random.chance(0.07))
      emit(
        session,
        `{"type":"last-prompt","lastPrompt":"${words(random, random.int(4, 40))}","leafUuid":"${own()}","sessionId":"${sessionId}"}`,
      );
    if (random.chance(0.02))
      emit(session, `{"type":"agent-name","agentName":"${words(random, 4)}","sessionId":"${sessionId}"}`);
    if (random.chance(0.06))
      emit(
        session,
        `{"type":"${random.chance(0.5) ? "custom-title" : "ai-title"}","${random.chance(0.5) ? "customTitle" : "aiTitle"}":"${words(random, 6)}","sessionId":"${sessionId}"}`,
      );
  }
  if (!isLate) return;
  for (let i = random.chance(0.5) ? random.int(1, 3) : 0; i > 0; i--) {
    const next = own();
    const text = blocks.attachment(box, capped(session, attachmentLength(random)));
    emit(
      session,
      `${head(session)},"attachment":${text},"type":"attachment","uuid":"${next}","timestamp":"${at()}"${tail(session)}`,
    );
    session.parent = next;
  }
  if (random.chance(0.25))
    emit(session, `{"type":"permission-mode","permissionMode":"acceptEdits","sessionId":"${sessionId}"}`);
  if (random.chance(0.09))
    emit(session, `{"type":"bridge-session","bridgeSessionId":"${own()}","sessionId":"${sessionId}"}`);
}
