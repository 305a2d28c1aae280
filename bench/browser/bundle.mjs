// Bundles each system as an application would be: one minified script, code that is loaded later
// apart, wasm files beside them. The page names what its script imports, as Vite has it, so that the
// browser needn't read the one to learn of the other.

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const require = createRequire(new URL("../../js/package.json", import.meta.url));
const { default: esbuild } = await import(pathToFileURL(require.resolve("esbuild")).href);

// bundle writes the page, its script and what that loads to a folder of the system's name below folder.
export async function bundle(system, folder) {
  const out = join(folder, system.name);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const module = `./systems/${system.module}.mjs`;
  let script = `import * as system from "${module}"; import { serve } from "./page/page.mjs"; serve(system);`;
  if (system.worker) {
    await build(
      out,
      "worker",
      `import * as system from "${module}"; import { host } from "./page/worker.mjs"; host(system);`,
    );
    script = `import { remote } from "./page/worker.mjs"; import { serve } from "./page/page.mjs"; serve(remote("worker.js"));`;
  }
  const imported = await build(out, "page", script);
  writeFileSync(join(out, "index.html"), page(imported));
  for (const file of system.assets ?? []) copyFileSync(join(here, file), join(out, basename(file)));
}

const page = (imported) => `<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
${imported.map((file) => `<link rel="modulepreload" href="${file}">`).join("")}
<script type="module" src="page.js"></script>`;

// build bundles a script and returns the files that it imports before it runs.
async function build(out, name, contents) {
  const entry = `entry-${name}`;
  const { metafile } = await esbuild.build({
    entryPoints: [{ in: entry, out: name }],
    outdir: out,
    bundle: true,
    minify: true,
    metafile: true,
    splitting: true,
    format: "esm",
    target: "es2023",
    chunkNames: `${name}-[hash]`,
    logLevel: "error",
    alias: { larder: join(here, "../../js/dist/index.js") },
    define: { "process.env.NODE_ENV": '"production"' },
    // Some packages ask for modules of Node where they run in Node.
    external: ["node:*", "fs", "path", "crypto", "module", "url", "worker_threads", "ws"],
    plugins: [
      {
        name: "entry",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: new RegExp(`^${entry}$`) }, ({ path }) => ({ path, namespace: "entry" }));
          onLoad({ filter: /.*/, namespace: "entry" }, () => ({ contents, resolveDir: here }));
        },
      },
    ],
  });
  const found = new Set();
  const follow = (file) => {
    for (const { path, kind, external } of metafile.outputs[file].imports) {
      if (kind !== "import-statement" || external || found.has(path)) continue;
      found.add(path);
      follow(path);
    }
  };
  follow(Object.keys(metafile.outputs).find((file) => basename(file) === `${name}.js`));
  return [...found].map((file) => basename(file));
}
