import { hex, id, type Random } from "./random.ts";
import { base64, excerpt, name, numbered, type Pool, type Texts, word, words } from "./text.ts";

/** Content blocks and tool results, as JSON text, of about the length asked for. */
export interface Toolbox {
  readonly random: Random;
  readonly texts: Texts;
  readonly cwd: string;
}

/** One long text in about four holds characters outside ASCII, beside the arrows of Read results. */
const code = (box: Toolbox): Pool => (box.random.chance(0.22) ? box.texts.mixedCode : box.texts.code);
const prose = (box: Toolbox): Pool => (box.random.chance(0.3) ? box.texts.mixedProse : box.texts.prose);

const path = (box: Toolbox): string => `${box.cwd}/src/${word(box.random)}/${name(box.random)}.ts`;
const todo = (box: Toolbox): string =>
  `{"content":"${words(box.random, 6)}","status":"${box.random.pick(["completed", "in_progress", "pending"])}","activeForm":"${words(box.random, 6)}"}`;
const todos = (box: Toolbox, chars: number): string => {
  const list = [todo(box)];
  for (let length = 130; length < chars; length += 130) list.push(todo(box));
  return `[${list.join(",")}]`;
};
const caller = (late: boolean): string => (late ? `,"caller":{"type":"direct"}` : "");

export function thinking(box: Toolbox, chars: number): string {
  const signature = base64(box.random, box.texts, Math.min(chars * 0.5, box.random.logUniform(260, 2400)));
  const text = excerpt(box.random, prose(box), chars - signature.length - 60).text;
  return `{"type":"thinking","thinking":"${text}","signature":"${signature}"}`;
}

export function text(box: Toolbox, chars: number): string {
  return `{"type":"text","text":"${excerpt(box.random, prose(box), chars - 25).text}"}`;
}

export function toolUse(box: Toolbox, toolId: string, chars: number, late: boolean): string {
  const { random } = box;
  const room = Math.max(20, chars - 200);
  const open = (tool: string): string => `{"type":"tool_use","id":"${toolId}","name":"${tool}","input":{`;
  const close = `}${caller(late)}}`;
  if (chars > 1200) {
    if (random.chance(0.3))
      return `${open("Write")}"file_path":"${path(box)}","content":"${excerpt(random, code(box), room).text}"${close}`;
    const half = excerpt(random, code(box), room / 2);
    return `${open("Edit")}"replace_all":false,"file_path":"${path(box)}","old_string":"${half.text}","new_string":"${half.text}// ${words(random, 6)}"${close}`;
  }
  switch (random.int(0, 9)) {
    case 0:
    case 1:
    case 2:
      return `${open("Read")}"file_path":"${path(box)}","offset":${random.int(1, 900)},"limit":${random.int(20, 200)}${close}`;
    case 3:
      return `${open("Grep")}"pattern":"${name(random)}\\\\(","path":"${box.cwd}","output_mode":"content","-n":true${close}`;
    case 4:
      return `${open("TodoWrite")}"todos":${todos(box, room)}${close}`;
    default:
      return `${open("Bash")}"command":"cd ${box.cwd} && ${excerpt(random, box.texts.code, Math.max(30, room * 0.7)).text}","description":"${words(random, 6)}"${close}`;
  }
}

export interface ToolResult {
  /** The blocks of `message.content`. */
  readonly content: string;
  readonly toolUseResult: string;
}

export function toolResult(box: Toolbox, toolId: string, chars: number, late: boolean): ToolResult {
  const { random } = box;
  const roll = random.unit();
  if (chars > 262_144 ? roll < 0.75 : chars > 60_000 ? roll < 0.18 : chars > 20_000 && roll < 0.04)
    return image(box, toolId, chars);
  if (chars > 16_384) {
    if (roll < 0.52) return read(box, toolId, chars);
    if (roll < 0.93) return edit(box, toolId, chars);
    return grep(box, toolId, chars);
  }
  if (chars > 4_096) {
    if (roll < 0.38) return read(box, toolId, chars);
    if (roll < 0.68) return edit(box, toolId, chars);
    if (roll < 0.75) return write(box, toolId, chars);
    if (roll < 0.84) return grep(box, toolId, chars);
    return bash(box, toolId, chars, late);
  }
  if (chars > 700) {
    if (roll < 0.18) return read(box, toolId, chars);
    if (roll < 0.28) return edit(box, toolId, chars);
    if (roll < 0.36) return grep(box, toolId, chars);
    if (roll < 0.44) return todoResult(box, toolId, chars);
    if (roll < 0.52) return failure(box, toolId, chars);
    return bash(box, toolId, chars, late);
  }
  return roll < 0.12 ? failure(box, toolId, chars) : bash(box, toolId, chars, late);
}

