// SQLite's own wasm build. Variants: "pool", the OPFS pool as shipped, "pool-wal", the same with a
// write-ahead log, and "memory". The pool is the fastest of its ways to keep data and must be in
// a worker: sqlite.org/wasm/doc/trunk/persistence.md#vfs-opfs-sahpool. A write-ahead log needs
// the exclusive mode there, set first: sqlite.org/wal.html#noshm. Prepared statements are reused:
// sqlite.org/wasm/doc/trunk/api-oo1.md#stmt.

import sqlite3InitModule from "@sqlite.org/sqlite-wasm";
import { database, schema } from "./sql.mjs";

export const acks = async (variant) => (variant === "memory" ? ["async"] : ["relaxed", "strict"]);

let module;
let pool;

export async function open({ name, ack, variant }) {
  module ??= await sqlite3InitModule();
  const db = variant === "memory" ? new module.oo1.DB(":memory:") : await openInPool(name);
  if (variant === "pool-wal") db.exec("PRAGMA locking_mode = exclusive; PRAGMA journal_mode = wal");
  // sqlite.org/pragma.html#pragma_synchronous
  if (variant !== "memory") db.exec(`PRAGMA synchronous = ${ack === "strict" ? "full" : "normal"}`);
  db.exec(schema);

  const statements = new Map();
  function prepared(sql) {
    let statement = statements.get(sql);
    if (!statement) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }
  function all(sql, values) {
    const statement = prepared(sql);
    if (values.length > 0) statement.bind(values);
    const rows = [];
    while (statement.step()) rows.push(statement.get([]));
    statement.reset();
    return rows;
  }
  return database({
    all,
    batch: (sql, list) => db.transaction(() => list.map((values) => all(sql, values)[0])),
    close() {
      for (const statement of statements.values()) statement.finalize();
      db.close();
      // A closed database holds no file, so that the next page can open it.
      if (variant !== "memory") pool.pauseVfs();
    },
  });
}

async function openInPool(name) {
  if (pool) await pool.unpauseVfs();
  else pool = await module.installOpfsSAHPoolVfs({});
  return new pool.OpfsSAHPoolDb(`/${name}`);
}
