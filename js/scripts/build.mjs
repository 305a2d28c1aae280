// Builds the package into js/dist: larder.wasm, the toolchain's own wasm_exec.js beside it with the
// version that it is of, and the JavaScript.
//
//   node scripts/build.mjs [--out folder] [module]
//
// --out names another folder than js/dist; module leaves out the JavaScript.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { joinSegments } from "./segments.mjs";

const js = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
const dist = resolve(values.out ?? join(js, "dist"));
mkdirSync(dist, { recursive: true });

const go = (args, env = {}) =>
  execFileSync("go", args, { cwd: join(js, ".."), env: { ...process.env, ...env }, encoding: "utf8" });

const wasm = join(dist, "larder.wasm");
// Without the commit's number, equal code gives equal bytes.
go(["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", wasm, "./wasm/module"], {
  GOOS: "js",
  GOARCH: "wasm",
});
writeFileSync(wasm, joinSegments(readFileSync(wasm)));
const [root, version] = go(["env", "GOROOT", "GOVERSION"]).trim().split("\n");
writeFileSync(join(dist, "wasm_exec.js"), readFileSync(join(root, "lib", "wasm", "wasm_exec.js")));
writeFileSync(join(dist, "toolchain.js"), `export const goVersion = ${JSON.stringify(version)};\n`);

if (!positionals.includes("module")) {
  const tsc = join(js, "node_modules", "typescript", "bin", "tsc");
  execFileSync(process.execPath, [tsc, "-p", js, "--outDir", dist], { stdio: "inherit" });
}
