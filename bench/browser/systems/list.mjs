// The systems of the run, in the order in which they are shown.
//
// module is the file here; variant goes to its functions; a system that needs a worker runs in
// one, its rows crossing as messages, and the others on the page. assets are the files that
// must lie beside the bundle. kept is false where nothing is kept when the page is left. note is
// what a reader must know to compare it.
//
// Each module has
//
//   acks(variant)               a promise of the classes of acknowledgement of a commit that it
//                               offers, the default first: "async", before it is saved, "relaxed",
//                               when it has survived the page's end, "strict", the machine's
//   open({name, ack, variant})  a promise of a database:
//     insert(row)               a new row, a commit of its own
//     insertMany(rows)          new rows, one transaction; updateMany(rows), deleteMany(ids) alike
//     get(id), getMany(ids)     the row, the rows in the order of ids, undefined where there is none
//     getSync(id)               the row, at once; missing where there is no such call
//     scan(), keyRange(from, to)  the rows by id, of a range that includes both ends
//     ofOwner(owner), dueRange(from, to)  the same by an index, in its order, then by id
//     count(), countDue(from, to)
//     flush()                   saves what was acknowledged before; missing where nothing is
//     abandon()                 saves what there is at once, in place of a flush that takes too long;
//                               missing where none does
//     close()                   saves all and lets go of the database
//   first({name, id})           a promise of a row, before open's is fulfilled; missing where open
//                               comes first
//
// What a function returns may be a promise or not, as the system has it.

const wasm = "node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm";

export const systems = [
  {
    name: "larder",
    label: "Larder",
    module: "larder",
    assets: ["../../js/dist/larder.wasm"],
    note: "its first row after navigation is read by peek, while the module loads",
  },
  {
    name: "larder-worker",
    label: "Larder, in a worker",
    module: "larder",
    worker: true,
    assets: ["../../js/dist/larder.wasm"],
  },
  { name: "indexeddb", label: "IndexedDB by hand", module: "indexeddb" },
  { name: "idb", label: "idb", package: "idb", module: "idb" },
  { name: "dexie", label: "Dexie", package: "dexie", module: "dexie" },
  { name: "rxdb", label: "RxDB, Dexie storage", package: "rxdb", module: "rxdb" },
  {
    name: "sqlite-pool",
    label: "SQLite wasm, OPFS pool",
    package: "@sqlite.org/sqlite-wasm",
    module: "sqlite",
    variant: "pool",
    worker: true,
    assets: [wasm],
  },
  {
    name: "sqlite-pool-wal",
    label: "SQLite wasm, OPFS pool, WAL",
    package: "@sqlite.org/sqlite-wasm",
    module: "sqlite",
    variant: "pool-wal",
    worker: true,
    assets: [wasm],
  },
  {
    name: "wa-sqlite-opfs",
    label: "wa-sqlite, OPFS pool, WAL",
    package: "@journeyapps/wa-sqlite",
    module: "wa-sqlite",
    variant: "opfs",
    worker: true,
    assets: ["node_modules/@journeyapps/wa-sqlite/dist/wa-sqlite.wasm"],
  },
  {
    name: "wa-sqlite-indexeddb",
    label: "wa-sqlite, IndexedDB mirror",
    package: "@journeyapps/wa-sqlite",
    module: "wa-sqlite",
    variant: "indexeddb",
    assets: ["node_modules/@journeyapps/wa-sqlite/dist/wa-sqlite-async.wasm"],
  },
  {
    name: "pglite",
    label: "PGlite, relaxed",
    package: "@electric-sql/pglite",
    module: "pglite",
    assets: ["pglite.wasm", "pglite.data", "initdb.wasm"].map(
      (file) => `node_modules/@electric-sql/pglite/dist/${file}`,
    ),
  },
  {
    name: "tinybase",
    label: "TinyBase",
    package: "tinybase",
    module: "tinybase",
    note: "saves all rows after each commit",
  },
  {
    name: "lokijs",
    label: "LokiJS",
    package: "lokijs",
    module: "lokijs",
    note: "gives the objects that it holds, not copies",
  },
  {
    name: "sqlite-memory",
    label: "SQLite wasm, memory",
    package: "@sqlite.org/sqlite-wasm",
    module: "sqlite",
    variant: "memory",
    kept: false,
    assets: [wasm],
  },
];
