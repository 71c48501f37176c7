/** Numbers of models in a file of sums. */
import { NO_MODEL } from "../tally/cells.ts";
import { FIRST_MODEL, NO_MODEL_SHOWN } from "./columns.ts";

export class Models {
  readonly names: string[] = [];
  readonly #texts: readonly string[];
  readonly #numbers = new Map<number, number>();

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  numberOf(text: number): number {
    if (text === 0) return 0;
    if (text === NO_MODEL) return NO_MODEL_SHOWN;
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.names.push(this.#texts[text] as string) - 1;
      this.#numbers.set(text, number);
    }
    return number + FIRST_MODEL;
  }
}
