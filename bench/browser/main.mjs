// Measures Larder and its peers in Chromium:
//
//   node bench/browser/main.mjs [--rounds 5] [--rows 10000] [--systems a,b] [--lines a,b]
//                               [--warm-rows 10000] [--chromium-flag=FLAG]… [--out folder]
//
// Each system does the list with --warm-rows rows before that counts, as many as --rows if it isn't given: a store is
// used for long, and the browser compiles what it has seen running once more. With 100 it is as in a page just opened.
// --systems and --lines take names of systems/list.mjs and page/work.mjs, and "cold". The folder,
// build/bench-browser if none is given, gets results.json, results.md and results.svg; a run of all
// systems and lines with 10,000 rows, 5 rounds or more and no flags is the one that the README shows,
// docs/bench-browser.svg. The exit status is 1 when a system failed or results differ.

import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundle } from "./bundle.mjs";
import { measure } from "./measure.mjs";
import { sizesFor } from "./page/data.mjs";
import { linesFor } from "./page/work.mjs";
import { resultsOf } from "./results.mjs";
import { serve } from "./server.mjs";
import { systems as allSystems } from "./systems/list.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      rows: { type: "string", default: "10000" },
      systems: { type: "string" },
      lines: { type: "string" },
      "warm-rows": { type: "string" },
      "chromium-flag": { type: "string", multiple: true, default: [] },
      out: { type: "string", default: join(root, "build/bench-browser") },
    },
  });
  const rounds = wholeNumber("rounds", values.rounds, 1);
  const rows = wholeNumber("rows", values.rows, 100);
  const warmRows = wholeNumber("warm-rows", values["warm-rows"] ?? rows, 100);
  const lineIds = [...linesFor(sizesFor(rows)).map(({ id }) => id), "cold"];
  return {
    rounds,
    rows,
    warmRows,
    names: chosen(
      "systems",
      values.systems,
      allSystems.map(({ name }) => name),
    ),
    lines: values.lines && chosen("lines", values.lines, lineIds),
    chromiumFlags: values["chromium-flag"],
    out: resolve(values.out),
    whole:
      rounds >= 5 &&
      rows === 10_000 &&
      !(values["warm-rows"] || values.systems || values.lines) &&
      values["chromium-flag"].length === 0,
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

// runRounds measures, and calls done with the rounds so far after each.
async function runRounds(systems, options, done) {
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
          navigations: options.rounds === 1 ? 1 : 5,
        });
        const { error } = round[system.name];
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        process.stderr.write(`round ${i + 1}: ${system.name}, ${seconds} s${error ? `, FAILED: ${error}` : ""}\n`);
      }
      rounds.push(Object.fromEntries(systems.map(({ name }) => [name, round[name]])));
      done(rounds);
    }
  } finally {
    server.close();
  }
}

async function main() {
  const options = readOptions();
  const systems = allSystems.filter(({ name }) => options.names.includes(name));
  let results;
  // What is done is written after each round, as many of them take long.
  await runRounds(systems, options, (rounds) => {
    results = resultsOf(systems, sizesFor(options.rows), rounds, options.chromiumFlags);
    mkdirSync(options.out, { recursive: true });
    for (const [file, text] of Object.entries(results.files)) writeFileSync(join(options.out, file), text);
  });
  const { files, complaints } = results;
  process.stdout.write(files["results.md"]);
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  if (complaints.length > 0) return 1;
  if (options.whole) writeFileSync(join(root, "docs/bench-browser.svg"), files["results.svg"]);
  return 0;
}

process.exitCode = await main().catch((err) => {
  process.stderr.write(`${err.stack}\n`);
  return 2;
});
