// Shows how IndexedDB behaves here, a line for each finding. probe.golden is what Chromium shows; it is made by
// `node internal/jshost/testdata/probe.mjs`. The last expression is a promise of the text.
(async () => {
  const lines = [];
  let section = "";
  const log = (...parts) => lines.push(`${section}: ${parts.join(" ")}`);
  const later = (ms = 1) => new Promise((done) => setTimeout(done, ms));
  const name = (err) => (err === null || err === undefined ? String(err) : err.name);

  const show = (v) => {
    if (v instanceof ArrayBuffer) return `ArrayBuffer(${[...new Uint8Array(v)]})`;
    if (ArrayBuffer.isView(v)) return `${v.constructor.name}(${[...v]})@${v.byteOffset}/${v.buffer.byteLength}`;
    if (v instanceof Date) return `Date(${v.getTime()})`;
    if (v instanceof Map) return `Map(${[...v].map(show)})`;
    if (v instanceof Set) return `Set(${[...v].map(show)})`;
    if (v instanceof RegExp) return String(v);
    if (v instanceof Error) return `${v.name}(${v.message})`;
    if (Array.isArray(v)) return `[${Array.from({ length: v.length }, (_, i) => (i in v ? show(v[i]) : ""))}]`;
    if (typeof v === "object" && v !== null) return `{${Object.keys(v).map((k) => `${k}:${show(v[k])}`)}}`;
    if (typeof v === "bigint") return `${v}n`;
    return Object.is(v, -0) ? "-0" : typeof v === "string" ? `"${v}"` : String(v);
  };
  const attempt = (what, f) => {
    try {
      log(what, "->", show(f()));
    } catch (err) {
      log(what, "throws", name(err), err.code);
    }
  };
  const result = (request) =>
    new Promise((done, fail) => {
      request.onsuccess = () => done(request.result);
      request.onerror = (e) => {
        e.preventDefault();
        e.stopPropagation();
        fail(request.error);
      };
    });
  const end = (tx) =>
    new Promise((done) => {
      tx.oncomplete = () => done("complete");
      tx.onabort = () => done(`abort ${name(tx.error)}`);
    });
  const remove = (db) =>
    new Promise((done) => {
      const request = indexedDB.deleteDatabase(db);
      request.onsuccess = done;
    });
  const open = (db, version, upgrade) =>
    new Promise((done, fail) => {
      const request = indexedDB.open(db, version);
      request.onupgradeneeded = (e) => upgrade?.(request.result, request.transaction, e);
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
  const fresh = async (db) => {
    await remove(db);
    return open(db, 1, (d) => {
      d.createObjectStore("a");
      d.createObjectStore("b");
      const indexed = d.createObjectStore("c", { keyPath: "id", autoIncrement: true });
      indexed.createIndex("u", "u", { unique: true });
      indexed.createIndex("m", "m", { multiEntry: true });
    });
  };
  const write = (db, ...stores) => db.transaction(stores.length ? stores : "a", "readwrite");

  let db = await fresh("probe");

  section = "keys";
  {
    const keys = {
      zero: 0,
      negzero: -0,
      inf: -Infinity,
      max: 1.7976931348623157e308,
      nan: NaN,
      string: "b",
      empty: "",
      date: new Date(7),
      baddate: new Date(NaN),
      bytes: new Uint8Array([2, 1]),
      view: new Uint8Array([9, 8, 7]).subarray(1),
      nobytes: new Uint8Array(0),
      nobuffer: new ArrayBuffer(0),
      words: new Uint16Array([258]),
      array: [1, "x", [new Date(1)]],
      noarray: [],
      bool: true,
      null: null,
      object: {},
      undef: undefined,
      bigint: 1n,
      // Arrays with holes.
      sparse: Object.assign([], { 1: 1 }),
      long: new Uint8Array(300).fill(255),
    };
    const tx = write(db);
    const store = tx.objectStore("a");
    const kept = [];
    for (const [what, key] of Object.entries(keys)) {
      try {
        const request = store.put(what, key);
        kept.push(result(request).then((k) => log(what, "->", show(k).slice(0, 40))));
      } catch (err) {
        log(what, "throws", name(err), err.code);
      }
    }
    await Promise.all(kept);
    log("order", show(await result(store.getAll())));
    log("keys", show((await result(store.getAllKeys())).slice(0, -3)));
    for (const [what, range] of [
      ["bytes up", IDBKeyRange.lowerBound(new Uint8Array([1]))],
      ["numbers", IDBKeyRange.bound(-Infinity, Infinity)],
      ["open", IDBKeyRange.bound("", "b", true, true)],
    ]) {
      log(what, await result(store.count(range)));
    }
    attempt("empty range", () => IDBKeyRange.bound(2, 1));
    attempt("cmp", () => [
      indexedDB.cmp(1, "a"),
      indexedDB.cmp([1], new Uint8Array([1])),
      indexedDB.cmp(new Date(1), 5),
    ]);
    log("end", await end(tx));
  }

  section = "values";
  {
    class Point {
      constructor() {
        this.x = 1;
      }
    }
    const cyclic = { list: Object.assign([1], { 2: 3 }) };
    cyclic.self = cyclic;
    const values = {
      bytes: new Uint8Array([1, 2, 3]),
      view: new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
      buffer: new Uint8Array([5]).buffer,
      floats: new Float64Array([-0, 1.5]),
      map: new Map([[1, { a: 2 }]]),
      set: new Set(["x"]),
      date: new Date(3),
      regexp: /a+/gi,
      error: new RangeError("why"),
      bigint: 2n ** 70n,
      undef: undefined,
      null: null,
      sparse: Object.assign([1], { 2: undefined }),
      instance: new Point(),
      boxed: [Object(1), Object("s"), Object(false)],
      nested: { a: { b: [{ c: -0 }] } },
      lone: "\ud800",
      function: () => 1,
      symbol: Symbol("s"),
      inner: { f() {} },
      promise: Promise.resolve(),
    };
    const store = write(db, "b").objectStore("b");
    for (const [what, value] of Object.entries(values)) {
      try {
        store.put(value, what);
      } catch (err) {
        log(what, "throws", name(err), err.code);
      }
    }
    store.put(cyclic, "cyclic");
    for (const what of Object.keys(values)) {
      log(what, show(await result(store.get(what))));
    }
    const back = await result(store.get("cyclic"));
    log("cyclic", back.self === back, show(back.list), back !== cyclic);
    const changed = { n: 1 };
    store.put(changed, "later");
    changed.n = 2;
    log("cloned at once", show(await result(store.get("later"))));
    log("instance", (await result(store.get("instance"))) instanceof Point);
  }

  section = "requests";
  {
    const tx = write(db, "a", "c");
    const a = tx.objectStore("a");
    a.clear();
    log("put", show(await result(a.put("one", 1))), "add", show(await result(a.add("two", 2))));
    log("missing", show(await result(a.get(99))), show(await result(a.getKey(99))));
    try {
      await result(a.add("again", 1));
    } catch (err) {
      log("add again", name(err), show(await result(a.get(1))));
    }
    for (let i = 3; i < 10; i++) a.put(i, i);
    log(
      "getAll",
      show(await result(a.getAll(IDBKeyRange.bound(2, 8), 3))),
      show(await result(a.getAllKeys(undefined, 2))),
    );
    log("delete", show(await result(a.delete(IDBKeyRange.bound(3, 5)))), show(await result(a.getAllKeys())));
    log("delete nothing", show(await result(a.delete(1000))));
    const walked = [];
    await new Promise((done) => {
      a.openCursor(IDBKeyRange.lowerBound(2), "prev").onsuccess = (e) => {
        const cursor = e.target.result;
        if (!cursor) return done();
        walked.push(cursor.key);
        cursor.key === 8 ? cursor.advance(2) : cursor.continue();
      };
    });
    log("cursor", show(walked));
    attempt("no key", () => a.put(1));
    attempt("no range", () => a.delete(undefined));
    attempt("null range", () => a.get(null));
    const c = tx.objectStore("c");
    log("generated", show(await result(c.add({ u: "x", m: ["p", "q"] }))), show(await result(c.get(1))));
    attempt("key with a key path", () => c.put({}, 1));
    try {
      await result(c.add({ u: "x" }));
    } catch (err) {
      log("unique", name(err));
    }
    log("multi", show(await result(c.index("m").getAllKeys())), show(await result(c.index("u").getKey("x"))));
    log("generated next", show(await result(c.add({ u: "y" }))));
    log("end", await end(tx));
  }

  section = "errors";
  {
    attempt("no store", () => db.transaction("nope"));
    attempt("no scope", () => db.transaction([]));
    attempt("bad mode", () => db.transaction("a", "write"));
    attempt("bad durability", () => db.transaction("a", "readwrite", { durability: "much" }));
    attempt("durability", () => db.transaction("a", "readwrite", { durability: "strict" }).durability);
    attempt("durability by default", () => db.transaction("a").durability);
    attempt("store out of scope", () => db.transaction("a").objectStore("b"));
    attempt("write in readonly", () => db.transaction("a").objectStore("a").put(1, 1));
    attempt("create outside an upgrade", () => db.createObjectStore("x"));
    attempt("version 0", () => indexedDB.open("probe", 0));
    const tx = write(db);
    const request = tx.objectStore("a").get(1);
    attempt("result too early", () => request.result);
    attempt("error too early", () => request.error);
    log(
      "state",
      request.readyState,
      tx.mode,
      tx.error,
      [...tx.objectStoreNames],
      [...db.objectStoreNames],
      db.version,
      db.name,
    );
    log("end", await end(tx), request.readyState);
    attempt("store after the end", () => tx.objectStore("a"));
    attempt("abort after the end", () => tx.abort());
    attempt("commit after the end", () => tx.commit());
  }

  section = "activity";
  {
    const put = (store, key = 1) => {
      try {
        store.put(1, key);
        return "ok";
      } catch (err) {
        return name(err);
      }
    };
    let tx = write(db);
    let store = tx.objectStore("a");
    await null;
    log("after a microtask", put(store));
    await result(store.get(1));
    await Promise.resolve().then(() => {});
    log("after a request and microtasks", put(store));
    await later();
    log("after a timer", put(store));
    attempt("store after a timer", () => tx.objectStore("a").name);
    log("end", await end(write(db)));

    tx = write(db);
    store = tx.objectStore("a");
    const ended = end(tx);
    const other = result(db.transaction("b", "readwrite").objectStore("b").put(1, 1));
    store.put(1, 1);
    await other;
    log("in another's event", put(store));
    attempt("store in another's event", () => tx.objectStore("a").name);
    log("end", await ended);

    tx = write(db);
    store = tx.objectStore("a");
    let seen = "";
    for (let i = 0; i < 3; i++) {
      store.put(i, i).onsuccess = () => {
        seen += `s${i}`;
        queueMicrotask(() => {
          seen += `m${i}`;
        });
      };
    }
    log("end", await end(tx), seen);

    tx = write(db);
    store = tx.objectStore("a");
    store.put(1, "explicit");
    tx.commit();
    log("after commit()", put(store));
    attempt("commit() twice", () => tx.commit());
    attempt("abort after commit()", () => tx.abort());
    log("end", await end(tx), show(await result(db.transaction("a").objectStore("a").get("explicit"))));

    tx = write(db);
    setTimeout(() => {});
    const empty = end(tx);
    await later(0);
    log("an empty one", await empty);
  }

  section = "abort";
  {
    const events = [];
    const listen = (target, what) => {
      for (const type of ["success", "error", "abort", "complete"]) {
        target.addEventListener(type, (e) => events.push(`${what}.${e.type}${e.target === target ? "" : "^"}`));
      }
    };
    const told = async (tx) => {
      const how = await end(tx);
      await later(5);
      return `${how} | ${events.splice(0).join(" ")}`;
    };
    listen(db, "db");
    const begin = () => {
      const tx = write(db);
      listen(tx, "tx");
      return tx;
    };
    const request = (r, what) => {
      listen(r, what);
      return r;
    };

    let tx = begin();
    let store = tx.objectStore("a");
    request(store.clear(), "clear");
    request(store.put("kept", "k"), "put");
    log("complete", await told(tx));

    tx = begin();
    store = tx.objectStore("a");
    request(store.put("lost", "k"), "put");
    const pending = request(store.get("k"), "get");
    tx.abort();
    attempt("put after abort()", () => store.put(1, 1));
    log("abort()", await told(tx));
    log("pending", pending.readyState, name(pending.error), show(pending.result));
    log("rolled back", show(await result(db.transaction("a").objectStore("a").get("k"))));
    events.length = 0;

    tx = begin();
    store = tx.objectStore("a");
    request(store.put("lost", "k"), "put");
    request(store.add("twice", "k"), "add");
    request(store.put("lost", "l"), "put2");
    log("constraint", await told(tx));
    log("rolled back", show(await result(db.transaction("a").objectStore("a").getAllKeys())));
    events.length = 0;

    tx = begin();
    store = tx.objectStore("a");
    request(store.add("twice", "k"), "add").addEventListener("error", (e) => e.preventDefault());
    request(store.put("kept", "l"), "put");
    log("prevented", await told(tx));

    tx = begin();
    store = tx.objectStore("a");
    request(store.put("lost", "m"), "put").addEventListener("success", () => tx.abort());
    log("in an event", await told(tx));

    tx = begin();
    store = tx.objectStore("a");
    store.put(1, "x").onsuccess = () => {
      store.put(2, "y").onsuccess = () => {
        store.put(3, "z");
      };
    };
    log("chained", await told(tx));
    log("keys", show(await result(db.transaction("a").objectStore("a").getAllKeys())));
    events.length = 0;
  }

  section = "order";
  {
    const seen = [];
    const note = (what) => () => seen.push(what);
    const one = write(db);
    const two = write(db);
    const three = write(db, "b");
    const reading = db.transaction("a");
    reading.objectStore("a").get("n").onsuccess = (e) => seen.push(`read ${e.target.result}`);
    two.objectStore("a").put(2, "n").onsuccess = note("two");
    one.objectStore("a").put(1, "n").onsuccess = () => {
      seen.push("one");
      one.objectStore("a").put(1, "n2").onsuccess = note("one again");
    };
    const ends = [one, two, reading].map((tx, i) => end(tx).then((how) => seen.push(`${i} ${how}`)));
    await Promise.all([...ends, end(three)]);
    log("by scope", seen.join(", "));
    const own = write(db).objectStore("a");
    own.put("mine", "n");
    log("own writes", show(await result(own.get("n"))));
  }

  section = "connections";
  {
    const seen = [];
    db.onversionchange = (e) => {
      seen.push(`versionchange ${e.oldVersion} ${e.newVersion}`);
      setTimeout(() => db.close(), 20);
    };
    const request = indexedDB.open("probe", 2);
    request.onblocked = (e) => seen.push(`blocked ${e.oldVersion} ${e.newVersion}`);
    request.onupgradeneeded = (e) => {
      seen.push(`upgradeneeded ${e.oldVersion} ${e.newVersion} ${request.transaction.mode}`);
      attempt("transaction in an upgrade", () => request.result.transaction("a"));
      request.result.createObjectStore("d").put("made", 1);
      attempt("store twice", () => request.result.createObjectStore("d"));
      request.result.deleteObjectStore("b");
    };
    const upgraded = await new Promise((done) => {
      request.onsuccess = () => done(request.result);
    });
    log("upgrade", seen.join(", "), [...upgraded.objectStoreNames], upgraded.version);
    log("made", show(await result(upgraded.transaction("d").objectStore("d").get(1))));
    attempt("transaction when closed", () => db.transaction("a"));
    await open("probe", 1).catch((err) => log("older", name(err)));
    const same = await open("probe");
    log("no version", same.version);
    same.close();
    upgraded.close();

    await open("probe", 3, (d, tx) => {
      d.createObjectStore("e");
      tx.abort();
    }).catch((err) => log("aborted upgrade", name(err)));
    db = await open("probe");
    log("as before", db.version, [...db.objectStoreNames]);
    const closing = write(db);
    closing.objectStore("a").put("closing", "closing");
    db.close();
    log("close() lets it finish", await end(closing));
    db = await open("probe");
    log("found", show(await result(db.transaction("a").objectStore("a").get("closing"))));
    db.close();
    log("databases", show((await indexedDB.databases()).filter((d) => d.name.startsWith("probe"))));
    const gone = indexedDB.deleteDatabase("probe");
    await new Promise((done) => {
      gone.onsuccess = (e) => {
        log("deleted", e.oldVersion, show(e.newVersion), show(gone.result));
        done();
      };
    });
    log("databases", show((await indexedDB.databases()).filter((d) => d.name.startsWith("probe"))));
  }
  return `${lines.join("\n")}\n`;
})();
