// Reading a row straight from IndexedDB, beside the module.
import { equal, ok } from "./check.mjs";

const collections = { rows: { key: "id", indexes: { n: "n" } }, others: { key: "id" } };
const keys = [
  0,
  -1.5,
  77n,
  "text",
  "",
  "a\u0000b",
  true,
  null,
  new Date(1.5e12),
  new Uint8Array([0, 255]),
  ["a", null, [1n]],
];
const rowOf = (i) => ({ id: i, n: i % 7, text: `row ${i} `.repeat(20) });

async function filled(t) {
  const db = await t.open(collections);
  const rows = db.collection("rows");
  await rows.putMany(Array.from({ length: 2000 }, (_, i) => rowOf(i + 1)));
  await rows.putMany(keys.map((id) => ({ id, n: 1 })));
  await rows.put({ id: "large", bytes: new Uint8Array(100_000).fill(7) });
  return db;
}

/** Compares what peek finds with what the database has. */
async function compare(t, db, collection = "rows") {
  const wanted = [1, 2, 1000, 1999, 2000, 2001, "none", "large", ...keys];
  const rows = await db.collection(collection).getMany(wanted);
  for (const [i, key] of wanted.entries()) {
    equal(await t.larder.peek(t.name, collection, key), rows[i], `the row under ${String(key)}`);
  }
}

/** Calls fn with IndexedDB's own database. */
async function raw(name, fn) {
  const result = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await result(indexedDB.open(`larder:${name}`));
  try {
    return await fn(database, result);
  } finally {
    database.close();
  }
}

export const cases = {
  async "peek finds what the database has, in the log and in pages"(t) {
    const db = await filled(t);
    await compare(t, db);
    await db.close(); // which folds the log into pages
    await t.open(collections).then((db) => compare(t, db));
    const again = await t.open(collections);
    const rows = again.collection("rows");
    await rows.put({ id: 1, n: "new" });
    await rows.delete(2);
    await rows.put({ id: 2001, n: "more" });
    await rows.put({ id: 3, n: 1 });
    await rows.delete(3);
    await compare(t, again);
    await compare(t, again, "others");
  },

  async "peek of what isn't there makes nothing"(t) {
    equal(await t.larder.peek(`${t.name} missing`, "rows", 1), undefined);
    ok(!(await t.larder.databases()).includes(`${t.name} missing`), "no database is made");
    await t.open(collections);
    equal(await t.larder.peek(t.name, "rows", 1), undefined);
    equal(await t.larder.peek(t.name, "nothing", 1), undefined);
    await t.fails("INVALID_VALUE", () => t.larder.peek(t.name, "rows", {}));
  },

  async "peek gives the row or says that it is damaged"(t) {
    const db = await filled(t);
    await db.close();
    const { peek } = t.larder;
    let damaged = 0;
    let seed = 1;
    const random = (n) => {
      seed = (seed * 48271) % 0x7fffffff;
      return seed % n;
    };
    for (let round = 0; round < 120; round++) {
      const store = ["root", "log", "pages"][round % 3];
      const undo = await raw(t.name, async (database, result) => {
        const objects = database.transaction(store, "readwrite").objectStore(store);
        const all = await result(objects.getAllKeys());
        if (all.length === 0) return undefined;
        const key = all[random(all.length)];
        const value = await result(objects.get(key));
        const broken = value.slice();
        broken[random(broken.length)] ^= 1 << random(8);
        await result(objects.put(broken, key));
        return { key, value };
      });
      try {
        equal(await peek(t.name, "rows", 1000), rowOf(1000));
      } catch (error) {
        if (!["CORRUPT", "SCHEMA_NEWER"].includes(error.code)) throw error;
        damaged++;
      }
      if (undo === undefined) continue;
      await raw(t.name, (database, result) =>
        result(database.transaction(store, "readwrite").objectStore(store).put(undo.value, undo.key)),
      );
    }
    ok(damaged > 0, "some of it was found");
    equal(await peek(t.name, "rows", 1000), rowOf(1000));
  },
};
