import { Ext, maxDepth } from "./abi.js";
import { type InvalidValueError, makeError } from "./errors.js";

const utf8 = new TextEncoder();

// isWellFormed is in every engine of the last years; the pattern serves the others.
const wellFormed: (text: string) => boolean =
  "isWellFormed" in String.prototype
    ? (text) => (text as unknown as { isWellFormed(): boolean }).isWellFormed()
    : (text) => !/\p{Surrogate}/u.test(text);

/** The first size bytes of a buffer. */
export interface Encoded {
  readonly buffer: Uint8Array;
  readonly size: number;
}

/**
 * Writes values as msgpack into one buffer that it keeps.
 *
 * It takes what structured clone takes as far as msgpack holds it. Integers that
 * fit 32 bits are written as such and all other numbers as doubles, so that a number
 * comes back as the number it was; a BigInt is always a 64-bit integer. Anything
 * else is an InvalidValueError that names the path.
 */
export class Encoder implements Encoded {
  buffer = new Uint8Array(4096);
  private view = new DataView(this.buffer.buffer);
  private at = 0;
  private depth = 0;
  private busy = false;

  get size(): number {
    return this.at;
  }

  /**
   * Returns the values from one to another, one after the other. The bytes are
   * valid until the next call.
   */
  encode(values: readonly unknown[], from = 0, to = values.length): Encoded {
    // A getter of a value may call the store, and so get here again.
    if (this.busy) return new Encoder().encode(values, from, to);
    this.busy = true;
    this.at = 0;
    this.depth = 0;
    try {
      for (let i = from; i < to; i++) {
        try {
          this.value(values[i]);
        } catch (error) {
          throw values.length > 1 && error instanceof Refusal ? error.inside(i) : error;
        }
      }
      return this;
    } catch (error) {
      throw error instanceof Refusal ? error.asError() : error;
    } finally {
      this.busy = false;
    }
  }

