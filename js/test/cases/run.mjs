// Runs the cases, wherever JavaScript runs.
import { cases as api } from "./api.mjs";
import { cases as async, stored as asyncStored } from "./async.mjs";
import { fails } from "./check.mjs";
import { cases as damage } from "./damage.mjs";
import { cases as peek } from "./peek.mjs";
import { cases as persistent } from "./persistent.mjs";
import { cases as refusals } from "./refusals.mjs";
import { cases as storage } from "./storage.mjs";
import { cases as transactions } from "./transactions.mjs";
import { cases as values } from "./values.mjs";

/** The cases for an engine, as [name, function] pairs. */
export function casesFor(engine) {
  const common = { ...api, ...values, ...transactions, ...refusals, ...storage, ...async };
  return Object.entries(
    engine === "memory" ? common : { ...common, ...persistent, ...asyncStored, ...peek, ...damage },
  );
}

let number = 0;

/** Runs one case with the package larder, and closes what it opened. */
export async function runCase(larder, engine, run) {
  const name = `case ${++number}`;
  const opened = [];
  const t = {
    larder,
    engine,
    name,
    fails,
    async open(collections, options = {}) {
      const { name: other, ...rest } = options;
      const db = await larder.open(other ?? name, { collections, engine, ...rest });
      opened.push(db);
      return db;
    },
    /** Waits until what another database committed has arrived. */
    async until(condition) {
      const deadline = Date.now() + 10_000;
      while (!(await condition())) {
        if (Date.now() > deadline) throw new Error("it never came true");
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
  };
  try {
    await run(t);
  } finally {
    await Promise.all(opened.map((db) => db.close()));
    if (engine !== "memory") {
      for (const db of new Set(opened.map((each) => each.name))) await larder.deleteDatabase(db);
    }
  }
}
