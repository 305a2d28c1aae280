// Go's linker leaves runs of eight and more zero bytes out of a module's data, which cuts it into some 45,000 segments.
// Each has an address and a length that compression can't foresee, while it takes the zeros in for next to nothing.
// Joined again, the module is 7 % smaller as it is served and 11 % larger unpacked, instantiation takes less than half
// as long, and memory holds the same after it.

const headerSize = 8;
const dataSection = 11;
// The one kind of segment that the linker writes: active, at a constant address.
const active = 0x00;
const i32Const = 0x41;
const end = 0x0b;
// Zeros between segments that are worth two segments.
const maxGap = 1024;

// joinSegments returns the module with fewer segments of data.
export function joinSegments(wasm) {
  const reader = new Reader(wasm);
  const parts = [reader.take(headerSize)];
  while (reader.at < wasm.length) {
    const start = reader.at;
    const id = reader.byte();
    const body = reader.take(reader.uint());
    if (id === dataSection) {
      const joined = encode(join(decode(body)));
      parts.push(Uint8Array.of(dataSection, ...uint(joined.length)), joined);
    } else {
      parts.push(wasm.subarray(start, reader.at));
    }
  }
  return Buffer.concat(parts);
}

// join returns segments in order of their addresses, those joined that lie close together.
function join(segments) {
  const joined = [];
  let last;
  for (const { address, bytes } of segments.sort((a, b) => a.address - b.address)) {
    const gap = last ? address - last.end : Number.POSITIVE_INFINITY;
    if (gap < 0) throw new Error(`two segments of data lie at ${address}`);
    if (gap > maxGap) {
      last = { address, parts: [bytes] };
      joined.push(last);
    } else {
      last.parts.push(new Uint8Array(gap), bytes);
    }
    last.end = address + bytes.length;
  }
  return joined.map(({ address, parts }) => ({ address, bytes: Buffer.concat(parts) }));
}

function decode(section) {
  const reader = new Reader(section);
  return Array.from({ length: reader.uint() }, () => {
    if (reader.byte() !== active || reader.byte() !== i32Const) throw new Error("a segment of data of another kind");
    // The constant is signed; an address below 2 GiB isn't negative.
    const address = reader.uint();
    if (reader.byte() !== end) throw new Error("a segment's address is more than a constant");
    return { address, bytes: reader.take(reader.uint()) };
  });
}

function encode(segments) {
  const parts = [Uint8Array.from(uint(segments.length))];
  for (const { address, bytes } of segments) {
    parts.push(Uint8Array.of(active, i32Const, ...uint(address, 0x40), end, ...uint(bytes.length)), bytes);
  }
  return Buffer.concat(parts);
}

// uint returns n in LEB128. The last byte is less than limit: 0x40 keeps the sign of a signed number clear.
function uint(n, limit = 0x80) {
  const bytes = [];
  for (; n >= limit; n = Math.floor(n / 0x80)) bytes.push((n % 0x80) | 0x80);
  return [...bytes, n];
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  byte() {
    return this.take(1)[0];
  }

  take(n) {
    if (this.at + n > this.bytes.length) throw new Error("the module is cut short");
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }

  uint() {
    let n = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.byte();
      n += (byte & 0x7f) * factor;
      if (byte < 0x80) return n;
    }
  }
}
