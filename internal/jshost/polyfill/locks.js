// navigator.locks, by the Web Locks standard.
(host) => {
  const names = new Map(); // lock name -> {held: [grant], queue: [request]}

  const entry = (name) => {
    let e = names.get(name);
    if (e === undefined) {
      e = { held: [], queue: [] };
      names.set(name, e);
    }
    return e;
  };

  const grantable = (e, mode, ahead) =>
    ahead.length === 0 && (e.held.length === 0 || (mode === "shared" && e.held.every((h) => h.mode === "shared")));

  // advance grants what stands first in the queue, and shared requests behind a shared one.
  const advance = (name) => {
    const e = names.get(name);
    if (e === undefined) {
      return;
    }
    while (e.queue.length > 0 && grantable(e, e.queue[0].mode, [])) {
      const request = e.queue.shift();
      e.held.push(request);
      host.queueTask(request.page, () => run(request));
    }
    if (e.held.length === 0 && e.queue.length === 0) {
      names.delete(name);
    }
  };

  const release = (request) => {
    const e = names.get(request.name);
    if (e?.held.includes(request)) {
      e.held.splice(e.held.indexOf(request), 1);
      advance(request.name);
    }
  };

  const run = async (request) => {
    if (!request.wait()) {
      return release(request);
    }
    try {
      const lock = Object.freeze({ name: request.name, mode: request.mode });
      request.resolve(await request.callback(lock)); // too late when it was stolen
    } catch (err) {
      request.reject(err);
    } finally {
      release(request);
    }
  };

  // rob takes the lock from all who hold it.
  const rob = (e) => {
    for (const victim of e.held.splice(0)) {
      host.queueTask(victim.page, () =>
        victim.reject(new DOMException("the lock was stolen by another request", "AbortError")),
      );
    }
  };

  host.onKill((page) => {
    for (const [name, e] of [...names]) {
      e.held = e.held.filter((r) => r.page !== page);
      e.queue = e.queue.filter((r) => r.page !== page);
      advance(name);
    }
  });

  const check = (name, options, callback) => {
    const { mode = "exclusive", ifAvailable = false, steal = false, signal } = options ?? {};
    if (typeof callback !== "function") {
      throw new TypeError("the callback is not a function");
    }
    if (mode !== "exclusive" && mode !== "shared") {
      throw new TypeError(`${mode} is not a mode of locks`);
    }
    const unsupported =
      name.startsWith("-") ||
      (steal && (ifAvailable || mode !== "exclusive")) ||
      (signal !== undefined && (ifAvailable || steal));
    if (unsupported) {
      throw new DOMException("this request of a lock is not supported", "NotSupportedError");
    }
    signal?.throwIfAborted();
    return { name, mode, ifAvailable, steal, signal, callback, page: host.current() };
  };

  const locks = {
    async request(name, options, callback) {
      const request = check(String(name), callback === undefined ? {} : options, callback ?? options);
      const e = entry(request.name);
      if (request.ifAvailable && !grantable(e, request.mode, e.queue)) {
        if (e.held.length === 0 && e.queue.length === 0) {
          names.delete(request.name);
        }
        return request.callback(null);
      }
      return new Promise((resolve, reject) => {
        let waiting = true;
        const abort = () => {
          if (waiting) {
            waiting = false;
            e.queue = e.queue.filter((r) => r !== request);
            advance(request.name);
            reject(request.signal.reason);
          }
        };
        // wait reports whether the request still stands, and ends its waiting.
        request.wait = () => {
          const stands = waiting;
          waiting = false;
          request.signal?.removeEventListener("abort", abort);
          return stands;
        };
        Object.assign(request, { resolve, reject });
        request.signal?.addEventListener("abort", abort);
        if (request.steal) {
          rob(e);
          e.queue.unshift(request);
        } else {
          e.queue.push(request);
        }
        advance(request.name);
      });
    },
    async query() {
      const info = (r) => ({ name: r.name, mode: r.mode, clientId: `page-${r.page}` });
      const all = [...names.values()];
      return { held: all.flatMap((e) => e.held.map(info)), pending: all.flatMap((e) => e.queue.map(info)) };
    },
  };

  const navigator = { userAgent: "jshost", onLine: true };
  if (host.features.locks) {
    navigator.locks = locks;
  }
  host.define({ navigator });
};
