// The page: opens the store, loads the list, answers searches.
import { Client } from "./client.js";
import { Editor } from "./edit.js";
import { bytes, count, set, showDisk, timed, watchTasks } from "./figures.js";
import { CityMap } from "./map.js";
import { guard, report } from "./report.js";
import { Search } from "./search.js";

const byId = (id) => document.getElementById(id);

watchTasks();
try {
  await main();
} catch (error) {
  report(error);
}

async function main() {
  const store = new Client();
  const { result: opened } = await timed("open", () => store.call("open"));
  set("engine", opened.engine);
  store.call("ended").catch(report);

  const regions = await fetchRegions();
  const codes = new Set([...regions.keys()].map((code) => code.slice(0, 2)));
  const search = new Search(store, regions, new Map(await store.call("countries", [...codes])));
  const map = new CityMap(byId("map"), (lat, lng, reach) => guard(() => search.place(lat, lng, reach)));
  search.map = map;
  const editor = new Editor(
    store,
    async (f) => {
      await timed("commit", f);
      showSizes(store);
    },
    (text) => guard(() => search.again(text)),
  );
  byId("results").addEventListener("click", (e) => {
    const id = e.target.closest("button")?.dataset.id;
    if (id !== undefined) guard(() => editor.open(Number(id)));
  });
  for (const [id, step] of [
    ["zoom-in", 1],
    ["zoom-out", -1],
  ])
    byId(id).addEventListener("click", () => zoom(map, step));
  map.canvas.addEventListener("zoom", (e) => zoom(map, e.detail));
  byId("wipe").addEventListener("click", () => guard(() => wipe(store)));

  await search.run();
  await showSizes(store);
  await drawAll(store, map);
  await offerLoading(store, search, map);
  document.documentElement.dataset.ready = "";
}

async function fetchRegions() {
  const response = await fetch("cities/regions.json");
  if (!response.ok) throw new Error(`the list of regions answered ${response.status}; build the demo with "make demo"`);
  return new Map((await response.json()).map(({ code, name }) => [code, name]));
}

/** Shows the loading section while something is missing; returns when all is there. */
async function offerLoading(store, search, map) {
  const state = await store.call("loadState");
  if (state.next >= state.files.length) return;
  const show = ({ loaded, rows, rate }) => {
    byId("load-progress").value = loaded / rows;
    const speed = rate ? `, ${count(Math.round(rate))} a second` : "";
    byId("load-figures").textContent = `${count(loaded)} of ${count(rows)}${speed}`;
  };
  byId("load").hidden = false;
  show(state);
  if (state.next > 0) byId("load-start").textContent = "Go on loading";
  await new Promise((resolve) => byId("load-start").addEventListener("click", resolve, { once: true }));
  byId("load-start").disabled = true;
  const progress = (made) => {
    show(made);
    map.add(made.places);
    set("rows", count(made.loaded));
    if (search.isEmpty) guard(() => search.run());
    if (made.loaded % 10_000 === 0) guard(() => showSizes(store));
  };
  await store.callWithProgress(progress, "load", state);
  byId("load").hidden = true;
  await search.run();
  await showSizes(store);
}

/** Draws every city, from the store, some thousands at a time. */
async function drawAll(store, map) {
  map.clear();
  let after;
  do {
    const { places, next } = await store.call("places", after);
    map.add(places);
    after = next;
  } while (after);
}

async function showSizes(store) {
  const { rows, memory } = await store.call("sizes");
  set("rows", count(rows));
  set("memory", bytes(memory));
  await showDisk();
}

async function wipe(store) {
  if (!confirm("Delete the database of this page, with all its rows?")) return;
  await store.call("wipe");
  location.reload();
}

function zoom(map, step) {
  map.zoomBy(step);
  byId("zoom").textContent = `${map.zoom}×`;
}
