/** What the variable TZ says is what the C library makes of it, or an error: never silently UTC. */
import { expect, test } from "vitest";
import { calendarFor } from "../src/calendar.ts";

const SUMMER_MS = Date.parse("2026-06-01T00:00Z");
const HOUR_MS = 3_600_000;

async function offsetHours(TZ: string): Promise<number> {
  const environment = { variables: { TZ }, home: "/nonexistent", platform: "linux" } as const;
  return (await calendarFor(undefined, environment, true)).offsetMs(SUMMER_MS) / HOUR_MS;
}

test.each([
  ["Europe/Berlin", 2],
  [":Europe/Berlin", 2],
  ["/usr/share/zoneinfo/Asia/Tokyo", 9],
  [":/usr/share/zoneinfo/posix/Asia/Kathmandu", 5.75],
  ["EST5EDT", -4],
  ["JST-9", 9],
  ["UTC-3", 3],
  ["GMT+5", -5],
  ["Etc/GMT+5", -5],
  ["<+0530>-5:30", 5.5],
  ["<-0330>3:30", -3.5],
  ["UTC0", 0],
  ["GMT0", 0],
  ["", 0],
  [":", 0],
])("TZ=%s", async (TZ, hours) => {
  expect(await offsetHours(TZ)).toBe(hours);
});

test.each(["CET-1CEST,M3.5.0,M10.5.0/3", "Mars/Base", "JST-99", "/no/such/file"])(
  "TZ=%s is an error where days are asked about",
  async (TZ) => {
    await expect(offsetHours(TZ)).rejects.toThrow(
      `TZ: "${TZ}" is no time zone (set it to an IANA name, such as Europe/Berlin, or give --timezone)`,
    );
  },
);
