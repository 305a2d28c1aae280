// Events, abort signals and DOMException, as far as pages of databases use them.
(host) => {
  const codes = {
    IndexSizeError: 1,
    NotFoundError: 8,
    NotSupportedError: 9,
    InvalidStateError: 11,
    SyntaxError: 12,
    InvalidAccessError: 15,
    TimeoutError: 23,
    AbortError: 20,
    QuotaExceededError: 22,
    DataCloneError: 25,
  };

  class DOMException extends Error {
    #name;
    constructor(message = "", name = "Error") {
      super(String(message));
      this.#name = String(name);
    }
    get name() {
      return this.#name;
    }
    get code() {
      return codes[this.#name] ?? 0;
    }
    get [Symbol.toStringTag]() {
      return "DOMException";
    }
  }

  class Event {
    #init;
    #prevented = false;
    target = null;
    currentTarget = null;
    timeStamp = host.now();
    stopped = false;
    constructor(type, init = {}) {
      this.type = String(type);
      this.#init = init ?? {};
    }
    get bubbles() {
      return !!this.#init.bubbles;
    }
    get cancelable() {
      return !!this.#init.cancelable;
    }
    get defaultPrevented() {
      return this.#prevented;
    }
    preventDefault() {
      this.#prevented = this.cancelable;
    }
    stopPropagation() {}
    stopImmediatePropagation() {
      this.stopped = true;
    }
  }

  class CustomEvent extends Event {
    constructor(type, init = {}) {
      super(type, init);
      this.detail = init.detail ?? null;
    }
  }

  class MessageEvent extends Event {
    constructor(type, init = {}) {
      super(type, init);
      this.data = init.data ?? null;
      this.origin = init.origin ?? "";
      this.ports = init.ports ?? [];
      this.source = init.source ?? null;
    }
  }

  class EventTarget {
    #listeners = [];
    addEventListener(type, callback, options) {
      const { once = false, signal } = typeof options === "object" && options !== null ? options : {};
      const known = this.#listeners.some((l) => l.type === type && l.callback === callback);
      if (callback == null || known || signal?.aborted) {
        return;
      }
      this.#listeners.push({ type, callback, once });
      signal?.addEventListener("abort", () => this.removeEventListener(type, callback));
    }
    removeEventListener(type, callback) {
      this.#listeners = this.#listeners.filter((l) => l.type !== type || l.callback !== callback);
    }
    dispatchEvent(event) {
      event.target = this;
      event.currentTarget = this;
      const invoke = (callback) => {
        try {
          typeof callback === "function" ? callback.call(this, event) : callback.handleEvent(event);
        } catch (err) {
          host.report(err);
        }
      };
      const handler = this[`on${event.type}`];
      if (typeof handler === "function") {
        invoke(handler);
      }
      for (const l of this.#listeners) {
        if (event.stopped) {
          break;
        }
        if (l.type !== event.type) {
          continue;
        }
        if (l.once) {
          this.removeEventListener(l.type, l.callback);
        }
        invoke(l.callback);
      }
      event.currentTarget = null;
      return !event.defaultPrevented;
    }
  }

  const secret = Symbol("AbortSignal");

  class AbortSignal extends EventTarget {
    aborted = false;
    reason = undefined;
    onabort = null;
    constructor(key) {
      super();
      if (key !== secret) {
        throw new TypeError("Illegal constructor");
      }
    }
    throwIfAborted() {
      if (this.aborted) {
        throw this.reason;
      }
    }
    [secret](reason = new DOMException("signal is aborted without reason", "AbortError")) {
      if (!this.aborted) {
        this.aborted = true;
        this.reason = reason;
        this.dispatchEvent(new Event("abort"));
      }
    }
    static abort(reason) {
      const s = new AbortSignal(secret);
      s[secret](reason);
      return s;
    }
    static timeout(ms) {
      const s = new AbortSignal(secret);
      setTimeout(() => s[secret](new DOMException("signal timed out", "TimeoutError")), ms);
      return s;
    }
  }

  class AbortController {
    signal = new AbortSignal(secret);
    abort(reason) {
      this.signal[secret](reason);
    }
  }

  host.define({ DOMException, Event, CustomEvent, MessageEvent, EventTarget, AbortSignal, AbortController });
};
