// The WebAssembly namespace over the host's engine.
(host) => {
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}
  for (const [name, cls] of Object.entries({ CompileError, LinkError, RuntimeError })) {
    Object.defineProperty(cls.prototype, "name", { value: name, writable: true, configurable: true });
  }
  const handles = new WeakMap();

  const attempt = (cls, f) => {
    try {
      return f();
    } catch (err) {
      throw err instanceof Error && err.name === "GoError" ? new cls(err.message) : err;
    }
  };

  class Module {
    constructor(bytes) {
      handles.set(
        this,
        attempt(CompileError, () => host.compile(bytes)),
      );
    }
  }

  class Instance {
    constructor(module, imports = {}) {
      const handle = handles.get(module);
      if (handle === undefined) {
        throw new TypeError("WebAssembly.Instance: the first argument must be a WebAssembly.Module");
      }
      this.exports = Object.freeze(attempt(LinkError, () => host.instantiate(handle, imports)));
    }
  }

  class Memory {
    constructor() {
      throw new TypeError("a memory of its own is not supported");
    }
  }
  host.memory = Memory.prototype;
  host.instance = Instance.prototype;
  host.runtimeError = RuntimeError;

  const WebAssembly = {
    Module,
    Instance,
    Memory,
    CompileError,
    LinkError,
    RuntimeError,
    async compile(bytes) {
      return new Module(bytes);
    },
    async instantiate(source, imports) {
      if (source instanceof Module) {
        return new Instance(source, imports);
      }
      const module = new Module(source);
      return { module, instance: new Instance(module, imports) };
    },
  };
  host.define({ WebAssembly });
};
