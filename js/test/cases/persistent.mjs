// What an engine that keeps its data does beyond one database that stays open.
import { equal, ok } from "./check.mjs";

const collections = { rows: { key: "id", indexes: { name: "name" } } };
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const cases = {
  async "what was acknowledged is there when it is opened again"(t) {
    const db = await t.open(collections);
    await db.collection("rows").putMany([
      { id: 1, name: "a" },
      { id: 2n ** 60n, name: "b" },
    ]);
    await db.close();
    const again = await t.open(collections);
    equal((await again.collection("rows").query({ index: "name" })).rows, [
      { id: 1, name: "a" },
      { id: 2n ** 60n, name: "b" },
    ]);
  },

  async "status tells what is stored, what of it waits to be folded, and what is in memory"(t) {
    const text = "x".repeat(1000);
    const db = await t.open(collections);
    await db.collection("rows").putMany(Array.from({ length: 500 }, (_, id) => ({ id, text })));
    await db.close();
    const again = await t.open(collections);
    const rows = again.collection("rows");
    const opened = await again.status();
    equal(opened.pending, 0, "bytes that wait where the last to close has folded them");
    ok(opened.stored > 500 * text.length, `stored is ${opened.stored}`);
    await rows.preload();
    const read = await again.status();
    ok(read.cached > 500 * text.length, `cached is ${read.cached} when all is in memory`);
    ok(opened.cached < read.cached / 2, `cached was ${opened.cached} before`);
    await rows.put({ id: 500, text });
    const written = await again.status();
    ok(written.pending > text.length && written.pending < 2 * text.length, `pending is ${written.pending}`);
    equal(written.stored, opened.stored + written.pending, "stored");
  },

  async "a conflict runs the function again"(t) {
    const one = await t.open(collections);
    const two = await t.open(collections);
    await one.collection("rows").put({ id: 1, n: 0 });
    await t.until(async () => (await two.collection("rows").get(1)) !== undefined);
    let runs = 0;
    await one.update(async (tx) => {
      runs++;
      const rows = tx.collection("rows");
      const { n } = await rows.get(1);
      if (runs === 1) {
        await two.update(async (other) => {
          const row = await other.collection("rows").get(1);
          await other.collection("rows").put({ ...row, n: row.n + 10 });
        });
      }
      await later(0);
      await rows.put({ id: 1, n: n + 1 });
    });
    equal(runs, 2, "runs");
    equal((await one.collection("rows").get(1)).n, 11);
    await t.until(async () => (await two.collection("rows").get(1)).n === 11);
  },

  async "an old attempt can't write into the new one"(t) {
    const one = await t.open(collections);
    const two = await t.open(collections);
    const kept = [];
    await one.update(async (tx) => {
      kept.push(tx.collection("rows"));
      await kept[0].get(1).catch(() => {});
      if (kept.length === 1) await two.collection("rows").put({ id: 1 });
      else await t.fails("TX_DONE", () => kept[0].put({ id: 2 }));
      await tx.collection("rows").put({ id: 3 });
    });
    equal(kept.length, 2, "runs");
    equal(await one.collection("rows").count(), 2);
  },

  async "a new index is built over the rows that are there"(t) {
    const db = await t.open(collections);
    await db
      .collection("rows")
      .putMany(Array.from({ length: 500 }, (_, id) => ({ id, name: `n${id % 7}`, size: id % 5 })));
    await db.close();
    const wider = { rows: { key: "id", indexes: { name: "name", size: "size" } } };
    const again = await t.open(wider);
    equal(await again.collection("rows").count({ index: "size", eq: 3 }), 100);
  },

  async "code older than the catalogue is kept from writing"(t) {
    const old = await t.open(collections);
    await old.collection("rows").put({ id: 1, name: "a", size: 1 });
    const wider = { rows: { key: "id", indexes: { name: "name", size: "size" } } };
    const newer = await t.open(wider);
    const error = await t.fails("SCHEMA_NEWER", () => old.collection("rows").put({ id: 2, name: "b", size: 2 }));
    ok(error instanceof t.larder.SchemaNewerError, "it is of its class");
    await t.fails("SCHEMA_NEWER", () => old.update((tx) => tx.collection("rows").delete(1)));
    await old.close();
    await t.fails("SCHEMA_NEWER", () => t.open(collections));
    equal((await newer.collection("rows").query({ index: "size" })).rows, [{ id: 1, name: "a", size: 1 }]);
    equal(await newer.collection("rows").count(), 1);
  },

  async "a definition that changed under its name is refused, under a new version built anew"(t) {
    const db = await t.open(collections);
    await db.collection("rows").put({ id: 1, name: "a", size: 1 });
    await db.close();
    const other = (version) => ({ rows: { key: "id", indexes: { name: { path: "size", version } } } });
    await t.fails("INVALID", () => t.open(other(1)));
    await t.fails("INVALID", () => t.open({ rows: { key: "name", indexes: { name: "name" } } }));
    const again = await t.open(other(2));
    equal(await again.collection("rows").count({ index: "name", eq: 1 }), 1);
    await again.close();
    const without = await t.open({ rows: { key: "id", version: 2 } });
    equal(await without.collection("rows").count(), 1);
    await without.close();
    await t.fails("SCHEMA_NEWER", () => t.open(other(2)));
  },

  async "databases are listed and deleted"(t) {
    const { databases, deleteDatabase, DeletedError } = t.larder;
    const db = await t.open(collections);
    await db.collection("rows").put({ id: 1 });
    ok((await databases()).includes(t.name), "it is listed");
    await deleteDatabase(t.name);
    ok(!(await databases()).includes(t.name), "it isn't listed any more");
    const error = await t.fails("DELETED", () => db.collection("rows").put({ id: 2 }));
    ok(error instanceof DeletedError, "it is of its class");
    ok((await db.closed) instanceof DeletedError, "it has ended by that");
    equal(await deleteDatabase(t.name), undefined, "deleting what isn't there");
    const again = await t.open(collections);
    equal(await again.collection("rows").count(), 0);
  },

  async "many databases in one module"(t) {
    const names = ["a", "b", "c"].map((suffix) => `${t.name} ${suffix}`);
    const all = await Promise.all(names.map((name) => t.open(collections, { name })));
    await Promise.all(all.map((db, i) => db.collection("rows").put({ id: i })));
    for (const [i, db] of all.entries()) equal((await db.collection("rows").query()).rows, [{ id: i }]);
  },
};
