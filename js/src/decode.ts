import { Ext } from "./abi.js";
import { makeError } from "./errors.js";

// A text that begins with a byte order mark keeps it.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** For each length of short text an array for its letters. */
const letters = Array.from({ length: 97 }, (_, length) => new Array<number>(length).fill(0));

/**
 * Reads msgpack values in place.
 *
 * Where the text of an answer was gathered in one run, that run is decoded once
 * and each string value is cut out of it. Map keys are remembered in the order in
 * which they follow each other, so that rows of one shape share them.
 */
export class Decoder {
  private bytes: Uint8Array = new Uint8Array();
  private view: DataView = new DataView(this.bytes.buffer);
  private at = 0;
  private end = 0;
  private text: string | undefined;
  private textAt = 0;
  private readonly shapes = new Shapes();

  /**
   * Reads from bytes next. With text, string values are cut out of it. The decoder
   * refers to bytes until the next call; the values that it makes don't.
   */
  begin(bytes: Uint8Array, text?: Uint8Array): void {
    if (bytes.buffer !== this.view.buffer) {
      this.view = new DataView(bytes.buffer);
      this.bytes = new Uint8Array(bytes.buffer);
    }
    this.at = bytes.byteOffset;
    this.end = bytes.byteOffset + bytes.length;
    this.text = text === undefined ? undefined : utf8.decode(text);
    this.textAt = 0;
  }

  /** Returns the one value in bytes. */
  decode(bytes: Uint8Array): unknown {
    this.begin(bytes);
    return this.value();
  }

  /** Returns the next n values. */
  values(n: number): unknown[] {
    const values = new Array<unknown>(n);
    for (let i = 0; i < n; i++) values[i] = this.value();
    return values;
  }

