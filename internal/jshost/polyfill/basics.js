// Timers, text, the console and the other globals that every page has.
(host) => {
  const callable = (fn) => {
    if (typeof fn !== "function") {
      throw new TypeError("the callback is not a function");
    }
  };
  const timer =
    (repeat) =>
    (fn, ms, ...args) => {
      callable(fn);
      return host.setTimer(() => fn(...args), Number(ms) || 0, repeat);
    };

  class TextEncoder {
    get encoding() {
      return "utf-8";
    }
    encode(text = "") {
      return new Uint8Array(host.encode(String(text)));
    }
    encodeInto(text, into) {
      let read = 0;
      let written = 0;
      for (const c of String(text)) {
        const bytes = this.encode(c);
        if (written + bytes.length > into.length) {
          break;
        }
        into.set(bytes, written);
        read += c.length;
        written += bytes.length;
      }
      return { read, written };
    }
  }

  class TextDecoder {
    #rest = new Uint8Array();
    constructor(label = "utf-8", options) {
      if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) {
        throw new RangeError(`the encoding ${label} is not supported`);
      }
      this.encoding = "utf-8";
      this.fatal = !!options?.fatal;
      this.ignoreBOM = !!options?.ignoreBOM;
    }
    decode(input, options) {
      if (options?.stream || this.#rest.length > 0) {
        return this.#stream(input, options?.stream);
      }
      return input === undefined ? "" : host.decode(input, this.fatal, this.ignoreBOM);
    }
    // stream holds back the bytes of a character that the next call may complete.
    #stream(input, more) {
      const view = ArrayBuffer.isView(input) ? input : new Uint8Array(input ?? 0);
      const bytes = new Uint8Array(this.#rest.length + view.byteLength);
      bytes.set(this.#rest);
      bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), this.#rest.length);
      let end = bytes.length;
      for (let back = 1; more && back <= 3 && back <= bytes.length; back++) {
        const b = bytes[bytes.length - back];
        if (b >= 0xc0) {
          end = back < (b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2) ? bytes.length - back : end;
          break;
        }
      }
      this.#rest = bytes.slice(end);
      return host.decode(bytes.subarray(0, end), this.fatal, this.ignoreBOM);
    }
  }

  const wellFormed = {
    isWellFormed() {
      return host.wellFormed(String(this)) === String(this);
    },
    toWellFormed() {
      return host.wellFormed(String(this));
    },
  };
  for (const [name, value] of Object.entries(wellFormed)) {
    Object.defineProperty(String.prototype, name, { value, writable: true, configurable: true });
  }

  const show = (v) => {
    if (typeof v === "string") {
      return v;
    }
    if (v instanceof Error) {
      return v.stack || String(v);
    }
    if (typeof v === "object" && v !== null) {
      try {
        return JSON.stringify(v) ?? String(v);
      } catch {
        return Object.prototype.toString.call(v);
      }
    }
    return typeof v === "bigint" ? `${v}n` : String(v);
  };
  const print =
    (fd) =>
    (...args) => {
      host.print(fd, `${args.map(show).join(" ")}\n`);
    };
  const console = {
    log: print(1),
    info: print(1),
    debug: print(1),
    warn: print(2),
    error: print(2),
    trace: print(2),
    assert: (ok, ...args) => {
      if (!ok) {
        console.error("Assertion failed:", ...args);
      }
    },
  };

  const crypto = {
    getRandomValues(view) {
      if (view.byteLength > 65536) {
        throw new DOMException("more than 65536 bytes were asked for", "QuotaExceededError");
      }
      host.random(view);
      return view;
    },
    randomUUID() {
      const b = crypto.getRandomValues(new Uint8Array(16));
      b[6] = (b[6] & 0x0f) | 0x40;
      b[8] = (b[8] & 0x3f) | 0x80;
      const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    },
  };

  host.define({
    setTimeout: timer(false),
    setInterval: timer(true),
    setImmediate: (fn, ...args) => {
      callable(fn);
      return host.setTimer(() => fn(...args), -1, false);
    },
    clearTimeout: (id) => host.clearTimer(id ?? 0),
    clearInterval: (id) => host.clearTimer(id ?? 0),
    clearImmediate: (id) => host.clearTimer(id ?? 0),
    queueMicrotask: (fn) => {
      callable(fn);
      Promise.resolve().then(() => {
        try {
          fn();
        } catch (err) {
          host.report(err);
        }
      });
    },
    reportError: (err) => host.report(err),
    performance: { now: () => host.now(), timeOrigin: host.timeOrigin },
    TextEncoder,
    TextDecoder,
    console,
    crypto,
  });
};
