/**
 * WebAssembly as machine code that was made once, by V8's optimizing compiler.
 *
 * V8 compiles a function of WebAssembly in a hurry when it is first called, and well once it has run for long, in a thread
 * of its own: of a scan of 200 ms a tenth of the CPU, and half of its code never gets that far. Browsers keep machine code with
 * the modules they load (https://v8.dev/blog/wasm-code-caching). Node has no call for it; V8 has two for its own tests,
 * under `--allow-natives-syntax`, on top of what browsers use. It refuses code of another version, of other flags and of
 * another kind of CPU by itself; that it is whole has to be asked before (./file.ts).
 */
import { readFileSync } from "node:fs";
import { Script } from "node:vm";

interface Natives {
  deserialize(code: ArrayBuffer, bytes: Uint8Array): WebAssembly.Module | undefined;
  serialize(module: WebAssembly.Module): ArrayBuffer;
}

/** Node 20, 22 and 24: V8s that have been seen to do this. */
const KNOWN = /^(?:11\.3|12\.4|13\.6)\./;
const NATIVES = `({
  deserialize: (function (code, bytes) { return %DeserializeWasmModule(code, bytes); }),
  serialize: (function (module) { return %SerializeWasmModule(module); }),
})`;
/** Off: all of a module is compiled at once, and well. */
const HASTE = ["liftoff", "wasm-lazy-compilation", "wasm-dynamic-tiering"];
/** A section of a name and nothing else, which means nothing: V8 hands out the module it has where the bytes are the same. */
const MARK = Uint8Array.of(0, 2, 1, 0x74);
const HEADER_BYTES = 8;

/** The module of these bytes with what `machineCode` made of them; undefined where V8 does not take it. */
export function revive(code: Uint8Array, bytes: Uint8Array): WebAssembly.Module | undefined {
  if (code.length < HEADER_BYTES || !isGuarded()) return undefined;
  const header = new DataView(code.buffer, code.byteOffset, HEADER_BYTES);
  const end = HEADER_BYTES + header.getUint32(0, true);
  const nativesEnd = end + header.getUint32(4, true);
  if (nativesEnd > code.length) return undefined;
  // A copy: V8 wants a buffer with nothing before and behind it.
  const exactly = new Uint8Array(code.subarray(HEADER_BYTES, end)).buffer;
  try {
    return (keptNatives(code.subarray(end, nativesEnd)) ?? compiledNatives()?.natives)?.deserialize(exactly, bytes);
  } catch {
    return undefined;
  }
}

/**
 * Whether V8 can reserve so much address space that memory protection finds what lies outside of a memory. Then the code that it
 * makes does not look itself, and V8 takes such code where nobody would look.
 */
function isGuarded(): boolean {
  if (/trap-handler/.test([...process.execArgv, process.env["NODE_OPTIONS"]].join(" "))) return false;
  try {
    return /^Max address space +unlimited/m.test(readFileSync("/proc/self/limits", "latin1"));
  } catch {
    return process.platform !== "linux";
  }
}

/**
 * Machine code of all of a module and V8's code of what revives it, behind the length of each: what is kept may be longer, and V8
 * takes no byte too many. Some 10 ms of two cores' work. Undefined where this V8 is not known to be able to, or is disturbed.
 */
export function machineCode(bytes: Uint8Array): Uint8Array | undefined {
  const able = isUndisturbed() ? compiledNatives() : undefined;
  if (!able) return undefined;
  const { natives, script } = able;
  setFlags(HASTE.map((flag) => `--no-${flag}`));
  try {
    const module = new WebAssembly.Module(Buffer.concat([bytes, MARK]));
    // Code tells the flags it was written under.
    setFlags(HASTE.map((flag) => `--${flag}`));
    const code = new Uint8Array(natives.serialize(module));
    const compiled = script.createCachedData();
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(code.length);
    header.writeUInt32LE(compiled.length, 4);
    return Buffer.concat([header, code, compiled]);
  } finally {
    setFlags(HASTE.map((flag) => `--${flag}`));
  }
}

/**
 * V8 ends the process where it has no such code to give: under somebody else's flags, or with a debugger, for which it compiles
 * otherwise. Editors attach theirs through NODE_OPTIONS.
 */
function isUndisturbed(): boolean {
  if (process.execArgv.length > 0 || process.env["NODE_OPTIONS"]) return false;
  return !process.features.inspector || process.getBuiltinModule("node:inspector").url() === undefined;
}

/**
 * What V8 has compiled once needs no flag any more: without one, and the module of Node's that sets it, a start is 3 ms shorter.
 * Undefined where V8 does not take that. Taken each time: V8 forgets what has not run for long, and could not compile it again.
 */
function keptNatives(cachedData: Uint8Array): Natives | undefined {
  if (!KNOWN.test(process.versions.v8) || cachedData.length === 0) return undefined;
  const script = new Script(NATIVES, { cachedData });
  return script.cachedDataRejected ? undefined : (script.runInThisContext() as Natives);
}

function compiledNatives(): { readonly natives: Natives; readonly script: Script } | undefined {
  if (!KNOWN.test(process.versions.v8)) return undefined;
  const flag = "allow-natives-syntax";
  setFlags([`--${flag}`]);
  try {
    const script = new Script(NATIVES);
    return { natives: script.runInThisContext() as Natives, script };
  } finally {
    setFlags([`--no-${flag}`]);
  }
}

function setFlags(flags: readonly string[]): void {
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  for (const flag of flags) setFlagsFromString(flag);
}
