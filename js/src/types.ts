import type { LarderError } from "./errors.js";

/**
 * What a key can be: the primary key of a row, or a value in an index.
 *
 * Keys of different kinds are different keys: `1` and `1n` are two rows. They are
 * ordered first by kind (null, binary, text, array, BigInt, number, boolean,
 * Date), then by value; text by its UTF-8 bytes, arrays element by element.
 */
export type Key = string | number | bigint | boolean | Date | Uint8Array | null | readonly Key[];

/** An index of a collection. */
export interface IndexDefinition {
  /**
   * Where the indexed value is in a row: names joined by points, like
   * `"address.city"`; an array of paths is a compound index. A row that lacks the
   * value, or has `undefined` there, is not in the index; `null` is a value.
   */
  path: string | readonly string[];
  /** Refuses a second row with the same value. */
  unique?: boolean;
  /** The value is an array, and each of its elements is in the index. */
  multi?: boolean;
  /** Raise it from 1 when anything above changes: the index is then built anew. */
  version?: number;
}

/** A collection: rows of one kind, each under its key. */
export interface CollectionDefinition {
  /** The path of the primary key in a row. Each row must have it. */
  key: string;
  /** The indexes by name; a path, or paths, stands for a plain index. */
  indexes?: Record<string, string | readonly string[] | IndexDefinition>;
  /**
   * Raise it from 1 when indexes are left out that were there: they are then
   * dropped. New indexes need nothing.
   */
  version?: number;
}

/** Where a module comes from. */
export type ModuleSource = string | URL | BufferSource | WebAssembly.Module;

/** How {@link open} opens a database. */
export interface OpenOptions {
  /**
   * The collections that this code works with. They are recorded in the
   * database: a new index is built over the rows that are there, a definition
   * that changed under the same name and version is an InvalidError, and code
   * that lacks an index, or has a lower version, gets a SchemaNewerError.
   */
  collections: Record<string, CollectionDefinition>;
  /**
   * `"indexeddb"` (the default) keeps the data; without IndexedDB it is an
   * UnsupportedError. `"memory"` keeps nothing and shares nothing: each such
   * database is empty when it is opened and gone when it is closed.
   */
  engine?: "indexeddb" | "memory";
  /**
   * What an acknowledged commit has survived: `"relaxed"` (the default) the
   * page's or the browser's crash, `"strict"` the machine's. `"async"`
   * acknowledges before a commit is stored, which it is, in order, within 50 ms:
   * the last of them may be lost with the page. It is granted only while no other
   * tab has the database open to write, and is `"relaxed"` otherwise;
   * {@link Database.status} says which. {@link Database.flush} waits for them.
   */
  durability?: "relaxed" | "strict" | "async";
  /**
   * How many bytes of what is stored are kept in memory; 64 MiB when it is
   * missing, at least 1 MiB. The database may be larger.
   */
  cacheSize?: number;
  /**
   * The module, where it isn't beside this package's own files: its address, its
   * bytes, or the compiled module. The first `open` of a realm decides.
   */
  wasm?: ModuleSource;
}

/** Which rows {@link ReadCollection.query} gives, and in which order. */
export interface Query {
  /** The index to go by; the primary key when it is missing. */
  index?: string;
  /**
   * Rows whose key equals this one. In a compound index it is an array of the
   * values, or of the first of them; the bounds below likewise.
   */
  eq?: Key;
  /** Rows whose key is above this one. */
  gt?: Key;
  /** Rows whose key is this one or above it. */
  gte?: Key;
  /** Rows whose key is below this one. */
  lt?: Key;
  /** Rows whose key is this one or below it. */
  lte?: Key;
  /** Rows whose key is text that begins so; in a compound index an array whose last value is such text. */
  prefix?: string | readonly Key[];
  /** Descending order. */
  reverse?: boolean;
  /** At most this many rows; without it, all of them. */
  limit?: number;
  /** The `next` of the page before; everything else must be as it was there. */
  after?: string;
}

/** One page of rows. */
export interface Page<T> {
  /** The rows, in the query's order. */
  rows: T[];
  /** What to pass as `after` for the next page; undefined when there are no more rows. */
  next?: string;
}

/** What can be read from a collection. */
export interface ReadCollection<T> {
  /** The collection's name. */
  readonly name: string;
  /** Returns the row under key, or undefined when there is none. */
  get(key: Key): Promise<T | undefined>;
  /** Returns the rows under keys, in their order, undefined for each that is missing. */
  getMany(keys: readonly Key[]): Promise<(T | undefined)[]>;
  /** Returns the rows that query selects; without one, all rows by primary key. */
  query(query?: Query): Promise<Page<T>>;
  /** Returns how many rows query selects; `limit` and `after` count too. */
  count(query?: Query): Promise<number>;
  /**
   * Returns the row under key at once, undefined when there is none. When that
   * can't be told without asking the storage, it is a NotInMemoryError: `get`
   * waits for it, {@link preload} brings it into memory.
   */
  getSync(key: Key): T | undefined;
  /** Returns the rows under keys at once, as {@link getSync} does. */
  getManySync(keys: readonly Key[]): (T | undefined)[];
  /**
   * Brings the rows that query selects into memory and returns how many they
   * are. They stay as long as the cache has room for them.
   */
  preload(query?: Query): Promise<number>;
}

