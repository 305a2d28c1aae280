// LokiJS: all in memory, saved behind by its incremental IndexedDB adapter, the one that saves
// only what changed (the adapter's own comment). Indices and unique make by and find fast, and
// disableMeta leaves out what is not asked for: techfort.github.io/LokiJS.

import Loki from "lokijs";
import IncrementalIndexedDBAdapter from "lokijs/src/incremental-indexeddb-adapter.js";

export const acks = async () => ["async"];

export async function open({ name }) {
  const db = new Loki(name, { adapter: new IncrementalIndexedDBAdapter(), autosave: true });
  await call((then) => db.loadDatabase({}, then));
  const options = { unique: ["id"], indices: ["id", "owner", "due"], disableMeta: true };
  const todos = db.getCollection("todos") ?? db.addCollection("todos", options);
  const range = (field, from, to) =>
    todos
      .chain()
      .find({ [field]: { $between: [from, to] } })
      .simplesort(field)
      .data();
  const find = (id) => todos.by("id", id);
  return {
    insert: (row) => todos.insert(row),
    insertMany: (rows) => todos.insert(rows, true), // the indexes are built after the rows
    get: find,
    getSync: find,
    getMany: (ids) => ids.map(find),
    scan: () => todos.chain().simplesort("id").data(),
    keyRange: (from, to) => range("id", from, to),
    ofOwner: (owner) => todos.chain().find({ owner }).simplesort("id").data(),
    dueRange: (from, to) => range("due", from, to),
    count: () => todos.count(),
    countDue: (from, to) =>
      todos
        .chain()
        .find({ due: { $between: [from, to] } })
        .count(),
    updateMany(rows) {
      for (const row of rows) todos.update(Object.assign(find(row.id), row));
    },
    deleteMany: (ids) => todos.removeBatch(ids.map(find)),
    flush: () => call((then) => db.saveDatabase(then)),
    close: () => call((then) => db.close(then)),
  };
}

// call resolves when the callback that start is given is called.
function call(start) {
  return new Promise((resolve, reject) => {
    start((err) => (err instanceof Error ? reject(err) : resolve()));
  });
}
