import { Op } from "./abi.js";
import { type Call, LarderCollection, type Scope } from "./collection.js";
import type { Connection, Done } from "./connection.js";
import { errorFrom, LarderError, makeError } from "./errors.js";
import type { Collection, Database, ReadTransaction, Status, ViewOptions, WriteTransaction } from "./types.js";

/** An open database. Its handle is void after close. */
export class LarderDatabase implements Database, Scope {
  readonly closed: Promise<LarderError | undefined>;
  private readonly numbers: Map<string, number>;
  /** Which functions are on the stack right now: of how many updates, of how many views. */
  private readonly running = { updates: 0, views: 0 };
  private closing: Promise<Done> | undefined;

  constructor(
    readonly connection: Connection,
    readonly handle: number,
    readonly name: string,
    readonly engine: "indexeddb" | "memory",
    collections: readonly string[],
    /** Whether writes are acknowledged before they are stored, where that is granted. */
    private readonly async: boolean,
  ) {
    this.numbers = new Map(collections.map((collection, i) => [collection, i]));
    this.closed = connection.start(Op.Wait, handle, 0).then(
      () => undefined,
      (error) => (error.code === "CLOSED" ? undefined : error),
    );
  }

  get memory(): number {
    return this.connection.memory;
  }

  collection<T = unknown>(name: string): Collection<T> {
    return collectionOf(this, this.numbers, name);
  }

  async update<R>(fn: (tx: WriteTransaction) => R | Promise<R>): Promise<R> {
    return this.transaction(Op.Update, fn);
  }

  async view<R>(fn: (tx: ReadTransaction) => R | Promise<R>, options: ViewOptions = {}): Promise<R> {
    return this.transaction(Op.View, fn, options.fresh === true ? 1 : 0);
  }

  async flush(): Promise<void> {
    await this.connection.start(Op.Flush, this.handle, 0);
  }

  async status(): Promise<Status> {
    const { damage, ...known } = (await this.connection.start(Op.Status, this.handle, 0)).result as StatusAnswer;
    return damage === undefined ? known : { ...known, damage: errorFrom(damage) };
  }

  async persist(): Promise<boolean> {
    const { navigator } = globalThis as { navigator?: { storage?: { persist?(): Promise<boolean> } } };
    if (this.engine === "memory" || navigator?.storage?.persist === undefined) {
      throw makeError("UNSUPPORTED", "persist: this platform can't promise to keep data", { op: "persist" });
    }
    return navigator.storage.persist();
  }

  async verify(): Promise<LarderError[]> {
    return ((await this.connection.start(Op.Verify, this.handle, 0)).result as Record<string, string>[]).map(errorFrom);
  }

  async close(): Promise<void> {
    if (this.running.views > 0) throw nested("close");
    this.checkNesting("close");
    this.closing ??= this.connection.start(Op.Close, this.handle, 0);
    await this.closing;
  }

  async start(call: Call): Promise<Done> {
    return this.begin(call.op, call.collection, call.values);
  }

  read<R>(call: Call, now: () => R, later: (done: Done) => R): R | Promise<R> {
    try {
      return now();
    } catch (error) {
      if (!mustWait(error)) throw error;
      return this.start(call).then(later);
    }
  }

  async write(op: number, collection: number, values: readonly unknown[]): Promise<number> {
    this.checkNesting("write");
    if (values.length > step) {
      return this.transaction(Op.Update, (tx) => (tx as Transaction).write(op, collection, values));
    }
    if (this.async) {
      try {
        this.connection.do(op, this.handle, collection, this.connection.encode(values));
        return this.connection.count();
      } catch (error) {
        if (!mustWait(error)) throw error;
      }
    }
    return (await this.begin(op, collection, values)).value;
  }

  private begin(op: number, collection: number, values: readonly unknown[]): Promise<Done> {
    return this.connection.start(op, this.handle, collection, this.connection.encode(values));
  }

  private async transaction<R>(op: number, fn: (tx: WriteTransaction) => R | Promise<R>, aux = 0): Promise<R> {
    this.checkNesting(op === Op.View ? "view" : "update");
    let outcome: Outcome<R> | undefined;
    const attempt = async (number: number) => {
      outcome = undefined;
      outcome = await this.run(op === Op.View ? "views" : "updates", fn, number);
      this.finish(number, "value" in outcome);
    };
    try {
      await this.connection.start(op, this.handle, aux, undefined, { attempt });
    } catch (error) {
      // When the function failed, what Go says is only that it was told so.
      if (outcome !== undefined && "error" in outcome) throw outcome.error;
      throw error;
    }
    return (outcome as { value: R }).value;
  }

  private async run<R>(
    kind: "updates" | "views",
    fn: (tx: WriteTransaction) => R | Promise<R>,
    number: number,
  ): Promise<Outcome<R>> {
    const transaction = new Transaction(this.connection, number, this.numbers);
    try {
      this.running[kind]++;
      let pending: R | Promise<R>;
      try {
        pending = fn(transaction);
      } finally {
        this.running[kind]--;
      }
      const value = await pending;
      await transaction.settled();
      return { value };
    } catch (error) {
      return { error };
    }
  }

