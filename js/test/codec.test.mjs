// The encoder and the decoder against an independent implementation of MessagePack.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, decodeMulti, ExtensionCodec, Encoder as Reference } from "@msgpack/msgpack";
import { Decoder } from "../dist/decode.js";
import { Encoder } from "../dist/encode.js";

// The seed is printed with a failure, and SEED=n runs it again.
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const extensions = new ExtensionCodec();
const reference = { useBigInt64: true, extensionCodec: extensions };
const many = (data) => [...decodeMulti(data, reference)];
const pairs = (list) => list.flatMap((_, i) => (i % 2 === 0 ? [[list[i], list[i + 1]]] : []));
extensions.register({ type: 1, encode: () => null, decode: () => undefined });
extensions.register({ type: 2, encode: () => null, decode: (data) => new Map(pairs(many(data))) });
extensions.register({ type: 3, encode: () => null, decode: (data) => new Set(many(data)) });

function randomText(random) {
  const alphabets = ["abcdefgh ", "äöüßé", "日本語", "😀🚀", "\u0000\u007f\u0080\u07ff\u0800\uffff"];
  const alphabet = [...alphabets[Math.floor(random() * alphabets.length)]];
  const length = Math.floor(random() < 0.9 ? random() * 40 : random() * 400);
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
}

function randomNumber(random) {
  const edges = [0, -0, 1, -1, 127, 128, -32, -33, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32, 2 ** 32 - 1, 2 ** 53];
  const kind = random();
  if (kind < 0.4) return edges[Math.floor(random() * edges.length)] * (random() < 0.5 ? 1 : -1);
  if (kind < 0.7) return Math.floor((random() - 0.5) * 2 ** Math.floor(random() * 40));
  return [Number.NaN, Infinity, (random() - 0.5) * 10 ** Math.floor(random() * 600 - 300)][Math.floor(random() * 3)];
}

function randomValue(random, depth, extended) {
  const kinds = [
    () => null,
    () => random() < 0.5,
    () => randomNumber(random),
    () => randomNumber(random),
    () => randomText(random),
    () => randomText(random),
    () => BigInt.asIntN(64, BigInt(Math.floor(random() * 2 ** 53)) << BigInt(Math.floor(random() * 12))),
    () => BigInt.asUintN(64, -BigInt(1 + Math.floor(random() * 2 ** 40))),
    () => Uint8Array.from({ length: random() * 300 }, () => random() * 256),
    () => new Date(Math.floor((random() - 0.5) * (random() < 0.5 ? 2 ** 42 : 1.7e16))),
  ];
  const nested = () => randomValue(random, depth - 1, extended);
  const list = () => Array.from({ length: random() * (random() < 0.9 ? 5 : 20) }, nested);
  if (depth > 0) kinds.push(list, () => Object.fromEntries(list().map((value) => [randomText(random), value])));
  if (extended) kinds.push(() => undefined);
  if (extended && depth > 0) kinds.push(() => new Map(list().map((value) => [randomNumber(random), value])));
  if (extended && depth > 0) kinds.push(() => new Set(list()));
  return kinds[Math.floor(random() * kinds.length)]();
}

const encoder = new Encoder();
const decoder = new Decoder();
const ours = (value) => {
  const { buffer, size } = encoder.encode([value]);
  return buffer.slice(0, size);
};

test(`any value comes back, and the reference reads the same (SEED=${seed})`, () => {
  const random = generator(seed);
  for (let i = 0; i < 500; i++) {
    const value = randomValue(random, 4, true);
    const bytes = ours(value);
    assert.deepStrictEqual(decoder.decode(bytes), value);
    assert.deepStrictEqual(decode(bytes, reference), value);
  }
});

test(`the decoder reads what the reference writes (SEED=${seed})`, () => {
  const random = generator(seed + 1);
  const writer = new Reference({ useBigInt64: true });
  for (let i = 0; i < 500; i++) {
    const bytes = writer.encode(randomValue(random, 4, false));
    assert.deepStrictEqual(decoder.decode(bytes), decode(bytes, reference));
  }
});

