import { maxDepth } from "./abi.js";
import { makeError } from "./errors.js";
import type { Key } from "./types.js";

// The codes of FoundationDB's tuple layer, with Larder's for times; package keys of the Go module describes them.
const code = {
  null: 0x00,
  bytes: 0x01,
  text: 0x02,
  list: 0x05,
  zero: 0x14,
  double: 0x21,
  no: 0x26,
  yes: 0x27,
  time: 0x41,
};

const utf8 = new TextEncoder();

/** Returns key in the form in which it is stored, as the module's package keys writes it. */
export function encodeKey(key: Key): Uint8Array {
  const bytes: number[] = [];
  append(bytes, key, 0);
  return Uint8Array.from(bytes);
}

function append(to: number[], key: Key, depth: number): void {
  if (key === null) to.push(code.null);
  else if (typeof key === "boolean") to.push(key ? code.yes : code.no);
  else if (typeof key === "number") appendDouble(to, key);
  else if (typeof key === "bigint") appendInteger(to, key);
  else if (typeof key === "string") appendText(to, key);
  else if (key instanceof Uint8Array) appendBytes(to, code.bytes, key);
  else if (key instanceof Date) appendTime(to, key.getTime());
  else if (Array.isArray(key) && depth < maxDepth) {
    to.push(code.list);
    for (const element of key as readonly Key[]) {
      append(to, element, depth + 1);
      if (element === null) to.push(0xff);
    }
    to.push(0);
  } else throw refused("it is no key");
}

function appendDouble(to: number[], value: number): void {
  if (Number.isNaN(value)) throw refused("NaN has no place among keys");
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value === 0 ? 0 : value);
  const negative = (bytes[0] as number) >= 0x80;
  to.push(code.double);
  bytes.forEach((byte, i) => {
    if (negative) to.push(byte ^ 0xff);
    else to.push(i === 0 ? byte ^ 0x80 : byte);
  });
}

function appendInteger(to: number[], value: bigint): void {
  if (value < -(2n ** 63n) || value >= 2n ** 64n) throw refused("a BigInt has at most 64 bits");
  const digits: number[] = [];
  for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 8n) digits.unshift(Number(rest & 0xffn));
  to.push(value < 0n ? code.zero - digits.length : code.zero + digits.length);
  for (const digit of digits) to.push(value < 0n ? digit ^ 0xff : digit);
}

function appendText(to: number[], value: string): void {
  const bytes = utf8.encode(value);
  // TextEncoder writes U+FFFD for a lone surrogate.
  if (new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) !== value)
    throw refused("text with a lone surrogate");
  appendBytes(to, code.text, bytes);
}

function appendBytes(to: number[], kind: number, bytes: Uint8Array): void {
  to.push(kind);
  for (const byte of bytes) {
    to.push(byte);
    if (byte === 0) to.push(0xff);
  }
  to.push(0);
}

function appendTime(to: number[], milliseconds: number): void {
  if (Number.isNaN(milliseconds)) throw refused("an invalid Date");
  const seconds = Math.floor(milliseconds / 1000);
  to.push(code.time);
  appendInteger(to, BigInt(seconds));
  appendInteger(to, BigInt((milliseconds - seconds * 1000) * 1e6));
}

function refused(reason: string) {
  return makeError("INVALID_VALUE", `the key can't be stored: ${reason}`);
}
