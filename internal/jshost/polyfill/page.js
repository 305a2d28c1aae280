// Makes the global object of a page, an heir of the realm's, and starts its program.
() => {
  const errno = (code) => Object.assign(new Error(code), { code });

  // files gives a page fs, process and path in the form of node's, calling back before they return.
  const files = (native) => {
    const fs = { constants: native.constants };
    fs.writeSync = (fd, bytes) => native.write(fd, bytes, null);
    for (const name of Object.keys(native.calls)) {
      fs[name] = (...args) => {
        const done = args.pop();
        let result;
        try {
          result = native.calls[name](...args);
        } catch (err) {
          return done(err.code ? err : errno("EIO"));
        }
        done(null, result);
      };
    }
    for (const name of ["fstat", "stat", "lstat"]) {
      const plain = fs[name];
      fs[name] = (what, done) =>
        plain(what, (err, st) => {
          if (!err) {
            st.isDirectory = () => (st.mode & 0o170000) === 0o040000;
          }
          done(err, st);
        });
    }
    const unsupported = () => {
      throw errno("ENOSYS");
    };
    const process = {
      pid: -1,
      ppid: -1,
      umask: unsupported,
      getgroups: unsupported,
      getuid: () => -1,
      getgid: () => -1,
      geteuid: () => -1,
      getegid: () => -1,
      cwd: native.cwd,
      chdir: native.chdir,
    };
    return { fs, process, path: { resolve: (...parts) => native.resolve(parts) } };
  };

  const open = (native) => {
    const page = Object.create(globalThis);
    const target = new EventTarget();
    const own = { globalThis: page, self: page, ...files(native) };
    for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"]) {
      own[name] = (...args) => target[name](...args);
    }
    for (const [name, value] of Object.entries(own)) {
      Object.defineProperty(page, name, { value, writable: true, configurable: true, enumerable: false });
    }
    return page;
  };

  // run starts a program with the Go class of the toolchain's wasm_exec.js and returns what tells it that nothing
  // will ever happen again.
  const run = (Go, native, argv, env) => {
    const go = new Go();
    go.argv = argv;
    go.env = env;
    go.exit = native.exit;
    go.run(native.instantiate(go.importObject)).catch(native.crash);
    return () => {
      if (!go.exited) {
        go._pendingEvent = { id: 0 };
        go._resume();
      }
    };
  };

  // settle evaluates source and, when it is a function to call, calls that, and tells what came of it.
  const settle = (source, call, args, done, fail) => {
    const { eval: evaluate } = globalThis;
    try {
      const value = evaluate(source);
      Promise.resolve(call ? value(...args) : value).then(
        (v) => done(v),
        (err) => fail(err),
      );
    } catch (err) {
      fail(err);
    }
  };

  return { open, run, settle };
};
