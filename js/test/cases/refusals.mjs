// Bad input: each gives its error, and the database is as it was.
import { equal, ok } from "./check.mjs";

const collections = {
  rows: {
    key: "id",
    indexes: {
      slug: { path: "slug", unique: true },
      pair: ["a.x", "b"],
      tags: { path: "tags", multi: true },
    },
  },
};

const before = [{ id: 1, slug: "one", tags: [1] }];

async function opened(t) {
  const db = await t.open(collections);
  const rows = db.collection("rows");
  await rows.putMany(before);
  return { db, rows };
}

async function unchanged(rows) {
  equal((await rows.query()).rows, before, "rows");
  equal(await rows.count({ index: "slug" }), 1);
  equal(await rows.count({ index: "pair" }), 0);
  equal(await rows.count({ index: "tags" }), 1);
}

class Point {}
const cyclic = {};
cyclic.self = { again: cyclic };
let deep = [];
for (let i = 0; i < 70; i++) deep = [deep];

// What can't be stored, with its path.
const unstorable = {
  "a function": [{ id: 2, f: () => 1 }, "f"],
  "a symbol": [{ id: 2, list: [1, Symbol("s")] }, "list[1]"],
  "an instance of a class": [{ id: 2, address: { lat: [0, 1, 2, new Point()] } }, "address.lat[3]"],
  "a regular expression": [{ id: 2, re: /x/ }, "re"],
  "an error": [{ id: 2, e: new Error("e") }, "e"],
  "a typed array of other numbers": [{ id: 2, f: new Float64Array(1) }, "f"],
  "a promise": [{ id: 2, p: Promise.resolve() }, "p"],
  "an invalid date": [{ id: 2, when: new Date(Number.NaN) }, "when"],
  "half of a surrogate pair": [{ id: 2, t: { text: "a\ud800b" } }, "t.text"],
  "half of a pair in a long text": [{ id: 2, t: `${"x".repeat(100)}\udc00` }, "t"],
  "a property's name with half of a pair": [{ id: 2, "\ud800": 1 }, "\ud800"],
  "a BigInt of 65 bits": [{ id: 2, n: 2n ** 64n }, "n"],
  "a BigInt below 64 bits": [{ id: 2, n: -(2n ** 63n) - 1n }, "n"],
  "a cycle": [{ id: 2, cyclic }, undefined],
  "arrays nested too deep": [{ id: 2, deep }, undefined],
  "a function in a Map": [{ id: 2, m: new Map([["k", () => 1]]) }, "m[0]"],
  "a function in a Set": [{ id: 2, s: new Set([1, () => 1]) }, "s[1]"],
  "a row without its key": [{ slug: "two" }, "id"],
  "a row whose key is undefined": [{ id: undefined }, "id"],
  "a row whose key is NaN": [{ id: Number.NaN }, "id"],
  "a row whose key is an object": [{ id: {} }, "id"],
  "a key with NaN in it": [{ id: [1, [Number.NaN]] }, "id[1][0]"],
  "NaN in an index": [{ id: 2, slug: Number.NaN }, "slug"],
  "an object in a compound index": [{ id: 2, a: { x: {} }, b: 1 }, "a.x"],
  "no array in a multi-valued index": [{ id: 2, tags: "x" }, "tags"],
  "an object in a multi-valued index": [{ id: 2, tags: [1, {}] }, "tags[1]"],
};

export const cases = Object.fromEntries(
  Object.entries(unstorable).map(([name, [row, path]]) => [
    `can't be stored: ${name}`,
    async (t) => {
      const { db, rows } = await opened(t);
      for (const put of [
        () => rows.put(row),
        () => rows.insert(row),
        () => db.update((tx) => tx.collection("rows").put(row)),
      ]) {
        const error = await t.fails("INVALID_VALUE", put);
        if (path !== undefined) equal(error.path, path, "path");
        else ok(error.path.length > 0, "the error has a path");
        ok(error.message.includes(error.path), "the message names the path");
        ok(error instanceof t.larder.InvalidValueError && error instanceof Error, "it is of its class");
        ok(error.remedy.length > 0, "it says what helps");
      }
      const many = await t.fails("INVALID_VALUE", () => rows.putMany([{ id: 9 }, row]));
      ok(many.path === undefined || path === undefined || many.path.endsWith(path), "the path of a row of many");
      await unchanged(rows);
    },
  ]),
);

for (const [name, row] of Object.entries({
  "a number": 1,
  text: "x",
  null: null,
  undefined: undefined,
  "an array": [1],
})) {
  cases[`can't be stored: ${name} as a row`] = async (t) => {
    const { rows } = await opened(t);
    await t.fails("INVALID_VALUE", () => rows.put(row));
    await unchanged(rows);
  };
}

