// The codes of errors are one table, of which Go and JavaScript each hold a copy.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { errorFrom, makeError } from "../dist/errors.js";
import * as larder from "../dist/index.js";

test("both sides have the same codes", () => {
  const go = readFileSync(new URL("../../wasm/codes.go", import.meta.url), "utf8");
  const theirs = [...go.matchAll(/"([A-Z]+(?:_[A-Z]+)*)"/g)].map(([, code]) => code);
  assert.ok(theirs.length > 15, `${theirs.length} codes found in codes.go`);
  const ours = larder.codes.filter((code) => code !== "LOAD"); // is made in JavaScript only
  assert.deepEqual(theirs.sort(), [...ours].sort());
});

test("both sides have the same operations", () => {
  const go = readFileSync(new URL("../../wasm/ops.go", import.meta.url), "utf8");
  const ts = readFileSync(new URL("../src/abi.ts", import.meta.url), "utf8");
  const theirs = [...go.matchAll(/^\top([A-Z][A-Za-z]*)/gm)].map(([, op], i) => `${op}: ${i + 1}`);
  const ours = [...ts.matchAll(/^ {2}([A-Z][A-Za-z]*: \d+),/gm)].map(([, op]) => op);
  assert.ok(theirs.length > 10, `${theirs.length} operations found in ops.go`);
  assert.deepEqual(ours, theirs);
  assert.match(go, new RegExp(`const Version = ${/abiVersion = (\d+)/.exec(ts)[1]}\\b`));
});

const classes = new Map(Object.entries(larder));

test("each code has a class of its own, and says what helps", () => {
  const seen = new Set();
  for (const code of larder.codes) {
    const error = makeError(code, "m", { op: "put", path: "a.b", cause: 1 });
    assert.equal(error.code, code);
    assert.equal(error.name, error.constructor.name);
    assert.ok(error instanceof larder.LarderError && error instanceof classes.get(error.name), code);
    assert.notEqual(error.constructor, larder.LarderError);
    assert.ok(error.remedy.length > 10, code);
    assert.equal(error.cause, 1);
    assert.deepEqual([error.op, error.path, "key" in error], ["put", "a.b", false]);
    seen.add(error.constructor);
  }
  assert.equal(seen.size, larder.codes.length);
});

test("a code that this version doesn't know is INTERNAL and keeps its message", () => {
  const error = errorFrom({ code: "NEW_ONE", message: "why" });
  assert.deepEqual([error.code, error.message], ["INTERNAL", "why"]);
});
