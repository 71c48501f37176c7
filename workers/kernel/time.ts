/** ISO 8601 as agents write it. Everything rarer is left to the host (`src/sources/time.ts`). */

/** Milliseconds UTC of what `parseTime` read last; NaN when there is no such instant. */
export let timeValue: f64 = NaN;

// @ts-ignore: decorator
@inline
function two(p: usize): i32 {
  const a = <i32>load<u8>(p) - 0x30;
  const b = <i32>load<u8>(p, 1) - 0x30;
  return <u32>a > 9 || <u32>b > 9 ? -1 : a * 10 + b;
}

/**
 * Reads `YYYY-MM-DDTHH:MM:SS[.f…]Z"` behind an opening quote. Returns the address behind the closing quote,
 * or 0 when the text has another form.
 */
export function parseTime(p: usize): usize {
  if (
    load<u8>(p, 4) != 0x2d ||
    load<u8>(p, 7) != 0x2d ||
    load<u8>(p, 10) != 0x54 ||
    load<u8>(p, 13) != 0x3a ||
    load<u8>(p, 16) != 0x3a
  ) {
    return 0;
  }
  const century = two(p);
  const yearOfCentury = two(p + 2);
  const month = two(p + 5);
  const day = two(p + 8);
  const hour = two(p + 11);
  const minute = two(p + 14);
  const second = two(p + 17);
  if ((century | yearOfCentury | month | day | hour | minute | second) < 0) return 0;
  let q = p + 19;
  let ms: i32 = 0;
  if (load<u8>(q) == 0x2e) {
    q++;
    let unit: i32 = 100;
    const start = q;
    while (<u8>(load<u8>(q) - 0x30) <= 9) {
      ms += <i32>(load<u8>(q) - 0x30) * unit;
      unit /= 10;
      q++;
    }
    if (q == start) return 0;
  }
  if (load<u16>(q) != 0x225a) return 0;
  const year = century * 100 + yearOfCentury;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59) {
    timeValue = NaN;
  } else {
    const ofDay = ((hour * 60 + minute) * 60 + second) * 1000 + ms;
    timeValue = <f64>daysFromCivil(year, month, day) * 86400000.0 + <f64>ofDay;
  }
  return q + 2;
}

function daysIn(year: i32, month: i32): i32 {
  if (month == 2) return (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return 30 + ((month ^ (month >> 3)) & 1);
}

/** Days from 1970-01-01, proleptic Gregorian (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
function daysFromCivil(year: i32, month: i32, day: i32): i32 {
  const y = month <= 2 ? year - 1 : year;
  const era = (y >= 0 ? y : y - 399) / 400;
  const yearOfEra = y - era * 400;
  const dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}
