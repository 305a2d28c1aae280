import { Ext } from "./abi.js";
import { makeError } from "./errors.js";
import { Text } from "./text.js";

/**
 * Reads msgpack values in place. Map keys are remembered in the order in which they
 * follow each other, so that rows of one shape share them.
 */
export class Decoder {
  private bytes: Uint8Array = new Uint8Array();
  private view: DataView = new DataView(this.bytes.buffer);
  private at = 0;
  private end = 0;
  private readonly text = new Text();
  private readonly shapes = new Shapes();

  /** Returns the n values in size bytes from an offset on. They don't refer to them. */
  read(bytes: Uint8Array, from: number, size: number, n: number): unknown[] {
    this.begin(bytes, from, size, n);
    return this.values(n);
  }

  /** Returns the one value in size bytes from an offset on. It doesn't refer to them. */
  decode(bytes: Uint8Array, from = 0, size = bytes.length): unknown {
    this.begin(bytes, from, size, 1);
    return this.value();
  }

  private begin(bytes: Uint8Array, from: number, size: number, n: number): void {
    if (bytes.buffer !== this.view.buffer) {
      this.view = new DataView(bytes.buffer);
      this.bytes = new Uint8Array(bytes.buffer);
    }
    this.at = bytes.byteOffset + from;
    this.end = this.at + size;
    this.text.begin(this.at, size, n, this.bytes, this.view);
  }

  private values(n: number): unknown[] {
    const values = new Array<unknown>(n);
    for (let i = 0; i < n; i++) values[i] = this.value();
    return values;
  }

  private value(): unknown {
    if (this.at >= this.end) throw malformed();
    const format = this.bytes[this.at++] as number;
    // Most of a row's fields are one of these.
    if (format < 0x80) return format;
    if (format >= 0xa0 && format < 0xc0) return this.string(format & 0x1f);
    if (format === 0xd9) return this.string(this.uint8());
    if (format === 0xcb) return this.view.getFloat64(this.skip(8));
    if (format === 0xc2) return false;
    if (format === 0xc3) return true;
    return this.other(format);
  }

  private other(format: number): unknown {
    if (format < 0x90) return this.map(format & 0x0f);
    if (format < 0xa0) return this.values(format & 0x0f);
    if (format >= 0xe0) return format - 0x100;
    switch (format) {
      case 0xc0:
        return null;
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
      const next: Shape | undefined = shape?.next(this.view, this.at);
      if (next !== undefined) {
        key = next.key;
        this.at += next.size;
        shape = next;
      } else {
        const start = this.at;
        key = this.key();
        shape = shape && this.shapes.add(shape, key, this.bytes.subarray(start, this.at));
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
    if (format >= 0xa0 && format < 0xc0) return this.string(format & 0x1f);
    if (format === 0xd9) return this.string(this.uint8());
    if (format === 0xda) return this.string(this.uint16());
    if (format === 0xdb) return this.string(this.uint32());
    throw malformed();
  }

  private string(size: number): string {
    const from = this.skip(size);
    return this.text.cut(from, this.at);
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
    const { at, end } = this;
    this.at = from;
    this.end = at;
    while (this.at < this.end) read();
    this.end = end;
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
  /** How many bytes the key and its head are. */
  readonly size: number;
  private readonly words: Int32Array;
  private readonly rest: number;
  private readonly mask: number;

  constructor(
    readonly key: string,
    bytes: Uint8Array,
  ) {
    this.size = bytes.length;
    const padded = new DataView(new ArrayBuffer((bytes.length | 3) + 1));
    new Uint8Array(padded.buffer).set(bytes);
    this.words = Int32Array.from({ length: bytes.length >> 2 }, (_, i) => padded.getInt32(4 * i, true));
    this.rest = padded.getInt32(4 * this.words.length, true);
    this.mask = (1 << (8 * (bytes.length & 3))) - 1;
  }

  next(view: DataView, at: number): Shape | undefined {
    const { following } = this;
    for (let i = 0; i < following.length; i++) {
      const shape = following[i] as Shape;
      if (shape.begins(view, at)) return shape;
    }
    return undefined;
  }

  /** Whether the key stands at an offset. Its head has its length, so that none is another's beginning. */
  private begins(view: DataView, at: number): boolean {
    const { words } = this;
    if (at + 4 * words.length + 4 > view.byteLength) return false;
    for (let i = 0; i < words.length; i++, at += 4) {
      if (view.getInt32(at, true) !== words[i]) return false;
    }
    return ((view.getInt32(at, true) ^ this.rest) & this.mask) === 0;
  }
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
