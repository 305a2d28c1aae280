// RxDB on its Dexie storage, which is the one for the browser that is free of charge.
// Bulk methods instead of loops, and the index named where the query planner might take another:
// rxdb.info/nosql-performance-tips.html. multiInstance is off, as there is one tab:
// rxdb.info/rx-database.html.

import { createRxDatabase } from "rxdb/plugins/core";
import { getRxStorageDexie } from "rxdb/plugins/storage-dexie";

export const acks = async () => ["relaxed"];

const text = (maxLength) => ({ type: "string", maxLength });
const schema = {
  version: 0,
  primaryKey: "id",
  type: "object",
  properties: {
    id: text(20),
    owner: text(20),
    due: { type: "number", minimum: 0, maximum: 10_000_000_000_000, multipleOf: 1 },
    done: { type: "boolean" },
    priority: { type: "integer" },
    title: { type: "string" },
    notes: { type: "string" },
  },
  required: ["id", "owner", "due", "done", "priority", "title", "notes"],
  indexes: ["owner", "due"],
};

export async function open({ name }) {
  const db = await createRxDatabase({ name, storage: getRxStorageDexie(), multiInstance: false });
  const { todos } = await db.addCollections({ todos: { schema } });
  const plain = (doc) => doc?.toJSON();
  const find = async (query) => (await todos.find(query).exec()).map(plain);
  const between = ($gte, $lte) => ({ $gte, $lte });
  const whole = ({ error }) => {
    if (error.length > 0) throw new Error(`${error.length} rows were refused`);
  };
  return {
    insert: (row) => todos.insert(row),
    insertMany: async (rows) => whole(await todos.bulkInsert(rows)),
    get: async (id) => plain(await todos.findOne(id).exec()),
    async getMany(ids) {
      const found = await todos.findByIds(ids).exec();
      return ids.map((id) => plain(found.get(id)));
    },
    scan: () => find({ sort: [{ id: "asc" }] }),
    keyRange: (from, to) => find({ selector: { id: between(from, to) }, sort: [{ id: "asc" }], index: ["id"] }),
    ofOwner: (owner) => find({ selector: { owner }, sort: [{ id: "asc" }], index: ["owner", "id"] }),
    dueRange: (from, to) =>
      find({ selector: { due: between(from, to) }, sort: [{ due: "asc" }], index: ["due", "id"] }),
    count: () => todos.count().exec(),
    countDue: (from, to) => todos.count({ selector: { due: between(from, to) }, index: ["due", "id"] }).exec(),
    updateMany: async (rows) => whole(await todos.bulkUpsert(rows)),
    deleteMany: async (ids) => whole(await todos.bulkRemove(ids)),
    close: () => db.close(),
  };
}
