// Builds the package into js/dist: larder.wasm, the toolchain's own wasm_exec.js beside it with the
// version that it is of, and the JavaScript. `node scripts/build.mjs module` leaves out the JavaScript.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const js = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(js, "dist");
mkdirSync(dist, { recursive: true });

const go = (args, env = {}) =>
  execFileSync("go", args, { cwd: join(js, ".."), env: { ...process.env, ...env }, encoding: "utf8" });

go(["build", "-trimpath", "-ldflags=-s -w", "-o", join(dist, "larder.wasm"), "./wasm/module"], {
  GOOS: "js",
  GOARCH: "wasm",
});
const [root, version] = go(["env", "GOROOT", "GOVERSION"]).trim().split("\n");
writeFileSync(join(dist, "wasm_exec.js"), readFileSync(join(root, "lib", "wasm", "wasm_exec.js")));
writeFileSync(join(dist, "toolchain.js"), `export const goVersion = ${JSON.stringify(version)};\n`);

if (process.argv[2] !== "module") {
  const tsc = join(js, "node_modules", "typescript", "bin", "tsc");
  execFileSync(process.execPath, [tsc, "-p", js], { stdio: "inherit" });
}
