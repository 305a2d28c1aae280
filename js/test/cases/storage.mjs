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
