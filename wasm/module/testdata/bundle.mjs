// Builds the package as it is shipped and bundles its JavaScript, with the cases of js/test, into one script:
//
//   node wasm/module/testdata/bundle.mjs folder
//
// The folder then has larder.wasm and page.js, which sets a page's variable shipped. esbuild follows the loader's
// import of wasm_exec.js, so that the toolchain's own file is in there, untouched.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const js = fileURLToPath(new URL("../../../js/", import.meta.url));
const out = resolve(process.argv[2]);
execFileSync(process.execPath, [join(js, "scripts", "build.mjs"), "--out", out], { stdio: "inherit" });

const exported = (names, file) => `export { ${names} } from ${JSON.stringify(file)};`;
const entry = [
  `export * as larder from ${JSON.stringify(join(out, "index.js"))};`,
  exported("start", join(out, "module.js")),
  exported("Encoder", join(out, "encode.js")),
  exported("Decoder", join(out, "decode.js")),
  exported("Op", join(out, "abi.js")),
  exported("casesFor, runCase", join(js, "test", "cases", "run.mjs")),
  exported("hostile", fileURLToPath(new URL("hostile.mjs", import.meta.url))),
].join("\n");

const esbuild = createRequire(join(js, "package.json"))("esbuild");
await esbuild.build({
  stdin: { contents: entry, resolveDir: js },
  bundle: true,
  format: "iife",
  globalName: "shipped",
  platform: "browser",
  target: "es2022",
  logLevel: "warning",
  logOverride: { "empty-import-meta": "silent" }, // the tests give open the module
  outfile: join(out, "page.js"),
});
