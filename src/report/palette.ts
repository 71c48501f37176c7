/** The three ways in which text stands out. */
export interface Palette {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly alert: (text: string) => string;
}

export const plain: Palette = { strong: keep, faint: keep, alert: keep };
export const colours: Palette = { strong: code(1, 22), faint: code(2, 22), alert: code(33, 39) };

function keep(text: string): string {
  return text;
}

function code(on: number, off: number): (text: string) => string {
  return (text) => (text === "" ? text : `\x1B[${on}m${text}\x1B[${off}m`);
}
