// What is stored in IndexedDB, as docs/FORMAT.md of the repository describes it, as far as reading one row takes.
import { makeError } from "./errors.js";

/** The version of the format that this code reads. */
const formatVersion = 2;

/** The kinds of records. */
export const Kind = { root: "R", log: "L", head: "H", inner: "N", leaf: "P", value: "V" } as const;

/** Reads the fields of a record, front to back. Whatever doesn't fit is a CORRUPT error that names the record. */
export class Fields {
  readonly view: DataView;
  at: number;

  constructor(
    readonly bytes: Uint8Array,
    private readonly what: string,
    from = 0,
    private readonly end = bytes.length,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = from;
  }

  /** Opens a record: its kind, version and checksum must be right. */
  static open(value: unknown, kind: string, what: string): Fields {
    if (!(value instanceof Uint8Array) || value.length < 6) throw corrupt(what, "is missing or no record");
    const body = value.length - 4;
    const sum = new DataView(value.buffer, value.byteOffset).getUint32(body);
    if (sum !== crc32c(value.subarray(0, body))) throw corrupt(what, "doesn't match its checksum");
    if (value[0] !== kind.charCodeAt(0)) throw corrupt(what, "is of another kind");
    if ((value[1] as number) > formatVersion) {
      throw makeError("SCHEMA_NEWER", `${what} was written by newer code, in format ${value[1]}`);
    }
    if (value[1] !== formatVersion) throw corrupt(what, "is of a format that was never released");
    return new Fields(value, what, 2, body);
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** The fields from an offset of the record on. */
  from(offset: number): Fields {
    if (offset < 2 || offset >= this.end) throw this.damaged();
    return new Fields(this.bytes, this.what, offset, this.end);
  }

  /** The next size bytes as fields of their own. */
  part(size: number): Fields {
    const from = this.skip(size);
    return new Fields(this.bytes, this.what, from, from + size);
  }

  skip(size: number): number {
    const from = this.at;
    if (!(size <= this.end - from)) throw this.damaged();
    this.at = from + size;
    return from;
  }

  uint8(): number {
    return this.bytes[this.skip(1)] as number;
  }

  uint16(): number {
    return this.view.getUint16(this.skip(2));
  }

  /** A number of 8 bytes, which are at most 2⁵³ − 1. */
  number(): number {
    const value = Number(this.view.getBigUint64(this.skip(8)));
    if (value > Number.MAX_SAFE_INTEGER) throw this.damaged();
    return value;
  }

  uvarint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.uint8();
      value += (byte & 0x7f) * factor;
      if (value > Number.MAX_SAFE_INTEGER) throw this.damaged();
      if (byte < 0x80) return value;
    }
  }

  slice(size: number): Uint8Array {
    const from = this.skip(size);
    return this.bytes.subarray(from, from + size);
  }

  /** All bytes that are left. */
  rest(): Uint8Array {
    return this.slice(this.end - this.at);
  }

  text(): string {
    return new TextDecoder().decode(this.slice(this.uvarint()));
  }

  damaged(): Error {
    return corrupt(this.what, "ends too early");
  }
}

/** A page of a table: a leaf or an inner node. Its entries are found by their offsets. */
export class Page {
  readonly count: number;
  private readonly fields: Fields;
  private readonly slots: number;

  constructor(
    value: unknown,
    readonly leaf: boolean,
    id: number,
    table: string,
  ) {
    const what = `page ${id} of ${table}`;
    this.fields = Fields.open(value, leaf ? Kind.leaf : Kind.inner, what);
    if (this.fields.number() !== id || this.fields.text() !== table) throw corrupt(what, "belongs to another place");
    if (!leaf) this.fields.uint8();
    this.count = this.fields.uvarint();
    this.slots = this.fields.skip(2 * this.count);
  }

  private entry(i: number): Fields {
    return this.fields.from(this.fields.view.getUint16(this.slots + 2 * i));
  }

  private key(i: number): Uint8Array {
    const fields = this.entry(i);
    if (this.leaf) {
      const size = fields.uvarint();
      fields.uvarint();
      return fields.slice(size);
    }
    fields.skip(8);
    fields.uvarint();
    fields.uvarint();
    return fields.slice(fields.uvarint());
  }

