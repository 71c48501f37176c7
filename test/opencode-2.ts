/**
 * An OpenCode of ours that was version 1 and became version 2, as far as it tells what it used: what each of them writes,
 * what the upgrade copies from one table to the other, and forks (`docs/decisions/0014`).
 */
import { Agent, OPENCODE, OPENCODE_2 } from "./databases.ts";
import { atMs } from "./opencode.ts";

const KINDS = ["input", "output", "reasoning", "read", "write"] as const;
/** `output` without `reasoning`. */
export type Used = Record<(typeof KINDS)[number], number>;

/** What a request really used, and where that belongs. */
export interface Response extends Used {
  readonly session: string;
  readonly model: string;
  readonly agent: string;
  readonly tools: number;
}

interface Turn {
  readonly used: Used;
  readonly tools: number;
  readonly model: string;
}

interface RowData {
  readonly model?: { readonly id: string; readonly providerID: string; readonly variant?: string };
  readonly [name: string]: unknown;
}

interface Session {
  readonly id: string;
  readonly second: number;
  /** In table `session`. */
  readonly isOf1: boolean;
  isOf2: boolean;
  seq: number;
  readonly rows: { type: string; seq: number; second: number; data: RowData }[];
  /** Of version 1: message by id, with what the upgrade copies. */
  readonly older: { id: string; second: number; data: RowData | undefined }[];
  /** In the totals of version 2, and in no message. */
  readonly untold: Used;
  /** What version 1 added after the upgrade. */
  readonly late: Used;
}

const nothing = (): Used => ({ input: 0, output: 0, reasoning: 0, read: 0, write: 0 });
const add = (to: Used, used: Used) => KINDS.forEach((kind) => void (to[kind] += used[kind]));

export class OpenCode {
  readonly agent: Agent;
  readonly wasVersion1: boolean;
  readonly responses: Response[] = [];
  readonly #sessions: Session[] = [];
  #second = 0;
  #ids = 0;
  #isUpgraded = false;

  /** Of those that never were version 1 there are no older tables. */
  constructor(wasVersion1: boolean) {
    this.wasVersion1 = wasVersion1;
    this.agent = new Agent(wasVersion1 ? OPENCODE : OPENCODE_2);
    this.#isUpgraded = !wasVersion1;
  }

  /** Tokens beyond what messages tell, as the totals of sessions show them. */
  get untoldTokens(): number {
    const beyond = ({ untold, late }: Session) => KINDS.map((kind) => Math.max(0, untold[kind] - late[kind]));
    return this.#sessions.flatMap(beyond).reduce((sum, count) => sum + count, 0);
  }

  begin(version: 1 | 2): void {
    const isOf1 = this.wasVersion1 && (version === 1 || !this.#isUpgraded);
    this.#begin(isOf1, {});
  }

  checkpoint(): void {
    this.agent.checkpoint();
  }

  /** A turn of version 1; its output holds the reasoning, or does not. */
  turn1(n: number, { used, tools, model }: Turn, isInside: boolean): void {
    const session = this.#sessions[n % this.#sessions.length];
    if (!session?.isOf1) return;
    const [id, second] = [`msg_${this.#ids++}`, this.#second++];
    const { input, output, reasoning, read, write } = used;
    const cache = { read, write };
    const total = input + output + reasoning + read + write;
    const tokens = { input, output: isInside ? output + reasoning : output, reasoning, cache };
    const message = { role: "assistant", modelID: model, providerID: "p", agent: "build", mode: "build" };
    const time = { created: atMs(second), completed: atMs(second) };
    this.#insertOlder(session, id, second, {
      ...message,
      path: { cwd: "/srv/shop" },
      time,
      cost: 0,
      tokens: { ...tokens, total },
    });
    const content = [];
    for (let t = 0; t < tools; t++) {
      const data = JSON.stringify({ type: "tool", tool: "bash", callID: `call_${t}` });
      this.agent.insert("part", { id: `prt_${id}_${t}`, message_id: id, session_id: session.id, data });
      content.push({ type: "tool", id: `call_${t}`, name: "bash" });
    }
    const data = { agent: "build", model: { id: model, providerID: "p" }, content, cost: 0, tokens, time };
    session.older.push({ id, second, data });
    if (session.isOf2) add(session.late, { ...used, output: tokens.output });
    this.#count(session, used, { model, tools, agent: "build" });
  }