Object.assign(cases, {
  async "keys that can't be"(t) {
    const { rows } = await opened(t);
    for (const key of [Number.NaN, {}, undefined, new Map(), [() => 1], Symbol("s"), new Date(Number.NaN)]) {
      await t.fails("INVALID_VALUE", () => rows.get(key));
      await t.fails("INVALID_VALUE", () => rows.delete(key));
    }
    equal((await t.fails("INVALID_VALUE", () => rows.query({ gte: Number.NaN }))).path, "gte");
    equal((await t.fails("INVALID_VALUE", () => rows.query({ index: "pair", eq: [1, {}] }))).path, "eq[1]");
    await t.fails("INVALID_VALUE", () => rows.query({ index: "pair", eq: 1 }));
    await t.fails("INVALID_VALUE", () => rows.query({ prefix: 1 }));
    await unchanged(rows);
  },

  async "keys and rows that are too large"(t) {
    const { rows } = await opened(t);
    equal(await rows.put({ id: "" }), undefined, "empty text is a key");
    await rows.delete("");
    await rows.put({ id: "x".repeat(250) });
    await rows.delete("x".repeat(250));
    await t.fails("TOO_LARGE", () => rows.put({ id: "x".repeat(257) }));
    await t.fails("TOO_LARGE", () => rows.get("x".repeat(257)));
    await t.fails("TOO_LARGE", () => rows.put({ id: 2, slug: "x".repeat(701) }));
    await t.fails("TOO_LARGE", () => rows.put({ id: 2, data: new Uint8Array((16 << 20) + 1) }));
    await unchanged(rows);
  },

  async "a transaction that is too large"(t) {
    const { db, rows } = await opened(t);
    const data = new Uint8Array(15 << 20);
    await t.fails("TOO_LARGE", () =>
      db.update(async (tx) => {
        for (let id = 10; id < 15; id++) await tx.collection("rows").put({ id, data });
      }),
    );
    await unchanged(rows);
  },

  async "a duplicate in a unique index"(t) {
    const { rows } = await opened(t);
    const error = await t.fails("UNIQUE", () => rows.put({ id: 2, slug: "one" }));
    ok(error instanceof t.larder.UniqueError, "it is of its class");
    equal([error.op, error.collection, error.index], ["put", "rows", "slug"]);
    await t.fails("UNIQUE", () => rows.putMany([{ id: 2 }, { id: 3, slug: "one" }]));
    await t.fails("UNIQUE", () => rows.insert({ id: 2, slug: "one" }));
    await unchanged(rows);
  },

  async "a row that exists"(t) {
    const { rows } = await opened(t);
    const error = await t.fails("EXISTS", () => rows.insert({ id: 1 }));
    equal([error.op, error.collection], ["insert", "rows"]);
    await unchanged(rows);
  },

  async "names that nothing has"(t) {
    const { db, rows } = await opened(t);
    equal((await t.fails("TABLE_NOT_FOUND", async () => db.collection("none"))).collection, "none");
    equal((await t.fails("TABLE_NOT_FOUND", () => rows.query({ index: "none" }))).index, "none");
    await t.fails("TABLE_NOT_FOUND", () => rows.count({ index: "none" }));
    await t.fails("TABLE_NOT_FOUND", () => db.update((tx) => tx.collection("toString")));
    await unchanged(rows);
  },

  async "a closed database"(t) {
    const { db, rows } = await opened(t);
    await db.close();
    for (const use of [
      () => rows.get(1),
      () => rows.put({ id: 2 }),
      () => rows.query(),
      () => db.update(() => 1),
      () => db.view(() => 1),
    ]) {
      await t.fails("CLOSED", use);
    }
    equal(await db.close(), undefined, "a second close");
  },

  async "definitions that can't be"(t) {
    const { larder } = t;
    const open = (definitions, options) => t.open(definitions, { name: `${t.name} 2`, ...options });
    await t.fails("INVALID", () => open({ rows: {} }));
    await t.fails("INVALID", () => open({ "": { key: "id" } }));
    await t.fails("INVALID", () => open({ _rows: { key: "id" } }));
    await t.fails("INVALID", () => open({ rows: { key: "id", indexes: { x: [] } } }));
    await t.fails("INVALID", () => open({ rows: { key: "id", indexes: { x: {} } } }));
    await t.fails("INVALID", () => open({ rows: { key: "id", version: 0 } }));
    await t.fails("INVALID", () => open({ rows: { key: "id", indexes: { x: { path: ["a", "b"], multi: true } } } }));
    await t.fails("INVALID", () => open({}, { engine: "disk" }));
    await t.fails("INVALID", () => open({}, { durability: "maybe" }));
    await t.fails("INVALID", () => larder.open("", { collections: {} }));
    await t.fails("INVALID", () => larder.open(1, { collections: {} }));
  },
});
