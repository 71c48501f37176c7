// Loaded with --import: says in the file $RECORD_OPENS which paths this process and its threads open, one a line.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const report = process.env.RECORD_OPENS;
const { appendFileSync, openSync, readFileSync, promises } = fs;
let isOurs = false;

function record(path) {
  if (isOurs || typeof path === "number") return;
  isOurs = true; // appending opens the report
  appendFileSync(report, `${path}\n`);
  isOurs = false;
}

fs.openSync = (path, ...rest) => (record(path), openSync(path, ...rest));
fs.readFileSync = (path, ...rest) => (record(path), readFileSync(path, ...rest));
for (const name of ["open", "readFile", "createReadStream"]) {
  const original = fs[name];
  fs[name] = (path, ...rest) => (record(path), original(path, ...rest));
}
for (const name of ["open", "readFile"]) {
  const original = promises[name];
  promises[name] = (path, ...rest) => (record(path), original(path, ...rest));
}
syncBuiltinESMExports();