/** What the Task tool gives back: a copy of the agent's last usage that nobody may add. */
export function taskResult(
  box: Toolbox,
  toolId: string,
  agentId: string,
  usage: string,
  totalTokens: number,
): ToolResult {
  const { random } = box;
  const answer = excerpt(random, prose(box), random.int(800, 6000)).text;
  const prompt = excerpt(random, prose(box), random.int(300, 2500)).text;
  return {
    content: `[{"tool_use_id":"${toolId}","type":"tool_result","content":[{"type":"text","text":"${answer}"},{"type":"text","text":"agentId: ${agentId} (for resuming to continue this agent's work if needed)\\n<usage>total_tokens: ${totalTokens}\\ntool_uses: 9\\nduration_ms: 61234</usage>"}]}]`,
    toolUseResult: `{"status":"completed","prompt":"${prompt}","agentId":"${agentId}","content":[{"type":"text","text":"${answer}"}],"totalDurationMs":${random.int(9000, 400000)},"totalTokens":${totalTokens},"totalToolUseCount":${random.int(1, 40)},"usage":${usage}}`,
  };
}

function bash(box: Toolbox, toolId: string, chars: number, late: boolean): ToolResult {
  const out = excerpt(box.random, code(box), Math.max(8, (chars - 150) / 2)).text;
  return {
    content: `[{"tool_use_id":"${toolId}","type":"tool_result","content":"${out}","is_error":false}]`,
    toolUseResult: `{"stdout":"${out}","stderr":"","interrupted":false,"isImage":false${late ? `,"noOutputExpected":false` : ""}}`,
  };
}

function read(box: Toolbox, toolId: string, chars: number): ToolResult {
  const pool = code(box);
  const part = excerpt(box.random, pool, Math.max(8, ((chars - 260) / 2) * 0.9));
  const lines = part.last - part.first;
  const startLine = box.random.chance(0.5) ? 1 : box.random.int(2, 900);
  return {
    content: `[{"tool_use_id":"${toolId}","type":"tool_result","content":"${numbered(pool, part, startLine)}\\n\\n<system-reminder>\\n${words(box.random, 8)}\\n</system-reminder>\\n"}]`,
    toolUseResult: `{"type":"text","file":{"filePath":"${path(box)}","content":"${part.text.slice(0, -2)}","numLines":${lines},"startLine":${startLine},"totalLines":${lines + startLine}}}`,
  };
}

function edit(box: Toolbox, toolId: string, chars: number): ToolResult {
  const { random } = box;
  const pool = code(box);
  const room = Math.max(40, chars - 500);
  const original = excerpt(random, pool, room * random.logUniform(0.3, 0.8));
  const old = excerpt(random, pool, Math.max(20, (room - original.text.length) / 4.6));
  const file = path(box);
  return {
    content: `[{"tool_use_id":"${toolId}","type":"tool_result","content":"The file ${file} has been updated. Here's the result of running \`cat -n\` on a snippet of the edited file:\\n${numbered(pool, old, 40)}"}]`,
    toolUseResult: `{"filePath":"${file}","oldString":"${old.text}","newString":"${old.text}${words(random, 5)}","originalFile":"${original.text}","structuredPatch":[${patch(pool, old)}],"userModified":false,"replaceAll":false}`,
  };
}

function write(box: Toolbox, toolId: string, chars: number): ToolResult {
  const file = path(box);
  return {
    content: `[{"tool_use_id":"${toolId}","type":"tool_result","content":"File created successfully at: ${file}"}]`,
    toolUseResult: `{"type":"create","filePath":"${file}","content":"${excerpt(box.random, code(box), chars - 350).text}","structuredPatch":[],"originalFile":null}`,
  };
}