/** A collection that can be written to. Each call alone is all or nothing. */
export interface Collection<T> extends ReadCollection<T> {
  /** Stores row under the key that it holds, in place of the row that was there. */
  put(row: T): Promise<void>;
  /**
   * Stores all rows, or none. They must not change until it has ended: many rows are
   * taken over a few at a time, so that the page stays responsive.
   */
  putMany(rows: readonly T[]): Promise<void>;
  /** Stores a new row; an ExistsError when there is one under its key. */
  insert(row: T): Promise<void>;
  /** Deletes the row under key; false when there was none. */
  delete(key: Key): Promise<boolean>;
  /** Deletes the rows under keys and returns how many there were. */
  deleteMany(keys: readonly Key[]): Promise<number>;
}

/** A transaction that reads: one snapshot, whatever is awaited meanwhile. */
export interface ReadTransaction {
  /** Returns the collection as the transaction sees it. */
  collection<T = unknown>(name: string): ReadCollection<T>;
}

/** A transaction that reads and writes. It sees what it wrote. */
export interface WriteTransaction {
  /** Returns the collection as the transaction sees it. */
  collection<T = unknown>(name: string): Collection<T>;
}

/** How {@link Database.view} reads. */
export interface ViewOptions {
  /** The snapshot has every commit that any tab acknowledged before. */
  fresh?: boolean;
}

/** What a database knows about its storage. What a platform doesn't tell is 0. */
export interface Status {
  /** How many bytes the whole origin uses. */
  used: number;
  /** How many bytes the browser allows the origin. */
  allowed: number;
  /** Whether the browser keeps the data until somebody deletes it. */
  persisted: boolean;
  /** How many bytes this database takes. */
  stored: number;
  /** How many bytes of commits wait to be folded into it. */
  pending: number;
  /** How many bytes of it are in memory. */
  cached: number;
  /** Whether no other context writes, so that durability `"async"` is granted. */
  exclusive: boolean;
  /** Why the database can only be read. */
  damage?: LarderError;
}

/** An open database. */
export interface Database {
  /** The name it was opened by. */
  readonly name: string;
  /** What holds its data. */
  readonly engine: "indexeddb" | "memory";
  /**
   * Fulfilled once, when the database can't be used any more: with undefined after
   * {@link close}, else with why, a DeletedError when it was deleted, by another tab
   * or by the browser, also while nothing is done with it. It is never rejected.
   */
  readonly closed: Promise<LarderError | undefined>;
  /** The size in bytes of the memory that this realm's databases live in. */
  readonly memory: number;
  /** Returns a collection; an UnknownNameError when it isn't in the definitions. */
  collection<T = unknown>(name: string): Collection<T>;
  /**
   * Runs fn in a transaction and commits what it wrote when its promise is
   * fulfilled: all of it or nothing. It returns what fn returned, once the commit
   * is acknowledged. When fn fails, nothing is written and its error is passed on.
   *
   * fn may await anything, a fetch or a timer included. It runs again, in a new
   * transaction, when another tab's commit got in between; so it must do nothing
   * that can't be done twice. Inside it, write through tx only: a write through
   * the database would wait for fn to end.
   */
  update<R>(fn: (tx: WriteTransaction) => R | Promise<R>): Promise<R>;
  /**
   * Runs fn on one snapshot, which later commits don't change. It has all commits
   * of this context; those of others it may trail by a moment, unless `fresh` asks
   * the storage first.
   */
  view<R>(fn: (tx: ReadTransaction) => R | Promise<R>, options?: ViewOptions): Promise<R>;
  /** Waits until everything that was acknowledged is on the disk, as `"strict"` would have it. */
  flush(): Promise<void>;
  /** Returns what the database knows about its storage. */
  status(): Promise<Status>;
  /**
   * Asks the browser not to delete this origin's data on its own account, and
   * returns whether it agrees. It may ask the user. An UnsupportedError where
   * the platform has no such promise, workers among them.
   */
  persist(): Promise<boolean>;
  /**
   * Reads everything that is stored and returns what is damaged: an error for
   * each piece, which says what it is. A sound database gives none.
   */
  verify(): Promise<LarderError[]>;
  /**
   * Refuses new work and waits for the transactions that run. Anything after it
   * is a ClosedError.
   */
  close(): Promise<void>;
}
