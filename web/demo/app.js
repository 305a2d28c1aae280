// The page: opens the store, loads the list, answers searches.
import { DATABASE, near, openStore, searchQuery } from "./cities.js";
import { Editor } from "./edit.js";
import { bytes, count, milliseconds, set, showDisk, timed, watchTasks } from "./figures.js";
import { deleteDatabase } from "./larder/index.js";
import { load, loadState, turn } from "./load.js";
import { CityMap } from "./map.js";

const PAGE = 15;
const byId = (id) => document.getElementById(id);
const countryName = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

watchTasks();
try {
  await main();
} catch (error) {
  report(error);
}

async function main() {
  const begin = performance.now();
  const store = await openStore();
  set("open", milliseconds(performance.now() - begin));
  set("engine", store.db.engine);

  const regions = await fetchRegions();
  const search = new Search(store, regions);
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
  for (const [id, step] of [["zoom-in", 1], ["zoom-out", -1]]) byId(id).addEventListener("click", () => zoom(map, step));
  map.canvas.addEventListener("zoom", (e) => zoom(map, e.detail));
  byId("wipe").addEventListener("click", () => guard(() => wipe(store)));

  await search.run();
  await showSizes(store);
  await offerLoading(store, search, map);
  await drawAll(store, map);
  document.documentElement.dataset.ready = "";
}

