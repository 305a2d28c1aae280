// Loading: the list comes in files of some 2,000 cities. Each file is one transaction, which also moves the marker in
// the meta collection; a reload in mid-load finds exactly the files that were committed.
import { toRow } from "./cities.js";

/** Returns the loading's state: {files, rows, next, loaded}; next is the first file that is not in the store. */
export async function loadState(db) {
  const { files, rows } = await fetchFile("index.json");
  const marker = await db.collection("meta").get("load");
  return { files, rows, next: marker?.next ?? 0, loaded: marker?.rows ?? 0 };
}

/**
 * Loads what is missing, and calls progress({loaded, rows, rate, places}) after each transaction. Fetching is one
 * file ahead of storing.
 */
export async function load(db, state, progress) {
  const begin = performance.now();
  let coming = state.next < state.files.length ? fetchFile(state.files[state.next]) : null;
  for (let n = state.next; n < state.files.length; n++) {
    const { first, cities } = await coming;
    coming = n + 1 < state.files.length ? fetchFile(state.files[n + 1]) : null;
    coming?.catch(() => {}); // it is reported when it is awaited
    const rows = cities.map((c, i) => toRow(first + i, c));
    const loaded = first + rows.length;
    await db.update(async (tx) => {
      const marker = await tx.collection("meta").get("load");
      if ((marker?.next ?? 0) !== n) throw new Error("another tab is loading; reload this page to see how far it is");
      await tx.collection("cities").putMany(rows);
      await tx.collection("meta").put({ id: "load", next: n + 1, rows: loaded });
    });
    const rate = (1000 * (loaded - state.loaded)) / (performance.now() - begin);
    progress({ loaded, rows: state.rows, rate, places: Float32Array.from(rows.flatMap(({ lat, lng }) => [lat, lng])) });
  }
}

async function fetchFile(name) {
  const response = await fetch(new URL(`cities/${name}`, import.meta.url));
  if (!response.ok) throw new Error(`cities/${name} answered ${response.status}; "make demo" builds it`);
  return response.json();
}
