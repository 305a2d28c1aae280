// What a program does with a database when all goes well, on any engine.
import { equal, ok } from "./check.mjs";

export const collections = {
  cities: {
    key: "id",
    indexes: {
      name: "name",
      region: ["country", "admin1"],
      slug: { path: "slug", unique: true },
      tags: { path: "tags", multi: true },
      height: "place.height",
    },
  },
  notes: { key: "meta.key" },
};

const zurich = { id: 1, name: "Zürich", country: "CH", admin1: "ZH", slug: "zrh", place: { height: 408 } };
const bern = { id: 2, name: "Bern", country: "CH", admin1: "BE", tags: ["capital", "old"], place: { height: 540 } };
const basel = { id: 3, name: "Basel", country: "CH", admin1: "BS", tags: ["old"], place: { height: 260 } };
const berlin = { id: 4, name: "Berlin", country: "DE", admin1: "BE", tags: ["capital"], place: {} };
const all = [zurich, bern, basel, berlin];

async function filled(t) {
  const db = await t.open(collections);
  const cities = db.collection("cities");
  await cities.putMany(all);
  return { db, cities };
}

const ids = (page) => page.rows.map((row) => row.id);

export const cases = {
  async "put, get and delete a row"(t) {
    const db = await t.open(collections);
    equal([db.name, db.engine], [t.name, t.engine]);
    ok(db.memory > 0, "the memory's size is known");
    const notes = db.collection("notes");
    equal(notes.name, "notes");
    const key = ["a", 1, 7n, true, null, new Date(0), new Uint8Array([1, 2])];
    const note = { meta: { key }, text: "hello" };
    equal(await notes.get(key), undefined, "get before put");
    equal(await notes.put(note), undefined, "put");
    equal(await notes.get(key), note);
    await notes.put({ meta: { key }, text: "again" });
    equal((await notes.get(key)).text, "again");
    equal(await notes.delete(key), true);
    equal(await notes.delete(key), false);
    equal(await notes.get(key), undefined, "get after delete");
  },

  async "many rows at once"(t) {
    const { cities } = await filled(t);
    equal(await cities.getMany([3, 9, 1]), [basel, undefined, zurich]);
    equal(await cities.getMany([]), []);
    equal(await cities.deleteMany([3, 9, 1]), 2);
    equal(ids(await cities.query()), [2, 4]);
    equal(await cities.putMany([]), undefined);
  },

  async "the row is what was put, not the object that was"(t) {
    const { cities } = await filled(t);
    const row = { id: 5, tags: ["x"] };
    const put = cities.put(row);
    row.tags.push("y");
    await put;
    const got = await cities.get(5);
    equal(got, { id: 5, tags: ["x"] });
    got.tags.push("z");
    equal((await cities.get(5)).tags, ["x"]);
  },

  async "query by key"(t) {
    const { cities } = await filled(t);
    equal((await cities.query()).rows, all);
    equal(ids(await cities.query({ gt: 1, lte: 3 })), [2, 3]);
    equal(ids(await cities.query({ gte: 2, lt: 4 })), [2, 3]);
    equal(ids(await cities.query({ gte: 4 })), [4]);
    equal(ids(await cities.query({ gte: 3, lt: 3 })), []);
    equal(ids(await cities.query({ eq: 2 })), [2]);
    equal(ids(await cities.query({ eq: 2n })), [], "a BigInt is another key");
    equal(ids(await cities.query({ reverse: true, limit: 2 })), [4, 3]);
  },

  async "query by index"(t) {
    const { cities } = await filled(t);
    equal(ids(await cities.query({ index: "name" })), [3, 4, 2, 1]);
    equal(ids(await cities.query({ index: "name", prefix: "Ber" })), [4, 2]);
    equal(ids(await cities.query({ index: "name", prefix: "Zü", reverse: true })), [1]);
    equal(ids(await cities.query({ index: "name", eq: "Ber" })), []);
    equal(ids(await cities.query({ index: "name", gt: "Basel", lt: "Bern" })), [4]);
    equal(ids(await cities.query({ index: "height", gte: 300 })), [1, 2], "a row without the value is left out");
    equal(ids(await cities.query({ index: "slug" })), [1]);
    equal(ids(await cities.query({ index: "tags", eq: "old" })), [2, 3]);
    equal(ids(await cities.query({ index: "tags" })), [2, 4, 2, 3], "once for each value");
  },

  async "query by a compound index"(t) {
    const { cities } = await filled(t);
    const region = (query) => cities.query({ index: "region", ...query }).then(ids);
    equal(await region({}), [2, 3, 1, 4]);
    equal(await region({ eq: ["CH"] }), [2, 3, 1]);
    equal(await region({ eq: ["CH", "BS"] }), [3]);
    equal(await region({ eq: [] }), [2, 3, 1, 4]);
    equal(await region({ gte: ["CH", "BS"], lte: ["CH", "ZH"] }), [3, 1]);
    equal(await region({ gt: ["CH", "BS"] }), [1, 4]);
    equal(await region({ gt: ["CH"] }), [4], "above all that begin so");
    equal(await region({ lte: ["CH"] }), [2, 3, 1]);
    equal(await region({ lt: ["DE"] }), [2, 3, 1]);
    equal(await region({ prefix: ["CH", "B"] }), [2, 3]);
    equal(await region({ prefix: ["D"] }), [4]);
    equal(await region({ prefix: ["CH", ""] }), [2, 3, 1]);
  },

  async "pages of a query"(t) {
    const { cities } = await filled(t);
    const pages = [];
    let after;
    do {
      const page = await cities.query({ index: "tags", limit: 2, after });
      pages.push(ids(page));
      after = page.next;
    } while (after !== undefined);
    equal(pages, [
      [2, 4],
      [2, 3],
    ]);
    const first = await cities.query({ limit: 1, reverse: true });
    await cities.delete(4);
    equal(ids(await cities.query({ reverse: true, after: first.next })), [3, 2, 1], "after a row that is gone");
    await t.fails("INVALID", () => cities.query({ after: first.next }));
    await t.fails("INVALID", () => cities.query({ after: "%%%" }));
    await t.fails("INVALID", () => cities.query({ limit: -1 }));
  },

  async "count rows"(t) {
    const { cities } = await filled(t);
    equal(await cities.count(), 4);
    equal(await cities.count({ index: "region", eq: ["CH"] }), 3);
    equal(await cities.count({ limit: 2 }), 2);
    equal(await cities.count({ index: "name", prefix: "X" }), 0);
  },

  async "an index follows its row"(t) {
    const { cities } = await filled(t);
    await cities.put({ ...zurich, slug: "zurich", name: undefined });
    equal(ids(await cities.query({ index: "slug", eq: "zrh" })), []);
    equal(ids(await cities.query({ index: "slug", eq: "zurich" })), [1]);
    equal(await cities.count({ index: "name" }), 3);
    await cities.put({ ...zurich, name: null });
    equal(ids(await cities.query({ index: "name", eq: null })), [1], "null is a value");
    await cities.delete(1);
    equal(await cities.count({ index: "name" }), 3);
    equal(await cities.count({ index: "slug" }), 0);
  },

  async "keys of every kind in their order"(t) {
    const db = await t.open({ keys: { key: "k" } });
    const keys = db.collection("keys");
    const ordered = [
      null,
      new Uint8Array([]),
      new Uint8Array([0, 255]),
      "",
      "a",
      "a\u0000b",
      "ab",
      "é",
      "😀",
      [],
      [null],
      [1, "x"],
      [2],
      -(2n ** 63n),
      -1n,
      0n,
      2n ** 53n + 1n,
      2n ** 64n - 1n,
      -Infinity,
      -1.5,
      0,
      1e-300,
      2 ** 53,
      Infinity,
      false,
      true,
      new Date(-1),
      new Date(0),
      new Date(1234567890123),
    ];
    await keys.putMany(ordered.map((k) => ({ k })).reverse());
    equal(
      (await keys.query()).rows.map((row) => row.k),
      ordered,
    );
    for (const k of ordered) equal(await keys.get(k), { k });
    await keys.put({ k: -0 });
    equal(await keys.count(), ordered.length, "rows when -0 is the key 0");
    equal((await keys.get(0)).k, -0, "the value");
  },
};
