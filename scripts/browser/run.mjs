// Runs Go tests, compiled for js/wasm, in a browser on its own IndexedDB:
//
//   node scripts/browser/run.mjs [--run pattern] [--short] [--json file] [--without what]... [--sqlite] [package...]
//
// Without packages, those of scripts/wasm-tests.sh. LARDER_BROWSER chooses the
// browser, as launch.mjs says. Each program runs in a worker of a page of an
// origin of its own, with the toolchain's untouched wasm_exec.js; the worker's
// script is that of the demo's test page. With --json the events of
// `go test -json` are appended to file. The exit status is 1 unless every
// program ended with 0 and one of them had tests that fit the pattern.
//
// --without takes Web Locks (locks), BroadcastChannel (channel) or both
// (locks,channel) from the worker; given more than once, the programs run once
// for each. --sqlite has Chromium keep IndexedDB in SQLite, as its coming
// versions do, and fails if it doesn't. Either is added to the packages' names.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { closeSync, createReadStream, mkdtempSync, openSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { browserName, launch } from "./launch.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

// A program gets this long altogether, and may be silent this long.
const programMinutes = 8;
const silentMinutes = 3;

const { values: options, positionals: packages } = parseArgs({
  allowPositionals: true,
  options: {
    run: { type: "string" },
    short: { type: "boolean" },
    json: { type: "string" },
    without: { type: "string", multiple: true, default: [""] },
    sqlite: { type: "boolean" },
  },
});

// buildPrograms returns the programs, once for each --without, and whether all packages could be built.
function buildPrograms() {
  const { stdout, status } = spawnSync("bash", [join(root, "scripts/wasm-tests.sh"), ...packages], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = stdout.split("\n").filter(Boolean);
  const programs = options.without.flatMap((without) =>
    lines.map((line) => {
      const [path, file] = line.split("\t");
      const variant = `${without && ` without ${without}`}${options.sqlite ? " in SQLite" : ""}`;
      return { path: path + variant, file: join(root, file), name: basename(file, ".wasm"), without };
    }),
  );
  return { programs, whole: status === 0 };
}

// serve serves a blank page, the worker, wasm_exec.js and the programs. What a
// page posts to report goes, in its order, to the function onReport of the
// server.
async function serve(programs) {
  const goroot = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
  const script = (path) => ["text/javascript", path];
  const files = new Map([
    ["/test/worker.js", script(join(root, "web/demo/test/worker.js"))],
    ["/test/files.js", script(join(root, "web/demo/test/files.js"))],
    ["/test/without.js", script(join(root, "scripts/browser/without.js"))],
    ["/larder/wasm_exec.js", script(join(goroot, "lib/wasm/wasm_exec.js"))],
    ...programs.map(({ name, file }) => [`/test/${name}.wasm`, ["application/wasm", file]]),
  ]);
  const server = createServer(async (request, response) => {
    const found = files.get(request.url.replace(/\?.*/, ""));
    if (request.url === "/test/") {
      response.writeHead(200, { "Content-Type": "text/html" });
      response.end('<!doctype html><title>Go tests</title><link rel="icon" href="data:,">');
    } else if (request.url === "/test/report") {
      for (const message of await json(request)) server.onReport(message);
      response.writeHead(204).end();
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

// inPage runs in the page; it starts the worker and posts what it says.
function inPage({ script, file, args }) {
  const waiting = [];
  let posting = false;
  const tell = async (message) => {
    waiting.push(message);
    if (posting) return;
    posting = true;
    while (waiting.length > 0) {
      await fetch("report", { method: "POST", body: JSON.stringify(waiting.splice(0)) });
    }
    posting = false;
  };
  const worker = new Worker(script);
  worker.onmessage = ({ data }) => tell(data);
  worker.onerror = (event) => tell({ error: event.message });
  worker.postMessage({ file, args });
}

// runProgram resolves to the program's exit code; write gets what it prints. It
// rejects when the program can't run, hangs, or its page crashes.
async function runProgram(browser, server, program, write) {
  // A name below localhost is an origin of its own: no program sees another's databases.
  const origin = `http://${program.name.toLowerCase()}.localhost:${server.address().port}`;
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
      server.onReport = (data) => {
        heard();
        if (data.text !== undefined) write(data.text);
        if (data.error !== undefined) reject(new Error(data.error));
        if (data.exitCode !== undefined) resolve(data.exitCode);
      };
      const args = ["-test.v=test2json", `-test.timeout=${programMinutes}m`];
      if (options.short) args.push("-test.short");
      if (options.run) args.push(`-test.run=${options.run}`);
      (async () => {
        await page.goto(`${origin}/test/`);
        const script = program.without ? `without.js?${program.without}` : "worker.js";
        await page.evaluate(inPage, { script, file: `${origin}/test/${program.name}.wasm`, args });
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

// withBrowser calls run with a browser and ends it.
async function withBrowser(run) {
  if (!options.sqlite) {
    const browser = await launch();
    return run(browser).finally(() => browser.close());
  }
  if (browserName !== "chromium") throw new Error("--sqlite is for Chromium");
  const profile = mkdtempSync(join(tmpdir(), "larder-profile-"));
  try {
    const browser = await launch({
      userDataDir: profile,
      args: ["--enable-features=IdbSqliteBackingStore,IdbSqliteOnDiskRollout"],
    });
    const result = await run(browser).finally(() => browser.close());
    const origins = readdirSync(join(profile, "Default/IndexedDB"));
    if (origins.length === 0 || origins.some((name) => name.endsWith(".leveldb"))) {
      throw new Error(`this Chromium doesn't keep IndexedDB in SQLite: its folder holds ${origins}`);
    }
    return result;
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

// runAll runs the programs one after another and returns how many failed; having run no test at all is a failure.
async function runAll(browser, server, programs) {
  let failed = 0;
  let empty = 0;
  for (const program of programs) {
    const began = performance.now();
    const output = converter(program.path);
    let verdict = "ok  ";
    const write = (text) => {
      if (text.includes("testing: warning: no tests to run")) empty++;
      output.write(text);
    };
    try {
      const code = await runProgram(browser, server, program, write);
      if (code !== 0) verdict = "FAIL";
    } catch (err) {
      output.write(`\n${err.message}\n\x16FAIL\n`);
      verdict = "FAIL";
    }
    await output.end();
    if (verdict === "FAIL") failed++;
    process.stdout.write(`${verdict}\t${program.path}\t${((performance.now() - began) / 1000).toFixed(1)}s\n`);
  }
  if (empty === programs.length) {
    process.stdout.write("no test ran\n");
    failed++;
  }
  return failed;
}

async function main() {
  const { programs, whole } = buildPrograms();
  if (programs.length === 0) throw new Error("no package has js/wasm tests");
  const server = await serve(programs);
  try {
    const failed = await withBrowser((browser) => runAll(browser, server, programs));
    return failed === 0 && whole ? 0 : 1;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

process.exitCode = await main().catch((err) => {
  process.stderr.write(`${err.message}\n`);
  return 2;
});