  private value(): unknown {
    if (this.at >= this.end) throw malformed();
    const format = this.bytes[this.at++] as number;
    if (format < 0x80) return format;
    if (format < 0x90) return this.map(format & 0x0f);
    if (format < 0xa0) return this.values(format & 0x0f);
    if (format < 0xc0) return this.string(format & 0x1f);
    if (format >= 0xe0) return format - 0x100;
    switch (format) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.binary(this.uint8());
      case 0xc5:
        return this.binary(this.uint16());
      case 0xc6:
        return this.binary(this.uint32());
      case 0xc7:
        return this.extension(this.uint8());
      case 0xc8:
        return this.extension(this.uint16());
      case 0xc9:
        return this.extension(this.uint32());
      case 0xca:
        return this.view.getFloat32(this.skip(4));
      case 0xcb:
        return this.view.getFloat64(this.skip(8));
      case 0xcc:
        return this.uint8();
      case 0xcd:
        return this.uint16();
      case 0xce:
        return this.uint32();
      case 0xcf:
        return this.view.getBigUint64(this.skip(8));
      case 0xd0:
        return this.view.getInt8(this.skip(1));
      case 0xd1:
        return this.view.getInt16(this.skip(2));
      case 0xd2:
        return this.view.getInt32(this.skip(4));
      case 0xd3:
        return this.view.getBigInt64(this.skip(8));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.extension(1 << (format - 0xd4));
      case 0xd9:
        return this.string(this.uint8());
      case 0xda:
        return this.string(this.uint16());
      case 0xdb:
        return this.string(this.uint32());
      case 0xdc:
        return this.values(this.uint16());
      case 0xdd:
        return this.values(this.uint32());
      case 0xde:
        return this.map(this.uint16());
      case 0xdf:
        return this.map(this.uint32());
      default:
        throw malformed();
    }
  }

  private map(n: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    let shape: Shape | undefined = this.shapes.root;
    for (let i = 0; i < n; i++) {
      let key: string;
      const next: Shape | undefined = shape?.next(this.bytes, this.at);
      if (next !== undefined) {
        key = next.key;
        this.at += next.bytes.length;
        shape = next;
      } else {
        const start = this.at;
        key = this.key();
        shape = shape && this.shapes.add(shape, key, this.bytes.slice(start, this.at));
      }
      if (key === "__proto__") {
        // Assigning it would set the prototype.
        const value = this.value();
        Object.defineProperty(object, key, {
          value,
          configurable: true,
          enumerable: true,
          writable: true,
        });
      } else {
        object[key] = this.value();
      }
    }
    return object;
  }

  private key(): string {
    const format = this.uint8();
    if (format >= 0xa0 && format < 0xc0) return this.inline(format & 0x1f);
    if (format === 0xd9) return this.inline(this.uint8());
    if (format === 0xda) return this.inline(this.uint16());
    if (format === 0xdb) return this.inline(this.uint32());
    throw malformed();
  }

  private string(size: number): string {
    if (this.text === undefined) return this.inline(size);
    const from = this.textAt;
    this.textAt += size;
    if (this.textAt > this.text.length) throw malformed();
    return this.text.substring(from, this.textAt);
  }

  private inline(size: number): string {
    const from = this.skip(size);
    if (size < letters.length) {
      // Calling the TextDecoder costs more than a few letters do.
      const units = letters[size] as number[];
      let i = 0;
      for (; i < size; i++) {
        const byte = this.bytes[from + i] as number;
        if (byte > 0x7f) break;
        units[i] = byte;
      }
      if (i === size) return String.fromCharCode.apply(null, units);
    }
    return utf8.decode(this.bytes.subarray(from, this.at));
  }

  private binary(size: number): Uint8Array {
    const from = this.skip(size);
    return this.bytes.slice(from, this.at);
  }

  private extension(size: number): unknown {
    const type = this.view.getInt8(this.skip(1));
    const from = this.skip(size);
    switch (type) {
      case Ext.Undefined:
        return undefined;
      case Ext.Timestamp:
        return this.date(from, size);
      case Ext.Map: {
        const map = new Map();
        this.inside(from, () => map.set(this.value(), this.value()));
        return map;
      }
      case Ext.Set: {
        const set = new Set();
        this.inside(from, () => set.add(this.value()));
        return set;
      }
      default:
        throw malformed();
    }
  }

  /** Calls read until it has read the body of an extension that began at from. */
  private inside(from: number, read: () => void): void {
    const { at, end, text } = this;
    this.at = from;
    this.end = at;
    this.text = undefined;
    while (this.at < this.end) read();
    this.end = end;
    this.text = text;
  }

  private date(from: number, size: number): Date {
    const { view } = this;
    switch (size) {
      case 4:
        return new Date(view.getUint32(from) * 1000);
      case 8: {
        const high = view.getUint32(from);
        const seconds = (high & 3) * 2 ** 32 + view.getUint32(from + 4);
        return new Date(seconds * 1000 + Math.floor((high >>> 2) / 1e6));
      }
      case 12: {
        const seconds = Number(view.getBigInt64(from + 4));
        return new Date(seconds * 1000 + Math.floor(view.getUint32(from) / 1e6));
      }
      default:
        throw malformed();
    }
  }

  private uint8(): number {
    return this.view.getUint8(this.skip(1));
  }

  private uint16(): number {
    return this.view.getUint16(this.skip(2));
  }

  private uint32(): number {
    return this.view.getUint32(this.skip(4));
  }

  /** Moves size bytes on and returns where they begin. */
  private skip(size: number): number {
    const from = this.at;
    this.at += size;
    if (this.at > this.end) throw malformed();
    return from;
  }
}

function malformed(): Error {
  return makeError("CORRUPT", "the value is not msgpack that Larder writes");
}

/** A key of a map, and the keys that were seen to follow it. */
class Shape {
  readonly following: Shape[] = [];

  constructor(
    readonly key: string,
    readonly bytes: Uint8Array,
  ) {}

  next(bytes: Uint8Array, at: number): Shape | undefined {
    const { following } = this;
    for (let i = 0; i < following.length; i++) {
      const shape = following[i] as Shape;
      if (matches(shape.bytes, bytes, at)) return shape;
    }
    return undefined;
  }
}

// The bytes begin with the key's length, so none is another's beginning.
function matches(key: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < key.length; i++) {
    if (key[i] !== bytes[at + i]) return false;
  }
  return true;
}

/** Maps whose keys are data would fill memory: beyond these many keys none is remembered. */
const maxFollowing = 16;
const maxShapes = 4096;

class Shapes {
  readonly root = new Shape("", new Uint8Array());
  private count = 0;

  add(shape: Shape, key: string, bytes: Uint8Array): Shape | undefined {
    if (shape.following.length === maxFollowing || this.count === maxShapes) return undefined;
    this.count++;
    const added = new Shape(key, bytes);
    shape.following.push(added);
    return added;
  }
}
