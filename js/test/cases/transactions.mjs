// Transactions: closures that await what they like.
import { equal, ok } from "./check.mjs";

const collections = { counters: { key: "id", indexes: { name: { path: "name", unique: true } } }, log: { key: "id" } };
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function opened(t) {
  const db = await t.open(collections);
  const counters = db.collection("counters");
  await counters.put({ id: "a", n: 1 });
  return { db, counters };
}

export const cases = {
  async "update sees what it wrote, and all of it commits together"(t) {
    const { db, counters } = await opened(t);
    const result = await db.update(async (tx) => {
      const inside = tx.collection("counters");
      await inside.put({ id: "b", n: 2, name: "two" });
      equal(await inside.get("b"), { id: "b", n: 2, name: "two" });
      equal(await inside.count(), 2);
      equal((await inside.query({ index: "name", eq: "two" })).rows.length, 1);
      await tx.collection("log").put({ id: 1 });
      equal(await counters.get("b"), undefined, "what is not committed");
      return "done";
    });
    equal(result, "done");
    equal(await counters.count(), 2);
    equal(await db.collection("log").count(), 1);
  },

  async "a transaction may await a timer, a fetch, another database"(t) {
    const { db, counters } = await opened(t);
    const other = await t.open({ x: { key: "id" } }, { name: `${t.name} other` });
    await db.update(async (tx) => {
      const inside = tx.collection("counters");
      const { n } = await inside.get("a");
      await later(5);
      await other.collection("x").put({ id: 1 });
      const more = globalThis.fetch ? await (await fetch("data:text/plain,41")).text() : "41";
      await inside.put({ id: "a", n: n + Number(more) });
      await later(5);
    });
    equal((await counters.get("a")).n, 42);
    await other.close();
  },

  async "a function that fails changes nothing, and its error is passed on"(t) {
    const { db, counters } = await opened(t);
    const mine = new Error("mine");
    for (const fail of [
      async (tx) => {
        await tx.collection("counters").put({ id: "a", n: 100 });
        throw mine;
      },
      (tx) => {
        tx.collection("counters").put({ id: "a", n: 100 });
        throw mine;
      },
    ]) {
      const error = await db.update(fail).then(
        () => "no error",
        (e) => e,
      );
      ok(error === mine, "the function's own error is what update fails with");
      equal((await counters.get("a")).n, 1);
    }
    equal(
      await db
        .view(() => Promise.reject(undefined))
        .then(
          () => "fulfilled",
          () => "rejected",
        ),
      "rejected",
    );
  },

  async "a view is one snapshot"(t) {
    const { db, counters } = await opened(t);
    await db.view(async (tx) => {
      const inside = tx.collection("counters");
      await counters.put({ id: "a", n: 2 });
      await counters.put({ id: "b", n: 2 });
      equal((await inside.get("a")).n, 1);
      equal(await inside.count(), 1);
      await t.fails("READ_ONLY", () => inside.put({ id: "c" }));
    });
    equal(await counters.count(), 2);
  },

  async "updates at once lose nothing"(t) {
    const { db, counters } = await opened(t);
    const add = () =>
      db.update(async (tx) => {
        const inside = tx.collection("counters");
        const { n } = await inside.get("a");
        await later(0);
        await inside.put({ id: "a", n: n + 1 });
      });
    await Promise.all(Array.from({ length: 20 }, add));
    equal((await counters.get("a")).n, 21);
  },

  async "an error inside can be caught, and the rest commits"(t) {
    const { db, counters } = await opened(t);
    await counters.put({ id: "b", name: "taken" });
    await db.update(async (tx) => {
      const inside = tx.collection("counters");
      await inside.put({ id: "c", n: 1 });
      await t.fails("UNIQUE", () => inside.put({ id: "d", name: "taken" }));
      await t.fails("EXISTS", () => inside.insert({ id: "a" }));
      await t.fails("INVALID_VALUE", () => inside.put({ id: "e", f: () => 1 }));
    });
    equal(
      (await counters.query()).rows.map((row) => row.id),
      ["a", "b", "c"],
    );
  },

  async "many rows are all or none, also where the function doesn't wait for them or catches the error"(t) {
    const { db, counters } = await opened(t);
    const many = (n, from = 0) => Array.from({ length: n }, (_, i) => ({ id: i, n: from }));
    equal(await counters.putMany(many(1000)), undefined);
    equal(await counters.count(), 1001);
    await db.update((tx) => {
      tx.collection("counters").putMany(many(3000, 1));
    });
    equal(await counters.count(), 3001);
    equal((await counters.get(2999)).n, 1);
    const bad = [...many(500, 2), { id: 501, f: () => 1 }];
    equal((await t.fails("INVALID_VALUE", () => counters.putMany(bad))).path, "[500].f");
    const caught = (tx) =>
      tx
        .collection("counters")
        .putMany(bad)
        .catch(() => {});
    await t.fails("INVALID_VALUE", () => db.update(caught));
    equal((await counters.get(1)).n, 1, "a row of the part that was stored");
    equal(await counters.deleteMany(many(3000).map((row) => row.id)), 3000);
    equal(await counters.count(), 1);
  },

  async "a transaction's end is its end"(t) {
    const { db } = await opened(t);
    let kept;
    await db.update((tx) => {
      kept = tx.collection("counters");
    });
    await t.fails("TX_DONE", () => kept.get("a"));
    await t.fails("TX_DONE", () => kept.put({ id: "a" }));
    await db.view((tx) => {
      kept = tx.collection("counters");
    });
    await t.fails("TX_DONE", () => kept.query());
  },

  async "a transaction inside another's function is refused"(t) {
    const { db, counters } = await opened(t);
    for (const nested of [
      () => db.update(() => 1),
      () => db.view(() => 1),
      () => counters.put({ id: "x" }),
      () => db.close(),
    ]) {
      await t.fails("NESTED_TX", () => db.update(() => nested()));
    }
    equal(await counters.count(), 1);
  },

  async "close waits for what runs"(t) {
    const { db } = await opened(t);
    const order = [];
    const update = db.update(async (tx) => {
      order.push("begun");
      await later(20);
      await tx.collection("counters").put({ id: "late", n: 1 });
      order.push("ended");
    });
    await later(5);
    await Promise.all([update, db.close().then(() => order.push("closed"))]);
    equal(order, ["begun", "ended", "closed"]);
  },
};
