// A database that is larger than the memory it is given.
import assert from "node:assert/strict";
import { open, profile, serve, start } from "./browser.mjs";
import { openDatabase, startWorker } from "./contexts.mjs";
import { newSeed } from "./random.mjs";

const mebibyte = 1 << 20;
/** The cache's budget, and what the module's memory may grow to with it. */
const budget = 32 * mebibyte;
const maxMemory = 3 * budget + 32 * mebibyte;
/** So many times each database is opened; medians of fewer differ by half now and then on a busy machine. */
const rounds = 15;

const collections = { rows: { key: "id", indexes: { group: "group", score: "score" } } };

/** Defines self.rowOf in a worker: a row of 200 bytes as it is stored, whose score no other row has. */
const define = () => {
  self.rowOf = (id, change = 0) => {
    const score = Math.imul(id + 1, 0x9e3779b1) >>> 0;
    return { id, group: id % 1000, score, change, text: `${score.toString(36)} `.repeat(80).slice(0, 150) };
  };
};

/** Stores the rows from one number to another, so many in a transaction, and returns the size of the memory. */
const load = async (from, to, batch) => {
  for (let at = from; at < to; at += batch) {
    await rows.putMany(Array.from({ length: Math.min(batch, to - at) }, (_, i) => rowOf(at + i)));
  }
  return db.memory;
};

/** Reads in every way that there is, and returns the size of the memory and what was wrong. */
const query = async (count, seed) => {
  const { random } = await import("/test/browser/random.mjs");
  const pick = random(seed);
  const wrong = [];
  const same = (what, got, want) => {
    if (JSON.stringify(got) !== JSON.stringify(want)) wrong.push(`${what}: ${JSON.stringify(got)?.slice(0, 200)}`);
  };
  const ids = Array.from({ length: 1000 }, () => pick(count));
  for (const id of ids.slice(0, 200)) same(`get ${id}`, await rows.get(id), rowOf(id));
  same(
    "getMany",
    await rows.getMany(ids),
    ids.map((id) => rowOf(id)),
  );
  same("a missing row", (await rows.get(count)) ?? null, null);
  same("count", await rows.count(), count);
  same("count of a group", await rows.count({ index: "group", eq: 7 }), Math.ceil((count - 7) / 1000));
  const scores = Float64Array.from({ length: count }, (_, id) => rowOf(id).score).sort();
  for (let i = 0; i < 100; i++) {
    const at = pick(count);
    const got = (await rows.query({ index: "score", gte: scores[at], limit: 100 })).rows;
    same(
      `100 rows by score from place ${at}`,
      got.map(({ score }) => score),
      [...scores.subarray(at, at + 100)],
    );
    for (const row of got) same(`row ${row.id} by score`, row, rowOf(row.id));
    const first = pick(count);
    const byKey = (await rows.query({ gte: first, limit: 100 })).rows;
    same(
      `100 rows from ${first}`,
      byKey,
      Array.from({ length: Math.min(100, count - first) }, (_, i) => rowOf(first + i)),
    );
  }
  return { memory: db.memory, wrong: wrong.slice(0, 5) };
};

/** Reads the rows from a token on, so many pages of them, and returns how many, the token after them, and what was wrong. */
const scan = async (first, after, pages) => {
  const wrong = [];
  let n = 0;
  for (let i = 0; i < pages; i++) {
    const page = await rows.query({ limit: 5000, after });
    for (const row of page.rows) {
      if (JSON.stringify(row) !== JSON.stringify(rowOf(first + n))) wrong.push(`row ${first + n} is not as written`);
      n++;
    }
    after = page.next;
    if (after === undefined) break;
  }
  return { n, after, memory: db.memory, wrong: wrong.slice(0, 5) };
};

