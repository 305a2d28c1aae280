// Runs one Go program, compiled for GOOS=js, with the toolchain's own wasm_exec.js; its output goes to the page.
importScripts("../larder/wasm_exec.js");

// A page has no files. The default says ENOSYS, which package testing takes for a failure when it looks for a corpus.
globalThis.fs.constants.O_DIRECTORY = 0o200000;
globalThis.fs.open = (path, _flags, _mode, callback) =>
  callback(Object.assign(new Error(`${path}: no such file`), { code: "ENOENT" }));

globalThis.onmessage = async ({ data: { file, args } }) => {
  const decoder = new TextDecoder();
  globalThis.fs.writeSync = (_fd, bytes) => {
    postMessage({ text: decoder.decode(bytes, { stream: true }) });
    return bytes.length;
  };
  try {
    const go = new Go();
    go.argv = ["test", "-test.v", ...args];
    go.exit = (exitCode) => postMessage({ exitCode });
    const { instance } = await WebAssembly.instantiateStreaming(fetch(file), go.importObject);
    await go.run(instance);
  } catch (error) {
    postMessage({ error: `${file}: ${error.message}` });
  }
};
