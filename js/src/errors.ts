/** Where an error happened, as far as it is known. */
export interface ErrorDetails {
  /** What was being done: `"put"`, `"query"`. */
  op?: string;
  /** The collection that it was done to. */
  collection?: string;
  /** The index that it is about. */
  index?: string;
  /** The key that it is about, in a readable form. */
  key?: string;
  /** Where in the value it is: `"address.lat[3]"`. */
  path?: string;
  /** How many bytes the origin uses, of a QUOTA error. */
  used?: number;
  /** How many bytes the browser allows the origin, of a QUOTA error. */
  allowed?: number;
  /** What it came from. */
  cause?: unknown;
}

/**
 * What every failure of Larder is. `code` never changes between releases;
 * `remedy` says what to do about it.
 */
export class LarderError extends Error implements ErrorDetails {
  /** The kind of failure, in capitals: `"UNIQUE"`. */
  readonly code: Code;
  /** What helps. */
  readonly remedy: string;
  declare readonly op?: string;
  declare readonly collection?: string;
  declare readonly index?: string;
  declare readonly key?: string;
  declare readonly path?: string;
  declare readonly used?: number;
  declare readonly allowed?: number;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    [this.name, this.remedy] = table[code];
    if (details.op !== undefined) this.op = details.op;
    if (details.collection !== undefined) this.collection = details.collection;
    if (details.index !== undefined) this.index = details.index;
    if (details.key !== undefined) this.key = details.key;
    if (details.path !== undefined) this.path = details.path;
    if (details.used !== undefined) this.used = details.used;
    if (details.allowed !== undefined) this.allowed = details.allowed;
  }
}

// The class's name, since a minifier changes that of the class itself, and what helps.
const table = {
  NOT_FOUND: ["NotFoundError", "check that it exists first"],
  TABLE_NOT_FOUND: ["UnknownNameError", "check the name; collections and indexes are those given to open"],
  EXISTS: ["ExistsError", "choose another key, or use put to replace the row"],
  UNIQUE: ["UniqueError", "change the value, or update the row that has it"],
  INVALID: ["InvalidError", "change the argument that the message names"],
  INVALID_VALUE: ["InvalidValueError", "change or leave out what is at the error's path"],
  TOO_LARGE: [
    "TooLargeError",
    "store less at once: keys up to 256 bytes, rows up to 16 MiB, transactions up to 64 MiB",
  ],
  CORRUPT: [
    "CorruptError",
    "stored bytes are not what was written: take what can be read with salvage, and delete the database",
  ],
  SCHEMA_NEWER: ["SchemaNewerError", "newer code has changed this database: reload the page to get it"],
  CONFLICT: ["ConflictError", "other writers kept getting in between: try again"],
  STALE: ["StaleError", "the row was changed since it was read: read it again"],
  READ_ONLY: ["ReadOnlyError", "write in update, not in view"],
  NOT_IN_MEMORY: ["NotInMemoryError", "use the method that returns a promise, or preload the rows first"],
  TX_DONE: ["TxDoneError", "await everything inside the transaction's function"],
  NESTED_TX: ["NestedTxError", "use the running transaction's own collections"],
  CLOSED: ["ClosedError", "open the database again"],
  LOCKED: ["LockedError", "close the other program that holds the database"],
  DELETED: ["DeletedError", "the database was deleted: open it again to begin an empty one"],
  QUOTA: ["QuotaError", "free space, or ask navigator.storage.persist() for more"],
  UNSUPPORTED: ["UnsupportedError", "use another engine: memory works everywhere"],
  IO: ["IOError", "the browser's storage failed: reload the page and try again"],
  LOAD: ["LoadError", "serve larder.wasm and wasm_exec.js of the same package next to each other"],
  INTERNAL: ["InternalError", "this is a defect in Larder: report it with its message"],
} as const;

/** The code of a {@link LarderError}. */
export type Code = keyof typeof table;

/** All codes. */
export const codes = Object.keys(table) as readonly Code[];

/** Something named doesn't exist. A missing row is `undefined`, not an error. */
export class NotFoundError extends LarderError {}
/** The collection or the index isn't in the definitions. */
export class UnknownNameError extends LarderError {}
/** There is a row under that key already. */
export class ExistsError extends LarderError {}
/** Another row has that value in a unique index. */
export class UniqueError extends LarderError {}
/** An argument doesn't make sense. */
export class InvalidError extends LarderError {}
/** A value can't be stored; `path` says where it is. */
export class InvalidValueError extends LarderError {}
/** A key, row or transaction exceeds its limit. */
export class TooLargeError extends LarderError {}
/** Stored bytes are not what was written. */
export class CorruptError extends LarderError {}
/** The database was changed by newer code. Nothing was written. */
export class SchemaNewerError extends LarderError {}
/** Other writers kept getting in between. */
export class ConflictError extends LarderError {}
/** The row was changed or deleted since it was read. */
export class StaleError extends LarderError {}
/** A write where only reading is possible. */
export class ReadOnlyError extends LarderError {}
/** A synchronous read of what is stored but not in memory. */
export class NotInMemoryError extends LarderError {}
/** A transaction was used after its end. */
export class TxDoneError extends LarderError {}
/** A transaction was begun inside another's function. */
export class NestedTxError extends LarderError {}
/** The database was used after close. */
export class ClosedError extends LarderError {}
/** Another process holds the database. */
export class LockedError extends LarderError {}
/** The database was deleted while it was open. */
export class DeletedError extends LarderError {}
/** The platform grants no more space. */
export class QuotaError extends LarderError {}
/** The platform can't do what was asked. */
export class UnsupportedError extends LarderError {}
/** The platform's storage failed. */
export class IOError extends LarderError {}
/** The module could not be loaded, or its files don't fit together. */
export class LoadError extends LarderError {}
/** A defect in Larder itself. */
export class InternalError extends LarderError {}

const classes: Record<Code, typeof LarderError> = {
  NOT_FOUND: NotFoundError,
  TABLE_NOT_FOUND: UnknownNameError,
  EXISTS: ExistsError,
  UNIQUE: UniqueError,
  INVALID: InvalidError,
  INVALID_VALUE: InvalidValueError,
  TOO_LARGE: TooLargeError,
  CORRUPT: CorruptError,
  SCHEMA_NEWER: SchemaNewerError,
  CONFLICT: ConflictError,
  STALE: StaleError,
  READ_ONLY: ReadOnlyError,
  NOT_IN_MEMORY: NotInMemoryError,
  TX_DONE: TxDoneError,
  NESTED_TX: NestedTxError,
  CLOSED: ClosedError,
  LOCKED: LockedError,
  DELETED: DeletedError,
  QUOTA: QuotaError,
  UNSUPPORTED: UnsupportedError,
  IO: IOError,
  LOAD: LoadError,
  INTERNAL: InternalError,
};

/** Makes the error of code's class. */
export function makeError(code: Code, message: string, details?: ErrorDetails): LarderError {
  return new classes[code](code, message, details);
}

/** Makes the error that the module answered with; a code of another version is INTERNAL. */
export function errorFrom(answer: Record<string, string>): LarderError {
  const code = answer.code !== undefined && answer.code in classes ? (answer.code as Code) : "INTERNAL";
  const { used, allowed, ...details } = answer;
  const numbers = used === undefined ? {} : { used: Number(used), allowed: Number(allowed) };
  return makeError(code, answer.message ?? "the module gave no reason", { ...details, ...numbers });
}
