/**
 * What the program is told about a commit: how it came out, and then
 *
 * - stored: the root as it was, where one was given and it is another;
 * - collided: the root, and the records after the commit given, unless it was given as alone;
 * - failed: the name and the message of the exception.
 */
type Tell = (outcome: number, first?: unknown, second?: unknown) => void;

const stored = 0;
const collided = 1;
const failed = 2;

/** How many records of others are read at most. */
const tailCount = 256;

/**
 * Makes the calls of IndexedDB that add one record to a database's log, so that the program crosses into JavaScript
 * once and is called back once. conn.commit in backend/idb says what it is for and why it is safe; what it does without
 * this function is the same.
 *
 * known is the root as the program knows it; without one nobody looks at the root, which is for who is alone. The first
 * size bytes of buffer, which is the program's again when the function returns, are the record; its key is after + 1.
 * When it throws, nothing is written and tell isn't called.
 *
 * The loader gives the function to the program as globalThis.larderIDB while it starts. It evaluates no text, so that it
 * works under any content security policy.
 */
export function commit(
  db: IDBDatabase,
  options: IDBTransactionOptions,
  after: number,
  alone: boolean,
  known: Uint8Array | null,
  buffer: Uint8Array,
  size: number,
  tell: Tell,
): void {
  const transaction = db.transaction(known ? scope : "log", "readwrite", options);
  const log = transaction.objectStore("log");
  const root = known && transaction.objectStore("root").get(0);
  const tail = alone ? undefined : log.getAll(IDBKeyRange.lowerBound(after, true), tailCount);
  transaction.oncomplete = () => {
    if (!root || same(root.result, known)) tell(stored);
    else tell(stored, root.result);
  };
  transaction.onabort = () => {
    const { name = "AbortError", message = "" } = transaction.error ?? {};
    if (name === "ConstraintError") tell(collided, root?.result, tail?.result);
    else tell(failed, name, message);
  };
  try {
    // A view would be stored with all of its buffer.
    log.add(buffer.length === size ? buffer : buffer.slice(0, size), after + 1);
    transaction.commit();
  } catch (error) {
    transaction.oncomplete = transaction.onabort = null;
    transaction.abort();
    throw error;
  }
}

const scope = ["root", "log"];

function same(a: unknown, b: Uint8Array): boolean {
  return a instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