  private value(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.text(value);
        break;
      case "number":
        this.number(value);
        break;
      case "boolean":
        this.byte(value ? 0xc3 : 0xc2);
        break;
      case "undefined":
        this.byte(0xd4);
        this.byte(Ext.Undefined);
        this.byte(0);
        break;
      case "bigint":
        this.bigint(value);
        break;
      case "object":
        if (value === null) this.byte(0xc0);
        else this.object(value);
        break;
      default:
        throw new Refusal(`a ${typeof value} can't be stored`);
    }
  }

  private number(value: number): void {
    this.reserve(9);
    const { view } = this;
    // The integer test also sends -0 to the doubles: ~~-0 is 0.
    if (value >= -0x80000000 && value <= 0xffffffff && Math.trunc(value) === value && !Object.is(value, -0)) {
      if (value >= 0) {
        if (value < 0x80) {
          this.buffer[this.at++] = value;
        } else if (value < 0x100) {
          this.buffer[this.at++] = 0xcc;
          this.buffer[this.at++] = value;
        } else if (value < 0x10000) {
          this.buffer[this.at] = 0xcd;
          view.setUint16(this.at + 1, value);
          this.at += 3;
        } else {
          this.buffer[this.at] = 0xce;
          view.setUint32(this.at + 1, value);
          this.at += 5;
        }
      } else if (value >= -0x20) {
        this.buffer[this.at++] = value;
      } else if (value >= -0x80) {
        this.buffer[this.at++] = 0xd0;
        this.buffer[this.at++] = value;
      } else if (value >= -0x8000) {
        this.buffer[this.at] = 0xd1;
        view.setInt16(this.at + 1, value);
        this.at += 3;
      } else {
        this.buffer[this.at] = 0xd2;
        view.setInt32(this.at + 1, value);
        this.at += 5;
      }
      return;
    }
    this.buffer[this.at] = 0xcb;
    view.setFloat64(this.at + 1, value);
    this.at += 9;
  }

  private bigint(value: bigint): void {
    this.reserve(9);
    if (value >= -(1n << 63n) && value < 1n << 63n) {
      this.buffer[this.at] = 0xd3;
      this.view.setBigInt64(this.at + 1, value);
    } else if (value > 0n && value < 1n << 64n) {
      this.buffer[this.at] = 0xcf;
      this.view.setBigUint64(this.at + 1, value);
    } else {
      throw new Refusal("a BigInt of more than 64 bits can't be stored");
    }
    this.at += 9;
  }

  private text(text: string): void {
    const length = text.length;
    this.reserve(5 + 3 * length);
    const { buffer } = this;
    if (length < 256) {
      // Calling the TextEncoder costs more than a line of letters does.
      let at = this.at + (length < 32 ? 1 : 2);
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        buffer[at++] = unit;
      }
      if (i === length) {
        if (length < 32) {
          buffer[this.at] = 0xa0 | length;
        } else {
          buffer[this.at] = 0xd9;
          buffer[this.at + 1] = length;
        }
        this.at = at;
        return;
      }
    }
    const guess = 3 * length < 256 ? 2 : 3 * length < 65536 ? 3 : 5;
    const size = utf8.encodeInto(text, buffer.subarray(this.at + guess)).written;
    if (size !== length && !wellFormed(text)) {
      throw new Refusal("text with half of a surrogate pair can't be stored");
    }
    const header = size < 32 ? 1 : size < 256 ? 2 : size < 65536 ? 3 : 5;
    this.move(guess, header, size);
    if (header === 1) buffer[this.at] = 0xa0 | size;
    else this.length(0xd9, header, size);
    this.at += header + size;
  }

  private object(value: object): void {
    if (this.depth === maxDepth) {
      throw new Refusal(`arrays and objects nested deeper than ${maxDepth}, or a cycle, can't be stored`);
    }
    this.depth++;
    if (Array.isArray(value)) {
      this.count(0x90, 0xdc, value.length);
      for (let i = 0; i < value.length; i++) this.child(i, value[i]);
    } else if (isPlain(value)) {
      this.plain(value as Record<string, unknown>);
    } else {
      this.builtin(value);
    }
    this.depth--;
  }

  private plain(value: Record<string, unknown>): void {
    const keys = Object.keys(value);
    this.count(0x80, 0xde, keys.length);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      try {
        this.text(key);
        this.value(value[key]);
      } catch (error) {
        throw error instanceof Refusal ? error.inside(key) : error;
      }
    }
  }

  private builtin(value: object): void {
    if (value instanceof Map) {
      this.extension(Ext.Map, () => {
        let i = 0;
        for (const [key, item] of value) {
          this.child(i, key);
          this.child(i++, item);
        }
      });
      return;
    }
    if (value instanceof Set) {
      this.extension(Ext.Set, () => {
        let i = 0;
        for (const item of value) this.child(i++, item);
      });
      return;
    }
    // A tag tells what other realms made as well.
    switch (Object.prototype.toString.call(value)) {
      case "[object Uint8Array]":
        this.bytes(value as Uint8Array);
        break;
      case "[object ArrayBuffer]":
        this.bytes(new Uint8Array(value as ArrayBuffer));
        break;
      case "[object Date]":
        this.date(value as Date);
        break;
      default:
        throw new Refusal(`an object of class ${value.constructor?.name || "?"} can't be stored`);
    }
  }

  private child(i: number, value: unknown): void {
    try {
      this.value(value);
    } catch (error) {
      throw error instanceof Refusal ? error.inside(i) : error;
    }
  }

  private bytes(bytes: Uint8Array): void {
    const size = bytes.length;
    this.reserve(5 + size);
    const header = size < 256 ? 2 : size < 65536 ? 3 : 5;
    this.length(0xc4, header, size);
    this.buffer.set(bytes, this.at + header);
    this.at += header + size;
  }

  private date(date: Date): void {
    const time = date.getTime();
    if (Number.isNaN(time)) throw new Refusal("an invalid Date can't be stored");
    const seconds = Math.floor(time / 1000);
    const nanos = (time - seconds * 1000) * 1e6;
    this.reserve(15);
    const { buffer, view } = this;
    if (seconds >= 0 && seconds < 2 ** 34) {
      if (nanos === 0 && seconds < 2 ** 32) {
        buffer[this.at] = 0xd6;
        view.setInt8(this.at + 1, Ext.Timestamp);
        view.setUint32(this.at + 2, seconds);
        this.at += 6;
        return;
      }
      buffer[this.at] = 0xd7;
      view.setInt8(this.at + 1, Ext.Timestamp);
      view.setUint32(this.at + 2, nanos * 4 + Math.floor(seconds / 2 ** 32));
      view.setUint32(this.at + 6, seconds % 2 ** 32);
      this.at += 10;
      return;
    }
    buffer[this.at] = 0xc7;
    buffer[this.at + 1] = 12;
    view.setInt8(this.at + 2, Ext.Timestamp);
    view.setUint32(this.at + 3, nanos);
    view.setBigInt64(this.at + 7, BigInt(seconds));
    this.at += 15;
  }

  /** Writes an extension whose body is what write writes. */
  private extension(type: number, write: () => void): void {
    const start = this.at;
    const guess = 6;
    this.reserve(guess);
    this.at += guess;
    write();
    const size = this.at - start - guess;
    const header = size < 256 ? 3 : size < 65536 ? 4 : 6;
    this.at = start;
    this.move(guess, header, size);
    this.length(0xc7, header - 1, size);
    this.buffer[start + header - 1] = type;
    this.at = start + header + size;
  }

  /** Moves size bytes that were written guess bytes ahead of here to where their header ends. */
  private move(guess: number, header: number, size: number): void {
    if (guess !== header) {
      this.buffer.copyWithin(this.at + header, this.at + guess, this.at + guess + size);
    }
  }

  /** Writes a format byte, first for one byte of length, and the length, header bytes in all. */
  private length(first: number, header: number, size: number): void {
    if (header === 2) {
      this.buffer[this.at] = first;
      this.buffer[this.at + 1] = size;
    } else if (header === 3) {
      this.buffer[this.at] = first + 1;
      this.view.setUint16(this.at + 1, size);
    } else {
      this.buffer[this.at] = first + 2;
      this.view.setUint32(this.at + 1, size);
    }
  }

  private count(short: number, long: number, n: number): void {
    this.reserve(5);
    if (n < 16) {
      this.buffer[this.at++] = short | n;
    } else if (n < 65536) {
      this.buffer[this.at] = long;
      this.view.setUint16(this.at + 1, n);
      this.at += 3;
    } else {
      this.buffer[this.at] = long + 1;
      this.view.setUint32(this.at + 1, n);
      this.at += 5;
    }
  }

  private byte(byte: number): void {
    this.reserve(1);
    this.buffer[this.at++] = byte;
  }

  private reserve(n: number): void {
    if (this.at + n <= this.buffer.length) return;
    const bigger = new Uint8Array(Math.max(2 * this.buffer.length, this.at + n));
    bigger.set(this.buffer);
    this.buffer = bigger;
    this.view = new DataView(bigger.buffer);
  }
}

/** Thrown inside the encoder; it gathers the path on its way out. */
class Refusal {
  private path = "";

  constructor(private readonly reason: string) {}

  inside(step: string | number): this {
    const dot = this.path === "" || this.path.startsWith("[") ? "" : ".";
    this.path = typeof step === "number" ? `[${step}]${dot}${this.path}` : step + dot + this.path;
    return this;
  }

  asError(): InvalidValueError {
    const where = this.path === "" ? "" : `${this.path}: `;
    return makeError("INVALID_VALUE", where + this.reason, this.path === "" ? {} : { path: this.path });
  }
}

function isPlain(value: object): boolean {
  const proto = Object.getPrototypeOf(value);
  return (
    proto === Object.prototype ||
    proto === null ||
    // Another realm's Object.prototype is not ours; what extends it has one more prototype.
    (Object.getPrototypeOf(proto) === null && Object.hasOwn(proto, "isPrototypeOf"))
  );
}