/** The search form, its pages, and its list of results. */
class Search {
  constructor(store, regions) {
    this.store = store;
    this.regions = regions;
    this.pages = [undefined];
    byId("search-form").addEventListener("submit", (e) => e.preventDefault());
    byId("search").addEventListener("input", () => guard(() => this.run()));
    byId("order").addEventListener("change", () => guard(() => this.run()));
    byId("region").addEventListener("change", () => guard(() => this.run()));
    byId("country").addEventListener("change", () => {
      this.#fillRegions();
      guard(() => this.run());
    });
    byId("next").addEventListener("click", () => guard(() => this.#turnPage(1)));
    byId("previous").addEventListener("click", () => guard(() => this.#turnPage(-1)));
    byId("results").addEventListener("keydown", (e) => moveFocus(e));
    this.#fillCountries();
  }

  /** Starts the search anew, from what the form says. */
  async run() {
    this.at = undefined;
    this.pages = [undefined];
    await this.#page();
  }

  /** Shows the same page again, after a change. */
  async again(text) {
    if (this.at) await this.place(...this.at);
    else await this.#page();
    byId("summary").textContent = `${text}. ${byId("summary").textContent}`;
  }

  /** Lists the cities around a point. */
  async place(lat, lng, reach) {
    this.at = [lat, lng, reach];
    const { result: rows, ms } = await timed("query", () => near(this.store.db, lat, lng, reach, 50));
    this.#show(rows, `${count(rows.length)} nearest in ${milliseconds(ms)}`);
    this.map.show(rows);
  }

  async #turnPage(step) {
    if (step > 0) this.pages.push(this.following);
    else this.pages.pop();
    await this.#page();
  }

  async #page() {
    const asked = (this.asked = {});
    const wanted = {
      text: byId("search").value,
      country: byId("country").value,
      region: byId("region").value,
      reverse: byId("order").value === "reverse",
    };
    const query = searchQuery(wanted, PAGE, this.pages.at(-1));
    const { result, ms } = await timed("query", () => this.store.cities.query(query));
    if (asked !== this.asked) return; // a newer search is on its way
    this.following = result.next;
    const first = (this.pages.length - 1) * PAGE;
    const range = result.rows.length ? `${count(first + 1)} to ${count(first + result.rows.length)}` : "none";
    this.#show(result.rows, `${range} in ${milliseconds(ms)}`);
    this.map?.show([]);
  }

  #show(rows, summary) {
    byId("summary").textContent = summary;
    byId("next").disabled = this.at !== undefined || !this.following;
    byId("previous").disabled = this.at !== undefined || this.pages.length === 1;
    byId("results").replaceChildren(...rows.map((row) => this.#item(row)));
    byId("empty").hidden = rows.length > 0;
    byId("empty").textContent = this.at ? "No city lies near this point." : "No city has a name that begins like this.";
  }

  #item(row) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.dataset.id = row.id;
    const region = this.regions.get(`${row.country}.${row.region}`);
    const at = row.kilometres === undefined ? coordinates(row) : `${row.kilometres.toFixed(0)} km`;
    for (const [name, text] of [
      ["name", row.name],
      ["where", [region, countryName.of(row.country)].filter(Boolean).join(", ")],
      ["at", at],
    ]) {
      button.append(Object.assign(document.createElement("span"), { className: name, textContent: text }));
    }
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  #fillCountries() {
    const codes = [...new Set([...this.regions.keys()].map((code) => code.slice(0, 2)))];
    const named = codes.map((code) => [countryName.of(code), code]).sort((a, b) => a[0].localeCompare(b[0], "en"));
    byId("country").append(...named.map(([name, code]) => new Option(name, code)));
  }

  #fillRegions() {
    const country = byId("country").value;
    const own = [...this.regions].filter(([code]) => country && code.startsWith(`${country}.`));
    own.sort((a, b) => a[1].localeCompare(b[1], "en"));
    byId("region").replaceChildren(new Option("Any", ""), ...own.map(([code, name]) => new Option(name, code.slice(3))));
    byId("region").disabled = own.length === 0;
  }
}

async function fetchRegions() {
  const response = await fetch("cities/regions.json");
  if (!response.ok) throw new Error(`the list of regions answered ${response.status}; build the demo with "make demo"`);
  return new Map((await response.json()).map(({ code, name }) => [code, name]));
}

/** Shows the loading section while something is missing; returns when all is there. */
async function offerLoading(store, search, map) {
  const state = await loadState(store);
  if (state.next >= state.files.length) return;
  const show = ({ loaded, rows, rate }) => {
    byId("load-progress").value = loaded / rows;
    const speed = rate ? `, ${count(Math.round(rate))} a second` : "";
    byId("load-figures").textContent = `${count(loaded)} of ${count(rows)}${speed}`;
  };
  byId("load").hidden = false;
  show(state);
  if (state.next > 0) byId("load-start").textContent = "Go on loading";
  await drawAll(store, map);
  await new Promise((resolve) => byId("load-start").addEventListener("click", resolve, { once: true }));
  byId("load-start").disabled = true;
  await load(store, state, (progress) => {
    show(progress);
    map.add(progress.chunk);
    set("rows", count(progress.loaded));
  });
  byId("load").hidden = true;
  await search.run();
  await showSizes(store);
}

/** Draws every city, from the store, a page at a time so that the page stays at hand. */
async function drawAll(store, map) {
  map.clear();
  let after;
  do {
    const { rows, next } = await store.cities.query({ limit: 1000, after });
    map.add(rows);
    after = next;
    await turn();
  } while (after);
}

async function showSizes(store) {
  set("rows", count(await store.cities.count()));
  set("memory", bytes(store.db.memory));
  await showDisk();
}

async function wipe(store) {
  if (!confirm("Delete the database of this page, with all its rows?")) return;
  await store.db.close();
  await deleteDatabase(DATABASE);
  location.reload();
}

function zoom(map, step) {
  map.zoomBy(step);
  byId("zoom").textContent = `${map.zoom}×`;
}

/** Up and Down move between results. */
function moveFocus(event) {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const item = event.target.closest("li")?.[step];
  if (!item) return;
  item.firstElementChild.focus();
  event.preventDefault();
}

function coordinates({ lat, lng }) {
  return `${Math.abs(lat).toFixed(2)}° ${lat < 0 ? "S" : "N"}, ${Math.abs(lng).toFixed(2)}° ${lng < 0 ? "W" : "E"}`;
}

/** Runs f and shows its error on the page. */
async function guard(f) {
  try {
    await f();
    byId("problem").hidden = true;
  } catch (error) {
    report(error);
  }
}

function report(error) {
  const code = error.code ? ` (${error.code})` : "";
  byId("problem").textContent = `${error.message}${code}`;
  byId("problem").hidden = false;
  console.error(error);
}
