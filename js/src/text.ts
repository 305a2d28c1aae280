// A text that begins with a byte order mark keeps it.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** From so many bytes on a text is worth a call of the TextDecoder, which takes as long as many letters do. */
const long = 97;

/** From so many bytes on all text in them is, unless values are so long that it may be a small part of them. */
const many = 1024;
const longValue = 16_384;

/** For each length of a text that isn't long an array for its letters. */
const lettersOf = Array.from({ length: long }, (_, length) => new Array<number>(length).fill(0));

/** Memory for more bytes than this isn't kept. */
const maxKept = 1 << 22;

let scratch = new Uint32Array(256);

/**
 * Cuts text out of bytes that are not all text.
 *
 * A call of the TextDecoder for each text would take most of the time. One decodes all bytes, without their highest
 * bits, so that each becomes a letter; what is ASCII is cut out of these letters at its place. Of few bytes, each text is
 * made of its letters.
 */
export class Text {
  private bytes: Uint8Array = new Uint8Array();
  private view = new DataView(this.bytes.buffer);
  private letters: string | undefined;
  private start = 0;

  /** Cuts out of a part of a buffer, which is n values, until the next call. bytes and view are all of the buffer. */
  begin(from: number, size: number, n: number, bytes: Uint8Array, view: DataView): void {
    this.bytes = bytes;
    this.view = view;
    this.letters = size < many || size > n * longValue ? undefined : this.cleared(from, size);
  }

  /** Decodes a part of the buffer without the highest bits. */
  private cleared(from: number, length: number): string {
    const { bytes } = this;
    // Words lie at multiples of four.
    const start = from & ~3;
    const size = from + length - start;
    const whole = Math.min((size + 3) >> 2, (bytes.length - start) >> 2);
    const words = new Uint32Array(bytes.buffer, start, whole);
    if (scratch.length * 4 < size + 4) scratch = new Uint32Array((size >> 1) + 1);
    const cleared = scratch;
    for (let i = 0; i < whole; i++) cleared[i] = (words[i] as number) & 0x7f7f7f7f;
    const out = new Uint8Array(cleared.buffer, 0, size);
    for (let i = whole * 4; i < size; i++) out[i] = (bytes[start + i] as number) & 0x7f;
    if (scratch.length * 4 > maxKept) scratch = new Uint32Array(256);
    this.start = start;
    return utf8.decode(out);
  }

  /** Returns the text from one offset of the buffer to another. */
  cut(from: number, to: number): string {
    const { bytes, letters } = this;
    if (letters === undefined) return ascii(bytes, from, to) ?? other(bytes, from, to);
    const { view } = this;
    let bits = 0;
    let at = from;
    for (; at + 4 <= to; at += 4) bits |= view.getInt32(at, true);
    for (; at < to; at++) bits |= bytes[at] as number;
    if ((bits & 0x80808080) !== 0) return other(bytes, from, to);
    return letters.substring(from - this.start, to - this.start);
  }
}

/** Decodes ASCII that isn't long; undefined for anything else. */
function ascii(bytes: Uint8Array, from: number, to: number): string | undefined {
  const units = lettersOf[to - from];
  if (units === undefined) return undefined;
  for (let i = 0; i < units.length; i++) {
    const byte = bytes[from + i] as number;
    if (byte > 0x7f) return undefined;
    units[i] = byte;
  }
  return String.fromCharCode.apply(null, units);
}

function other(bytes: Uint8Array, from: number, to: number): string {
  return (to - from < long ? unicode(bytes, from, to) : undefined) ?? utf8.decode(bytes.subarray(from, to));
}

/** Decodes what isn't long, of characters of at most three bytes; undefined when there is something else. */
function unicode(bytes: Uint8Array, from: number, to: number): string | undefined {
  const units: number[] = [];
  for (let at = from; at < to; ) {
    const first = bytes[at++] as number;
    if (first < 0x80) {
      units.push(first);
      continue;
    }
    const size = first < 0xe0 ? 1 : 2;
    if (first < 0xc2 || first >= 0xf0 || at + size > to) return undefined;
    let unit = first & (0x3f >> size);
    for (const end = at + size; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte >> 6 !== 2) return undefined;
      unit = (unit << 6) | (byte & 0x3f);
    }
    if (size === 2 && (unit < 0x800 || (unit & 0xf800) === 0xd800)) return undefined;
    units.push(unit);
  }
  return String.fromCharCode.apply(null, units);
}
