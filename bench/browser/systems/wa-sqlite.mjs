// wa-sqlite, in its maintained build on npm. Its src/examples/README.md compares the file systems:
// variant "opfs" is AccessHandlePoolVFS with the synchronous build in a worker, in exclusive mode
// with a write-ahead log as it says there; "indexeddb" is IDBMirrorVFS on the page, which it calls
// much faster than IDBBatchAtomicVFS; that doesn't wait for IndexedDB when synchronous is normal, and
// waits for a relaxed transaction when it is full.

import * as SQLite from "@journeyapps/wa-sqlite";
import { database, schema } from "./sql.mjs";

const synchronous = {
  opfs: { relaxed: "normal", strict: "full" },
  indexeddb: { relaxed: "full", async: "normal" },
};

export const acks = async (variant) => Object.keys(synchronous[variant]);

const loaders = {
  async opfs() {
    const { default: start } = await import("@journeyapps/wa-sqlite/dist/wa-sqlite.mjs");
    const { AccessHandlePoolVFS } = await import("@journeyapps/wa-sqlite/src/examples/AccessHandlePoolVFS.js");
    return { module: await start(), VFS: AccessHandlePoolVFS };
  },
  async indexeddb() {
    const { default: start } = await import("@journeyapps/wa-sqlite/dist/wa-sqlite-async.mjs");
    const { IDBMirrorVFS } = await import("@journeyapps/wa-sqlite/src/examples/IDBMirrorVFS.js");
    return { module: await start(), VFS: IDBMirrorVFS };
  },
};

let loading;

export async function open({ name, ack, variant }) {
  loading ??= loaders[variant]().then((loaded) => ({ ...loaded, sqlite: SQLite.Factory(loaded.module) }));
  const { module, VFS, sqlite } = await loading;
  const vfs = await VFS.create("todos", module);
  sqlite.vfs_register(vfs, true);
  const db = await sqlite.open_v2(name);
  if (variant === "opfs") await sqlite.exec(db, "PRAGMA locking_mode = exclusive; PRAGMA journal_mode = wal");
  await sqlite.exec(db, `PRAGMA synchronous = ${synchronous[variant][ack]}`);
  await sqlite.exec(db, schema);

  const statements = new Map();
  async function prepared(sql) {
    let statement = statements.get(sql);
    if (statement === undefined) {
      for await (const first of sqlite.statements(db, sql, { unscoped: true })) {
        statement = first;
        break;
      }
      statements.set(sql, statement);
    }
    return statement;
  }
  async function all(sql, values) {
    const statement = await prepared(sql);
    if (values.length > 0) sqlite.bind_collection(statement, values);
    const rows = [];
    while ((await sqlite.step(statement)) === SQLite.SQLITE_ROW) rows.push(sqlite.row(statement));
    await sqlite.reset(statement);
    return rows;
  }
  async function batch(sql, list) {
    const rows = [];
    await sqlite.exec(db, "BEGIN");
    try {
      for (const values of list) rows.push((await all(sql, values))[0]);
    } catch (err) {
      await sqlite.exec(db, "ROLLBACK");
      throw err;
    }
    await sqlite.exec(db, "COMMIT");
    return rows;
  }

  // One connection does one thing at a time.
  let last = Promise.resolve();
  const inTurn =
    (operation) =>
    (...args) => {
      const result = last.then(() => operation(...args));
      last = result.catch(() => {});
      return result;
    };
  return database({
    all: inTurn(all),
    batch: inTurn(batch),
    close: inTurn(async () => {
      for (const statement of statements.values()) await sqlite.finalize(statement);
      await sqlite.close(db);
      await vfs.close();
    }),
  });
}
