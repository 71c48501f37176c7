import { createRandom, type Random } from "./random.ts";

/**
 * Text that is already escaped for JSON, cut at its own line ends, so that a slice of any length is a
 * valid piece of a JSON string. Pools are made once from the seed; a line of the corpus only slices them.
 */
export interface Pool {
  readonly text: string;
  /** Where each text line starts; the last entry is the end. */
  readonly starts: readonly number[];
}

export interface Texts {
  /** Files and command output, ASCII only. */
  readonly code: Pool;
  /** The same with dashes, accents, emoji and CJK in it. */
  readonly mixedCode: Pool;
  readonly prose: Pool;
  readonly mixedProse: Pool;
  readonly base64: string;
}

const WORDS =
  "the a to of and in is for that with on this be are as it from by we not can when file line read write test value path index cache buffer stream parse token session record count total error result option config default module function class type string number array object promise worker thread queue batch chunk offset length start end next previous first last open close check update remove create build run fast slow large small empty missing current previous old new each every only also then before after between user request response server client network timeout retry limit window group sort merge split map filter reduce handle return throw catch finally async state store load save commit branch review change fix feature issue release version package import export".split(
    " ",
  );
const NAMES =
  "readLines parseRecord cursor shard loadConfig ctx err opts tokenCount userId resolvePath walkTree handler mergeTotals writeReport sessionKey nextBatch flush encode decode payload rows columns schema registry scheduler lease heartbeat metrics snapshot delta rollback migrate fixture expected actual input output stdout stderr exitCode".split(
    " ",
  );
const SPECIALS = [
  "—",
  "é",
  "✓",
  "→",
  "…",
  "“quoted”",
  "naïve",
  "größer",
  "✗",
  "🚀",
  "日本語",
  "配置文件",
  "Ü",
  "│",
  "└──",
  "⏺",
  "été",
  "±",
  "한국어",
  "🎉",
];

const many = (random: Random, from: readonly string[], count: number): string => {
  let text = random.pick(from);
  for (let i = 1; i < count; i++) text += ` ${random.pick(from)}`;
  return text;
};

/** One raw line of something a coding agent reads or prints. */
function codeLine(random: Random, style: number): string {
  const name = random.pick(NAMES);
  const other = random.pick(NAMES);
  const word = random.pick(WORDS);
  const depth = random.int(0, 4);
  if (random.chance(0.16)) return "";
  if (style === 0) {
    const indent = "\t".repeat(depth);
    switch (random.int(0, 7)) {
      case 0:
        return `${indent}if err := ${name}.${other}(ctx, "${word}"); err != nil {`;
      case 1:
        return `${indent}return fmt.Errorf("${many(random, WORDS, 3)}: %w", err)`;
      case 2:
        return `${indent}}`;
      case 3:
        return `${indent}// ${many(random, WORDS, random.int(3, 9))}`;
      case 4:
        return `${indent}${name} := make(map[string]${other}, ${random.int(1, 64)})`;
      case 5:
        return `${indent}{name: "${word} ${other}",\tinput: ${other},\twant: ${random.int(0, 9000)}},`;
      case 6:
        return `func (s *${name}) ${other}(ctx context.Context, ${word} string) error {`;
      default:
        return `${indent}require.Equal(t, ${random.int(0, 999)}, ${name}.${other})`;
    }
  }
  if (style === 1) {
    const indent = "  ".repeat(depth);
    switch (random.int(0, 7)) {
      case 0:
        return `${indent}const ${name} = await ${other}('${word}/${random.pick(WORDS)}.json', { limit: ${random.int(1, 500)} });`;
      case 1:
        return `${indent}});`;
      case 2:
        return `${indent}// ${many(random, WORDS, random.int(3, 9))}`;
      case 3:
        return `${indent}if (${name}.${other} === undefined || ${name}.length > ${random.int(0, 80)}) continue;`;
      case 4:
        return `${indent}expect(${name}('${word}')).toEqual({ ${other}: '${random.pick(WORDS)}', total: ${random.int(0, 99999)} });`;
      case 5:
        return `${indent}return ${name}.map((${other}) => ${other}.${word}).filter(Boolean);`;
      case 6:
        return `import { ${name}, ${other} } from './${word}/${random.pick(WORDS)}.js';`;
      default:
        return `${indent}${word}: ${name}[${random.int(0, 12)}] ?? '${other}',`;
    }
  }
  if (style === 2) {
    switch (random.int(0, 5)) {
      case 0:
        return `2026-0${random.int(1, 7)}-1${random.int(0, 9)} 1${random.int(0, 9)}:${random.int(10, 59)}:${random.int(10, 59)} INFO  ${name}: ${many(random, WORDS, random.int(4, 10))} (${random.int(1, 9999)} ms)`;
      case 1:
        return ` ${random.chance(0.5) ? "PASS" : "ok  "} src/${word}/${name}.test.ts (${random.int(1, 90)} tests) ${random.int(1, 900)}ms`;
      case 2:
        return `/home/dev/work/${word}/${random.pick(WORDS)}/${name}.ts:${random.int(1, 900)}:${random.int(1, 80)}: ${many(random, WORDS, 5)}`;
      case 3:
        return random.chance(0.5)
          ? `drwxr-xr-x ${word}/${name}`
          : `{"level":"info","msg":"${many(random, WORDS, 4)}","${name}":${random.int(0, 99999)}}`;
      case 4:
        return random.chance(0.4)
          ? `\u001b[32m+ ${many(random, WORDS, 6)}\u001b[0m`
          : `-rw-r--r-- 1 dev dev ${random.int(100, 99999)} Jan ${random.int(10, 28)} 10:${random.int(10, 59)} ${name}.${word}`;
      default:
        return random.chance(0.3)
          ? `  C:\\work\\${word}\\${name}.cs: ${many(random, WORDS, 4)}`
          : `    at ${name}.${other} (node:internal/${word}:${random.int(1, 900)}:${random.int(1, 60)})`;
    }
  }
  const indent = "    ".repeat(depth % 3);
  switch (random.int(0, 5)) {
    case 0:
      return `${indent}def ${name}(self, ${word}: str = "${other}") -> dict[str, int]:`;
    case 1:
      return `${indent}"""${many(random, WORDS, random.int(4, 10))}."""`;
    case 2:
      return `${indent}for ${word} in ${name}.${other}():`;
    case 3:
      return `- **${word}**: ${many(random, WORDS, random.int(8, 24))} (\`${name}\`)`;
    case 4:
      return `${indent}assert ${name}['${word}'] == ${random.int(0, 500)}, f"${other} {${name}!r}"`;
    default:
      return `${indent}${name} = [${random.int(0, 99)}, ${random.int(0, 99)}, '${word}']  # ${many(random, WORDS, 4)}`;
  }
}

