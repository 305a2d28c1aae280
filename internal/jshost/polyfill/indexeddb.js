// Puts fake-indexeddb into the realm: each connection belongs to the page that opened it, transactions are as strict
// as a browser's, and the host may look at every request and event and spoil it. It reaches into private state of
// the pinned version of fake-indexeddb.
(host, fake) => {
  const {
    indexedDB,
    FakeEventTarget,
    forceCloseDatabase,
    IDBDatabase,
    IDBFactory,
    IDBObjectStore,
    IDBIndex,
    IDBTransaction,
  } = fake;
  const pages = new WeakMap(); // open request or connection -> page

  const page = (target) => {
    if (pages.has(target)) {
      return pages.get(target);
    }
    if (target instanceof IDBTransaction) {
      return pages.get(target.db) ?? pages.get(target._openRequest) ?? 0;
    }
    return target.transaction ? page(target.transaction) : 0;
  };

  // live calls f with each transaction that has not ended.
  const live = (f) => {
    for (const db of indexedDB._databases.values()) {
      for (const tx of [...db.transactions]) {
        if (tx._state !== "finished") {
          f(tx);
        }
      }
    }
  };

  const wrap = (proto, name, make) => {
    const plain = proto[name];
    Object.defineProperty(proto, name, { value: make(plain), configurable: true, writable: true });
  };

  // ---- Pages.

  for (const name of ["open", "deleteDatabase"]) {
    wrap(
      IDBFactory.prototype,
      name,
      (plain) =>
        function (...args) {
          const request = plain.apply(this, args);
          pages.set(request, host.current());
          return request;
        },
    );
  }

  const silence = (target) => {
    // The first three listeners of a transaction are its own, and bound functions are those of its database.
    const internal = (l, i) => target instanceof IDBTransaction && (i < 3 || l.callback.name.startsWith("bound "));
    target.listeners = target.listeners.filter(internal);
    for (const type of [
      "abort",
      "blocked",
      "close",
      "complete",
      "error",
      "success",
      "upgradeneeded",
      "versionchange",
    ]) {
      if (target[`on${type}`]) {
        target[`on${type}`] = null;
      }
    }
  };

  // bury ends what an event for a page that is gone would have handed to it.
  const bury = (target, event) => {
    silence(target);
    if (event.type === "upgradeneeded") {
      target.transaction._abort("AbortError");
    } else if (event.type === "success" && target.readyState === "done" && target.result instanceof IDBDatabase) {
      target.result.close();
    }
  };

  wrap(
    FakeEventTarget.prototype,
    "dispatchEvent",
    (plain) =>
      function (event) {
        const to = page(this);
        const tx = this instanceof IDBTransaction ? this : this.transaction;
        if (tx) {
          active.add(tx);
        }
        if (pages.has(this) && this.readyState === "done" && this.result instanceof IDBDatabase) {
          pages.set(this.result, to);
        }
        if (to !== 0) {
          if (host.alive(to)) {
            host.enter(to);
            spoil(host.observe(to, "event", event.type, "", tx?.mode ?? ""), this);
          }
          if (!host.alive(to)) {
            bury(this, event);
          }
        }
        return host.guard(() => plain.call(this, event));
      },
  );

  host.onKill((gone) => {
    live((tx) => {
      if (page(tx) === gone) {
        for (const target of [tx, tx.db, ...tx._requests.map((r) => r.request)]) {
          silence(target);
        }
        tx._abort("AbortError");
      }
    });
    for (const db of indexedDB._databases.values()) {
      for (const connection of db.connections) {
        if (page(connection) === gone) {
          connection._closePending = connection._closed = true;
        }
      }
      db.connections = db.connections.filter((connection) => !connection._closed);
      db.processTransactions();
    }
  });

  // ---- Faults.

  // disconnect takes from a page all its connections, as when the browser's storage process dies.
  const disconnect = (from) => {
    live((tx) => {
      if (page(tx) === from) {
        tx._abort("AbortError");
      }
    });
    for (const db of indexedDB._databases.values()) {
      for (const connection of db.connections.filter((c) => page(c) === from)) {
        host.queueTask(0, () => forceCloseDatabase(connection)); // after the events of the aborts
      }
    }
  };

  // spoil carries out an action. Code of the page is on the stack where it is making a request, and only there.
  const spoil = (action, target, inCode = false) => {
    if (action === "kill") {
      host.die(inCode);
    }
    if (action === "disconnect") {
      const from = page(target);
      host.queueTask(0, () => disconnect(from));
    }
    if (action.startsWith("abort:")) {
      const tx = target instanceof IDBTransaction ? target : target.transaction;
      if (tx && tx._state !== "finished") {
        tx._abort(action.slice(6));
      }
    }
  };

  let method = ""; // the method that is making a request
  const methods = {
    IDBObjectStore: [
      "put",
      "add",
      "delete",
      "clear",
      "get",
      "getKey",
      "getAll",
      "getAllKeys",
      "getAllRecords",
      "count",
      "openCursor",
      "openKeyCursor",
    ],
    IDBIndex: ["get", "getKey", "getAll", "getAllKeys", "getAllRecords", "count", "openCursor", "openKeyCursor"],
    IDBCursor: ["continue", "advance", "continuePrimaryKey", "update", "delete"],
  };
  for (const [cls, list] of Object.entries(methods)) {
    for (const name of list) {
      wrap(
        fake[cls].prototype,
        name,
        (plain) =>
          function (...args) {
            method = name;
            try {
              return plain.apply(this, args);
            } finally {
              method = "";
            }
          },
      );
    }
  }

  const storeName = (source) =>
    source instanceof IDBObjectStore
      ? source.name
      : source instanceof IDBIndex
        ? source.objectStore.name
        : storeName(source.source);

  wrap(
    IDBTransaction.prototype,
    "_execRequestAsync",
    (plain) =>
      function (call) {
        if (this._state === "active" && call.source && method !== "") {
          const action = host.observe(page(this), "request", method, storeName(call.source), this.mode);
          if (action === "kill") {
            spoil(action, this, true);
          } else if (action.startsWith("fail:")) {
            call = {
              ...call,
              operation: () => {
                throw new DOMException("a fault that the host asked for", action.slice(5));
              },
            };
          } else if (action !== "") {
            host.queueTask(0, () => spoil(action, this));
          }
        }
        return plain.call(this, call);
      },
  );

  wrap(
    IDBTransaction.prototype,
    "_start",
    (plain) =>
      function () {
        const owner = page(this);
        const idle = this._requests.every(({ request }) => request.readyState === "done");
        if (idle && this._state !== "finished" && owner !== 0 && host.alive(owner)) {
          host.enter(owner);
          spoil(host.observe(owner, "commit", "", "", this.mode), this);
        }
        return plain.call(this);
      },
  );

  // ---- Strictness.

  // A transaction is active in the task that made it and in those of its own events; fake-indexeddb activates it
  // for each event, and would leave it so. The set has those that may be active.
  const active = new Set();
  host.onTaskEnd(() => {
    for (const tx of active) {
      if (tx._state === "active") {
        tx._state = "inactive";
      }
    }
    active.clear();
  });

  wrap(
    IDBTransaction.prototype,
    "objectStore",
    (plain) =>
      function (...args) {
        const state = this._state;
        if (state !== "inactive") {
          return plain.apply(this, args);
        }
        this._state = "active";
        try {
          return plain.apply(this, args);
        } finally {
          this._state = state;
        }
      },
  );

  wrap(
    IDBDatabase.prototype,
    "transaction",
    (plain) =>
      function (names, mode, options) {
        if (this._runningVersionchangeTransaction && mode !== "versionchange") {
          throw new DOMException("A version change transaction is running.", "InvalidStateError");
        }
        const tx = plain.call(this, names, mode, options);
        active.add(tx);
        return tx;
      },
  );

  const { FakeEventTarget: _, forceCloseDatabase: __, ...globals } = fake;
  host.define({ ...globals });
};
