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

  async write(op: number, collection: number, request: Uint8Array): Promise<number> {
    this.checkNesting("write");
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
    try {
      this.running[kind]++;
      let pending: R | Promise<R>;
      try {
        pending = fn(new Transaction(this.connection, number, this.numbers));
      } finally {
        this.running[kind]--;
      }
      return { value: await pending };
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

/** One attempt of a transaction. Its number is void when the attempt has ended. */
class Transaction implements WriteTransaction, Scope {
  constructor(
    readonly connection: Connection,
    readonly handle: number,
    private readonly numbers: Map<string, number>,
  ) {}

  collection<T = unknown>(name: string): Collection<T> {
    return collectionOf(this, this.numbers, name);
  }

  async write(op: number, collection: number, request: Uint8Array): Promise<number> {
    this.connection.do(op, this.handle, collection, request);
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
