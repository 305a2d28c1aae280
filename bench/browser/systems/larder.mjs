// Larder, as js/README.md shows it.

import { open as openLarder, peek } from "larder";

// acks asks the package itself, as not every version of it acknowledges before it saves.
export async function acks() {
  const all = ["relaxed", "strict"];
  try {
    const probe = await openLarder("probe", { collections: {}, engine: "memory", durability: "async" });
    await probe.close();
    all.push("async");
  } catch (err) {
    if (err.code !== "INVALID") throw err;
  }
  return all;
}

export async function open({ name, ack }) {
  const db = await openLarder(name, {
    collections: { todos: { key: "id", indexes: { owner: "owner", due: "due" } } },
    durability: ack,
  });
  const todos = db.collection("todos");
  return {
    insert: (row) => todos.put(row),
    insertMany: (rows) => todos.putMany(rows),
    get: (id) => todos.get(id),
    getSync: todos.getSync && ((id) => todos.getSync(id)),
    getMany: (ids) => todos.getMany(ids),
    scan: async () => (await todos.query()).rows,
    keyRange: async (from, to) => (await todos.query({ gte: from, lte: to })).rows,
    ofOwner: async (owner) => (await todos.query({ index: "owner", eq: owner })).rows,
    dueRange: async (from, to) => (await todos.query({ index: "due", gte: from, lte: to })).rows,
    count: () => todos.count(),
    countDue: (from, to) => todos.count({ index: "due", gte: from, lte: to }),
    updateMany: (rows) => todos.putMany(rows),
    deleteMany: (ids) => todos.deleteMany(ids),
    flush: db.flush && (() => db.flush()),
    close: () => db.close(),
  };
}

// first reads a row while open loads the module.
export const first = ({ name, id }) => peek(name, "todos", id);
