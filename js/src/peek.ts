import { Decoder } from "./decode.js";
import { makeError } from "./errors.js";
import { encodeKey } from "./key.js";
import { Fields, Kind, logged, Page, payload } from "./stored.js";
import type { Key } from "./types.js";

/**
 * Returns the row under key in a collection, as the newest commit left it, or
 * undefined when there is none, straight from IndexedDB and without the module. It
 * is for a page's first sight of its data: it is there before the module has loaded,
 * which `open` does meanwhile.
 *
 * It checks what it reads as the module does: damage is a CorruptError, a newer
 * format a SchemaNewerError. It doesn't look at the definitions.
 */
export function peek<T = unknown>(name: string, collection: string, key: Key): Promise<T | undefined> {
  const row = read<T>(name, collection, key);
  const ended = row.then(nothing, nothing).then(() => {
    running.delete(ended);
  });
  running.add(ended);
  return row;
}

const running = new Set<Promise<void>>();

function nothing(): void {}

/**
 * Waits for the peeks that are under way, but not long: to compile a module and start
 * it takes the processor for longer than they need.
 */
export async function peeked(): Promise<void> {
  if (running.size === 0) return;
  await Promise.race([Promise.all(running), new Promise((resolve) => setTimeout(resolve, patience))]);
}

/** How many milliseconds a module waits for peeks. */
const patience = 100;

async function read<T>(name: string, collection: string, key: Key): Promise<T | undefined> {
  const database = await openExisting(`larder:${name}`);
  if (database === undefined) return undefined;
  try {
    const frame = await find(database, collection, encodeKey(key));
    if (frame === undefined) return undefined;
    return new Decoder().decode(payload(frame, `the row of ${collection}`)) as T;
  } finally {
    database.close();
  }
}

/** Opens an IndexedDB database, and doesn't make it when there is none. */
function openExisting(name: string): Promise<IDBDatabase | undefined> {
  if (typeof indexedDB === "undefined") {
    throw makeError("UNSUPPORTED", "peek: this platform has no IndexedDB", { op: "peek" });
  }
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    let missing = false;
    request.onupgradeneeded = () => {
      missing = true;
      request.transaction?.abort();
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      event.preventDefault();
      if (missing) resolve(undefined);
      else reject(makeError("IO", `peek: ${request.error?.message}`, { op: "peek", cause: request.error }));
    };
  });
}

/** Returns the value of key in table, all of it from one transaction. */
async function find(database: IDBDatabase, table: string, key: Uint8Array): Promise<Uint8Array | undefined> {
  const transaction = database.transaction(["root", "log", "pages"], "readonly");
  const pages = transaction.objectStore("pages");
  const root = Fields.open(await result(transaction.objectStore("root").get(0)), Kind.root, "the root");
  root.skip(16 + 8);
  const commit = root.number();
  const head = root.number();
  const log = transaction.objectStore("log").getAll(IDBKeyRange.lowerBound(commit, true));
  const start = head === 0 ? undefined : result(pages.get(head));
  const records: unknown[] = await result(log);
  let number = commit + 1;
  let newest: Uint8Array | null | undefined;
  for (const record of records) {
    const { value, next } = logged(Fields.open(record, Kind.log, `log record ${number}`), number, table, key);
    if (value !== undefined) newest = value;
    number = next;
  }
  if (newest !== undefined || start === undefined) return newest ?? undefined;
  return descend(pages, rootOf(await start, head, table), table, key);
}

/** Returns where the tree of a table begins, from the list in the head. */
function rootOf(value: unknown, id: number, table: string): { page: number; level: number } {
  const head = Fields.open(value, Kind.head, "the head");
  if (head.number() !== id) throw head.damaged();
  head.skip(8);
  head.skip(24 * head.uvarint());
  for (let tables = head.uvarint(); tables > 0; tables--) {
    const name = head.text();
    const found = { page: head.number(), level: head.uint8() };
    if (name === table) return found;
    head.uvarint();
    head.uvarint();
  }
  return { page: 0, level: 0 };
}

async function descend(
  pages: IDBObjectStore,
  { page, level }: { page: number; level: number },
  table: string,
  key: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (page === 0) return undefined;
  for (; level > 0; level--) page = new Page(await result(pages.get(page)), false, page, table).child(key);
  const value = new Page(await result(pages.get(page)), true, page, table).value(key);
  if (typeof value !== "number") return value;
  const apart = Fields.open(await result(pages.get(value)), Kind.value, `page ${value} of ${table}`);
  if (apart.number() !== value) throw apart.damaged();
  return apart.rest();
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () =>
      reject(makeError("IO", `peek: ${request.error?.message}`, { op: "peek", cause: request.error }));
  });
}
