// Calls the module's exports as no loader would. wasm/doc.go says what each must answer.

/** Bytes that look random and are the same for the same seed: xorshift32. */
function generator(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** The crossing, bare: whatever numbers and bytes are given cross. */
class Crossing {
  // What has begun, by id: how to settle it, and the attempts that it had.
  waiting = new Map();
  faults = [];

  static async open({ start, Decoder, larder }, wasm) {
    const c = new Crossing();
    c.decoder = new Decoder();
    c.codes = new Set(larder.codes.filter((code) => code !== "INTERNAL" && code !== "LOAD"));
    c.exports = await start(
      wasm,
      (address, length) => c.completed(address >>> 0, length),
      (code) => c.faults.push(`the module ended with exit code ${code}`),
    );
    return c;
  }

  bytes(address, length) {
    return new Uint8Array(this.exports.mem.buffer).slice(address, address + length);
  }

  /** The answer's bytes and its count. */
  answer() {
    const [address, length, count] = new Uint32Array(this.exports.mem.buffer, this.exports.larder_answer(), 3);
    return { bytes: this.bytes(address, length), count };
  }

  pass(request) {
    const address = this.exports.larder_request(request.length) >>> 0;
    new Uint8Array(this.exports.mem.buffer).set(request, address);
  }

  /** The code of an error, which must be one that a caller can act on. */
  code(bytes, what) {
    const { code, message } = this.decoder.decode(bytes);
    if (message === "the transaction's function failed") return "rolled back";
    if (!this.codes.has(code)) this.faults.push(`${what}: ${code}: ${message}`);
    return code;
  }

  /** Returns the error's code, or undefined. */
  do(op, handle, aux, request, n = request.length) {
    this.pass(request);
    const failed = this.exports.larder_do(op, handle, aux, n);
    if (failed !== 0 && failed !== 1) this.faults.push(`do(${op}) = ${failed}`);
    return failed ? this.code(this.answer().bytes, `do(${op}, ${handle}, ${aux}, ${request})`) : undefined;
  }

  /** Returns what it came to: {code} or {value}. Each attempt is handed to attempt, which must see to its end. */
  start(op, handle, aux, request, attempt, n = request.length) {
    this.pass(request);
    const id = this.exports.larder_start(op, handle, aux, n) >>> 0;
    const what = `start(${op}, ${handle}, ${aux}, ${request})`;
    if (id === 0) return Promise.resolve({ code: this.code(this.answer().bytes, what) });
    if (this.waiting.has(id)) this.faults.push(`${what}: id ${id} is another's`);
    const done = new Promise((settle) => this.waiting.set(id, { settle, attempt, what }));
    this.exports.resume();
    return done;
  }

  /** Ends an attempt by giving it up. Its error is then the caller's own, and only its message says so. */
  rollBack(number) {
    this.do(7, number, 0, new Uint8Array());
    this.exports.resume();
  }

  completed(address, length) {
    const run = this.bytes(address, length);
    const view = new DataView(run.buffer);
    for (let at = 0; at < length; ) {
      const [id, kind, value, size] = [0, 4, 8, 12].map((place) => view.getUint32(at + place, true));
      const payload = run.slice(at + 16, at + 16 + size);
      at += 16 + size;
      const call = this.waiting.get(id);
      if (call === undefined) {
        this.faults.push(`a completion of ${id}, which is no call or was completed before`);
      } else if (kind === 2) {
        queueMicrotask(() => call.attempt(value));
      } else if (kind === 3) {
        this.faults.push(`${call.what}: a part of what doesn't exist`);
      } else {
        this.waiting.delete(id);
        call.settle(kind === 0 ? { value } : { code: this.code(payload, call.what) });
      }
    }
  }
}

/**
 * Calls every operation with requests of all kinds on handles of all kinds, and
 * returns what was wrong and how often each code was met.
 */
export async function hostile(shipped, wasm, seed, rounds) {
  const { Encoder, Op } = shipped;
  const c = await Crossing.open(shipped, wasm);
  for (const size of [2 ** 32 - 1, 2 ** 31, 2 ** 27 + 1]) {
    const address = c.exports.larder_request(size);
    const code = address === 0 ? c.code(c.answer().bytes, `request(${size})`) : "no error";
    if (code !== "TOO_LARGE") c.faults.push(`request(${size}): ${code}, want TOO_LARGE`);
  }
  const next = generator(seed);
  const pick = (list) => list[next(list.length)];
  const encode = (...values) => {
    const { buffer, size } = new Encoder().encode(values);
    return buffer.slice(0, size);
  };
  const none = undefined;

  const definition = (name) => [name, 1, 0, 0, [["rows", "id", [["n", ["n"], 0, 1]], 1]]];
  const rows = encode({ id: 1, n: 5 }, { id: 2, n: 6 });
  const query = encode([null, none, none, none, none, none, none, false, 0, null]);
  const valid = {
    [Op.Open]: encode(definition("other")),
    [Op.Drop]: encode("gone"),
    [Op.Get]: encode(1),
    [Op.GetMany]: encode(1, "two", [3n]),
    [Op.Query]: query,
    [Op.Count]: query,
    [Op.Put]: rows,
    [Op.Insert]: rows,
    [Op.Delete]: encode(1, 9),
    [Op.Preload]: query,
    [Op.Salvage]: encode("none"),
  };
  const request = (op) => {
    const whole = valid[op] ?? new Uint8Array();
    switch (next(4)) {
      case 0:
        return Uint8Array.from({ length: next(40) }, () => next(256));
      case 1:
        return whole.slice(0, next(whole.length + 1));
      case 2:
        return whole;
      default: {
        const changed = whole.slice();
        for (let n = 1 + next(3); n > 0 && changed.length > 0; n--) changed[next(changed.length)] = next(256);
        return changed;
      }
    }
  };

  const db = (await c.start(Op.Open, 0, 0, encode(definition("db")))).value;
  await c.start(Op.Put, db, 0, rows);
  let ended;
  await c.start(Op.View, db, 0, new Uint8Array(), (number) => {
    ended = number;
    c.rollBack(number);
  });
  const met = {};
  const meet = (code = "fine") => {
    met[code] = (met[code] ?? 0) + 1;
  };
  const ops = [...Object.values(Op), 0, Math.max(...Object.values(Op)) + 1, 99, 2 ** 31, 2 ** 32 - 1];
  const handles = [db, db, db, db + 1, 0, ended, ended + 1, 2 ** 31, 2 ** 32 - 1];
  const sizes = [0, 1, 4096, 2 ** 31, 2 ** 32 - 1];
  const begun = []; // what is waited for in the end
  const begin = (...call) => begun.push(c.start(...call).then(({ code }) => meet(code)));

  for (let round = 0; round < rounds; round++) {
    const op = pick(ops);
    const bytes = request(op);
    const size = next(8) === 0 ? pick(sizes) : bytes.length;
    const aux = next(4) === 0 ? pick([1, 2 ** 31, 2 ** 32 - 1]) : 0;
    const inside = [];
    meet(c.do(op, pick(handles), aux, bytes, size));
    if (next(8) === 0) {
      // In a transaction, which is given up.
      await c.start(next(2) === 0 ? Op.Update : Op.View, db, 0, new Uint8Array(), (number) => {
        for (let i = 0; i < 4; i++) {
          const inner = pick(ops.filter((each) => each !== Op.Finish));
          inside.push(c.do(inner, number, 0, request(inner)));
        }
        // One that is on its way when the transaction ends, and one that is beside it.
        for (const inner of [pick(ops), pick([Op.Get, Op.Query, Op.Preload])]) {
          begin(inner, number, 0, request(inner), (other) => c.rollBack(other));
        }
        c.rollBack(number);
        inside.push(c.do(Op.Get, number, 0, valid[Op.Get]));
      });
      inside.forEach(meet);
    }
    // The one handle that is good stays so.
    const handle = op === Op.Close ? pick(handles.filter((each) => each !== db)) : pick(handles);
    const call = [op, handle, aux, bytes, (number) => c.rollBack(number), size];
    // The database whose end that waits for may be open.
    if (op === Op.Wait) begin(...call);
    else meet((await c.start(...call)).code);
  }

  // It lives on.
  const last = (await c.start(Op.Open, 0, 0, encode(definition("last")))).value;
  await c.start(Op.Put, last, 0, rows);
  const code = c.do(Op.Query, last, 0, query);
  if (code !== undefined || c.answer().count !== 2)
    c.faults.push(`in the end a query came to ${code ?? c.answer().count}`);
  if (c.do(Op.Get, db, 0, valid[Op.Get]) !== undefined) c.faults.push("the database that was there is gone");
  for (const handle of [db, db + 1]) await c.start(Op.Close, handle, 0, new Uint8Array());
  let deadline;
  const late = new Promise((resolve) => {
    deadline = setTimeout(resolve, 60_000);
  });
  await Promise.race([Promise.all(begun), late]);
  clearTimeout(deadline);
  for (const { what } of c.waiting.values()) c.faults.push(`${what} never ended`);
  return { faults: c.faults, met };
}
