import assert from "node:assert/strict";
import { test } from "node:test";
import { joinSegments } from "../scripts/segments.mjs";

const uint = (n) => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...uint(n >>> 7)]);
const sint = (n) => (n < 0x40 ? [n] : [(n & 0x7f) | 0x80, ...sint(n >>> 7)]);
const section = (id, ...body) => [id, ...uint(body.length), ...body];
const segment = (address, ...bytes) => [0x00, 0x41, ...sint(address), 0x0b, ...uint(bytes.length), ...bytes];

// A module of two pages of memory, exported as "m", and of the given segments.
const moduleOf = (...segments) =>
  Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(5, 1, 0x00, 2),
    ...section(7, 1, 1, 0x6d, 0x02, 0),
    ...section(11, ...uint(segments.length), ...segments.flat()),
    ...section(0, 1, 0x78, 1, 2, 3),
  );

const memoryOf = async (wasm) => {
  const { instance } = await WebAssembly.instantiate(wasm);
  return Buffer.from(instance.exports.m.buffer);
};

test("joined segments give the same memory", async () => {
  const far = Array.from({ length: 200 }, (_, i) => segment(70_000 + i * 40, i, 1, 2));
  for (const [name, segments, most] of [
    ["none", [], 0],
    ["one", [segment(8, 1, 2, 3)], 1],
    ["close together", [segment(8, 1), segment(63, 2), segment(64, 3), segment(200, 4)], 1],
    ["far apart", [segment(8, 1), segment(100_000, 2)], 2],
    ["in no order", [segment(9000, 1), segment(16, 2), segment(8191, 3), segment(8, 4)], 2],
    ["many", [segment(0, 7), ...far], 2],
  ]) {
    const wasm = moduleOf(...segments);
    const joined = joinSegments(wasm);
    assert.ok((await memoryOf(joined)).equals(await memoryOf(wasm)), name);
    assert.equal(countOf(joined), most, `${name}: segments`);
    assert.deepEqual(
      joined.subarray(-7),
      Buffer.from(section(0, 1, 0x78, 1, 2, 3)),
      `${name}: the section that follows`,
    );
  }
});

test("what the linker doesn't write is refused", () => {
  const passive = [0x01, 1, 9];
  const computed = [0x00, 0x41, 8, 0x41, 8, 0x6a, 0x0b, 1, 9];
  assert.throws(() => joinSegments(moduleOf(passive)), /another kind/);
  assert.throws(() => joinSegments(moduleOf(computed)), /more than a constant/);
  assert.throws(() => joinSegments(moduleOf(segment(8, 1, 2), segment(9, 3))), /lie at 9/);
  const wasm = moduleOf(segment(8, 1, 2, 3));
  for (const n of [4, 11, wasm.length - 9, wasm.length - 1]) {
    assert.throws(() => joinSegments(wasm.subarray(0, n)), /cut short/, `the first ${n} bytes`);
  }
});

// countOf returns how many segments of data there are; fewer than 128.
function countOf(wasm) {
  let at = 8;
  const next = () => {
    let n = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      n |= (byte & 0x7f) << shift;
      if (byte < 0x80) return n;
    }
  };
  for (;;) {
    const id = wasm[at++];
    const size = next();
    if (id === 11) return wasm[at];
    at += size;
  }
}
