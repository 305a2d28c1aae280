// Measures Larder and its peers in Chromium:
//
//   node bench/browser/main.mjs [--rounds 5] [--rows 10000] [--systems a,b] [--lines a,b]
//                               [--chromium-flag=FLAG]… [--out folder]
//
// --systems and --lines take names of systems/list.mjs and page/work.mjs, and "cold". The folder,
// build/bench-browser if none is given, gets results.json, results.md and results.svg; a run of all
// systems and lines with 10,000 rows, 5 rounds or more and no flags is the one that the README shows,
// docs/bench-browser.svg. The exit status is 1 when a system failed or results differ.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundle } from "./bundle.mjs";
import { measure } from "./measure.mjs";
import { sizesFor } from "./page/data.mjs";
import { linesFor } from "./page/work.mjs";
import { serve } from "./server.mjs";
import { differences, summarize } from "./statistics.mjs";
import { draw } from "./svg.mjs";
import { systems as allSystems } from "./systems/list.mjs";
import { tables } from "./table.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      rows: { type: "string", default: "10000" },
      systems: { type: "string" },
      lines: { type: "string" },
      "chromium-flag": { type: "string", multiple: true, default: [] },
      out: { type: "string", default: join(root, "build/bench-browser") },
    },
  });
  const rounds = wholeNumber("rounds", values.rounds, 1);
  const rows = wholeNumber("rows", values.rows, 100);
  const lineIds = [...linesFor(sizesFor(rows)).map(({ id }) => id), "cold"];
  return {
    rounds,
    rows,
    names: chosen(
      "systems",
      values.systems,
      allSystems.map(({ name }) => name),
    ),
    lines: values.lines && chosen("lines", values.lines, lineIds),
    chromiumFlags: values["chromium-flag"],
    out: resolve(values.out),
    whole: rounds >= 5 && rows === 10_000 && !values.systems && !values.lines && values["chromium-flag"].length === 0,
  };
}

function wholeNumber(name, text, least) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least)
    throw new Error(`--${name} is ${text}, not a number from ${least} on`);
  return number;
}

function chosen(name, text, known) {
  if (text === undefined) return known;
  const names = text.split(",");
  const strange = names.filter((each) => !known.includes(each));
  if (strange.length > 0) throw new Error(`--${name}: ${strange.join(", ")} is none of ${known.join(", ")}`);
  return known.filter((each) => names.includes(each));
}

async function runRounds(systems, options) {
  const site = join(options.out, "site");
  for (const system of systems) await bundle(system, site);
  const server = await serve(site);
  const rounds = [];
  try {
    for (let i = 0; i < options.rounds; i++) {
      // Each round begins with another system, so that no place in the order is always the same one's.
      const at = Math.round((i * systems.length) / options.rounds);
      const order = [...systems.slice(at), ...systems.slice(0, at)];
      const round = {};
      for (const system of order) {
        const began = performance.now();
        round[system.name] = await measure(system, server.origin(system.name), {
          ...options,
          warmRows: Math.max(100, Math.round(options.rows / 5)),
          navigations: options.rounds === 1 ? 1 : 5,
        });
        const { error } = round[system.name];
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        process.stderr.write(`round ${i + 1}: ${system.name}, ${seconds} s${error ? `, FAILED: ${error}` : ""}\n`);
      }
      rounds.push(Object.fromEntries(systems.map(({ name }) => [name, round[name]])));
    }
  } finally {
    server.close();
  }
  return rounds;
}

function versionsOf(systems) {
  const packages = [...new Set(systems.map((system) => system.package).filter(Boolean))];
  const manifest = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
  return Object.fromEntries(packages.map((name) => [name, manifest.dependencies[name]]));
}

async function main() {
  const options = readOptions();
  const systems = allSystems.filter(({ name }) => options.names.includes(name));
  const sizes = sizesFor(options.rows);
  const rounds = await runRounds(systems, options);
  const summary = summarize(rounds);
  const wrong = differences(rounds);

  const date = new Date().toISOString().slice(0, 10);
  const browser = rounds[0][systems[0].name].browser;
  const versions = versionsOf(systems);
  const machine = `${cpus()[0].model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const about = [
    `${date}, ${[browser, ...options.chromiumFlags].join(" ")}, ${machine}. ${options.rows.toLocaleString("en-US")} rows of about 200 bytes; objects in, objects out.`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    ...systems.filter(({ note }) => note).map(({ label, note }) => `${label} ${note}.`),
  ];
  const report = { systems, sizes, summary, rounds, about };
  const drawing = draw(report);
  const text = `${tables(report)}\n${about.join("\n\n")}\n`;
  const json = {
    date,
    browser,
    chromiumFlags: options.chromiumFlags,
    machine,
    versions,
    sizes,
    differences: wrong,
    summary,
    rounds,
  };
  const plain = (_, value) => (value === Number.POSITIVE_INFINITY ? "> 60 s" : value);
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, "results.json"), `${JSON.stringify(json, plain, 2)}\n`);
  writeFileSync(join(options.out, "results.md"), text);
  writeFileSync(join(options.out, "results.svg"), drawing);
  const failed = rounds.some((round) => Object.values(round).some(({ error }) => error));
  if (options.whole && !failed && wrong.length === 0) writeFileSync(join(root, "docs/bench-browser.svg"), drawing);

  process.stdout.write(text);
  for (const difference of wrong) process.stderr.write(`results differ: ${difference}\n`);
  return failed || wrong.length > 0 ? 1 : 0;
}

process.exitCode = await main().catch((err) => {
  process.stderr.write(`${err.stack}\n`);
  return 2;
});
