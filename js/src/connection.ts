import { type Exports, Kind, Op } from "./abi.js";
import { Decoder } from "./decode.js";
import { type Encoded, Encoder } from "./encode.js";
import { errorFrom, type LarderError, makeError } from "./errors.js";
import { start } from "./module.js";
import type { ModuleSource } from "./types.js";

/** How a call of start came out. */
export interface Done {
  /** A handle, or a count. */
  value: number;
  /** The result, where the operation has one. */
  result: unknown;
}

interface Waiting {
  resolve(done: Done): void;
  reject(error: unknown): void;
  attempt: ((transaction: number) => void) | undefined;
  part: ((values: unknown[]) => void) | undefined;
}

/** What start calls before it is done. */
export interface Progress {
  /** For each attempt of a transaction, with its number. */
  attempt?(transaction: number): void;
  /** For each part of a result that comes in parts. */
  part?(values: unknown[]): void;
}

/** The places of the answer header. */
const Answer = {
  Address: 0,
  Length: 1,
  Count: 2,
  TokenAddress: 3,
  TokenLength: 4,
  Stirred: 5,
  Size: 6,
} as const;

/** Room for a longer request isn't kept. */
const maxKept = 1 << 22;

/** Up to so many bytes a loop copies them faster than a call does. */
const shortRequest = 64;

let connected: Promise<Connection> | undefined;

/**
 * Returns this realm's one running module, which it starts when there is none. A
 * later source is not looked at.
 */
export function connect(source?: ModuleSource): Promise<Connection> {
  connected ??= Connection.start(source).catch((error) => {
    connected = undefined;
    throw error;
  });
  return connected;
}

/** The crossing into the module: requests in, answers out, completions as they come. */
export class Connection {
  private readonly encoder = new Encoder();
  private readonly decoder = new Decoder();
  private readonly waiting = new Map<number, Waiting>();
  private exports!: Exports;
  private header = 0;
  private memoryBytes = new Uint8Array();
  private words = new Uint32Array();
  /** Where the module reads requests, and how long they may be there. */
  private request = 0;
  private requestRoom = 0;
  private dead: LarderError | undefined;
  /** Whether there are goroutines with something to do, writes for one, that have not run yet. */
  private writing = false;

  static async start(source?: ModuleSource): Promise<Connection> {
    const connection = new Connection();
    connection.exports = await start(
      source,
      (address, length) => connection.completed(address, length),
      (code) => connection.exited(code),
    );
    connection.header = connection.exports.larder_answer() >>> 0;
    return connection;
  }

  /** Returns the values from one to another as a request. It is valid until the next call. */
  encode(values: readonly unknown[], from?: number, to?: number): Encoded {
    return this.encoder.encode(values, from, to);
  }

  /** The size of the module's memory in bytes. */
  get memory(): number {
    return this.exports.mem.buffer.byteLength;
  }

  /** Does op at once; what it answers is read by the methods below, before the next call. */
  do(op: number, handle: number, aux: number, request?: Encoded): void {
    const size = this.pass(request);
    let failed: boolean;
    try {
      failed = this.exports.larder_do(op, handle, aux, size) !== 0;
    } catch (cause) {
      throw this.crashed(cause);
    }
    this.look();
    if (this.word(Answer.Stirred) !== 0) this.resumeSoon();
    if (failed) throw this.error();
  }

  /**
   * Begins op and returns how it came out. What progress has is called from nowhere else's code. Writes that are begun
   * one after the other become one commit: their goroutine runs when the caller's code has let go of its turn, or
   * something else is begun.
   */
  start(op: number, handle: number, aux: number, request?: Encoded, progress: Progress = {}): Promise<Done> {
    const write = op >= Op.Put && op <= Op.Delete;
    if (this.writing && !write) this.resume();
    return new Promise((resolve, reject) => {
      const size = this.pass(request);
      const id = this.exports.larder_start(op, handle, aux, size) >>> 0;
      if (id === 0) {
        this.look();
        throw this.error();
      }
      this.waiting.set(id, { resolve, reject, attempt: progress.attempt, part: progress.part });
      if (write) this.resumeSoon();
      else this.resume();
    });
  }