function grep(box: Toolbox, toolId: string, chars: number): ToolResult {
  const out = excerpt(box.random, code(box), Math.max(20, (chars - 150) / 2)).text;
  return {
    content: `[{"tool_use_id":"${toolId}","type":"tool_result","content":"${out}"}]`,
    toolUseResult: `{"mode":"content","numFiles":0,"filenames":[],"content":"${out}","numLines":${Math.round(out.length / 48)}}`,
  };
}

function todoResult(box: Toolbox, toolId: string, chars: number): ToolResult {
  const list = todos(box, Math.max(130, (chars - 250) / 2));
  return {
    content: `[{"tool_use_id":"${toolId}","type":"tool_result","content":"Todos have been modified successfully. Ensure that you continue to use the todo list to track your progress."}]`,
    toolUseResult: `{"oldTodos":${list},"newTodos":${list}}`,
  };
}

function failure(box: Toolbox, toolId: string, chars: number): ToolResult {
  const out = `Exit code ${box.random.int(1, 127)}\\n${excerpt(box.random, code(box), Math.max(8, (chars - 130) / 2)).text}`;
  return {
    content: `[{"type":"tool_result","content":"${out}","is_error":true,"tool_use_id":"${toolId}"}]`,
    toolUseResult: `"Error: ${out}"`,
  };
}

function image(box: Toolbox, toolId: string, chars: number): ToolResult {
  const data = base64(box.random, box.texts, chars / 2);
  return {
    content: `[{"tool_use_id":"${toolId}","type":"tool_result","content":[{"type":"image","source":{"type":"base64","data":"${data}","media_type":"image/png"}}]}]`,
    toolUseResult: `{"type":"image","file":{"base64":"${data}","type":"image/png","originalSize":${Math.round(data.length * 0.75)}}}`,
  };
}

function patch(pool: Pool, part: { first: number; last: number }): string {
  const lines: string[] = [];
  for (let i = part.first; i < part.last; i++) {
    const line = pool.text.slice(pool.starts[i], (pool.starts[i + 1] as number) - 2);
    lines.push(i % 3 === 0 ? `"-${line}","+${line}"` : `" ${line}"`);
  }
  return `{"oldStart":40,"oldLines":${lines.length},"newStart":40,"newLines":${lines.length},"lines":[${lines.join(",")}]}`;
}

export const attachment = (box: Toolbox, chars: number): string => {
  const { random } = box;
  const room = Math.max(20, chars - 260);
  const roll = random.unit();
  const out = excerpt(random, code(box), room).text;
  if (roll < 0.45)
    return `{"type":"total_tokens_reminder","used":${random.int(1000, 190000)},"total":200000,"remaining":${random.int(1000, 190000)},"content":"${out}"}`;
  if (roll < 0.75)
    return `{"type":"hook_success","hookName":"PostToolUse:Edit","toolUseID":"${id(random, "toolu_01", 22)}","hookEvent":"PostToolUse","content":"","stdout":"${out}","stderr":"","exitCode":0,"command":"${box.cwd}/.claude/hooks/${name(random)}.sh","durationMs":${random.int(10, 3000)}}`;
  if (roll < 0.88)
    return `{"type":"task_reminder","content":[{"id":"1","subject":"${words(random, 5)}","description":"${out}","activeForm":"${words(random, 4)}","status":"pending","blocks":[],"blockedBy":[]}],"itemCount":1}`;
  return `{"type":"edited_text_file","filename":"${path(box)}","snippet":"${out}"}`;
};

export const prompt = (box: Toolbox, chars: number): string =>
  excerpt(box.random, prose(box), Math.max(20, chars)).text;

export const fileHistory = (box: Toolbox, messageId: string, at: string): string => {
  const { random } = box;
  const files: string[] = [];
  const count = random.chance(0.65) ? 0 : random.int(1, 14);
  for (let i = 0; i < count; i++)
    files.push(
      `"src/${word(random)}/${name(random)}${i}.ts":{"backupFileName":"${hex(random, 16)}@v${random.int(1, 9)}","version":${random.int(1, 9)},"backupTime":"${at}"}`,
    );
  return `{"type":"file-history-snapshot","messageId":"${messageId}","snapshot":{"messageId":"${messageId}","trackedFileBackups":{${files.join(",")}},"timestamp":"${at}"},"isSnapshotUpdate":${random.chance(0.5)}}`;
};
