// Makes of rounds what is written: results.json, results.md and results.svg.

import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { goalsReached } from "./goals.mjs";
import { differences, summarize } from "./statistics.mjs";
import { draw } from "./svg.mjs";
import { tables } from "./table.mjs";

// resultsOf returns the files' texts by name, and complaints: which systems failed and where
// results differ.
export function resultsOf(systems, sizes, rounds, chromiumFlags) {
  const summary = summarize(rounds);
  const date = new Date().toISOString().slice(0, 10);
  const browser = rounds[0][systems[0].name].browser;
  const machine = `${cpus()[0].model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const versions = versionsOf(systems);
  const about = [
    `${date}, ${[browser, ...chromiumFlags].join(" ")}, ${machine}. ${sizes.bulk.toLocaleString("en-US")} rows of about 200 bytes; objects in, objects out.`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    ...systems.filter(({ note }) => note).map(({ label, note }) => `${label} ${note}.`),
  ];
  const report = { systems, sizes, summary, rounds, about };
  const complaints = [
    ...rounds.flatMap((round, i) =>
      Object.entries(round).flatMap(([name, { error }]) => (error ? [`round ${i + 1}, ${name} failed: ${error}`] : [])),
    ),
    ...differences(rounds).map((difference) => `results differ: ${difference}`),
  ];
  const json = { date, browser, chromiumFlags, machine, versions, sizes, complaints, summary, rounds };
  const plain = (_, value) => (value === Number.POSITIVE_INFINITY ? "> 60 s" : value);
  return {
    files: {
      "results.json": `${JSON.stringify(json, plain, 2)}\n`,
      "results.md": `${goalsReached(report)}\n${tables(report)}\n${about.join("\n\n")}\n`,
      "results.svg": draw(report),
    },
    complaints,
  };
}

function versionsOf(systems) {
  const packages = [...new Set(systems.map((system) => system.package).filter(Boolean))];
  const manifest = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
  return Object.fromEntries(packages.map((name) => [name, manifest.dependencies[name]]));
}
