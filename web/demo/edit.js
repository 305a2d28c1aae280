// The editor: one dialog for a city, and the toast that undoes a delete.
import { guard } from "./report.js";

const byId = (id) => document.getElementById(id);

export class Editor {
  /** changed(text) is called after a change has been committed, with what happened in words. */
  constructor(store, commit, changed) {
    this.store = store;
    this.commit = commit;
    this.changed = changed;
    byId("editor-form").addEventListener("submit", () => guard(() => this.#save()));
    byId("edit-cancel").addEventListener("click", () => byId("editor").close());
    byId("edit-delete").addEventListener("click", () => guard(() => this.#delete()));
    byId("toast-undo").addEventListener("click", () => guard(() => this.#undo()));
  }

  async open(id) {
    const row = await this.store.call("get", id);
    if (!row) return this.changed(`city ${id} is gone`);
    this.row = row;
    byId("edit-name").value = row.name;
    byId("edit-lat").value = row.lat;
    byId("edit-lng").value = row.lng;
    byId("edit-meta").textContent = `Key ${row.id}, ${row.country}${row.region ? `.${row.region}` : ""}`;
    byId("editor").showModal();
  }

  async #save() {
    const name = byId("edit-name").value.trim();
    const lat = byId("edit-lat").valueAsNumber;
    const lng = byId("edit-lng").valueAsNumber;
    await this.commit(() => this.store.call("change", this.row.id, { name, lat, lng }));
    this.changed(`${name} is saved`);
  }

  async #delete() {
    byId("editor").close();
    this.deleted = this.row;
    await this.commit(() => this.store.call("delete", this.deleted.id));
    this.changed(`${this.deleted.name} is deleted`);
    byId("toast-text").textContent = `${this.deleted.name} is deleted`;
    byId("toast").hidden = false;
    clearTimeout(this.hide);
    this.hide = setTimeout(() => (byId("toast").hidden = true), 10_000);
  }

  async #undo() {
    byId("toast").hidden = true;
    await this.commit(() => this.store.call("put", this.deleted));
    this.changed(`${this.deleted.name} is back`);
  }
}