  /** The page id of the child that key is under. */
  child(key: Uint8Array): number {
    return this.entry(Math.max(0, this.after(key) - 1)).number();
  }

  /** The value of key: its bytes, the id of the page that holds it, or undefined. */
  value(key: Uint8Array): Uint8Array | number | undefined {
    const i = this.after(key) - 1;
    if (i < 0 || compare(this.key(i), key) !== 0) return undefined;
    const fields = this.entry(i);
    const size = fields.uvarint();
    const length = fields.uvarint();
    fields.skip(size);
    return length % 2 === 1 ? fields.number() : fields.slice(length / 2);
  }

  /** How many entries have keys up to key. */
  private after(key: Uint8Array): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.key(middle), key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Orders bytes, unsigned, a beginning before what goes on. */
function compare(a: Uint8Array, b: Uint8Array): number {
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Returns what the commits of a log record leave under key: its value, null when it is gone, undefined when they don't touch it. */
export function logged(
  record: Fields,
  number: number,
  table: string,
  key: Uint8Array,
): { value: Uint8Array | null | undefined; next: number } {
  record.skip(16 + 16 + 8);
  if (record.number() !== number) throw record.damaged();
  const count = record.uvarint();
  let value: Uint8Array | null | undefined;
  for (let i = 0; i < count; i++) {
    const found = operations(record.part(record.uvarint()), number + i, table, key);
    if (found !== undefined) value = found;
  }
  return { value, next: number + count };
}

const Operation = { put: 1, delete: 2, drop: 3, stamped: 4 } as const;

function operations(commit: Fields, number: number, table: string, key: Uint8Array): Uint8Array | null | undefined {
  const tables = Array.from({ length: commit.uvarint() }, () => commit.text());
  let value: Uint8Array | null | undefined;
  while (!commit.done) {
    const operation = commit.uint8();
    const mine = tables[commit.uvarint()] === table;
    if (operation === Operation.drop) {
      if (mine) value = null;
      continue;
    }
    const stamps =
      operation === Operation.stamped ? Array.from({ length: commit.uvarint() }, () => commit.uvarint()) : [];
    const keySize = commit.uvarint();
    const valueSize = operation === Operation.delete ? 0 : commit.uvarint();
    const at = stamped(commit.slice(keySize), stamps, 1, number);
    const put = commit.slice(valueSize);
    if (!mine || compare(at, key) !== 0) continue;
    value = operation === Operation.delete ? null : stamped(put, stamps, 0, number);
  }
  return value;
}

/** Returns bytes with the commit's number where the stamps of that kind say: 1 in the key, 0 in the value. */
function stamped(bytes: Uint8Array, stamps: readonly number[], kind: 0 | 1, number: number): Uint8Array {
  const own = stamps.filter((stamp) => stamp % 2 === kind);
  if (own.length === 0) return bytes;
  const filled = bytes.slice();
  for (const stamp of own) new DataView(filled.buffer).setBigUint64((stamp - kind) / 2, BigInt(number));
  return filled;
}

/** Returns the payload of a row's frame. */
export function payload(frame: Uint8Array, what: string): Uint8Array {
  const fields = new Fields(frame, what);
  if (fields.uint8() !== 1) throw corrupt(what, "has an unknown format");
  fields.uvarint();
  const head = fields.at;
  const sum = fields.view.getUint32(fields.skip(4));
  const body = frame.subarray(fields.at);
  if (sum !== crc32c(body, crc32c(frame.subarray(0, head)))) throw corrupt(what, "doesn't match its checksum");
  return body;
}

function corrupt(what: string, reason: string): Error {
  return makeError("CORRUPT", `${what} ${reason}`, { op: "peek" });
}

let table: Uint32Array | undefined;

/** Returns the CRC-32C (Castagnoli) of bytes, of those after what the sum before is of. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1;
    return n;
  });
  let sum = ~before;
  for (let i = 0; i < bytes.length; i++) {
    sum = (table[(sum ^ (bytes[i] as number)) & 0xff] as number) ^ (sum >>> 8);
  }
  return ~sum >>> 0;
}
