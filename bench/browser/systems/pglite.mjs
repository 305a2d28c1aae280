// PGlite in IndexedDB with relaxedDurability, which its documents advise there: a query is answered
// before the file system is saved (pglite.dev/docs/filesystems#indexeddb-fs). Many rows go in
// one statement, as JSON.

import { PGlite } from "@electric-sql/pglite";

export const acks = async () => ["async"];

const insert = `INSERT INTO todos VALUES ($1, $2, $3, $4, $5, $6, $7)`;
const given = "json_populate_recordset(NULL::todos, $1)";

export async function open({ name }) {
  const db = await PGlite.create({ dataDir: `idb://${name}`, relaxedDurability: true });
  await db.exec(`
    CREATE TABLE IF NOT EXISTS todos (
      id text PRIMARY KEY, owner text, due bigint, done boolean, priority integer, title text, notes text
    );
    CREATE INDEX IF NOT EXISTS todos_owner ON todos (owner);
    CREATE INDEX IF NOT EXISTS todos_due ON todos (due);`);
  // In this mode nothing of PGlite waits for what is being saved, close included; so one save
  // is made to follow the other, and the last can be waited for.
  const save = db.fs.syncToFs.bind(db.fs);
  let last = Promise.resolve();
  db.fs.syncToFs = (relaxed) => {
    last = last.catch(() => {}).then(() => save(relaxed));
    return last;
  };
  async function flush() {
    await db.fs.syncToFs(false);
    for (let seen; seen !== last; await seen) seen = last;
  }

  const rows = async (sql, values) => (await db.query(sql, values)).rows;
  const number = async (sql, values) => (await rows(sql, values))[0].number;
  return {
    insert: (row) => db.query(insert, [row.id, row.owner, row.due, row.done, row.priority, row.title, row.notes]),
    insertMany: (list) => db.query(`INSERT INTO todos SELECT * FROM ${given}`, [list]),
    get: async (id) => (await rows("SELECT * FROM todos WHERE id = $1", [id]))[0],
    async getMany(ids) {
      const found = await rows(
        `SELECT todos.* FROM unnest($1::text[]) WITH ORDINALITY AS wanted (id, place)
         LEFT JOIN todos ON todos.id = wanted.id ORDER BY place`,
        [ids],
      );
      return found.map((row) => (row.id === null ? undefined : row));
    },
    scan: () => rows("SELECT * FROM todos ORDER BY id"),
    keyRange: (from, to) => rows("SELECT * FROM todos WHERE id BETWEEN $1 AND $2 ORDER BY id", [from, to]),
    ofOwner: (owner) => rows("SELECT * FROM todos WHERE owner = $1 ORDER BY id", [owner]),
    dueRange: (from, to) => rows("SELECT * FROM todos WHERE due BETWEEN $1 AND $2 ORDER BY due", [from, to]),
    count: () => number("SELECT count(*) AS number FROM todos"),
    countDue: (from, to) => number("SELECT count(*) AS number FROM todos WHERE due BETWEEN $1 AND $2", [from, to]),
    updateMany: (list) =>
      db.query(
        `UPDATE todos SET owner = s.owner, due = s.due, done = s.done, priority = s.priority, title = s.title, notes = s.notes
         FROM ${given} AS s WHERE todos.id = s.id`,
        [list],
      ),
    deleteMany: (ids) => db.query("DELETE FROM todos WHERE id = ANY($1::text[])", [ids]),
    flush,
    async close() {
      await flush();
      await db.close();
    },
  };
}
