/** Numbers as people read them. `Intl` would do some of this, at 15 ms for its first number. */

/** `1,234,567` */
export function exact(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

const UNITS = ["", "k", "M", "B", "T", "Q"] as const;

/** `1.23M`: three digits that count. Whole below a thousand. */
export function compact(value: number): string {
  let unit = 0;
  let scaled = value;
  // 999.5 would be shown as 1000.
  while (scaled >= (unit === 0 ? 1000 : 999.5) && unit < UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  if (unit === 0) return String(value);
  const digits = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
  return scaled.toFixed(digits) + UNITS[unit];
}

const BYTE_UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** `4.7 MB`: decimal, as speeds are. */
export function bytesText(bytes: number): string {
  let unit = 0;
  let scaled = bytes;
  // As above: 999.5 kB would be shown as 1000.
  while (scaled >= (unit === 0 ? 1000 : 999.5) && unit < BYTE_UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${unit === 0 || scaled >= 99.95 ? Math.round(scaled) : scaled.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** `12 s`, `45 min`, `3 h 05`, `2 d 04 h` */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${two(minutes % 60)}`;
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/** `1,234.57`, `<0.01`; `>12.30` where something without a price is missing. */
export function dollarsText(dollars: number, isPartial: boolean): string {
  if (dollars > 0 && dollars < 0.01 && !isPartial) return "<0.01";
  const [whole = "", cents] = dollars.toFixed(2).split(".");
  return `${isPartial ? ">" : ""}${whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ",")}.${cents}`;
}

/** `1 file`, `2 files` */
export function counted(count: number, noun: string): string {
  return `${exact(count)} ${noun}${count === 1 ? "" : "s"}`;
}
