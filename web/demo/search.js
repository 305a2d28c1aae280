// The search form, its pages, and its list of results.
import { count, milliseconds, timed } from "./figures.js";
import { guard } from "./report.js";

const PAGE = 15;
const byId = (id) => document.getElementById(id);

export class Search {
  /** regions has the names of regions by country and code ("IS.39"), countries those of countries by code, in order. */
  constructor(store, regions, countries) {
    this.store = store;
    this.regions = regions;
    this.countries = countries;
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

  /** Whether nothing is listed. */
  get isEmpty() {
    return byId("results").children.length === 0;
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
    const { result: rows, ms } = await timed("query", () => this.store.call("near", lat, lng, reach, 50));
    this.#show(rows, `${count(rows.length)} nearest in ${milliseconds(ms)}`);
    this.map.show(rows);
  }

  async #turnPage(step) {
    if (step > 0) this.pages.push(this.following);
    else this.pages.pop();
    await this.#page();
  }

  async #page() {
    const asked = {};
    this.asked = asked;
    byId("results").ariaBusy = "true";
    try {
      await this.#ask(asked);
    } finally {
      if (asked === this.asked) byId("results").ariaBusy = "false";
    }
  }

  async #ask(asked) {
    const wanted = {
      text: byId("search").value,
      country: byId("country").value,
      region: byId("region").value,
      reverse: byId("order").value === "reverse",
    };
    const { result, ms } = await timed("query", () => this.store.call("search", wanted, PAGE, this.pages.at(-1)));
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
      ["where", [region, this.countries.get(row.country) ?? row.country].filter(Boolean).join(", ")],
      ["at", at],
    ]) {
      button.append(Object.assign(document.createElement("span"), { className: name, textContent: text }));
    }
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  #fillCountries() {
    byId("country").append(...[...this.countries].map(([code, name]) => new Option(name, code)));
  }

  #fillRegions() {
    const country = byId("country").value;
    const own = [...this.regions].filter(([code]) => country && code.startsWith(`${country}.`));
    own.sort((a, b) => a[1].localeCompare(b[1], "en"));
    byId("region").replaceChildren(
      new Option("Any", ""),
      ...own.map(([code, name]) => new Option(name, code.slice(3))),
    );
    byId("region").disabled = own.length === 0;
  }
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
