// Runs one Go program, compiled for GOOS=js, with the toolchain's own wasm_exec.js; its output goes to the page.
importScripts("../larder/wasm_exec.js");

onmessage = async ({ data: { file, args } }) => {
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
