import { expect, test } from "vitest";
import { count, object } from "../../src/sources/fields.ts";
import { STATUS } from "../../workers/layout.ts";
import { LineScanner, seeded } from "./scan-lines.ts";

const scanner = new LineScanner(object({ n: count }));
const { n } = scanner.slots;

type Count = number | "bad" | "malformed";

function read(spelling: string, behind = "}"): Count {
  return scanner.row(`{"n":${spelling}${behind}`, (cells) => {
    if (cells.status === STATUS.malformed) return "malformed";
    return cells.hasBadCount(n, n) ? "bad" : cells.count(n);
  });
}

test.each([
  ["0", 0],
  ["-0", 0],
  ["-0.0e7", 0],
  ["0.000", 0],
  ["0e99999", 0],
  ["0e-99999", 0],
  ["7", 7],
  ["10.0", 10],
  ["1e1", 10],
  ["1E1", 10],
  ["1e+1", 10],
  ["1e01", 10],
  ["100e-1", 10],
  ["0.1e2", 10],
  ["1.5e1", 15],
  ["0.00000000000000000000000012e26", 12],
  ["12000000000000000000000000e-24", 12],
  ["1.00000000000000000000000000000", 1],
  ["123456789012345", 123456789012345],
  ["999999999999999", 999999999999999],
  ["1000000000000000", 1000000000000000],
  ["9007199254740991", 9007199254740991],
  ["9007199254740991.0", 9007199254740991],
  ["9007199254740990.0", 9007199254740990],
  ["900719925474099.1e1", 9007199254740991],
  ["9.007199254740991e15", 9007199254740991],
  ["90071992547409910e-1", 9007199254740991],
  ["9007199254740991000000000000000000e-18", 9007199254740991],
  ["0.0000000000009007199254740991e28", 9007199254740991],
])("%s is %d, exactly", (spelling, value) => {
  expect(read(spelling)).toBe(value);
  expect(Number(spelling) + 0).toBe(value);
});

test.each([
  "-1",
  "-1e-400",
  "1.5",
  "15e-1",
  "1e-1",
  "1e-400",
  "1e400",
  "1e99999",
  "1e-99999",
  "1e999999999999999999999",
  "9007199254740992",
  "9007199254740993",
  "9007199254740991.4",
  "9007199254740991.0000000000000000001",
  "4503599627370496.4",
  "0.99999999999999999999999999",
  "1.0000000000000000000000001",
  "900719925474099.2e1",
  "90071992547409911e-1",
  "18446744073709551616",
  "18446744073709551617",
  "184467440737095516170e-1",
  "99999999999999999999999999",
  "10000000000000000000000001e-25",
  '"12"',
  '""',
  "true",
  "false",
  "[]",
  "[1]",
  "{}",
])("%s is no count", (spelling) => {
  expect(read(spelling)).toBe("bad");
});

test("null is nothing", () => {
  expect(read("null")).toBe(0);
});

test.each([
  "01",
  "-",
  "+1",
  ".5",
  "1.",
  "1.e1",
  "1e",
  "1e+",
  "--1",
  "0x10",
  "1_000",
  "NaN",
  "Infinity",
  "1 2",
  "1a",
  "nul",
  "tru",
  "00",
  "1e1.5",
  "",
])("%j is no JSON", (spelling) => {
  expect(() => JSON.parse(`{"n":${spelling}}`)).toThrow();
  expect(read(spelling)).toBe("malformed");
});

/** The law, in arithmetic without rounding. */
function exactCount(spelling: string): Count {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(spelling) ?? [];
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return 0;
  const power = Number(exponent) - fraction.length;
  if (sign === "-" || power > 400) return "bad";
  const scale = 10n ** BigInt(Math.abs(power));
  if (power < 0 && digits % scale !== 0n) return "bad";
  const value = power < 0 ? digits / scale : digits * scale;
  return value <= 9007199254740991n ? Number(value) : "bad";
}

test("20,000 spellings around every border are counts exactly when they are integers from 0 to 2^53 - 1", () => {
  const random = seeded(53);
  const below = (limit: number) => Math.floor(random() * limit);
  const near = [0, 1, 9, 10, 999999999999999, 1e15, 2 ** 52, 2 ** 53 - 1, 2 ** 53];
  for (let i = 0; i < 20_000; i++) {
    const value = BigInt(near[below(near.length)] as number) + BigInt(below(5) - 2);
    let digits = String(value < 0n ? -value : value);
    let exponent = 0;
    // The same number in another place of its point, now and then with a digit too many.
    if (random() < 0.6) {
      const zeros = below(25);
      digits += "0".repeat(zeros);
      exponent -= zeros;
    }
    if (random() < 0.2) {
      digits += String(below(10));
      exponent -= 1;
    }
    const point = random() < 0.6 ? below(digits.length + 1) : 0;
    const whole = digits.slice(0, digits.length - point) || "0";
    exponent += point;
    const fraction = point > 0 ? `.${digits.slice(-point)}` : "";
    const e = exponent !== 0 || random() < 0.3 ? `${random() < 0.5 ? "e" : "E"}${exponent}` : "";
    const spelling = `${random() < 0.1 ? "-" : ""}${whole.replace(/^0+(?=\d)/, "")}${fraction}${e}`;
    const behind = [',"x":1}', "}", " }", '\t,"x":[]}'][below(4)] as string;
    const actual = read(spelling, behind);
    if (actual !== exactCount(spelling)) expect.fail(`${spelling}: ${actual} instead of ${exactCount(spelling)}`);
  }
});
