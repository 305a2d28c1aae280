// The whole API on the memory engine, in Node, which has no other.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as larder from "../dist/index.js";
import { casesFor, runCase } from "./cases/run.mjs";

for (const [name, run] of casesFor("memory")) {
  test(name, () => runCase(larder, "memory", run));
}

test("without IndexedDB the default engine is unsupported, and memory is only used when asked for", async () => {
  await assert.rejects(larder.open("x", { collections: {} }), { code: "UNSUPPORTED", name: "UnsupportedError" });
  await assert.rejects(larder.databases(), { code: "UNSUPPORTED" });
});

test("databases in memory share nothing", async () => {
  const options = { collections: { rows: { key: "id" } }, engine: "memory" };
  const [one, two] = [await larder.open("same", options), await larder.open("same", options)];
  await one.collection("rows").put({ id: 1 });
  assert.equal(await two.collection("rows").count(), 0);
});
