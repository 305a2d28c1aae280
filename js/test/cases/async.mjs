// Writes of a database that is opened with durability "async", which are answered at once where that is granted: where
// the engine keeps its data, and there are locks that say that nobody else writes.
import { equal, ok } from "./check.mjs";

const collections = { rows: { key: "id", indexes: { slug: { path: "slug", unique: true }, n: "n" } } };

async function opened(t) {
  const db = await t.open(collections, { durability: "async" });
  const rows = db.collection("rows");
  await rows.put({ id: "first", n: 0 });
  return { db, rows };
}

const many = (n, of) => Array.from({ length: n }, (_, i) => of(i));

/** What a sequence of writes is to lead to. */
class Model {
  rows = new Map();

  put(...rows) {
    for (const row of rows) this.rows.set(row.id, row);
  }

  delete(id) {
    this.rows.delete(id);
  }

  /** The rows in the order of their keys, which are numbers. */
  sorted() {
    return [...this.rows.values()].sort((a, b) => a.id - b.id);
  }
}

/** Checks that what the database holds, by key and by index, is want. */
async function holds(db, want) {
  const rows = db.collection("rows");
  equal((await rows.query()).rows, want, "rows");
  const byN = want.filter((row) => row.n !== undefined).sort((a, b) => a.n - b.n || a.id - b.id);
  equal((await rows.query({ index: "n" })).rows, byN, "rows by n");
  equal(await rows.count({ index: "slug" }), want.filter((row) => row.slug !== undefined).length, "rows with a slug");
}

export const cases = {
  async "async: a write that is acknowledged is seen at once, by every way to read"(t) {
    const { db, rows } = await opened(t);
    for (let n = 1; n <= 50; n++) {
      await rows.put({ id: "x", n });
      equal(rows.getSync("x"), { id: "x", n });
      equal(await rows.get("x"), { id: "x", n });
      equal(await rows.count({ index: "n", eq: n }), 1);
      equal(await db.view((tx) => tx.collection("rows").get("x")), { id: "x", n });
    }
    equal(await rows.delete("x"), true);
    equal(rows.getSync("x"), undefined, "a row that was deleted");
    equal(await rows.delete("x"), false);
    await rows.insert({ id: "x", n: 100 });
    equal(rows.getSync("x"), { id: "x", n: 100 });
  },

  async "async: writes happen in the order in which they were begun, whichever way they take"(t) {
    const db = await t.open(collections, { durability: "async" });
    const rows = db.collection("rows");
    const model = new Model();
    const add = (id, by) => {
      const row = model.rows.get(id);
      model.put({ ...row, n: row.n + by });
      return db.update(async (tx) => {
        const own = tx.collection("rows");
        const { n, ...rest } = await own.get(id);
        await own.put({ ...rest, n: n + by });
      });
    };
    const put = (...list) => {
      model.put(...list);
      return list.length === 1 ? rows.put(list[0]) : rows.putMany(list);
    };
    const insert = (row) => {
      model.put(row);
      return rows.insert(row);
    };
    const remove = (id) => {
      model.delete(id);
      return rows.delete(id);
    };
    for (let round = 0; round < 10; round++) {
      const id = 1000 + round;
      await put({ id, n: 1 });
      await add(id, 10);
      const unawaited = [
        put({ id, n: 2, slug: "two" }),
        add(id, 10),
        put({ id: id + 100, n: round }),
        remove(id + 100),
        insert({ id: id + 100, n: round + 1 }),
        put(...many(200, (i) => ({ id: i, n: round * i }))),
        add(7, 1000),
        put({ id: 8, n: -round }),
        remove(9),
        insert({ id: 9, n: -1 }),
        put(...many(20, (i) => ({ id: i, n: i - round }))),
        add(id, 100),
        remove(id + 100),
      ];
      await put({ id: 10, n: round, slug: "ten" });
      await add(10, 5);
      equal(rows.getSync(10), model.rows.get(10), "the last of the writes, when it is acknowledged");
      unawaited.push(put({ id, n: round }));
      await Promise.all(unawaited);
      await holds(db, model.sorted());
    }
    await db.flush();
    await holds(db, model.sorted());
    if (t.engine === "memory") return;
    await holds(await t.open(collections), model.sorted());
  },

  async "async: a refused write rejects with its error and changes nothing, and the next one is done"(t) {
    const { db, rows } = await opened(t);
    const { ExistsError, InvalidValueError, UniqueError } = t.larder;
    await rows.put({ id: 1, slug: "taken", n: 1 });
    const refusals = [
      ["UNIQUE", UniqueError, () => rows.put({ id: 2, slug: "taken" })],
      [
        "UNIQUE",
        UniqueError,
        () =>
          rows.putMany([
            { id: 2, slug: "free" },
            { id: 3, slug: "taken" },
          ]),
      ],
      ["EXISTS", ExistsError, () => rows.insert({ id: 1, slug: "other" })],
      ["INVALID_VALUE", InvalidValueError, () => rows.put({ id: 2, f: () => 1 })],
      ["INVALID_VALUE", InvalidValueError, () => rows.putMany([{ id: 2 }, { id: Number.NaN }])],
      ["INVALID_VALUE", InvalidValueError, () => rows.put({ id: 1, slug: {} })],
      ["INVALID_VALUE", InvalidValueError, () => rows.delete({})],
    ];
    let n = 1;
    for (const [code, type, write] of refusals) {
      ok((await t.fails(code, write)) instanceof type, `${code} is of its class`);
      equal(rows.getSync(1), { id: 1, slug: "taken", n });
      await rows.put({ id: 1, slug: "taken", n: ++n });
      equal(rows.getSync(1), { id: 1, slug: "taken", n });
    }
    // Those around a refused one are done, too, when nobody waits for any of them.
    const [before, refused, after] = await Promise.allSettled([
      rows.put({ id: 1, slug: "given", n: 0 }),
      rows.put({ id: 4, slug: "given" }),
      rows.put({ id: 4, slug: "taken" }),
    ]);
    equal([before.status, refused.reason?.code, after.status], ["fulfilled", "UNIQUE", "fulfilled"]);
    const want = [
      { id: 1, slug: "given", n: 0 },
      { id: 4, slug: "taken" },
      { id: "first", n: 0 },
    ];
    const found = async (db) => {
      const all = await db.collection("rows").getMany([1, 2, 3, 4, "first"]);
      equal(
        all.filter((row) => row !== undefined),
        want,
      );
      equal(await db.collection("rows").count(), 3);
      equal(await db.collection("rows").count({ index: "slug" }), 2);
    };
    await found(db);
    await db.flush();
    if (t.engine !== "memory") await found(await t.open(collections));
  },

  async "async: a write that begins in an open update is done after it"(t) {
    const { db, rows } = await opened(t);
    const order = [];
    let open;
    let begun;
    const opening = new Promise((resolve) => {
      open = resolve;
    });
    const inside = new Promise((resolve) => {
      begun = resolve;
    });
    const update = db
      .update(async (tx) => {
        const { n } = await tx.collection("rows").get("first");
        begun();
        await opening;
        await tx.collection("rows").put({ id: "first", n: n + 1 });
        await tx.collection("rows").put({ id: "second", n: 1 });
      })
      .then(() => order.push("update"));
    await inside;
    const writes = [
      rows.put({ id: "first", n: 100 }).then(() => order.push("put")),
      rows.delete("second").then((was) => order.push(`delete ${was}`)),
    ];
    equal(rows.getSync("first"), { id: "first", n: 0 }, "before the update has ended");
    equal(await rows.get("first"), { id: "first", n: 0 });
    equal(order, [], "what is acknowledged before the update has ended");
    open();
    await Promise.all([update, ...writes]);
    equal(order.sort(), ["delete true", "put", "update"]);
    equal(await rows.getMany(["first", "second"]), [{ id: "first", n: 100 }, undefined]);
  },

  async "async: after close a write is refused, and what was acknowledged before is kept"(t) {
    const { db, rows } = await opened(t);
    await rows.put({ id: 1, n: 1 });
    const pending = rows.put({ id: 2, n: 2 });
    const closing = db.close();
    const { ClosedError } = t.larder;
    const refused = async () => {
      for (const write of [
        () => rows.put({ id: 3 }),
        () => rows.insert({ id: 3 }),
        () => rows.delete(1),
        () => rows.putMany(many(200, (id) => ({ id }))),
      ]) {
        ok((await t.fails("CLOSED", write)) instanceof ClosedError, "it is of its class");
      }
    };
    await refused();
    await Promise.all([pending, closing]);
    await refused();
    if (t.engine === "memory") return;
    equal(await (await t.open(collections)).collection("rows").getMany([1, 2, 3]), [
      { id: 1, n: 1 },
      { id: 2, n: 2 },
      undefined,
    ]);
  },
};

