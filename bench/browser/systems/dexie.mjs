// Dexie: its bulk methods, and between on the primary key and on indexes.
// dexie.org/docs/Table/Table.bulkAdd(): much faster than a loop, only the last request has a
// handler. chromeTransactionDurability: dexie.org/docs/Dexie/Dexie.

import { Dexie } from "dexie";

export const acks = async () => ["relaxed", "strict"];

export async function open({ name, ack }) {
  const db = new Dexie(name, { chromeTransactionDurability: ack });
  db.version(1).stores({ todos: "id, owner, due" });
  await db.open();
  const { todos } = db;
  return {
    insert: (row) => todos.add(row),
    insertMany: (rows) => todos.bulkAdd(rows),
    get: (id) => todos.get(id),
    getMany: (ids) => todos.bulkGet(ids),
    scan: () => todos.toArray(),
    keyRange: (from, to) => todos.where("id").between(from, to, true, true).toArray(),
    ofOwner: (owner) => todos.where("owner").equals(owner).toArray(),
    dueRange: (from, to) => todos.where("due").between(from, to, true, true).toArray(),
    count: () => todos.count(),
    countDue: (from, to) => todos.where("due").between(from, to, true, true).count(),
    updateMany: (rows) => todos.bulkPut(rows),
    deleteMany: (ids) => todos.bulkDelete(ids),
    close: async () => db.close(),
  };
}
