// Bundles npm's fake-indexeddb, from js/node_modules, into build/fakeindexeddb.js, which package jshost loads, and
// js/src/idb.ts into build/larderidb.js, a script for its pages that does what the npm package's loader does with it.
// Run it from anywhere, after `npm ci` in js/: node internal/jshost/bundle.mjs
//
// The first is the body of a function (jshostQueueTask, jshostPoll) that returns the exports. A few lines of the
// pinned version are changed on the way; the build fails where it doesn't find them.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const js = fileURLToPath(new URL("js/", root));
const require = createRequire(new URL("js/package.json", root));
const esbuild = require("esbuild");

const classes = [
  "Cursor",
  "CursorWithValue",
  "Database",
  "Factory",
  "Index",
  "KeyRange",
  "ObjectStore",
  "OpenDBRequest",
  "Record",
  "Request",
  "Transaction",
  "VersionChangeEvent",
];
const entry = [
  `export { default as indexedDB } from "./node_modules/fake-indexeddb/build/esm/fakeIndexedDB.js";`,
  `export { default as FakeEventTarget } from "./node_modules/fake-indexeddb/build/esm/lib/FakeEventTarget.js";`,
  `export { default as forceCloseDatabase } from "./node_modules/fake-indexeddb/build/esm/forceCloseDatabase.js";`,
  ...classes.map((c) => `export { default as IDB${c} } from "./node_modules/fake-indexeddb/build/esm/FDB${c}.js";`),
].join("\n");

const changes = {
  // The realm queues the tasks of its databases itself: they belong to no page and outlive each.
  "lib/scheduling.js": [
    [
      "const setImmediate = globalThis.setImmediate || getSetImmediateFromJsdom() || schedulerPostTask || doSetTimeout;",
      "const setImmediate = jshostQueueTask;",
    ],
  ],
  // Tasks that wait for another's doing, again and again, would keep the realm from ever being idle.
  "lib/closeConnection.js": [
    ["queueTask(() => {\n      closeConnection(", "jshostPoll(() => {\n      closeConnection("],
  ],
  "FDBFactory.js": [
    ["queueTask(() => waitForOthersClosedDelete(", "jshostPoll(() => waitForOthersClosedDelete("],
    ["queueTask(waitForOthersClosed);", "jshostPoll(waitForOthersClosed);"],
  ],
  // An empty view is a valid key; it was taken for one of a detached buffer.
  "lib/valueToKeyWithoutThrowing.js": [
    [
      `"detached" in input ? input.detached : input.byteLength === 0`,
      `(ArrayBuffer.isView(input) ? input.buffer : input).detached`,
    ],
  ],
};

const patch = {
  name: "patch",
  setup(build) {
    const unseen = new Set(Object.keys(changes));
    build.onLoad({ filter: /fake-indexeddb[\\/]build[\\/]esm[\\/]/ }, async ({ path }) => {
      const name = path
        .split(/[\\/]esm[\\/]/)
        .pop()
        .replaceAll("\\", "/");
      let contents = await readFile(path, "utf8");
      for (const [from, to] of changes[name] ?? []) {
        if (contents.split(from).length !== 2) {
          throw new Error(`${name} of fake-indexeddb is not the one that this script knows`);
        }
        contents = contents.replace(from, to);
      }
      unseen.delete(name);
      return { contents, loader: "js" };
    });
    build.onEnd(() => {
      if (unseen.size > 0) {
        throw new Error(`fake-indexeddb has no ${[...unseen].join(", ")}`);
      }
    });
  },
};

await esbuild.build({
  stdin: { contents: entry, resolveDir: js },
  bundle: true,
  format: "iife",
  globalName: "fakeIndexedDB",
  platform: "neutral",
  mainFields: ["module"],
  target: "es2022",
  logLevel: "warning",
  footer: { js: "return fakeIndexedDB;" },
  outfile: fileURLToPath(new URL("build/fakeindexeddb.js", root)),
  plugins: [patch],
});

// Tests compare the sum, so that they don't run what isn't there any more.
const helper = fileURLToPath(new URL("js/src/idb.ts", root));
const sum = createHash("sha256")
  .update(await readFile(helper))
  .digest("hex");
await esbuild.build({
  entryPoints: [helper],
  bundle: true,
  format: "iife",
  globalName: "larderIDB",
  target: "es2022",
  logLevel: "warning",
  footer: { js: `globalThis.larderIDB = larderIDB.commit; // ${sum}` },
  outfile: fileURLToPath(new URL("build/larderidb.js", root)),
});
