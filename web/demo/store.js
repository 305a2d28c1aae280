// The store's worker. The page's own thread only paints: with 171,075 rows and 684,300 index entries in memory, the collector
// of a Go program takes longer at times than a frame.
//
// A request is {id, name, args}, its answer {id, result} or {id, error}; a call that takes long sends {id, progress} before.
import { band, DATABASE, fold, near, schema, searchQuery } from "./cities.js";
import { deleteDatabase, open } from "./larder/index.js";
import { load, loadState } from "./load.js";

let db;
let cities;

const calls = {
  async open() {
    db = await open(DATABASE, { collections: schema, wasm: new URL("./larder/larder.wasm", import.meta.url) });
    cities = db.collection("cities");
    return { engine: db.engine };
  },

  /** Fails when somebody else, another tab of this page say, has deleted the database. */
  async ended() {
    const why = await db.closed;
    if (why) throw why;
  },

  search: (wanted, limit, after) => cities.query(searchQuery(wanted, limit, after)),
  near: (lat, lng, reach, limit) => near(db, lat, lng, reach, limit),
  get: (id) => cities.get(id),
  put: (row) => cities.put(row),
  delete: (id) => cities.delete(id),

  /** Changes a row in a transaction that reads it again: another tab may have changed it since. */
  change: (id, { name, lat, lng }) =>
    db.update(async (tx) => {
      const row = await tx.collection("cities").get(id);
      if (row) await tx.collection("cities").put({ ...row, name, fold: fold(name), lat, lng, band: band(lat) });
    }),

  /** Returns where the next cities are, as latitudes and longitudes in turn, and the token for those after. */
  async places(after) {
    const { rows, next } = await cities.query({ limit: 5000, after });
    return { places: Float32Array.from(rows.flatMap(({ lat, lng }) => [lat, lng])), next };
  },

  /** Returns [code, name] of countries, ordered by name. Here, because Intl's first name costs a thread 25 ms. */
  countries(codes) {
    const names = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });
    const { compare } = new Intl.Collator("en");
    return codes.map((code) => [code, names.of(code)]).sort(([, a], [, b]) => compare(a, b));
  },

  sizes: async () => ({ rows: await cities.count(), memory: db.memory }),
  loadState: () => loadState(db),
  load: (state, progress) => load(db, state, progress),

  async wipe() {
    await db.close();
    await deleteDatabase(DATABASE);
  },
};

addEventListener("message", async ({ data: { id, name, args } }) => {
  try {
    const result = await calls[name](...args, (progress) => postMessage({ id, progress }));
    postMessage({ id, result });
  } catch (error) {
    postMessage({ id, error: { message: error.message, code: error.code } });
  }
});
