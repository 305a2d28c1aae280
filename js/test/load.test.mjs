// How the module is found, started and refused.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const dist = fileURLToPath(new URL("../dist", import.meta.url));

/** Runs a program in a Node of its own, beside a copy of the package that change has changed, and returns its output. */
async function run(t, program, change = async () => {}) {
  const directory = await mkdtemp(join(tmpdir(), "larder-load-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await cp(dist, join(directory, "dist"), { recursive: true });
  await writeFile(join(directory, "package.json"), '{ "type": "module" }');
  await change(join(directory, "dist"));
  const file = join(directory, "program.mjs");
  await writeFile(file, program);
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  return stdout.trim();
}

const tryOpen = `
  import { LoadError, open } from "./dist/index.js";
  const options = { collections: { rows: { key: "id" } }, engine: "memory" };
  try {
    const db = await open("x", options);
    await db.collection("rows").put({ id: 1 });
    console.log("rows:", await db.collection("rows").count());
  } catch (error) {
    console.log(error instanceof LoadError, error.code, error.message);
  }`;

test("importing has no effect on the realm, and loading leaves no Go behind", async (t) => {
  const program = `
    globalThis.Go = "another program's";
    const before = Object.getOwnPropertyNames(globalThis).join();
    const { open } = await import("./dist/index.js");
    console.log(Object.getOwnPropertyNames(globalThis).join() === before);
    await open("x", { collections: {}, engine: "memory" });
    console.log(globalThis.Go, Object.getOwnPropertyNames(globalThis).some((name) => /larder/i.test(name)));`;
  assert.equal(await run(t, program), "true\nanother program's false");
});

test("a program ends by itself when it has a database open", async (t) => {
  assert.equal(await run(t, tryOpen), "rows: 1");
});

test("the module can be given as an address, as bytes, and compiled", async (t) => {
  const bytes = await readFile(join(dist, "larder.wasm"));
  for (const wasm of [
    `new URL(${JSON.stringify(pathToFileURL(join(dist, "larder.wasm")).href)})`,
    `await (await import("node:fs/promises")).readFile(${JSON.stringify(join(dist, "larder.wasm"))})`,
    `await WebAssembly.compile(await (await import("node:fs/promises")).readFile(${JSON.stringify(join(dist, "larder.wasm"))}))`,
    JSON.stringify(`data:application/wasm;base64,${bytes.toString("base64")}`),
  ]) {
    const program = tryOpen.replace('engine: "memory"', `engine: "memory", wasm: ${wasm}`);
    assert.equal(await run(t, program, (copy) => rm(join(copy, "larder.wasm"))), "rows: 1");
  }
});

test("a module that isn't there, and one that is something else", async (t) => {
  assert.match(await run(t, tryOpen, (copy) => rm(join(copy, "larder.wasm"))), /^true LOAD .*larder\.wasm/);
  const html = await run(t, tryOpen, (copy) => writeFile(join(copy, "larder.wasm"), "<!doctype html>"));
  assert.match(html, /^true LOAD larder\.wasm can't be loaded/);
  const empty = await run(t, tryOpen, (copy) =>
    writeFile(join(copy, "larder.wasm"), Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)),
  );
  assert.match(empty, /^true LOAD it is not a Larder module/);
});

test("a module and a wasm_exec.js of different Go versions", async (t) => {
  const drifted = await run(t, tryOpen, (copy) =>
    writeFile(join(copy, "toolchain.js"), 'export const goVersion = "go1.99";'),
  );
  assert.match(drifted, /^true LOAD the module was built by go1\.\S+ and wasm_exec\.js is of go1\.99$/);
  const other = await run(t, tryOpen, async (copy) => {
    const file = join(copy, "wasm_exec.js");
    await writeFile(file, (await readFile(file, "utf8")).replace('"runtime.getRandomData"', '"runtime.renamed"'));
  });
  assert.match(other, /^true LOAD wasm_exec\.js is not of the Go version/);
});

test("a module of another version of the ABI", async (t) => {
  const other = await run(t, tryOpen, async (copy) => {
    const file = join(copy, "abi.js");
    await writeFile(file, (await readFile(file, "utf8")).replace(/abiVersion = \d+/, "abiVersion = 999"));
  });
  assert.match(other, /^true LOAD the module speaks version \d+ of the ABI and this loader 999$/);
});

test("loading can be tried again", async (t) => {
  const program = `
    import { open } from "./dist/index.js";
    const options = { collections: {}, engine: "memory" };
    await open("x", { ...options, wasm: new URL("none.wasm", import.meta.url) }).catch((e) => console.log(e.code));
    await open("x", options);
    console.log("open");`;
  assert.equal(await run(t, program), "LOAD\nopen");
});

test("a module that crashes or ends fails what waits, and is not used again", async (t) => {
  const program = `
    import { open } from "./dist/index.js";
    const options = { collections: { rows: { key: "id" } }, engine: "memory" };
    const db = await open("x", options);
    globalThis.broken = true;
    await db.collection("rows").put({ id: 1 }).catch((e) => console.log(e.name, e.message));
    await db.collection("rows").get(1).catch((e) => console.log(e.code));
    globalThis.broken = false;
    console.log(await (await open("x", options)).collection("rows").count());`;
  const breaking = (statement) => async (copy) => {
    const file = join(copy, "wasm_exec.js");
    const invoke = '"syscall/js.valueInvoke": (sp) => {';
    const script = await readFile(file, "utf8");
    assert.ok(script.includes(invoke));
    await writeFile(file, script.replace(invoke, `${invoke} if (globalThis.broken) { ${statement} }`));
  };
  const crashed = await run(t, program, breaking('throw new Error("trap");'));
  assert.equal(crashed, "InternalError the module has crashed: Error: trap\nINTERNAL\n0");
  const ended = await run(t, program, breaking("this.exit(3); return;"));
  assert.equal(ended, "InternalError the module has ended with exit code 3\nINTERNAL\n0");
});