test(`any bytes give a value or an error (SEED=${seed})`, () => {
  const random = generator(seed + 2);
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: 1 + random() * 30 }, () => random() * 256);
    try {
      decoder.decode(bytes);
    } catch (error) {
      assert.equal(error.code, "CORRUPT", `${Buffer.from(bytes).toString("hex")}: ${error.stack}`);
    }
  }
});

test("formats are those that the module's table names", () => {
  const hex = (value) => Buffer.from(ours(value)).toString("hex");
  for (const [value, want] of [
    [undefined, "d40100"],
    [new Map([["a", 1]]), "c70302a161" + "01"],
    [new Set([1, "b"]), "c7030301a162"],
    [1, "01"],
    [-0, "cb8000000000000000"],
    [2 ** 32 - 1, "ceffffffff"],
    [2 ** 32, "cb41f0000000000000"],
    [1n, "d30000000000000001"],
    [2n ** 63n, "cf8000000000000000"],
    [new Date(1000), "d6ff00000001"],
    [new Date(1), "d7ff003d090000000000"],
    [new Date(-1), "c70cff3b8b87c0ffffffffffffffff"],
  ]) {
    assert.equal(hex(value), want);
  }
});

test("text of any length, of any letters, at any place of a buffer is read", () => {
  const letters = ["a", "~", "\u0080", "é", "\u07ff", "ࠀ", "€", "\ud7ff", "\ue000", "\ufeff", "\uffff", "😀", "\0"];
  for (const letter of letters) {
    for (const n of [
      0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 23, 24, 31, 32, 33, 47, 48, 95, 96, 97, 255, 256, 65_535, 65_536,
    ]) {
      const text = letter.repeat(n);
      const bytes = ours([text, `${text}!`, { [text.slice(0, 40)]: `a${text}` }]);
      for (const at of n < 300 ? [0, 1, 2, 3, 4, 7] : [1]) {
        const buffer = new Uint8Array(at + bytes.length);
        buffer.set(bytes, at);
        const [read] = decoder.read(buffer, at, bytes.length, 1);
        assert.ok(
          read[0] === text && read[1] === `${text}!` && read[2][text.slice(0, 40)] === `a${text}`,
          `${n} of ${JSON.stringify(letter)} at ${at} are another text`,
        );
      }
    }
  }
});

test("text that is no UTF-8 is read as TextDecoder reads it", () => {
  for (const bytes of [
    [0x80],
    [0xc3],
    [0xc1, 0x81],
    [0xe0, 0x9f, 0xbf],
    [0xed, 0xa0, 0x80],
    [0xe2, 0x82],
    [0xc3, 0x41],
    [0xff],
    [0xf5, 0x80, 0x80, 0x80],
  ]) {
    for (const before of ["", "text "]) {
      const raw = Uint8Array.of(...new TextEncoder().encode(before), ...bytes);
      const value = Uint8Array.of(0xa0 | raw.length, ...raw);
      assert.equal(decoder.decode(value), new TextDecoder().decode(raw));
    }
  }
});

test("what was read doesn't change with the bytes", () => {
  const bytes = ours({ id: "a text of some letters", raw: Uint8Array.of(1, 2) });
  const value = decoder.decode(bytes);
  bytes.fill(0x41);
  assert.deepStrictEqual(value, { id: "a text of some letters", raw: Uint8Array.of(1, 2) });
});

test("a key that ends with the buffer is read", () => {
  const value = { a: { ab: 1 } };
  for (let i = 0; i < 2; i++) assert.deepStrictEqual(decoder.decode(ours(value).slice()), value);
});

test("maps whose keys are data are read right when none is remembered any more", () => {
  for (let i = 0; i < 6000; i++) {
    const value = { [`k${i}`]: i, [`${i}k`]: { i } };
    assert.deepStrictEqual(decoder.decode(ours(value)), value);
  }
});
