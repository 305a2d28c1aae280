// Runs Go tests, compiled for js/wasm, in Chromium on real IndexedDB on disk:
//
//   node scripts/browser/run.mjs [--run pattern] [--json file] [package...]
//
// Without packages, those of scripts/wasm-tests.sh. Each program runs in a
// worker of a page of an origin of its own, with the toolchain's untouched
// wasm_exec.js; the worker's script is that of the demo's test page. With
// --json the events of `go test -json` are appended to file. The exit status
// is 1 unless every program ended with 0.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { closeSync, createReadStream, openSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launch } from "./chromium.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

// A program gets this long altogether, and may be silent this long.
const programMinutes = 8;
const silentMinutes = 3;

const { values: options, positionals: packages } = parseArgs({
  allowPositionals: true,
  options: { run: { type: "string" }, json: { type: "string" } },
});

// buildPrograms returns the programs, and whether all packages could be built.
function buildPrograms() {
  const { stdout, status } = spawnSync("bash", [join(root, "scripts/wasm-tests.sh"), ...packages], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = stdout.split("\n").filter(Boolean);
  const programs = lines.map((line) => {
    const [path, file] = line.split("\t");
    return { path, file: join(root, file), name: basename(file, ".wasm") };
  });
  return { programs, whole: status === 0 };
}

// serve serves a blank page, the worker, wasm_exec.js and the programs.
async function serve(programs) {
  const goroot = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
  const files = new Map([
    ...["worker.js", "files.js"].map((name) => [
      `/test/${name}`,
      ["text/javascript", join(root, "web/demo/test", name)],
    ]),
    ["/larder/wasm_exec.js", ["text/javascript", join(goroot, "lib/wasm/wasm_exec.js")]],
    ...programs.map(({ name, file }) => [`/test/${name}.wasm`, ["application/wasm", file]]),
  ]);
  const server = createServer((request, response) => {
    const found = files.get(request.url);
    if (request.url === "/test/") {
      response.writeHead(200, { "Content-Type": "text/html" });
      response.end('<!doctype html><title>Go tests</title><link rel="icon" href="data:,">');
    } else if (found) {
      response.writeHead(200, { "Content-Type": found[0] });
      createReadStream(found[1]).pipe(response);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "localhost", resolve);
  });
  return server;
}

// inPage runs in the page; it starts the worker and tells larderReport what it says.
function inPage({ file, args }) {
  const worker = new Worker("worker.js");
  worker.onmessage = ({ data }) => globalThis.larderReport(data);
  worker.onerror = (event) => globalThis.larderReport({ error: event.message });
  worker.postMessage({ file, args });
}

// runProgram resolves to the program's exit code; write gets what it prints. It
// rejects when the program can't run, hangs, or its page crashes.
async function runProgram(browser, port, program, write) {
  // A name below localhost is an origin of its own: no program sees another's databases.
  const origin = `http://${program.name.toLowerCase()}.localhost:${port}`;
  const page = await browser.newPage();
  let silent;
  let total;
  try {
    return await new Promise((resolve, reject) => {
      const hang = (minutes, what) =>
        setTimeout(() => reject(new Error(`the program ${what} for ${minutes} minutes`)), minutes * 60_000);
      total = hang(programMinutes, "ran");
      const heard = () => {
        clearTimeout(silent);
        silent = hang(silentMinutes, "said nothing");
      };
      heard();
      page.on("error", (err) => reject(new Error(`the page crashed: ${err.message}`)));
      page.on("pageerror", (err) => write(`page: ${err.message}\n`));
      page.on("console", (message) => write(`console: ${message.text()}\n`));
      const report = (data) => {
        heard();
        if (data.text !== undefined) write(data.text);
        if (data.error !== undefined) reject(new Error(data.error));
        if (data.exitCode !== undefined) resolve(data.exitCode);
      };
      const args = ["-test.v=test2json", `-test.timeout=${programMinutes}m`];
      if (options.run) args.push(`-test.run=${options.run}`);
      (async () => {
        await page.exposeFunction("larderReport", report);
        await page.goto(`${origin}/test/`);
        await page.evaluate(inPage, { file: `${origin}/test/${program.name}.wasm`, args });
      })().catch(reject);
    });
  } finally {
    clearTimeout(silent);
    clearTimeout(total);
    await page.close();
  }
}

// converter returns {write, end}: end resolves when test2json has written all
// events. Without --json what is written goes to this program's own output.
function converter(path) {
  if (!options.json) {
    return { write: (text) => process.stdout.write(text.replaceAll("\x16", "")), end: async () => {} };
  }
  const events = openSync(options.json, "a");
  const child = spawn("go", ["tool", "test2json", "-t", "-p", path], { stdio: ["pipe", events, "inherit"] });
  closeSync(events);
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`test2json ended with ${code}`))));
  });
  return {
    write: (text) => child.stdin.write(text),
    end: () => {
      child.stdin.end();
      return ended;
    },
  };
}

async function main() {
  const { programs, whole } = buildPrograms();
  if (programs.length === 0) throw new Error("no package has js/wasm tests");
  const server = await serve(programs);
  const browser = await launch();
  let failed = 0;
  try {
    for (const program of programs) {
      const began = performance.now();
      const output = converter(program.path);
      let verdict = "ok  ";
      try {
        const code = await runProgram(browser, server.address().port, program, output.write);
        if (code !== 0) verdict = "FAIL";
      } catch (err) {
        output.write(`\n${err.message}\n\x16FAIL\n`);
        verdict = "FAIL";
      }
      await output.end();
      if (verdict === "FAIL") failed++;
      process.stdout.write(`${verdict}\t${program.path}\t${((performance.now() - began) / 1000).toFixed(1)}s\n`);
    }
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
  return failed === 0 && whole ? 0 : 1;
}

process.exitCode = await main().catch((err) => {
  process.stderr.write(`${err.message}\n`);
  return 2;
});