  /** Lets the goroutines run when the caller's code has let go of its turn. */
  private resumeSoon(): void {
    if (this.writing) return;
    this.writing = true;
    queueMicrotask(() => {
      if (this.writing) this.resume();
    });
  }

  /** Lets the goroutines run that a call has woken. */
  resume(): void {
    this.writing = false;
    if (this.dead !== undefined) return;
    try {
      this.exports.resume();
    } catch (cause) {
      this.crashed(cause);
    }
  }

  /** The answer's count. */
  count(): number {
    return this.word(Answer.Count);
  }

  /** The answer's one value. */
  value(): unknown {
    return this.decoder.decode(this.memoryBytes, this.word(Answer.Address), this.word(Answer.Length));
  }

  /** The answer's rows. */
  rows(): unknown[] {
    return this.decoder.read(this.memoryBytes, this.word(Answer.Address), this.word(Answer.Length), this.count());
  }

  /** The answer's page token, undefined when there are no more rows. */
  token(): string | undefined {
    if (this.word(Answer.TokenLength) === 0) return undefined;
    const address = this.word(Answer.TokenAddress);
    return String.fromCharCode(...this.memoryBytes.subarray(address, address + this.word(Answer.TokenLength)));
  }

  /** Puts the request where the module reads it, and returns its size. */
  private pass(request: Encoded | undefined): number {
    this.look();
    const size = request?.size ?? 0;
    if (request === undefined || size === 0) return 0;
    if (size > this.requestRoom || this.requestRoom > maxKept) {
      this.requestRoom = 0;
      this.request = this.exports.larder_request(size) >>> 0;
      this.look();
      if (this.request === 0) throw this.error();
      this.requestRoom = size;
    }
    const { memoryBytes, request: address } = this;
    const { buffer } = request;
    if (size > shortRequest) memoryBytes.set(buffer.subarray(0, size), address);
    else for (let i = 0; i < size; i++) memoryBytes[address + i] = buffer[i] as number;
    return size;
  }

  /** Takes views of the memory anew: a call that made it grow has detached the old ones. */
  private look(): void {
    if (this.dead !== undefined) throw this.dead;
    if (this.memoryBytes.length === 0) {
      const { buffer } = this.exports.mem;
      this.memoryBytes = new Uint8Array(buffer);
      this.words = new Uint32Array(buffer, this.header, Answer.Size);
    }
  }

  private word(place: number): number {
    return this.words[place] as number;
  }

  private error(): LarderError {
    return errorFrom(this.value() as Record<string, string>);
  }

  /** The callback. It runs inside Go code, so it only reads and settles: what awaits runs later. */
  private completed(address: number, length: number): void {
    this.look();
    const view = new DataView(this.memoryBytes.buffer, address >>> 0, length);
    for (let at = 0; at < length; ) {
      const id = view.getUint32(at, true);
      const kind = view.getUint32(at + 4, true);
      const value = view.getUint32(at + 8, true);
      const size = view.getUint32(at + 12, true);
      const from = (address >>> 0) + at + 16;
      const result = size === 0 ? undefined : this.decoder.decode(this.memoryBytes, from, size);
      at += 16 + size;
      const waiting = this.waiting.get(id);
      if (waiting === undefined) continue;
      if (kind === Kind.Attempt) {
        queueMicrotask(() => waiting.attempt?.(value));
        continue;
      }
      if (kind === Kind.Part) {
        queueMicrotask(() => waiting.part?.(result as unknown[]));
        continue;
      }
      this.waiting.delete(id);
      if (kind === Kind.Done) waiting.resolve({ value, result });
      else waiting.reject(errorFrom(result as Record<string, string>));
    }
  }

  /** The program ended, which it does only by a defect or for want of memory. */
  private exited(code: number): void {
    this.end(makeError("INTERNAL", `the module has ended with exit code ${code}`));
  }

  /** WebAssembly threw something, so the program can't go on. */
  private crashed(cause: unknown): LarderError {
    return this.end(makeError("INTERNAL", `the module has crashed: ${cause}`, { cause }));
  }

  /** Fails everything that waits, now and later. The next connection is another. */
  private end(error: LarderError): LarderError {
    this.dead ??= error;
    connected = undefined;
    for (const { reject } of this.waiting.values()) reject(this.dead);
    this.waiting.clear();
    return this.dead;
  }
}
