// What is left of a database whose stored bytes were changed.
import { equal, ok } from "./check.mjs";

const collections = { rows: { key: "id", indexes: { n: "n" } }, others: { key: "id" } };
const row = (id) => ({ id, n: id % 7, text: `row ${id} `.repeat(20) });
const rows = Array.from({ length: 2000 }, (_, id) => row(id));

/** Calls fn with an object store of IndexedDB's own database. */
async function raw(name, store, fn) {
  const result = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await result(indexedDB.open(`larder:${name}`));
  try {
    return await fn(database.transaction(store, "readwrite").objectStore(store), result);
  } finally {
    database.close();
  }
}

/** Flips a bit in the middle of the page of that kind with the highest id. */
function flip(t, kind) {
  return raw(t.name, "pages", async (pages, result) => {
    for (const key of (await result(pages.getAllKeys())).reverse()) {
      const page = await result(pages.get(key));
      if (page[0] !== kind.charCodeAt(0)) continue;
      page[page.length >> 1] ^= 16;
      await result(pages.put(page, key));
      return key;
    }
    throw new Error(`no page of kind ${kind}`);
  });
}

async function filled(t) {
  const db = await t.open(collections);
  await db.collection("rows").putMany(rows);
  await db.collection("others").put({ id: "other" });
  await db.close(); // which folds the log into pages
}

async function salvaged(t) {
  const found = { rows: new Map(), others: new Map() };
  const damage = await t.larder.salvage(t.name, (collection, each) => found[collection].set(each.id, each));
  return { ...found, damage };
}

export const cases = {
  async "salvage of a sound database gives every row"(t) {
    await filled(t);
    const found = await salvaged(t);
    equal([...found.rows.values()], rows);
    equal([...found.others.keys()], ["other"]);
    equal(found.damage, []);
    await t.open(collections);
    await t.fails("DELETED", () => t.larder.salvage(`${t.name} missing`, () => {}));
    const error = new Error("enough");
    const fails = () => {
      throw error;
    };
    const failed = await t.larder.salvage(t.name, fails).catch((e) => e);
    ok(failed === error, "the function's own error is passed on");
  },

  async "a damaged leaf is named, and the rest is read"(t) {
    await filled(t);
    const key = await flip(t, "P");
    const db = await t.open(collections);
    const damage = await db.verify();
    ok(damage.length > 0 && damage.every((error) => error.code === "CORRUPT"), "verify finds it");
    ok(damage[0].message.includes(String(key)), `the error names page ${key}: ${damage[0].message}`);
    let read = 0;
    for (const collection of ["rows", "others"]) {
      const ids = collection === "rows" ? rows.map(({ id }) => id) : ["other"];
      for (const id of ids) {
        try {
          ok((await db.collection(collection).get(id)) !== undefined, `the row ${id} is there`);
          read++;
        } catch (error) {
          if (error.code !== "CORRUPT") throw error;
        }
      }
    }
    ok(read >= rows.length - 500, `${read} of ${rows.length + 1} rows can be read`);
    const found = await salvaged(t);
    for (const [id, each] of found.rows) equal(each, row(id));
    ok(found.rows.size + found.others.size >= read, `${found.rows.size} rows are salvaged`);
    ok(found.damage.length > 0, "salvage names what is damaged");
  },

  async "a damaged directory costs no row"(t) {
    await filled(t);
    await flip(t, "H");
    const copyServes = await t.open(collections);
    equal(await copyServes.collection("rows").count(), rows.length);
    await copyServes.close();
    const inner = await flip(t, "N").catch(() => undefined);
    const found = await salvaged(t);
    equal(found.rows.size, rows.length, `rows salvaged with inner node ${inner} damaged`);
  },
};