  private finish(number: number, commit: boolean): void {
    try {
      this.connection.do(Op.Finish, number, commit ? 1 : 0);
      this.connection.resume();
    } catch {
      // The module has ended, and the transaction's promise is rejected with why.
    }
  }

  /**
   * Refuses what would wait for the update whose function calls it. It sees only
   * what is called before the function's first await.
   */
  private checkNesting(op: string): void {
    if (this.running.updates > 0) throw nested(op);
  }
}

function nested(op: string): LarderError {
  return makeError("NESTED_TX", `${op}: called inside a transaction's function of the same database`, { op });
}

/** Whether error says that a read must wait for the storage. */
function mustWait(error: unknown): boolean {
  return error instanceof LarderError && error.code === "NOT_IN_MEMORY";
}

type StatusAnswer = Omit<Status, "damage"> & { damage?: Record<string, string> };

type Outcome<R> = { value: R } | { error: unknown };

/** How many rows are written before the time is looked at, and for how many milliseconds at a stretch. */
const step = 64;
const stretch = 8;

/** One attempt of a transaction. Its number is void when the attempt has ended. */
class Transaction implements WriteTransaction, Scope {
  /** The writes that take more than one turn, and the first failure of one that had begun. */
  private readonly long = new Set<Promise<number>>();
  private torn: { error: unknown } | undefined;
  /** Fulfilled when the last call that waits has ended; undefined when none does. */
  private last: Promise<void> | undefined;

  constructor(
    readonly connection: Connection,
    readonly handle: number,
    private readonly numbers: Map<string, number>,
  ) {}

  collection<T = unknown>(name: string): Collection<T> {
    return collectionOf(this, this.numbers, name);
  }

  start(call: Call): Promise<Done> {
    return this.inTurn(() => this.begin(call.op, call.collection, call.values));
  }

  read<R>(call: Call, now: () => R, later: (done: Done) => R): R | Promise<R> {
    if (this.last !== undefined) return this.start(call).then(later);
    try {
      return now();
    } catch (error) {
      if (!mustWait(error)) throw error;
      return this.start(call).then(later);
    }
  }

  async write(op: number, collection: number, values: readonly unknown[]): Promise<number> {
    if (values.length <= step) return this.stretch(op, collection, values, 0, values.length);
    const write = this.writeMany(op, collection, values);
    this.long.add(write);
    return write.finally(() => this.long.delete(write));
  }

  /** Waits for what nobody awaited, and fails when one of the writes has stored a part. */
  async settled(): Promise<void> {
    while (this.long.size > 0 || this.last !== undefined) {
      await Promise.allSettled(this.long);
      await this.last;
    }
    if (this.torn !== undefined) throw this.torn.error;
  }

  /** Writes a few values at a time and lets the page have its turn. */
  private async writeMany(op: number, collection: number, values: readonly unknown[]): Promise<number> {
    let count = 0;
    let began = performance.now();
    for (let from = 0; from < values.length; from += step) {
      if (performance.now() - began > stretch) {
        await turn();
        began = performance.now();
      }
      try {
        const written = this.stretch(op, collection, values, from, Math.min(from + step, values.length));
        count += typeof written === "number" ? written : await written;
      } catch (error) {
        if (from > 0) this.torn ??= { error };
        throw error;
      }
    }
    return count;
  }

  /** Writes at once, or in turn when something waits or the write itself must. */
  private stretch(
    op: number,
    collection: number,
    values: readonly unknown[],
    from: number,
    to: number,
  ): number | Promise<number> {
    if (this.last === undefined) {
      try {
        return this.now(op, collection, values, from, to);
      } catch (error) {
        if (!mustWait(error)) throw error;
      }
      return this.inTurn(() => this.resume(collection));
    }
    return this.inTurn(async () => {
      try {
        return this.now(op, collection, values, from, to);
      } catch (error) {
        if (!mustWait(error)) throw error;
        return this.resume(collection);
      }
    });
  }

  private now(op: number, collection: number, values: readonly unknown[], from: number, to: number): number {
    this.connection.do(op, this.handle, collection, this.connection.encode(values, from, to));
    return this.connection.count();
  }

  /** Goes on with the write that had to wait. */
  private async resume(collection: number): Promise<number> {
    return (await this.begin(Op.Resume, collection, [])).value;
  }

  private begin(op: number, collection: number, values: readonly unknown[]): Promise<Done> {
    return this.connection.start(op, this.handle, collection, this.connection.encode(values));
  }

  /** Runs fn when what was begun before it has ended: one call of a transaction waits at a time. */
  private inTurn<R>(fn: () => Promise<R>): Promise<R> {
    const turn = this.last === undefined ? fn() : this.last.then(fn);
    const ended = turn.then(nothing, nothing).then(() => {
      if (this.last === ended) this.last = undefined;
    });
    this.last = ended;
    return turn;
  }
}

function nothing(): void {}

/** Lets the page have its turn. A timer would do, but browsers make each that follows another wait for 4 ms. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

function collectionOf<T>(scope: Scope, numbers: Map<string, number>, name: string): Collection<T> {
  const number = numbers.get(name);
  if (number === undefined) {
    throw makeError("TABLE_NOT_FOUND", `there is no collection ${JSON.stringify(name)}`, {
      collection: name,
    });
  }
  return new LarderCollection<T>(scope, name, number);
}
