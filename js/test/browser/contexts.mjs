// Pages and workers that have a database open. Their global scope holds larder, db and rows; what is done in them is a
// function without a closure, as for page.evaluate.

/** The collection that most tests work on. */
export const schema = { rows: { key: "id", indexes: { half: "half" } } };

/** Starts a worker in the page and returns it. */
export async function startWorker(page) {
  const created = new Promise((resolve) => page.once("workercreated", resolve));
  // Chromium crashes now and then when a worker is asked to import something before its own script has run.
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        self.worker = new Worker("/test/browser/empty.mjs", { type: "module" });
        worker.onmessage = resolve;
      }),
  );
  return created;
}

/** Opens the database name in a page or a worker. */
export async function openDatabase(context, name, options = {}) {
  await context.evaluate(
    async (name, options) => {
      self.larder ??= await import("/dist/index.js");
      self.db = await larder.open(name, options);
      self.rows = db.collection("rows");
    },
    name,
    { collections: schema, ...options },
  );
}

/** Returns how many checkpoints were made or begun when the last was made, as the root in the database name says. */
export function checkpoint(context, name) {
  return context.evaluate(
    (name) =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open(`larder:${name}`);
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const request = opening.result.transaction("root").objectStore("root").get(0);
          request.onsuccess = () => {
            opening.result.close();
            const { buffer, byteOffset } = request.result;
            resolve(Number(new DataView(buffer, byteOffset).getBigUint64(18)));
          };
          request.onerror = () => reject(request.error);
        };
      }),
    name,
  );
}

/**
 * A gate in context: a function in it that awaits `passed(name)` is held there until the test calls open. reached
 * is fulfilled once one waits.
 */
export async function gate(context, name) {
  await context.evaluate((name) => {
    self.gates ??= {};
    const gate = {};
    gate.reached = new Promise((resolve) => {
      gate.reach = resolve;
    });
    gate.opened = new Promise((resolve) => {
      gate.open = resolve;
    });
    gates[name] = gate;
    self.passed = (name) => {
      gates[name].reach();
      return gates[name].opened;
    };
  }, name);
  return {
    reached: () => context.evaluate((name) => gates[name].reached, name),
    open: () => context.evaluate((name) => gates[name].open(), name),
  };
}

/** For evaluate: increments the counter count times, so many at a time, and says how many were acknowledged and what failed. */
export const increment = async (writers, count) => {
  let acknowledged = 0;
  const errors = [];
  let left = count;
  const write = async () => {
    while (left-- > 0) {
      try {
        await db.update(async (tx) => {
          const rows = tx.collection("rows");
          await rows.put({ id: "counter", n: (await rows.get("counter")).n + 1 });
        });
        acknowledged++;
      } catch (error) {
        if (errors.length < 3) errors.push(`${error.code}: ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return { acknowledged, errors };
};

/** Returns which of ids a fresh view in the context doesn't find in the index. */
export async function missing(context, ids) {
  const found = await context.evaluate(() =>
    db.view(async (tx) => (await tx.collection("rows").query({ index: "half" })).rows.map((row) => row.id), {
      fresh: true,
    }),
  );
  const there = new Set(found);
  return ids.filter((id) => !there.has(id));
}

/** Returns the counter as an update sees it: no commit is newer. */
export const counter = (context) =>
  context.evaluate(() => db.update(async (tx) => (await tx.collection("rows").get("counter")).n));
