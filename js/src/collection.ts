import { Op } from "./abi.js";
import type { Connection, Done } from "./connection.js";
import { makeError } from "./errors.js";
import type { Collection, Key, Page, Query } from "./types.js";

/** An operation on a collection with what it is given. */
export interface Call {
  readonly op: number;
  readonly collection: number;
  readonly values: readonly unknown[];
}

/** What a collection is reached through: a database, or a transaction of it. */
export interface Scope {
  readonly connection: Connection;
  /** The database's handle or the transaction's number. */
  readonly handle: number;
  /** Starts a read that may wait. */
  start(call: Call): Promise<Done>;
  /** Reads at once with now; when that would have to wait, it starts the same read and later makes its result. */
  read<R>(call: Call, now: () => R, later: (done: Done) => R): R | Promise<R>;
  /** Writes rows or keys, all or none, and returns how many rows it touched. */
  write(op: number, collection: number, values: readonly unknown[]): Promise<number>;
}

/** One collection. Its number is its place in the definitions. */
export class LarderCollection<T> implements Collection<T> {
  constructor(
    private readonly scope: Scope,
    readonly name: string,
    private readonly number: number,
  ) {}

  async get(key: Key): Promise<T | undefined> {
    return this.scope.read(
      this.call(Op.Get, [key]),
      () => this.getSync(key),
      (done) => this.page(done).rows[0],
    );
  }

  async getMany(keys: readonly Key[]): Promise<(T | undefined)[]> {
    return this.scope.read(
      this.call(Op.GetMany, keys),
      () => this.getManySync(keys),
      (done) => this.page(done).rows,
    );
  }

  getSync(key: Key): T | undefined {
    const { connection, handle } = this.scope;
    connection.do(Op.Get, handle, this.number, connection.encode([key]));
    return connection.count() === 0 ? undefined : (connection.value() as T);
  }

  getManySync(keys: readonly Key[]): (T | undefined)[] {
    return this.now(this.call(Op.GetMany, keys)).rows() as (T | undefined)[];
  }

  async query(query: Query = {}): Promise<Page<T>> {
    const call = this.call(Op.Query, [queryRequest(query)]);
    return this.scope.read(
      call,
      () => {
        const connection = this.now(call);
        const next = connection.token();
        return pageOf(connection.rows() as T[], next);
      },
      (done) => this.page(done),
    );
  }

  async count(query: Query = {}): Promise<number> {
    const call = this.call(Op.Count, [queryRequest(query)]);
    return this.scope.read(
      call,
      () => this.now(call).count(),
      (done) => done.value,
    );
  }

  async preload(query: Query = {}): Promise<number> {
    return (await this.scope.start(this.call(Op.Preload, [queryRequest(query)]))).value;
  }

  async put(row: T): Promise<void> {
    await this.write(Op.Put, [row]);
  }

  async putMany(rows: readonly T[]): Promise<void> {
    await this.write(Op.Put, rows);
  }

  async insert(row: T): Promise<void> {
    await this.write(Op.Insert, [row]);
  }

  async delete(key: Key): Promise<boolean> {
    return (await this.write(Op.Delete, [key])) === 1;
  }

  async deleteMany(keys: readonly Key[]): Promise<number> {
    return this.write(Op.Delete, keys);
  }

  private call(op: number, values: readonly unknown[]): Call {
    return { op, collection: this.number, values };
  }

  /** Answers from memory. */
  private now({ op, values }: Call): Connection {
    const { connection, handle } = this.scope;
    connection.do(op, handle, this.number, connection.encode(values));
    return connection;
  }

  /** The rows that a read has that was started. */
  private page(done: Done): Page<T> {
    const [rows, next] = done.result as [T[], string];
    return pageOf(rows, next === "" ? undefined : next);
  }

  private write(op: number, values: readonly unknown[]): Promise<number> {
    return this.scope.write(op, this.number, values);
  }
}

function pageOf<T>(rows: T[], next: string | undefined): Page<T> {
  return next === undefined ? { rows } : { rows, next };
}

function queryRequest(query: Query): unknown[] {
  const { index, eq, gt, gte, lt, lte, prefix, reverse, limit = 0, after } = query;
  if (!Number.isInteger(limit) || limit < 0 || limit > 0x7ffffffe) {
    throw makeError("INVALID", `query: limit is ${String(limit)}, not a count`, { op: "query" });
  }
  return [index ?? null, eq, gt, gte, lt, lte, prefix, reverse === true, limit, after ?? null];
}
