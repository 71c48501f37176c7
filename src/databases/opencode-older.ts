/** Messages of OpenCode's older table, as far as rows of the newer one may repeat them. */
import { isObject, type Json } from "../json.ts";
import { countsIn, type MessageFacts } from "../sources/opencode-newer.ts";

export class OlderMessages {
  readonly #ids = new Set<string>();
  /** Of messages that reasoned, by what copies have in common. */
  readonly #totals = new Map<string, unknown>();
  /** Of messages with several steps, by the same: copies have the last one's tokens alone. */
  readonly #ofSteps = new Map<string, Json>();

  /** `ofSteps`: what all its steps used, where it has several. */
  add(id: string, message: Json | undefined, ofSteps: Json | undefined): void {
    this.#ids.add(id);
    if (!message || !isObject(message["tokens"])) return;
    const { time, modelID, tokens } = message;
    if (ofSteps) this.#ofSteps.set(contentOf(time, modelID, tokens), ofSteps);
    else if (isReasoned(tokens)) this.#totals.set(contentOf(time, modelID, tokens), tokens["total"]);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** The newer table lost the total of what came from here, and forks copied that under other ids: only with it are they alike. */
  tokensLike({ time, modelID, tokens }: MessageFacts): unknown {
    if (!isObject(tokens)) return tokens;
    const content = this.#ofSteps.size > 0 || isReasoned(tokens) ? contentOf(time, modelID, tokens) : "";
    const ofSteps = this.#ofSteps.get(content);
    if (ofSteps) return ofSteps;
    if (!isReasoned(tokens)) return tokens;
    return this.#totals.has(content) ? { ...tokens, total: this.#totals.get(content) } : tokens;
  }
}

function isReasoned(tokens: unknown): tokens is Json {
  return isObject(tokens) && typeof tokens["reasoning"] === "number" && tokens["reasoning"] > 0;
}

function contentOf(time: unknown, modelID: unknown, tokens: Json): string {
  return JSON.stringify([isObject(time) ? time["created"] : null, modelID, ...countsIn(tokens)]);
}
