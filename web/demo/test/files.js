// The files of a Go program in a browser: in memory, from nothing, gone with the worker. Package testing keeps an
// example's output in one, and looks for a fuzz function's corpus. The working directory is the root.
//
// A classic script, for importScripts: it gives the worker memoryFiles(print), which returns what wasm_exec.js takes
// for node's fs, with print(bytes) for standard output and error.

const DIRECTORY = 0o040000;
const FILE = 0o100000;
const O = { O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 0o100, O_EXCL: 0o200, O_TRUNC: 0o1000, O_APPEND: 0o2000 };

const failure = (code, path) => Object.assign(new Error(`${code}: ${path}`), { code });

globalThis.memoryFiles = (print) => {
  const nodes = new Map(["/", "/tmp"].map((path) => [path, node(DIRECTORY | 0o777)]));
  const open = new Map(); // descriptor → {path, node}
  let next = 3;

  const clean = (path) =>
    `/${path
      .split("/")
      .filter((name) => name !== "" && name !== ".")
      .join("/")}`;
  const parent = (path) => path.slice(0, path.lastIndexOf("/")) || "/";
  const find = (path) => {
    const found = nodes.get(clean(path));
    if (!found) throw failure("ENOENT", path);
    return found;
  };
  const handle = (fd) => {
    const found = open.get(fd);
    if (!found) throw failure("EBADF", `descriptor ${fd}`);
    return found;
  };
  const children = (path) => {
    const prefix = path === "/" ? "/" : `${path}/`;
    const below = [...nodes.keys()].filter((name) => name !== "/" && name.startsWith(prefix));
    return below.map((name) => name.slice(prefix.length)).filter((name) => !name.includes("/"));
  };
  const add = (path, mode) => {
    if (find(parent(clean(path))).mode < FILE) {
      const made = node(mode);
      nodes.set(clean(path), made);
      return made;
    }
    throw failure("ENOTDIR", path);
  };

  const calls = {
    open(path, flags, mode) {
      let found = nodes.get(clean(path));
      if (found && flags & O.O_CREAT && flags & O.O_EXCL) throw failure("EEXIST", path);
      if (!found && !(flags & O.O_CREAT)) throw failure("ENOENT", path);
      found ??= add(path, FILE | (mode & 0o777));
      if (flags & O.O_TRUNC) found.bytes = new Uint8Array();
      open.set(next, { path: clean(path), node: found });
      return next++;
    },
    close(fd) {
      handle(fd);
      open.delete(fd);
    },
    read(fd, buffer, offset, length, position) {
      const { bytes } = handle(fd).node;
      const part = bytes.subarray(position ?? 0, (position ?? 0) + length);
      buffer.set(part, offset);
      return part.length;
    },
    write(fd, buffer, offset, length, position) {
      const part = buffer.subarray(offset, offset + length);
      if (fd === 1 || fd === 2) {
        print(part);
        return length;
      }
      const file = handle(fd).node;
      const at = position ?? file.bytes.length;
      const bytes = new Uint8Array(Math.max(file.bytes.length, at + length));
      bytes.set(file.bytes);
      bytes.set(part, at);
      file.bytes = bytes;
      return length;
    },
    fstat: (fd) => stat(handle(fd).node),
    stat: (path) => stat(find(path)),
    lstat: (path) => stat(find(path)),
    readdir(path) {
      find(path);
      return children(clean(path));
    },
    mkdir(path, mode) {
      if (nodes.has(clean(path))) throw failure("EEXIST", path);
      add(path, DIRECTORY | (mode & 0o777));
    },
    unlink(path) {
      if (find(path).mode < FILE) throw failure("EISDIR", path);
      nodes.delete(clean(path));
    },
    rmdir(path) {
      if (find(path).mode >= FILE) throw failure("ENOTDIR", path);
      if (children(clean(path)).length > 0) throw failure("ENOTEMPTY", path);
      nodes.delete(clean(path));
    },
    fsync: handle,
  };

  const fs = {
    constants: { ...O, O_DIRECTORY: 0o200000 },
    writeSync: (fd, bytes) => calls.write(fd, bytes, 0, bytes.length),
  };
  for (const [name, call] of Object.entries(calls)) {
    fs[name] = (...args) => {
      const callback = args.pop();
      let result;
      try {
        result = call(...args);
      } catch (error) {
        callback(error);
        return;
      }
      callback(null, result);
    };
  }
  // What no test program needs says so.
  for (const name of [
    "chmod",
    "chown",
    "fchmod",
    "fchown",
    "ftruncate",
    "lchown",
    "link",
    "readlink",
    "rename",
    "symlink",
    "truncate",
    "utimes",
  ]) {
    fs[name] = (...args) => args.pop()(failure("ENOSYS", name));
  }
  return fs;
};

function node(mode) {
  return { mode, bytes: new Uint8Array(), time: Date.now() };
}

function stat({ mode, bytes, time }) {
  return {
    dev: 0,
    ino: 0,
    mode,
    nlink: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    size: bytes.length,
    blksize: 4096,
    blocks: 1,
    atimeMs: time,
    mtimeMs: time,
    ctimeMs: time,
    isDirectory: () => mode < FILE,
  };
}
