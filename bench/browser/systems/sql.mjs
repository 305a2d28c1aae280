// What the SQLite systems have in common: the statements, and how rows become objects.

const columns = ["id", "owner", "due", "done", "priority", "title", "notes"];
const select = `SELECT ${columns.join(", ")} FROM todos`;

// schema: sqlite.org/withoutrowid.html, for a key that isn't a whole number.
export const schema = `
  CREATE TABLE IF NOT EXISTS todos (
    id TEXT PRIMARY KEY, owner TEXT, due INTEGER, done INTEGER, priority INTEGER, title TEXT, notes TEXT
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS todos_owner ON todos (owner);
  CREATE INDEX IF NOT EXISTS todos_due ON todos (due);`;

const insert = `INSERT INTO todos (${columns}) VALUES (${columns.map(() => "?")})`;
const update = `UPDATE todos SET ${columns.slice(1).map((name) => `${name} = ?`)} WHERE id = ?`;
const get = `${select} WHERE id = ?`;

// database makes the interface of a system from an engine, which keeps its statements prepared:
// all(sql, values) gives the rows as arrays, batch(sql, list) the first row of each of many
// executions in one transaction.
export function database({ all, batch, close }) {
  const rows = async (sql, values) => (await all(sql, values)).map(toRow);
  const number = async (sql, values) => (await all(sql, values))[0][0];
  return {
    insert: (row) => all(insert, valuesOf(row)),
    insertMany: (list) => batch(insert, list.map(valuesOf)),
    get: async (id) => toRow((await all(get, [id]))[0]),
    getMany: async (ids) =>
      (
        await batch(
          get,
          ids.map((id) => [id]),
        )
      ).map(toRow),
    scan: () => rows(`${select} ORDER BY id`, []),
    keyRange: (from, to) => rows(`${select} WHERE id BETWEEN ? AND ? ORDER BY id`, [from, to]),
    ofOwner: (owner) => rows(`${select} WHERE owner = ? ORDER BY id`, [owner]),
    dueRange: (from, to) => rows(`${select} WHERE due BETWEEN ? AND ? ORDER BY due`, [from, to]),
    count: () => number("SELECT count(*) FROM todos", []),
    countDue: (from, to) => number("SELECT count(*) FROM todos WHERE due BETWEEN ? AND ?", [from, to]),
    updateMany: (list) =>
      batch(
        update,
        list.map((row) => [...valuesOf(row).slice(1), row.id]),
      ),
    deleteMany: (ids) =>
      batch(
        "DELETE FROM todos WHERE id = ?",
        ids.map((id) => [id]),
      ),
    close,
  };
}

const valuesOf = (row) => [row.id, row.owner, row.due, row.done ? 1 : 0, row.priority, row.title, row.notes];

function toRow(found) {
  if (found === undefined) return undefined;
  const [id, owner, due, done, priority, title, notes] = found;
  return { id, owner, due, done: done === 1, priority, title, notes };
}
