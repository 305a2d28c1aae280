// TinyBase: all in memory, saved behind by its IndexedDB persister (tinybase.org/guides/persistence).
// It has no ranges, so ranges are read from indexes of small slices, sorted within
// (tinybase.org/guides/using-indexes/an-intro-to-indexes).

import { createIndexes } from "tinybase/indexes";
import { createIndexedDbPersister } from "tinybase/persisters/persister-indexed-db";
import { createStore } from "tinybase/store";

export const acks = async () => ["async"];

const hour = 3_600_000;
const idsInSlice = 100;

export async function open({ name }) {
  const store = createStore();
  let persister = createIndexedDbPersister(store, name);
  await persister.load();
  await persister.startAutoSave();
  const rowId = (_, id) => id;
  const idSlice = (id) => Math.floor(Number(id.slice(5)) / idsInSlice);
  const indexes = createIndexes(store);
  indexes.setIndexDefinition("id", "todos", (_, id) => `${idSlice(id)}`, rowId);
  indexes.setIndexDefinition("owner", "todos", "owner", rowId);
  indexes.setIndexDefinition("due", "todos", (cell) => `${Math.floor(cell("due") / hour)}`, "due");

  const get = (id) => (store.hasRow("todos", id) ? store.getRow("todos", id) : undefined);
  const slices = (index, first, last, keep) => {
    const ids = [];
    for (let slice = first; slice <= last; slice++) {
      for (const id of indexes.getSliceRowIds(index, `${slice}`)) {
        if (keep(id)) ids.push(id);
      }
    }
    return ids;
  };
  const dueIds = (from, to) =>
    slices("due", Math.floor(from / hour), Math.floor(to / hour), (id) => {
      const due = store.getCell("todos", id, "due");
      return from <= due && due <= to;
    });
  const setRows = (rows) =>
    store.transaction(() => {
      for (const row of rows) store.setRow("todos", row.id, row);
    });
  return {
    insert: (row) => store.setRow("todos", row.id, row),
    insertMany: setRows,
    get,
    getSync: get,
    getMany: (ids) => ids.map(get),
    scan: () => Object.values(store.getTable("todos")),
    keyRange: (from, to) => slices("id", idSlice(from), idSlice(to), (id) => from <= id && id <= to).map(get),
    ofOwner: (owner) => indexes.getSliceRowIds("owner", owner).map(get),
    dueRange: (from, to) => dueIds(from, to).map(get),
    count: () => store.getRowCount("todos"),
    countDue: (from, to) => dueIds(from, to).length,
    updateMany: setRows,
    deleteMany: (ids) =>
      store.transaction(() => {
        for (const id of ids) store.delRow("todos", id);
      }),
    flush: () => persister.save(),
    async abandon() {
      await persister.destroy(); // and with it the saves that wait
      persister = createIndexedDbPersister(store, name);
      await persister.save();
      await persister.startAutoSave();
    },
    async close() {
      await persister.save();
      await persister.destroy();
    },
  };
}
