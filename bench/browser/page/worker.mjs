// A system in a worker, for a page: each call is a message there and its answer a message back.

const methods = ["insert", "insertMany", "get", "getMany", "scan", "keyRange", "ofOwner", "dueRange"];
methods.push("count", "countDue", "updateMany", "deleteMany", "flush", "close");

// remote returns, on the page, the system that runs in the worker at address.
export function remote(address) {
  const worker = new Worker(address, { type: "module" });
  const waiting = new Map();
  let last = 0;
  const call = (method, ...args) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      worker.postMessage({ id: last, method, args });
    });
  worker.onmessage = ({ data: { id, result, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  };
  worker.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(`worker: ${event.message}`));
  };
  return {
    acks: (variant) => call("acks", variant),
    async open(options) {
      const has = await call("open", options);
      return Object.fromEntries(has.map((method) => [method, (...args) => call(method, ...args)]));
    },
  };
}

// host answers, in the worker, what remote asks of system. One database is open at a time.
export function host(system) {
  let db;
  const answer = async (method, args) => {
    if (method === "acks") return system.acks(...args);
    if (method !== "open") return db[method](...args);
    db = await system.open(...args);
    return methods.filter((name) => db[name]);
  };
  globalThis.onmessage = async ({ data: { id, method, args } }) => {
    try {
      postMessage({ id, result: await answer(method, args) });
    } catch (err) {
      postMessage({ id, error: `${err?.name}: ${err?.message}` });
    }
  };
}
