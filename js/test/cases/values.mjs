// What comes back is what was put.
import { equal } from "./check.mjs";

const nested = (depth) => (depth === 0 ? [] : [nested(depth - 1)]);

const values = {
  "null, booleans and undefined": [null, true, false, undefined],
  "small integers": [0, 1, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, -1, -32, -33, -128, -129, -32769, -(2 ** 31)],
  "other numbers": [-0, 0.1, 2 ** 32, -(2 ** 31) - 1, 2 ** 53, Number.MAX_VALUE, 5e-324, Number.NaN, -Infinity],
  "integers beyond 2^53": [2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 0n, 7n],
  text: [
    "",
    "a",
    "zürich",
    "日本語",
    "😀",
    "a\u0000b",
    "\ufeffmark",
    "x".repeat(31),
    "é".repeat(16),
    "ü".repeat(70000),
  ],
  bytes: [new Uint8Array([]), new Uint8Array([0, 255, 128]), new Uint8Array(300).fill(7)],
  dates: [new Date(0), new Date(1), new Date(-1), new Date(2 ** 35 * 1000), new Date(-8.64e15), new Date(8.64e15)],
  maps: new Map([
    ["a", 1],
    [2n, new Map([[null, "é"]])],
  ]),
  sets: new Set([1, "zwei", new Date(3)]),
  arrays: [[], [[]], Array.from({ length: 70 }, (_, i) => `n${i}`)],
  objects: {
    "": 1,
    __proto__x: 2,
    ä: { b: { c: [] } },
    many: Object.fromEntries([...Array(40).keys()].map((i) => [`k${i}`, i])),
  },
  depth: nested(60),
};

export const cases = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [
    `values: ${name}`,
    async (t) => {
      const db = await t.open({ values: { key: "id" } });
      const all = db.collection("values");
      const row = { id: 1, before: "ä", value, after: "ö" };
      await all.putMany([row, { ...row, id: 2 }]);
      equal(await all.get(1), row, "get");
      equal(await all.getMany([2, 1]), [{ ...row, id: 2 }, row], "getMany");
      equal((await all.query()).rows, [row, { ...row, id: 2 }], "query");
    },
  ]),
);

cases["values: a property called __proto__"] = async (t) => {
  const db = await t.open({ values: { key: "id" } });
  const all = db.collection("values");
  await all.put(JSON.parse('{"id":1,"__proto__":{"evil":true}}'));
  const row = await all.get(1);
  equal(row.evil, undefined);
  equal(Object.keys(row), ["id", "__proto__"]);
};

cases["values: an ArrayBuffer comes back as bytes"] = async (t) => {
  const db = await t.open({ values: { key: "id" } });
  const all = db.collection("values");
  await all.put({ id: 1, b: new Uint8Array([1, 2]).buffer });
  equal((await all.get(1)).b, new Uint8Array([1, 2]));
};

cases["values: getters that call the store while their row is written"] = async (t) => {
  const db = await t.open({ values: { key: "id" } });
  const all = db.collection("values");
  let inner;
  await all.put({
    id: 1,
    get x() {
      inner = all.put({ id: 2, text: "within" });
      return "x";
    },
    y: "y",
  });
  await inner;
  equal((await all.query()).rows, [
    { id: 1, x: "x", y: "y" },
    { id: 2, text: "within" },
  ]);
};
