// Package keys writes FoundationDB's tuple format. Here an implementation that
// knows nothing of it, npm's fdb-tuple, packs the keys of the vectors that the
// Go tests check package keys against.
//
// fdb-tuple has no type codes of users, so Larder's two, time and descending,
// are put together from what it packs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import tuple from "fdb-tuple";
import { encodeKey } from "../dist/key.js";

const vectors = JSON.parse(readFileSync(new URL("../../keys/testdata/vectors.json", import.meta.url), "utf8"));

/** Turns an element of a vector into what fdb-tuple packs. */
function toItem(element) {
  const [[kind, value]] = Object.entries(element);
  switch (kind) {
    case "null":
      return null;
    case "bool":
    case "string":
      return value;
    case "int":
      return BigInt(value);
    case "double":
      return { type: "double", value: Number(value) };
    case "bytes":
      return Buffer.from(value, "hex");
    case "uuid":
      return { type: "uuid", value: Buffer.from(value, "hex") };
    case "tuple":
      return value.map(toItem);
    default:
      throw new Error(`no kind of element: ${kind}`);
  }
}

function pack(element) {
  if (element.time) {
    const [seconds, nanoseconds] = element.time;
    return Buffer.concat([Buffer.of(0x41), tuple.pack([BigInt(seconds), nanoseconds])]);
  }
  if (element.desc) {
    const plain = Buffer.concat([...element.desc.map(pack), Buffer.of(0xfe)]);
    return Buffer.concat([Buffer.of(0x40), plain.map((byte) => byte ^ 0xff)]);
  }
  return tuple.pack([toItem(element)]);
}

const extended = (element) => element.time || element.desc;

test("A3 fdb-tuple packs every key of the vectors to the same bytes", () => {
  for (const { name, key, hex } of vectors) {
    assert.equal(Buffer.concat(key.map(pack)).toString("hex"), hex, name);
  }
});

test("fdb-tuple reads every key of the vectors that holds no extension", () => {
  for (const { name, key, hex } of vectors) {
    if (key.some(extended)) continue;
    const items = tuple.unpack(Buffer.from(hex, "hex"), true);
    assert.equal(tuple.pack(items).toString("hex"), hex, name);
  }
});

/** Turns an element of a vector into the Key that JavaScript has for it, undefined when it has none. */
function toKey(element) {
  const [[kind, value]] = Object.entries(element);
  switch (kind) {
    case "null":
      return null;
    case "bool":
    case "string":
      return value;
    case "int":
      return BigInt(value);
    case "double":
      return Number(value);
    case "bytes":
      return new Uint8Array(Buffer.from(value, "hex"));
    case "time":
      return value[1] % 1e6 === 0 && value[0] ** 2 < 1e24 ? new Date(value[0] * 1000 + value[1] / 1e6) : undefined;
    case "tuple": {
      const elements = value.map(toKey);
      return elements.includes(undefined) ? undefined : elements;
    }
    default:
      return undefined;
  }
}

test("encodeKey writes the keys of the vectors", () => {
  let checked = 0;
  for (const { name, key, hex } of vectors) {
    const keys = key.map(toKey);
    if (keys.includes(undefined)) continue;
    assert.equal(Buffer.concat(keys.map(encodeKey)).toString("hex"), hex, name);
    checked++;
  }
  assert.ok(checked > vectors.length / 2, `only ${checked} of ${vectors.length} vectors have keys of JavaScript`);
});

test("encodeKey refuses what is no key", () => {
  for (const key of [undefined, Number.NaN, "\ud800", 1n << 64n, -(1n << 63n) - 1n, new Date(Number.NaN), {}, [[{}]]]) {
    assert.throws(() => encodeKey(key), { code: "INVALID_VALUE" }, String(key));
  }
});
