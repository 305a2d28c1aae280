import { Op } from "./abi.js";
import { LarderCollection, type Scope } from "./collection.js";
import type { Connection, Done } from "./connection.js";
import { type LarderError, makeError } from "./errors.js";
import type { Collection, Database, ReadTransaction, WriteTransaction } from "./types.js";

/** An open database. Its handle is void after close. */
export class LarderDatabase implements Database, Scope {
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
  ) {
    this.numbers = new Map(collections.map((collection, i) => [collection, i]));
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

  async view<R>(fn: (tx: ReadTransaction) => R | Promise<R>): Promise<R> {
    return this.transaction(Op.View, fn);
  }

  async close(): Promise<void> {
    if (this.running.views > 0) throw nested("close");
    this.checkNesting("close");
    this.closing ??= this.connection.start(Op.Close, this.handle, 0);
    await this.closing;
  }

  async write(op: number, collection: number, values: readonly unknown[]): Promise<number> {
    this.checkNesting("write");
    if (values.length > step) {
      return this.transaction(Op.Update, (tx) => (tx as Transaction).write(op, collection, values));
    }
    const request = this.connection.encode(values);
    return (await this.connection.start(op, this.handle, collection, request)).value;
  }

  private async transaction<R>(op: number, fn: (tx: WriteTransaction) => R | Promise<R>): Promise<R> {
    this.checkNesting(op === Op.View ? "view" : "update");
    let outcome: Outcome<R> | undefined;
    const attempt = async (number: number) => {
      outcome = undefined;
      outcome = await this.run(op === Op.View ? "views" : "updates", fn, number);
      this.finish(number, "value" in outcome);
    };
    try {
      await this.connection.start(op, this.handle, 0, undefined, attempt);
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

type Outcome<R> = { value: R } | { error: unknown };

/** How many rows are written before the time is looked at, and for how many milliseconds at a stretch. */
const step = 64;
const stretch = 8;

/** One attempt of a transaction. Its number is void when the attempt has ended. */
class Transaction implements WriteTransaction, Scope {
  /** The writes that take more than one turn, and the first failure of one that had begun. */
  private readonly long = new Set<Promise<number>>();
  private torn: { error: unknown } | undefined;

  constructor(
    readonly connection: Connection,
    readonly handle: number,
    private readonly numbers: Map<string, number>,
  ) {}

  collection<T = unknown>(name: string): Collection<T> {
    return collectionOf(this, this.numbers, name);
  }

  async write(op: number, collection: number, values: readonly unknown[]): Promise<number> {
    if (values.length <= step) return this.stretch(op, collection, values, 0, values.length);
    const write = this.writeMany(op, collection, values);
    this.long.add(write);
    return write.finally(() => this.long.delete(write));
  }

  /** Waits for the writes that nobody awaited, and fails when one of them has stored a part. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.long);
    if (this.torn !== undefined) throw this.torn.error;
  }

  /** Writes a few values at a time and lets the page have its turn. */
  private async writeMany(op: number, collection: number, values: readonly unknown[]): Promise<number> {
    let count = 0;
    let began = performance.now();
    for (let from = 0; from < values.length; from += step) {
      if (performance.now() - began > stretch) {
        await new Promise((resolve) => setTimeout(resolve));
        began = performance.now();
      }
      try {
        count += this.stretch(op, collection, values, from, Math.min(from + step, values.length));
      } catch (error) {
        if (from > 0) this.torn ??= { error };
        throw error;
      }
    }
    return count;
  }

  private stretch(op: number, collection: number, values: readonly unknown[], from: number, to: number): number {
    this.connection.do(op, this.handle, collection, this.connection.encode(values, from, to));
    return this.connection.count();
  }
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
