import { Op } from "./abi.js";
import { connect } from "./connection.js";
import { LarderDatabase } from "./database.js";
import { errorFrom, type LarderError, makeError } from "./errors.js";
import type { CollectionDefinition, Database, IndexDefinition, ModuleSource, OpenOptions } from "./types.js";

/**
 * Opens the database name, and creates it when there is none.
 *
 * It loads the module when it is the first call in this page, worker or process.
 * A database may be open many times, in many tabs; each commit is seen by all.
 */
export async function open(name: string, options: OpenOptions): Promise<Database> {
  checkName(name);
  const engine = oneOf("engine", options.engine ?? "indexeddb", engines);
  const durability = options.durability === undefined ? 0 : 1 + oneOf("durability", options.durability, durabilities);
  const collections = Object.entries(options.collections ?? {}).map(([collection, definition]) =>
    collectionRequest(collection, definition),
  );
  const connection = await connect(options.wasm);
  const request = connection.encode([[name, engine, durability, cacheSize(options.cacheSize), collections]]);
  const done = await connection.start(Op.Open, 0, 0, request);
  const names = collections.map(([collection]) => collection as string);
  const platform = engines[engine] ?? "indexeddb";
  const async = platform === "indexeddb" && options.durability === "async";
  return new LarderDatabase(connection, done.value, name, platform, names, async);
}

/**
 * Deletes the database name with all its data; one that doesn't exist is no
 * error. What has it open, here or in another tab, gets a DeletedError.
 */
export async function deleteDatabase(name: string, options: { wasm?: ModuleSource } = {}): Promise<void> {
  checkName(name);
  const connection = await connect(options.wasm);
  await connection.start(Op.Drop, 0, 0, connection.encode([name]));
}

/** Returns the names of this origin's databases, sorted. */
export async function databases(options: { wasm?: ModuleSource } = {}): Promise<string[]> {
  const connection = await connect(options.wasm);
  const done = await connection.start(Op.List, 0, 0, connection.encode([]));
  return done.result as string[];
}

/**
 * Hands each row of the database name that can still be read to `row`, whatever is
 * damaged, and returns what is: an error for each piece. It doesn't need the
 * database to open, and changes nothing. A row that isn't a Larder collection's
 * comes as its bytes.
 */
export async function salvage(
  name: string,
  row: (collection: string, row: unknown) => void,
  options: { wasm?: ModuleSource } = {},
): Promise<LarderError[]> {
  checkName(name);
  const connection = await connect(options.wasm);
  let failure: { error: unknown } | undefined;
  const part = (values: unknown[]) => {
    try {
      for (let i = 0; i < values.length; i += 2) row(values[i] as string, values[i + 1]);
    } catch (error) {
      failure ??= { error };
    }
  };
  const done = await connection.start(Op.Salvage, 0, 0, connection.encode([name]), { part });
  if (failure !== undefined) throw failure.error;
  return (done.result as Record<string, string>[]).map(errorFrom);
}

const engines = ["indexeddb", "memory"] as const;
const durabilities = ["relaxed", "strict", "async"] as const;

function oneOf(what: string, value: string, allowed: readonly string[]): number {
  const at = allowed.indexOf(value);
  if (at < 0) {
    throw makeError("INVALID", `open: ${what} is ${JSON.stringify(value)}, not one of ${allowed.join(", ")}`);
  }
  return at;
}

function cacheSize(given = 0): number {
  if (given === 0 || (Number.isInteger(given) && given >= minCache && given <= 0x7fffffff)) return given;
  throw makeError("INVALID", `open: cacheSize is ${String(given)}, not a number of bytes from ${minCache} on`);
}

const minCache = 1 << 20;

function checkName(name: unknown): void {
  if (typeof name !== "string" || name === "") {
    throw makeError("INVALID", "open: a database's name is text that isn't empty");
  }
}

const flagUnique = 1;
const flagMulti = 2;

function collectionRequest(collection: string, definition: CollectionDefinition): unknown[] {
  if (typeof definition?.key !== "string") {
    throw makeError("INVALID", `open: collection ${collection} has no key path`, { collection });
  }
  const indexes = Object.entries(definition.indexes ?? {}).map(([index, given]) => {
    const full: IndexDefinition = typeof given === "string" || isPaths(given) ? { path: given } : given;
    const paths = isPaths(full.path) ? [...full.path] : [full.path];
    if (paths.length === 0 || !paths.every((path) => typeof path === "string")) {
      throw makeError("INVALID", `open: index ${index} of ${collection} has no path`, {
        collection,
        index,
      });
    }
    const flags = (full.unique ? flagUnique : 0) + (full.multi ? flagMulti : 0);
    return [index, paths, flags, version(full.version)];
  });
  return [collection, definition.key, indexes, version(definition.version)];
}

function version(given = 1): number {
  if (Number.isInteger(given) && given >= 1 && given <= 0xffffffff) return given;
  throw makeError("INVALID", `open: version is ${String(given)}, not a number from 1 on`);
}

function isPaths(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}
