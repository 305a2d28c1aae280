// The page's side of the store's worker: client.call("search", …) is a promise of the answer.

export class Client {
  #worker = new Worker(new URL("./store.js", import.meta.url), { type: "module" });
  #waiting = new Map();
  #last = 0;

  constructor() {
    this.#worker.onmessage = ({ data }) => this.#answer(data);
    this.#worker.onerror = (event) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(event.message ?? "the store's worker failed"));
      this.#waiting.clear();
    };
  }

  call(name, ...args) {
    return this.callWithProgress(undefined, name, ...args);
  }

  /** As call; what the call reports on its way goes to progress. */
  callWithProgress(progress, name, ...args) {
    return new Promise((resolve, reject) => {
      this.#waiting.set(++this.#last, { resolve, reject, progress });
      this.#worker.postMessage({ id: this.#last, name, args });
    });
  }

  #answer({ id, result, error, progress }) {
    const call = this.#waiting.get(id);
    if (progress) {
      call?.progress(progress);
      return;
    }
    this.#waiting.delete(id);
    if (error) call?.reject(Object.assign(new Error(error.message), { code: error.code }));
    else call?.resolve(result);
  }
}
