// IndexedDB by hand, with what is known to make it fast:
//
//   - a write waits for the transaction, not for each request, and commits it by commit():
//     developer.mozilla.org/docs/Web/API/IDBTransaction/commit
//   - many rows are read by getAll, not by a cursor:
//     nolanlawson.com/2021/08/22/speeding-up-indexeddb-reads-and-writes
//   - relaxed durability unless strict is wanted:
//     developer.chrome.com/blog/indexeddb-durability-mode-now-defaults-to-relaxed
//   - a read transaction that is still active serves the next read too.

export const acks = async () => ["relaxed", "strict"];

export async function open({ name, ack }) {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => {
    const todos = opening.result.createObjectStore("todos", { keyPath: "id" });
    todos.createIndex("owner", "owner");
    todos.createIndex("due", "due");
  };
  const db = await done(opening);
  const { bound, only } = IDBKeyRange;

  function write(change) {
    const tx = db.transaction("todos", "readwrite", { durability: ack });
    change(tx.objectStore("todos"));
    tx.commit();
    return new Promise((resolve, reject) => {
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error);
    });
  }

  let reader;
  function read(request) {
    try {
      if (reader) return done(request(reader));
    } catch (err) {
      if (err.name !== "TransactionInactiveError" && err.name !== "InvalidStateError") throw err;
    }
    reader = db.transaction("todos").objectStore("todos");
    return done(request(reader));
  }

  function getMany(ids) {
    const todos = db.transaction("todos").objectStore("todos");
    const requests = ids.map((id) => todos.get(id));
    return done(requests.at(-1)).then(() => requests.map((request) => request.result));
  }

  const putMany = (rows) =>
    write((todos) => {
      for (const row of rows) todos.put(row);
    });
  return {
    insert: (row) => write((todos) => todos.put(row)),
    insertMany: putMany,
    get: (id) => read((todos) => todos.get(id)),
    getMany,
    scan: () => read((todos) => todos.getAll()),
    keyRange: (from, to) => read((todos) => todos.getAll(bound(from, to))),
    ofOwner: (owner) => read((todos) => todos.index("owner").getAll(only(owner))),
    dueRange: (from, to) => read((todos) => todos.index("due").getAll(bound(from, to))),
    count: () => read((todos) => todos.count()),
    countDue: (from, to) => read((todos) => todos.index("due").count(bound(from, to))),
    updateMany: putMany,
    deleteMany: (ids) =>
      write((todos) => {
        for (const id of ids) todos.delete(id);
      }),
    close: async () => db.close(),
  };
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
