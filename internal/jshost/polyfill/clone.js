// structuredClone, by the steps of the HTML standard for the types that JavaScript itself has.
(host) => {
  const errors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
  const tag = (v) => Object.prototype.toString.call(v).slice(8, -1);
  const refuse = (what) => {
    throw new DOMException(`${what} could not be cloned.`, "DataCloneError");
  };

  const structuredClone = (value, options) => {
    const seen = new Map();
    for (const buffer of options?.transfer ?? []) {
      if (!(buffer instanceof ArrayBuffer) || buffer.detached) {
        refuse("A value in the transfer list");
      }
    }

    const own = (from, to) => {
      for (const k of Object.keys(from)) {
        to[k] = clone(from[k]);
      }
      return to;
    };

    const clone = (v) => {
      switch (typeof v) {
        case "function":
          return refuse(String(v));
        case "symbol":
          return refuse(v.toString());
        case "object":
          if (v === null) {
            return v;
          }
          break;
        default:
          return v;
      }
      if (seen.has(v)) {
        return seen.get(v);
      }
      const keep = (c) => {
        seen.set(v, c);
        return c;
      };
      if (v instanceof ArrayBuffer) {
        if (v.detached) {
          refuse("A detached ArrayBuffer");
        }
        return keep(v.slice(0));
      }
      if (ArrayBuffer.isView(v)) {
        const buffer = clone(v.buffer);
        return keep(new v.constructor(buffer, v.byteOffset, v instanceof DataView ? v.byteLength : v.length));
      }
      if (v instanceof DOMException) {
        return keep(new DOMException(v.message, v.name));
      }
      if (v instanceof EventTarget || v instanceof Promise || v instanceof WeakMap || v instanceof WeakSet) {
        refuse(`#<${v.constructor.name}>`);
      }
      switch (tag(v)) {
        case "Boolean":
        case "Number":
        case "String":
        case "BigInt":
          return keep(Object(v.valueOf()));
        case "Date":
          return keep(new Date(v.getTime()));
        case "RegExp":
          return keep(new RegExp(v.source, v.flags));
        case "Map": {
          const c = keep(new Map());
          for (const [k, x] of [...v]) {
            c.set(clone(k), clone(x));
          }
          return c;
        }
        case "Set": {
          const c = keep(new Set());
          for (const x of [...v]) {
            c.add(clone(x));
          }
          return c;
        }
        case "Error": {
          const c = keep(new (errors[v.name] ?? Error)(v.message));
          c.stack = v.stack;
          if (Object.hasOwn(v, "cause")) {
            c.cause = clone(v.cause);
          }
          return c;
        }
        case "Array":
          return own(v, keep(new Array(v.length)));
      }
      if (tag(v).startsWith("IDB")) {
        refuse(`#<${tag(v)}>`);
      }
      return own(v, keep({}));
    };

    const result = clone(value);
    for (const buffer of options?.transfer ?? []) {
      host.detach(buffer);
    }
    return result;
  };

  Object.defineProperty(ArrayBuffer.prototype, "detached", {
    get() {
      return host.detached(this);
    },
    configurable: true,
  });

  host.define({ structuredClone });
};
