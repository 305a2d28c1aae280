// What a database knows about its storage, and reads that don't wait for it.
import { equal, ok } from "./check.mjs";

export const collections = { rows: { key: "id", indexes: { n: "n" } } };
const rows = Array.from({ length: 300 }, (_, i) => ({ id: i, n: i % 10, text: `row ${i}` }));

async function filled(t, options) {
  const db = await t.open(collections, options);
  await db.collection("rows").putMany(rows);
  return db;
}

export const cases = {
  async "synchronous reads of what is in memory"(t) {
    const db = await filled(t);
    const all = db.collection("rows");
    equal(await all.preload(), 300);
    equal(all.getSync(7), rows[7]);
    equal(all.getSync(1000), undefined, "a row that is known to be missing");
    equal(all.getManySync([1, 1000, 2]), [rows[1], undefined, rows[2]]);
    equal(await all.preload({ index: "n", eq: 3, limit: 5 }), 5);
    await t.fails("INVALID_VALUE", async () => all.getSync({}));
    await db.update((tx) => {
      const own = tx.collection("rows");
      own.put({ id: 7, n: 1 });
      equal(own.getSync(7), { id: 7, n: 1 }, "an own write");
      equal(all.getSync(7), rows[7], "outside of the transaction");
      own.delete(8);
      equal(own.getManySync([8, 9]), [undefined, rows[9]]);
    });
    equal(all.getManySync([7, 8]), [{ id: 7, n: 1 }, undefined]);
  },

  async "synchronous reads of what must be asked for, until it is in memory"(t) {
    const stored = Array.from({ length: 1000 }, (_, i) => ({ id: 2 * i, n: i, text: "x".repeat(1000) }));
    // A page that is read brings others along, of a quarter of the cache at most.
    const options = { cacheSize: 1 << 20 };
    let db = await t.open(collections, options);
    await db.collection("rows").putMany(stored);
    if (t.engine !== "memory") {
      await db.close(); // which folds the log into pages
      db = await t.open(collections, options);
    }
    const all = db.collection("rows");
    const first = stored.slice(0, 50);
    const [middle, last] = [stored[500], stored[999]];
    const refused = (read) => {
      if (t.engine === "memory") {
        read();
        return;
      }
      let error;
      try {
        read();
      } catch (thrown) {
        error = thrown;
      }
      equal(error?.code, "NOT_IN_MEMORY");
      ok(error instanceof t.larder.NotInMemoryError, "it is of its class");
    };
    for (const row of [first[0], middle, last]) {
      refused(() => all.getSync(row.id));
      refused(() => all.getManySync([row.id]));
    }
    refused(() => all.getSync(middle.id + 1)); // nobody knows that it is missing

    equal(await all.preload({ gte: 0, lte: 98 }), 50);
    for (const row of first) equal(all.getSync(row.id), row);
    equal(all.getSync(7), undefined, "a row that is known to be missing");
    equal(all.getManySync([98, 7, 0]), [first[49], undefined, first[0]]);
    for (const row of [middle, last]) {
      refused(() => all.getSync(row.id));
      refused(() => all.getManySync([0, row.id]));
    }

    equal(await all.get(last.id), last);
    equal(all.getSync(last.id), last, "a row that get has waited for");
    refused(() => all.getSync(middle.id));
    await db.view((tx) => {
      const own = tx.collection("rows");
      equal(own.getManySync([0, 7, last.id]), [first[0], undefined, last]);
      refused(() => own.getSync(middle.id));
    });

    equal(await all.preload({ index: "n", eq: middle.n }), 1);
    equal(all.getSync(middle.id), middle, "a row that an index has led to");
    equal(all.getManySync([middle.id + 1, middle.id]), [undefined, middle]);
  },

  async "calls of a transaction that nobody awaits happen in their order"(t) {
    const db = await filled(t);
    await db.update((tx) => {
      const own = tx.collection("rows");
      own.preload();
      own.put({ id: 1, n: "first" });
      own.get(1);
      own.put({ id: 1, n: "second" });
      own.delete(2);
      own.put({ id: 2, n: "again" });
    });
    equal(await db.collection("rows").getMany([1, 2]), [
      { id: 1, n: "second" },
      { id: 2, n: "again" },
    ]);
  },

  async "status, flush and verify"(t) {
    const db = await filled(t, { cacheSize: 1 << 20 });
    equal(await db.flush(), undefined);
    const status = await db.status();
    for (const name of ["used", "allowed", "stored", "pending", "cached"]) {
      ok(Number.isInteger(status[name]) && status[name] >= 0, `${name} is a number of bytes: ${status[name]}`);
    }
    equal([typeof status.persisted, typeof status.exclusive, status.damage], ["boolean", "boolean", undefined]);
    equal(await db.verify(), []);
  },

  async "persist is refused where there is nothing to ask"(t) {
    if (t.engine !== "memory" && globalThis.document !== undefined) return;
    const db = await t.open(collections);
    const error = await t.fails("UNSUPPORTED", () => db.persist());
    ok(error instanceof t.larder.UnsupportedError, "it is of its class");
  },

  async "durability async keeps every commit until close"(t) {
    const db = await t.open(collections, { durability: "async" });
    await Promise.all(rows.map((row) => db.collection("rows").put(row)));
    equal(db.collection("rows").getSync(5), rows[5], "a commit that is acknowledged is seen");
    await db.flush();
    await db.collection("rows").put({ id: 1, n: 1 });
    await db.close();
    if (t.engine === "memory") return;
    const again = await t.open(collections);
    equal(await again.collection("rows").count(), 300);
    equal(await again.collection("rows").get(1), { id: 1, n: 1 });
  },

  async "options that make no sense"(t) {
    for (const cacheSize of [-1, 1.5, 1000, "1", 2 ** 40]) {
      await t.fails("INVALID", () => t.open(collections, { cacheSize }));
    }
    await t.fails("INVALID", () => t.open(collections, { durability: "never" }));
  },
};
