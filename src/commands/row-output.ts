/** Rows to stdout or into a file, piece by piece: no more of them are in memory than that. */
import { setImmediate as letOthersRun } from "node:timers/promises";
import { AtomicFile } from "../files/atomic.ts";
import { writeStdout } from "./terminal/streams.ts";

const PIECE_LETTERS = 65_536;

export class RowOutput {
  readonly #path: string | undefined;
  /** Called before anything is written. */
  readonly #begin: () => void;
  #file: AtomicFile | undefined;
  #lines: string[] = [];
  #letters = 0;
  #isRead = true;

  constructor(path: string | undefined, begin: () => void) {
    this.#path = path;
    this.#begin = begin;
  }

  /** False: nobody reads any more. */
  add(line: string): boolean | Promise<boolean> {
    this.#lines.push(line);
    this.#letters += line.length;
    return this.#letters < PIECE_LETTERS || this.#flush();
  }

  /** The file is there from now on. False: nobody read it all. */
  async finish(): Promise<boolean> {
    const isRead = await this.#flush();
    this.#file?.finish();
    return isRead;
  }

  /** Leaves no file that was not finished. */
  abandon(): void {
    this.#file?.abandon();
  }

  async #flush(): Promise<boolean> {
    const text = this.#lines.join("");
    this.#lines = [];
    this.#letters = 0;
    this.#begin();
    if (this.#path === undefined) return (this.#isRead &&= await writeStdout(text));
    this.#file ??= new AtomicFile("--output", this.#path, "owner");
    this.#file.write(text);
    // Ctrl-C is heard only between two pieces.
    await letOthersRun();
    return true;
  }
}
