// Bundles each system as an application would be: one minified script, code that is loaded later
// apart, wasm files beside them.

import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const require = createRequire(new URL("../../js/package.json", import.meta.url));
const { default: esbuild } = await import(pathToFileURL(require.resolve("esbuild")).href);

// bundle writes the page's script and what it loads to a folder of the system's name below folder.
export async function bundle(system, folder) {
  const out = join(folder, system.name);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const module = `./systems/${system.module}.mjs`;
  if (system.worker) {
    await build(
      out,
      "worker",
      `import * as system from "${module}"; import { host } from "./page/worker.mjs"; host(system);`,
    );
    await build(
      out,
      "page",
      `import { remote } from "./page/worker.mjs"; import { serve } from "./page/page.mjs"; serve(remote("worker.js"));`,
    );
  } else {
    await build(
      out,
      "page",
      `import * as system from "${module}"; import { serve } from "./page/page.mjs"; serve(system);`,
    );
  }
  for (const file of system.assets ?? []) copyFileSync(join(here, file), join(out, basename(file)));
}

async function build(out, name, contents) {
  const entry = `entry-${name}`;
  await esbuild.build({
    entryPoints: [{ in: entry, out: name }],
    outdir: out,
    bundle: true,
    minify: true,
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
}
