// Shows where the time of lines of bench-browser goes, on the page's own thread:
//
//   node bench/browser/profile.mjs larder gets,scan [--rows 10000] [--top 40] [--tree 5] [--perf]
//
// For each line it prints the functions with the most time of their own and with what they call, in
// milliseconds, by the browser's sampling profiler; --tree prints the calls of so many milliseconds
// and more. larder.wasm is built with its functions' names. Of systems in a worker nothing is seen.
//
// The browser's profiler takes much of what WebAssembly does for its own "(program)". With --perf Linux's perf, which must be
// installed and allowed, samples the page's process; it tells which compiler a function's code is of, too.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launch } from "../../scripts/browser/chromium.mjs";
import { bundle } from "./bundle.mjs";
import { record } from "./perf.mjs";
import { serve } from "./server.mjs";
import { systems } from "./systems/list.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
// The page rests for so long between the hook that begins a profile and the line.
const restMicros = 10_000;

const { values, positionals } = parseArgs({
  options: {
    rows: { type: "string", default: "10000" },
    top: { type: "string", default: "40" },
    tree: { type: "string" },
    perf: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const [name, lineIds] = positionals;
const system = systems.find((each) => each.name === name);
if (!system || !lineIds) throw new Error(`usage: profile.mjs <${systems.map((each) => each.name).join("|")}> <line,…>`);

async function main() {
  mkdirSync(join(root, "build"), { recursive: true });
  const site = mkdtempSync(join(root, "build/profile-"));
  await bundle(system, site);
  if (system.module === "larder") {
    const env = { ...process.env, GOOS: "js", GOARCH: "wasm" };
    execFileSync("go", ["build", "-o", join(site, name, "larder.wasm"), "./wasm/module"], { cwd: root, env });
  }
  const server = await serve(site);
  // V8 tells perf of its code by a file in /tmp, and would write a log of its own here.
  const told = "--js-flags=--perf-basic-prof --no-logfile-per-isolate --logfile=/dev/null";
  const browser = await launch({ args: values.perf ? [told] : [] });
  try {
    await run(browser, server.origin(name));
  } finally {
    await browser.close();
    server.close();
  }
}

async function run(browser, origin) {
  const page = await browser.newPage();
  await page.goto(origin);
  await page.waitForFunction(() => globalThis.larderBench !== undefined);
  const start = values.perf ? () => perf(browser) : await sampler(page);
  let stop;
  await page.exposeFunction("beginProfile", async () => {
    await stop?.(); // while the system warms up nothing is reported
    stop = await start();
  });
  const lines = lineIds.split(",");
  await page.exposeFunction("larderReport", async ({ line, ms }) => {
    const done = stop;
    stop = undefined;
    if (ms !== undefined && lines.includes(line)) await done?.(line, ms);
    else await done?.();
  });
  // The page awaits what it believes to be the collector before each line.
  await page.evaluate(() => {
    globalThis.gc = () => globalThis.beginProfile();
  });
  const rows = Number(values.rows);
  const config = { rows, warmRows: rows, variant: system.variant, lines, kept: system.kept !== false };
  await page.evaluate((asked) => globalThis.larderBench.run(asked), config);
}

// sampler returns a function that starts the browser's profiler. It resolves to one that stops it and, given a line and its
// milliseconds, prints where they went.
async function sampler(page) {
  const profiler = await page.createCDPSession();
  await profiler.send("Profiler.enable");
  await profiler.send("Profiler.setSamplingInterval", { interval: 100 });
  return async () => {
    await profiler.send("Profiler.start");
    return async (line, ms) => {
      const { profile } = await profiler.send("Profiler.stop");
      if (line !== undefined) print(line, ms, profile);
    };
  };
}

// perf is what sampler returns, for Linux's perf.
async function perf(browser) {
  const stop = await record(browser, Number(values.top));
  return async (line, ms) => {
    const found = await stop(line !== undefined);
    if (found) printColumns(`${line}: ${ms.toFixed(1)} ms; percent of the samples`, found.all, found.own);
  };
}

function printColumns(title, all, own) {
  console.log(`== ${title}, with what is called | of its own`);
  for (let i = 0; i < Math.max(all.length, own.length); i++) {
    console.log(`${(all[i] ?? "").slice(0, 80).padEnd(80)} | ${(own[i] ?? "").slice(0, 80)}`);
  }
}

function print(line, ms, profile) {
  const nodes = new Map(profile.nodes.map((node) => [node.id, { ...node, own: 0, all: 0 }]));
  for (const node of nodes.values()) {
    for (const child of node.children ?? []) nodes.get(child).parent = node;
  }
  const end = restMicros + ms * 1000; // what follows is the check of the line's result
  const own = new Map();
  const all = new Map();
  const add = (map, key, micros) => map.set(key, (map.get(key) ?? 0) + micros);
  for (let i = 0, at = 0; i < profile.samples.length && at <= end; i++) {
    const micros = profile.timeDeltas[i];
    at += micros;
    add(own, nameOf(nodes.get(profile.samples[i])), micros);
    const seen = new Set();
    for (let node = nodes.get(profile.samples[i]); node; node = node.parent) {
      node.all += micros;
      if (!seen.has(nameOf(node))) add(all, nameOf(node), micros);
      seen.add(nameOf(node));
    }
  }
  const most = (map) => {
    const entries = [...map].sort((a, b) => b[1] - a[1]).slice(0, Number(values.top));
    return entries.map(([name, micros]) => `${millis(micros)} ${name}`);
  };
  printColumns(`${line}: ${ms.toFixed(1)} ms`, most(all), most(own));
  if (values.tree !== undefined) printCalls(nodes, profile.nodes[0].id, 0);
}

function printCalls(nodes, id, depth) {
  const node = nodes.get(id);
  if (node.all < Number(values.tree) * 1000) return;
  console.log(`${millis(node.all)} ${"  ".repeat(depth)}${nameOf(node)}`);
  const children = (node.children ?? []).map((child) => nodes.get(child)).sort((a, b) => b.all - a.all);
  for (const child of children) printCalls(nodes, child.id, depth + 1);
}

const millis = (micros) => (micros / 1000).toFixed(1).padStart(8);

function nameOf({ callFrame: { functionName, url } }) {
  const own = functionName.replace("github.com_larderdb_larder_", "") || "(anonymous)";
  return url.startsWith("wasm") ? own : `${own} [js]`;
}

await main();
