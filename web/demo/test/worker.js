// Runs one Go program, compiled for GOOS=js, with the toolchain's own wasm_exec.js; its output goes to the page.
importScripts("files.js");

const decoder = new TextDecoder();
globalThis.fs = globalThis.memoryFiles((bytes) => postMessage({ text: decoder.decode(bytes, { stream: true }) }));
importScripts("../larder/wasm_exec.js");

globalThis.onmessage = async ({ data: { file, args } }) => {
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