/** Changes rows all over the database and deletes others, looks at them, and puts everything back. */
const change = async (count, seed) => {
  const { random } = await import("/test/browser/random.mjs");
  const pick = random(seed + 1);
  const wrong = [];
  const ids = [...new Set(Array.from({ length: 2000 }, () => pick(count)))];
  const changed = ids.slice(0, ids.length / 2);
  const deleted = ids.slice(ids.length / 2);
  await rows.putMany(changed.map((id) => rowOf(id, 1)));
  if ((await rows.deleteMany(deleted)) !== deleted.length) wrong.push("rows were missing");
  const got = await rows.getMany(ids);
  changed.forEach((id, i) => {
    if (got[i]?.change !== 1) wrong.push(`row ${id} isn't changed`);
  });
  deleted.forEach((id, i) => {
    if (got[changed.length + i] !== undefined) wrong.push(`row ${id} isn't deleted`);
  });
  if ((await rows.count()) !== count - deleted.length) wrong.push("the count is off");
  await rows.putMany(ids.map((id) => rowOf(id)));
  return { memory: db.memory, wrong: wrong.slice(0, 5) };
};

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Loads, queries, changes and opens databases of 10,000 and of count rows. */
export async function large(t, count) {
  const seed = newSeed();
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  let peak = 0;
  const look = ({ memory, wrong = [] }, what) => {
    peak = Math.max(peak, memory);
    assert.deepEqual(wrong, [], `seed ${seed}: ${what}`);
    assert.ok(memory <= maxMemory, `the module has ${memory >> 20} MiB after ${what}, more than ${maxMemory >> 20}`);
  };
  /** Calls fn with the worker of a new page, which has the database open. */
  const inWorker = async (name, fn) => {
    const page = await open(browser, origin);
    const worker = await startWorker(page);
    await worker.evaluate(define);
    await openDatabase(worker, name, { collections, cacheSize: budget });
    await fn(worker);
    const { cached } = await worker.evaluate(() => db.status());
    assert.ok(cached <= budget, `${cached} bytes of ${name} are in a cache of ${budget}`);
    await worker.evaluate(() => db.close());
    await page.close();
  };
  const read = async (worker) => {
    look(await worker.evaluate(query, count, seed), "queries");
    for (let n = 0, after; n < count; ) {
      const result = await worker.evaluate(scan, n, after, 10);
      look(result, `a scan of ${n + result.n} rows`);
      assert.ok(result.n > 0 && (result.after === undefined) === (n + result.n === count), "where the scan ends");
      n += result.n;
      after = result.after;
    }
  };

  await inWorker("small", (worker) => worker.evaluate(load, 0, 10_000, 2000));
  await t.test(`${count} rows are loaded and queried in ${maxMemory >> 20} MiB`, async () => {
    await inWorker("large", async (worker) => {
      const step = 20_000;
      for (let at = 0; at < count; at += step) {
        const memory = await worker.evaluate(load, at, Math.min(at + step, count), 2000);
        look({ memory }, `loading ${at + step} rows`);
      }
      await read(worker);
    });
  });
  await t.test("they are there when the database is opened again, and can be changed", async () => {
    await inWorker("large", async (worker) => {
      await read(worker);
      look(await worker.evaluate(change, count, seed), "changes");
    });
    await inWorker("large", read);
  });
  t.diagnostic(`seed ${seed}: the module's memory grew to ${peak >> 20} MiB`);

  await t.test(`opening takes no longer than at 10,000 rows`, async (t) => {
    const times = { small: [], large: [] };
    for (let round = 0; round < rounds; round++) {
      for (const name of round % 2 === 0 ? ["small", "large"] : ["large", "small"]) {
        // The module is loaded and has worked when the time begins.
        await inWorker("other", async (worker) => {
          const time = await worker.evaluate(
            async (name, options) => {
              const began = performance.now();
              const db = await larder.open(name, options);
              const ms = performance.now() - began;
              await db.close();
              return ms;
            },
            name,
            { collections, cacheSize: budget },
          );
          times[name].push(time);
        });
      }
    }
    const [small, big] = [median(times.small), median(times.large)];
    t.diagnostic(`opening took ${small.toFixed(1)} ms at 10,000 rows, ${big.toFixed(1)} ms at ${count}`);
    assert.ok(big <= 1.5 * small, `opening took ${big.toFixed(1)} ms, at 10,000 rows ${small.toFixed(1)} ms`);
  });
}
