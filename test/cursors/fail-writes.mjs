// Loaded with --import: the disk is full from the n-th change below a folder on ($FAIL_BELOW, $FAIL_FROM), as far as this process is told.
// With $FAIL_ONCE only that one change fails, with $FAIL_KILLS it kills the process. A write that fails has written half of its bytes, as on a real disk. Counts the changes in $FAIL_REPORT.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { FAIL_BELOW: folder, FAIL_FROM: from, FAIL_ONCE: once, FAIL_KILLS: kills, FAIL_REPORT: report } = process.env;
const original = { ...fs };
const files = new Set();
let changes = 0;

const isBelow = (target) => (typeof target === "number" ? files.has(target) : String(target).startsWith(folder));

/** Whether this change fails. */
function fails() {
  changes++;
  original.writeFileSync(report, String(changes));
  return once ? changes === Number(from) : changes >= Number(from);
}

function full(syscall, path) {
  if (kills) process.kill(process.pid, "SIGKILL");
  return Object.assign(new Error(`ENOSPC: no space left on device, ${syscall} '${path}'`), {
    code: "ENOSPC",
    errno: -28,
    syscall,
  });
}

fs.openSync = (path, flags, ...rest) => {
  const isWrite = typeof flags === "number" ? (flags & 3) !== 0 : flags !== "r";
  if (isBelow(path) && isWrite && fails()) throw full("open", path);
  const file = original.openSync(path, flags, ...rest);
  if (isBelow(path) && isWrite) files.add(file);
  return file;
};
fs.closeSync = (file) => {
  files.delete(file);
  original.closeSync(file);
};
fs.writeSync = (file, bytes, ...rest) => {
  if (isBelow(file) && fails()) {
    if (typeof bytes !== "string") original.writeSync(file, bytes.subarray(0, bytes.length >> 1));
    throw full("write", file);
  }
  return original.writeSync(file, bytes, ...rest);
};
fs.writeFileSync = (target, bytes, ...rest) => {
  if (isBelow(target) && fails()) {
    original.writeFileSync(target, bytes.slice(0, bytes.length >> 1), ...rest);
    throw full("write", target);
  }
  return original.writeFileSync(target, bytes, ...rest);
};
for (const name of [
  "renameSync",
  "mkdirSync",
  "fsyncSync",
  "fdatasyncSync",
  "ftruncateSync",
  "writevSync",
  "linkSync",
]) {
  fs[name] = (target, ...rest) => {
    if (isBelow(target) && fails()) throw full(name.slice(0, -4), target);
    return original[name](target, ...rest);
  };
}
syncBuiltinESMExports();
