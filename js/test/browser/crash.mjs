// Browsers that are killed while pages write, and what is found when the database is opened again.
//
// Every commit of the load takes the number after that of the commit before it, so that the numbers say in which order
// they were committed, whoever made them. It stores the number in a row of its own, whose other fields follow from the
// number and the writer, and one in eight deletes a row. So what is stored must be what the first N commits leave, for
// some N, in every row, and N must be no less than the greatest number whose acknowledgement this process has got.
import assert from "node:assert/strict";
import { kill, open, start } from "./browser.mjs";
import { checkpoint, openDatabase } from "./contexts.mjs";
import { random } from "./random.mjs";

/** Defines self.rowOf and self.load in a page, which has to follow from nothing but its arguments. */
const define = () => {
  // Most rows are of some kilobytes; one in sixteen is larger than what is kept beside others, one in fifty than 64 KiB.
  self.rowOf = (number, writer) => {
    const mixed = Math.imul(number, 0x9e3779b1) >>> 0;
    const size = number % 50 === 0 ? 70_000 : number % 16 === 0 ? 17_000 + (mixed % 30_000) : mixed % 6000;
    return { id: number, half: number >> 1, writer, text: `${number} ${writer} `.repeat(size).slice(0, size) };
  };
  /** The number of the row that commit number deletes, undefined when it deletes none. */
  self.deletedBy = (number) => (number % 8 === 0 ? number / 2 : undefined);
  self.load = async (writer) => {
    for (;;) {
      const number = await db.update(async (tx) => {
        const rows = tx.collection("rows");
        const { n } = await rows.get("last");
        await rows.put({ id: "last", n: n + 1 });
        await rows.put(rowOf(n + 1, writer));
        const deleted = deletedBy(n + 1);
        if (deleted !== undefined) await rows.delete(deleted);
        return n + 1;
      });
      acknowledge(number, writer);
    }
  };
};

/** Returns the number of the last commit, who made each, and what differs from what the commits up to it leave. */
const inspect = async () => {
  const all = new Map();
  for (let after; ; ) {
    const page = await rows.query({ limit: 2000, after });
    for (const row of page.rows) all.set(row.id, row);
    after = page.next;
    if (after === undefined) break;
  }
  const n = all.get("last")?.n ?? 0;
  const wrong = all.has("last") ? [] : ["the number of the last commit is missing"];
  const deleted = new Set();
  for (let number = 1; number <= n; number++) {
    const row = deletedBy(number);
    if (row !== undefined) deleted.add(row);
  }
  for (let number = 1; number <= n; number++) {
    const row = all.get(number);
    if (deleted.has(number)) {
      if (row !== undefined) wrong.push(`row ${number} was deleted and is there`);
      continue;
    }
    if (row === undefined) wrong.push(`row ${number} is missing`);
    else if (JSON.stringify(row) !== JSON.stringify(rowOf(number, row.writer)))
      wrong.push(`row ${number} is not as written`);
  }
  if (all.size !== 1 + n - deleted.size) wrong.push(`${all.size} rows, not ${1 + n - deleted.size}`);
  const indexed = await rows.count({ index: "half", gte: 0 });
  if (indexed !== n - deleted.size) wrong.push(`${indexed} entries of the index, not ${n - deleted.size}`);
  const writers = [...all.values()].flatMap((row) => (row.writer === undefined ? [] : [[row.id, row.writer]]));
  for (const error of await db.verify()) wrong.push(String(error));
  return { n, writers, wrong: wrong.slice(0, 5) };
};

/**
 * Kills browsers rounds times at random points of a load of several writers in each of so many tabs, and checks what is
 * found after each time. It returns how many commits there were and in how many of the loads the log was folded.
 */
export async function crashes(t, { origin, userDataDir, seed, rounds, durability, tabs, writers = 6 }) {
  const pick = random(seed);
  const name = `crash ${durability}`;
  const acknowledged = new Map();
  let last = 0;
  let folds = 0;
  let checkpoints = 0;
  let killedAt = 0;
  for (let round = 0; ; round++) {
    const browser = await start(t, userDataDir);
    const pages = [];
    for (let tab = 0; tab < tabs; tab++) {
      const page = await open(browser, origin);
      await page.evaluate(define);
      // Before the database is open, which folds what is left.
      if (round > 0 && tab === 0 && (await checkpoint(page, name)) > checkpoints) folds++;
      await openDatabase(page, name, { durability });
      pages.push(page);
    }
    if (round === 0) await pages[0].evaluate(() => rows.put({ id: "last", n: 0 }));
    else {
      const { n, writers, wrong } = await pages[0].evaluate(inspect);
      const about = `seed ${seed}, round ${round} of ${durability}`;
      assert.deepEqual(wrong, [], about);
      // What is acknowledged before it is stored is stored soon: the bound is the engine's 50 ms, on a busy machine.
      const age = durability === "async" ? 1000 : 0;
      const promised = [...acknowledged].filter(([, { at }]) => at + age <= killedAt);
      const newest = Math.max(0, ...promised.map(([number]) => number));
      t.diagnostic(`${about}: ${n - last} commits, ${acknowledged.size} acknowledged`);
      assert.ok(n >= newest, `${about}: commit ${newest} was acknowledged, ${n} is the last`);
      const by = new Map(writers);
      for (const [number, { writer }] of acknowledged) {
        // A number that a lost commit had is another's now; one that is deleted no longer says whose it was.
        if (number <= n && by.has(number)) assert.equal(by.get(number), writer, `${about}: who made commit ${number}`);
      }
      last = n;
    }
    if (round === rounds) {
      await kill(browser);
      return { commits: last, folds };
    }

    if (durability === "async") {
      await pages[0].evaluate((n) => rows.put({ id: "last", n }), last);
      assert.ok((await pages[0].evaluate(() => db.status())).exclusive, "async isn't granted");
    }
    checkpoints = await checkpoint(pages[0], name);
    acknowledged.clear();
    // One load in three is long enough for the log to be folded.
    const wanted = (round % 3 === 0 ? 400 : 30) + pick(500);
    const delay = pick(30);
    let dying = false;
    let killed;
    const enough = new Promise((resolve) => {
      killed = resolve;
    });
    const acknowledge = (number, writer) => {
      acknowledged.set(number, { writer, at: Date.now() });
      // At a random point: not right after an acknowledgement.
      if (acknowledged.size !== wanted) return;
      setTimeout(() => {
        dying = true;
        killed(kill(browser));
      }, delay);
    };
    for (const page of pages) await page.exposeFunction("acknowledge", acknowledge);
    const started = Promise.all(
      pages.map((page, tab) =>
        page.evaluate(
          (prefix, writers) => {
            for (let i = 0; i < writers; i++)
              load(`${prefix} ${i}`).catch((error) => console.error(`${error.code}: ${error}`));
          },
          `${round} ${tab}`,
          writers,
        ),
      ),
    ).catch((error) => {
      if (!dying) throw error; // the kill may come before a page has answered
    });
    await Promise.all([started, enough]);
    killedAt = Date.now();
  }
}