function proseLine(random: Random): string {
  if (random.chance(0.3)) return "";
  if (random.chance(0.2)) return `- \`${random.pick(NAMES)}\` ${many(random, WORDS, random.int(5, 18))}`;
  if (random.chance(0.06)) return `## ${many(random, WORDS, random.int(2, 5))}`;
  let text = "";
  for (let i = random.int(1, 4); i > 0; i--) {
    text += `${many(random, WORDS, random.int(6, 22))}${random.chance(0.2) ? ` "${random.pick(NAMES)}"` : ""}. `;
  }
  return text;
}

const escape = (raw: string): string => JSON.stringify(raw).slice(1, -1);

function createPool(random: Random, chars: number, mixed: boolean, line: () => string): Pool {
  const parts: string[] = [];
  const starts = [0];
  let length = 0;
  while (length < chars) {
    let raw = line();
    if (mixed && raw !== "" && random.chance(0.3)) raw += ` ${random.pick(SPECIALS)} ${random.pick(WORDS)}`;
    const escaped = `${escape(raw)}\\n`;
    parts.push(escaped);
    length += escaped.length;
    starts.push(length);
  }
  return { text: parts.join(""), starts };
}

export function createTexts(seed: number): Texts {
  const random = createRandom(seed, 0x7e87);
  // A style lasts for some forty lines, as a file does.
  let style = 0;
  let left = 0;
  const code = (): string => {
    if (left-- <= 0) {
      style = random.chance(0.36) ? 0 : random.int(1, 3);
      left = random.int(20, 60);
    }
    return codeLine(random, style);
  };
  const prose = (): string => proseLine(random);
  const bytes = Buffer.alloc(1_800_000);
  for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(random.u32(), i);
  return {
    code: createPool(random, 4_000_000, false, code),
    mixedCode: createPool(random, 3_000_000, true, code),
    prose: createPool(random, 1_500_000, false, prose),
    mixedProse: createPool(random, 1_500_000, true, prose),
    base64: bytes.toString("base64"),
  };
}

/** Consecutive text lines of a pool, about `chars` long; the ends are always at text line ends. */
export interface Excerpt {
  readonly text: string;
  readonly first: number;
  readonly last: number;
}

export function excerpt(random: Random, pool: Pool, chars: number): Excerpt {
  const { starts, text } = pool;
  const size = Math.min(Math.max(1, chars), text.length * 0.9);
  // The start must leave room; found by index so that it is a line start.
  let first = random.int(0, starts.length - 2);
  const latest = lineAt(starts, text.length - size - 1);
  if (first > latest) first = random.int(0, latest);
  const from = starts[first] as number;
  const last = Math.max(first + 1, lineAt(starts, from + size));
  return { text: text.slice(from, starts[last]), first, last };
}

/** The excerpt as `cat -n` shows it, the way the Read tool prints files. */
export function numbered(pool: Pool, part: Excerpt, startLine: number): string {
  let text = "";
  for (let i = part.first; i < part.last; i++) {
    text += `${String(startLine + i - part.first).padStart(6)}→${pool.text.slice(pool.starts[i], pool.starts[i + 1])}`;
  }
  return text.slice(0, -2);
}

/** A few words without quotes or line ends. */
export function words(random: Random, count: number): string {
  return many(random, WORDS, count);
}

export function name(random: Random): string {
  return random.pick(NAMES);
}

export function word(random: Random): string {
  return random.pick(WORDS);
}

export function base64(random: Random, texts: Texts, chars: number): string {
  const size = Math.min(Math.round(chars / 4) * 4, texts.base64.length);
  const from = random.int(0, (texts.base64.length - size) / 4) * 4;
  return texts.base64.slice(from, from + size);
}

function lineAt(starts: readonly number[], position: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
