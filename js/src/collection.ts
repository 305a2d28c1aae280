import { Op } from "./abi.js";
import type { Connection } from "./connection.js";
import { makeError } from "./errors.js";
import type { Collection, Key, Page, Query } from "./types.js";

/** What a collection is reached through: a database, or a transaction of it. */
export interface Scope {
  readonly connection: Connection;
  /** The database's handle or the transaction's number. */
  readonly handle: number;
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
    const connection = this.read(Op.Get, [key]);
    return connection.count() === 0 ? undefined : (connection.value() as T);
  }

  async getMany(keys: readonly Key[]): Promise<(T | undefined)[]> {
    return this.read(Op.GetMany, keys).rows() as (T | undefined)[];
  }

  async query(query: Query = {}): Promise<Page<T>> {
    const connection = this.read(Op.Query, [queryRequest(query)]);
    const next = connection.token();
    const rows = connection.rows() as T[];
    return next === undefined ? { rows } : { rows, next };
  }

  async count(query: Query = {}): Promise<number> {
    return this.read(Op.Count, [queryRequest(query)]).count();
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

  private read(op: number, values: readonly unknown[]): Connection {
    const { connection, handle } = this.scope;
    connection.do(op, handle, this.number, connection.encode(values));
    return connection;
  }

  private write(op: number, values: readonly unknown[]): Promise<number> {
    return this.scope.write(op, this.number, values);
  }
}

function queryRequest(query: Query): unknown[] {
  const { index, eq, gt, gte, lt, lte, prefix, reverse, limit = 0, after } = query;
  if (!Number.isInteger(limit) || limit < 0 || limit > 0x7ffffffe) {
    throw makeError("INVALID", `query: limit is ${String(limit)}, not a count`, { op: "query" });
  }
  return [index ?? null, eq, gt, gte, lt, lte, prefix, reverse === true, limit, after ?? null];
}