/** For an engine that keeps its data. */
export const stored = {
  async "async: where nobody else writes, a write is answered before the page's next turn"(t) {
    const { db, rows } = await opened(t);
    await db.flush();
    const { exclusive } = await db.status();
    equal(exclusive, globalThis.navigator?.locks !== undefined, "whether it is granted");
    let turned = false;
    const { port1, port2 } = new MessageChannel();
    const turn = new Promise((resolve) => {
      port1.onmessage = resolve;
    }).then(() => {
      turned = true;
    });
    port2.postMessage(null);
    await rows.put({ id: 1, n: 1 });
    await rows.delete(1);
    await rows.insert({ id: 1, n: 2 });
    await rows.putMany(many(20, (id) => ({ id: id + 2, n: id })));
    ok(!turned || !exclusive, "the writes have waited for nothing");
    equal(rows.getSync(1), { id: 1, n: 2 });
    await turn;
    port1.close();
  },

  async "async: flush lets another connection see everything that was acknowledged"(t) {
    const { db, rows } = await opened(t);
    for (let id = 0; id < 30; id++) await rows.put({ id, n: id });
    await rows.delete(3);
    const unawaited = rows.put({ id: 30, n: 30 });
    await db.flush();
    const other = await t.open(collections);
    const see = () => other.view((tx) => tx.collection("rows").count({ index: "n", gte: 1 }), { fresh: true });
    equal(await see(), 29, "rows that another connection opens with");
    await rows.put({ id: 31, n: 31 });
    await db.flush();
    equal(await see(), 30, "rows that it finds later");
    await unawaited;
  },

  async "async: 500 writes of a program that never lets the page have its turn are all stored"(t) {
    const { db, rows } = await opened(t);
    for (let id = 0; id < 500; id++) {
      await rows.put({ id, n: id % 10 });
      equal(rows.getSync(id), { id, n: id % 10 });
    }
    await db.flush();
    const other = await t.open(collections);
    equal(await other.collection("rows").count(), 501);
    await Promise.all([db.close(), other.close()]);
    const again = (await t.open(collections)).collection("rows");
    equal(await again.count(), 501);
    equal(await again.count({ index: "n", eq: 9 }), 50);
    equal(await again.get(499), { id: 499, n: 9 });
  },
};
