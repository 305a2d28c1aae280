import { abiVersion, type Exports } from "./abi.js";
import { type LarderError, makeError } from "./errors.js";
import { commit } from "./idb.js";
import { peeked } from "./peek.js";
import type { ModuleSource } from "./types.js";

/** The class that wasm_exec.js makes, as far as it is used here. */
interface GoRuntime {
  env: Record<string, string>;
  exit: (code: number) => void;
  importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
}

/**
 * Loads the module and starts it. callback takes its completions; exited is called
 * if the program ends, which it never does by itself.
 */
export async function start(
  source: ModuleSource | undefined,
  callback: (address: number, length: number) => void,
  exited: (code: number) => void,
): Promise<Exports> {
  await peeked();
  const [Go, module] = await Promise.all([goRuntime(), compile(source ?? besides("larder.wasm"))]);
  const go = new Go();
  // The program finds its callback, and what helps it with commits, by names that are there only while it starts.
  const property = `larder callback ${Math.random()}`;
  go.env = { LARDER_CALLBACK: property };
  go.exit = exited;
  const instance = await WebAssembly.instantiate(module, go.importObject).catch((cause) => {
    throw failed("wasm_exec.js is not of the Go version that built the module", cause);
  });
  const exports = instance.exports as unknown as Exports;
  const globals = globalThis as Record<string, unknown>;
  globals[property] = callback;
  globals.larderIDB = commit;
  try {
    go.run(instance).catch(() => exited(2));
  } finally {
    delete globals[property];
    delete globals.larderIDB;
  }
  if (typeof exports.larder_abi !== "function") throw failed("it is not a Larder module");
  const abi = exports.larder_abi();
  if (abi !== abiVersion) {
    throw failed(`the module speaks version ${abi} of the ABI and this loader ${abiVersion}`);
  }
  await checkGo(exports);
  return exports;
}

/** Refuses a module and a wasm_exec.js of different Go versions: the latter has no version of its own. */
async function checkGo(exports: Exports): Promise<void> {
  const size = exports.larder_go();
  const { buffer } = exports.mem;
  const [address = 0] = new Uint32Array(buffer, exports.larder_answer(), 1);
  const built = new TextDecoder().decode(new Uint8Array(buffer, address, size));
  const { goVersion } = await import("./toolchain.js");
  if (built !== goVersion) {
    throw failed(`the module was built by ${built} and wasm_exec.js is of ${goVersion}`);
  }
}

/** Runs wasm_exec.js and takes its class from globalThis, where another program's may be. */
async function goRuntime(): Promise<new () => GoRuntime> {
  const globals = globalThis as { Go?: unknown };
  const before = Object.getOwnPropertyDescriptor(globalThis, "Go");
  let Go: unknown;
  try {
    await import("./wasm_exec.js");
    Go = globals.Go;
  } catch (cause) {
    throw failed("wasm_exec.js can't be run", cause);
  }
  if (before !== undefined) Object.defineProperty(globalThis, "Go", before);
  else delete globals.Go;
  remembered ??= Go as new () => GoRuntime;
  return remembered;
}

// A script is run once in a realm, however often it is imported.
let remembered: (new () => GoRuntime) | undefined;

function besides(file: string): URL {
  return new URL(file, import.meta.url);
}

async function compile(source: ModuleSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  try {
    if (typeof source !== "string" && !(source instanceof URL)) {
      return await WebAssembly.compile(source);
    }
    const base = typeof location === "undefined" ? undefined : location.href;
    const url = new URL(source, base);
    if (url.protocol === "file:") return await WebAssembly.compile(await readFile(url));
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url} answers ${response.status}`);
    if (response.headers.get("Content-Type") === "application/wasm") {
      return await WebAssembly.compileStreaming(response);
    }
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (cause) {
    throw failed(`larder.wasm can't be loaded: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
}

interface NodeProcess {
  getBuiltinModule?(name: "node:fs/promises"): { readFile(url: URL): Promise<BufferSource> };
}

/** Reads a file in Node, with nothing that a bundler for browsers would stumble over. */
async function readFile(url: URL): Promise<BufferSource> {
  const { process } = globalThis as { process?: NodeProcess };
  const fs = process?.getBuiltinModule?.("node:fs/promises");
  if (fs === undefined) throw new Error(`${url} can't be read here`);
  return fs.readFile(url);
}

function failed(reason: string, cause?: unknown): LarderError {
  return makeError("LOAD", reason, { op: "load", cause });
}