  /** A summary of version 1: the upgrade leaves its message behind. */
  compact1(n: number, { used, model }: Turn): void {
    const session = this.#sessions[n % this.#sessions.length];
    if (!session?.isOf1) return;
    const [id, second] = [`msg_${this.#ids++}`, this.#second++];
    const { input, output, reasoning, read, write } = used;
    const tokens = {
      input,
      output,
      reasoning,
      cache: { read, write },
      total: input + output + reasoning + read + write,
    };
    const message = {
      role: "assistant",
      modelID: model,
      agent: "compaction",
      summary: true,
      time: { created: atMs(second) },
    };
    this.#insertOlder(session, id, second, { ...message, cost: 0, tokens });
    session.older.push({ id, second, data: undefined });
    if (session.isOf2) add(session.late, used);
    this.#count(session, used, { model, tools: 0, agent: "compaction" });
  }

  /** Once; what version 1 adds later stays where it is. */
  upgrade(): void {
    if (this.#isUpgraded) return;
    this.#isUpgraded = true;
    this.agent.run(OPENCODE_2);
    for (const session of this.#sessions) {
      this.#insertSession(session, "1.18.33");
      session.isOf2 = true;
      for (const { id, second, data } of session.older)
        if (data) this.#insertRow(session, id, "assistant", second, data);
      const sums = `(SELECT coalesce(sum(json_extract(data, '$.tokens.PATH')), 0) FROM message WHERE session_id = '${session.id}')`;
      const columns = ["input", "output", "reasoning", "cache.read", "cache.write"].map(
        (path) => `tokens_${path.replace(".", "_")} = ${sums.replace("PATH", path)}`,
      );
      this.agent.run(`UPDATE session_v2 SET ${columns.join(", ")} WHERE id = '${session.id}'`);
    }
  }

  turn2(n: number, { used, tools, model }: Turn): void {
    const session = this.#sessions[n % this.#sessions.length];
    if (!session?.isOf2) return;
    const second = this.#second++;
    const { input, output, reasoning, read, write } = used;
    const content = [
      { type: "text", text: "SECRET" },
      ...Array.from({ length: tools }, (_, t) => ({ type: "tool", id: `c${t}` })),
    ];
    this.#insertRow(session, `msg_${this.#ids++}`, "assistant", second, {
      ...{ time: { created: atMs(second), streamed: atMs(second), completed: atMs(second) }, agent: "build" },
      ...{
        model: { id: model, providerID: "p", variant: "default" },
        content,
        finish: "stop",
        rawFinish: "stop",
        cost: 0,
      },
      tokens: { input, output, reasoning, cache: { read, write } },
    });
    this.#addTotals(session, used);
    this.#count(session, used, { model, tools, agent: "build" });
  }

  /** Older versions told what it used in the totals only; one that failed names no model. */
  compact2(n: number, { used, model }: Turn, how: "untold" | "completed" | "failed"): void {
    const session = this.#sessions[n % this.#sessions.length];
    if (!session?.isOf2) return;
    const second = this.#second++;
    const { input, output, reasoning, read, write } = used;
    const tokens = { input, output, reasoning, cache: { read, write } };
    const before = session.rows.toReversed().find(({ type }) => type === "assistant")?.data;
    const own = how === "completed" ? { model: { id: model, providerID: "p" } } : {};
    const status = how === "failed" ? "failed" : "completed";
    const data = {
      status,
      reason: "auto",
      ...own,
      time: { created: atMs(second) },
      ...(how !== "untold" && { tokens, cost: 0 }),
    };
    this.#insertRow(session, `msg_${this.#ids++}`, "compaction", second, data);
    this.#addTotals(session, used);
    if (how === "untold") add(session.untold, used);
    else
      this.#count(session, used, {
        model: own.model?.id ?? before?.model?.id ?? "unknown",
        tools: 0,
        agent: "compaction",
      });
  }

  title(n: number, used: Used): void {
    const session = this.#sessions[n % this.#sessions.length];
    if (!session?.isOf2) return;
    this.#addTotals(session, used);
    add(session.untold, used);
  }

  fork2(n: number): void {
    const parent = this.#sessions[n % this.#sessions.length];
    if (!parent?.isOf2) return;
    const fork = this.#begin(false, { fork_session_id: parent.id });
    for (const { type, seq, second, data } of parent.rows) {
      fork.seq = seq;
      this.#insertRow(fork, `msg_evt${fork.id}_${seq}`, type, second, data);
    }
  }

  #begin(isOf1: boolean, more: Readonly<Record<string, string>>): Session {
    // Ids of newer sessions sort first.
    const id = `ses_${String(9999 - this.#sessions.length)}`;
    const [untold, late] = [nothing(), nothing()];
    const isOf2 = !isOf1;
    const session: Session = { id, second: this.#second++, isOf1, isOf2, seq: 0, rows: [], older: [], untold, late };
    this.#sessions.push(session);
    if (isOf1) this.agent.insert("session", { id, directory: "/srv/shop" });
    else this.#insertSession(session, "2.0.26", more);
    return session;
  }

  #insertSession({ id, second }: Session, version: string, more: Readonly<Record<string, string>> = {}): void {
    const times = { time_created: atMs(second), time_updated: atMs(second) };
    this.agent.insert("session_v2", { id, directory: "/srv/shop", version, ...times, ...more });
  }

  #insertOlder(session: Session, id: string, second: number, data: object): void {
    const times = { time_created: atMs(second), time_updated: atMs(second) };
    this.agent.insert("message", { id, session_id: session.id, ...times, data: JSON.stringify(data) });
  }

  #insertRow(session: Session, id: string, type: string, second: number, data: RowData): void {
    const times = { time_created: atMs(second), time_updated: atMs(second) };
    const seq = session.seq++;
    session.rows.push({ type, seq, second, data });
    this.agent.insert("session_message", {
      id,
      session_id: session.id,
      type,
      seq,
      ...times,
      data: JSON.stringify(data),
    });
  }

  #addTotals({ id }: Session, { input, output, reasoning, read, write }: Used): void {
    this.agent
      .run(`UPDATE session_v2 SET tokens_input = tokens_input + ${input}, tokens_output = tokens_output + ${output},
      tokens_reasoning = tokens_reasoning + ${reasoning}, tokens_cache_read = tokens_cache_read + ${read},
      tokens_cache_write = tokens_cache_write + ${write} WHERE id = '${id}'`);
  }

  #count({ id }: Session, used: Used, more: Pick<Response, "agent" | "model" | "tools">): void {
    this.responses.push({ ...used, ...more, session: id });
  }
}
