// idb. Its README: the shortcuts for single operations; in a transaction, requests that aren't
// awaited one by one, and then tx.done.

import { openDB } from "idb";

export const acks = async () => ["relaxed", "strict"];

export async function open({ name, ack }) {
  const db = await openDB(name, 1, {
    upgrade(fresh) {
      const todos = fresh.createObjectStore("todos", { keyPath: "id" });
      todos.createIndex("owner", "owner");
      todos.createIndex("due", "due");
    },
  });
  const { bound } = IDBKeyRange;

  async function write(items, operation) {
    const tx = db.transaction("todos", "readwrite", { durability: ack });
    await Promise.all([...items.map((item) => operation(tx.store, item)), tx.done]);
  }
  const putMany = (rows) => write(rows, (todos, row) => todos.put(row));
  return {
    insert: (row) => putMany([row]),
    insertMany: putMany,
    get: (id) => db.get("todos", id),
    async getMany(ids) {
      const { store } = db.transaction("todos");
      return Promise.all(ids.map((id) => store.get(id)));
    },
    scan: () => db.getAll("todos"),
    keyRange: (from, to) => db.getAll("todos", bound(from, to)),
    ofOwner: (owner) => db.getAllFromIndex("todos", "owner", owner),
    dueRange: (from, to) => db.getAllFromIndex("todos", "due", bound(from, to)),
    count: () => db.count("todos"),
    countDue: (from, to) => db.countFromIndex("todos", "due", bound(from, to)),
    updateMany: putMany,
    deleteMany: (ids) => write(ids, (todos, id) => todos.delete(id)),
    close: async () => db.close(),
  };
}
