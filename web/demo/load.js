// Loading: the list comes in files of some 2,000 cities. Each file is one transaction, which also moves the marker in
// the meta collection; a reload in mid-load finds exactly the files that were committed.
import { toRow } from "./cities.js";

/** Returns the loading's state: {files, rows, next}; next is the first file that is not in the store. */
export async function loadState(store) {
  const response = await fetch("cities/index.json");
  if (!response.ok) throw new Error(`the list of cities answered ${response.status}; build the demo with "make demo"`);
  const { files, rows } = await response.json();
  const marker = await store.meta.get("load");
  return { files, rows, next: marker?.next ?? 0, loaded: marker?.rows ?? 0 };
}

/**
 * Loads what is missing, and calls progress({loaded, rows, seconds, rate}) after each transaction. Fetching is one
 * file ahead of storing.
 */
export async function load(store, state, progress) {
  const begin = performance.now();
  const already = state.loaded;
  let coming = state.next < state.files.length ? fetchFile(state.files[state.next]) : null;
  for (let n = state.next; n < state.files.length; n++) {
    const { first, cities } = await coming;
    coming = n + 1 < state.files.length ? fetchFile(state.files[n + 1]) : null;
    coming?.catch(() => {}); // it is reported when it is awaited
    const rows = cities.map((c, i) => toRow(first + i, c));
    await store.db.update(async (tx) => {
      const marker = await tx.collection("meta").get("load");
      if ((marker?.next ?? 0) !== n) throw new Error("another tab is loading; reload this page to see how far it is");
      for (let i = 0; i < rows.length; i += 250) {
        await tx.collection("cities").putMany(rows.slice(i, i + 250));
        await turn();
      }
      await tx.collection("meta").put({ id: "load", next: n + 1, rows: first + rows.length });
    });
    const loaded = first + rows.length;
    const seconds = (performance.now() - begin) / 1000;
    progress({ loaded, rows: state.rows, seconds, rate: (loaded - already) / seconds, chunk: rows });
    await turn();
  }
}

/** Gives the page its turn. */
export function turn() {
  if (globalThis.scheduler?.yield) return scheduler.yield();
  return new Promise((resolve) => setTimeout(resolve));
}

async function fetchFile(name) {
  const response = await fetch(`cities/${name}`);
  if (!response.ok) throw new Error(`cities/${name} answered ${response.status}`);
  return response.json();
}
