// The whole API on IndexedDB, by an independent implementation of it in Node.
import "fake-indexeddb/auto";
import { test } from "node:test";
import * as larder from "../dist/index.js";
import { casesFor, runCase } from "./cases/run.mjs";

for (const [name, run] of casesFor("indexeddb")) {
  test(name, () => runCase(larder, "indexeddb", run));
}
