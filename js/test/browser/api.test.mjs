// The whole API in a page and in a worker, on real IndexedDB and in memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserName } from "../../../scripts/browser/launch.mjs";
import { casesFor } from "../cases/run.mjs";
import { open, profile, serve, start } from "./browser.mjs";

const inPage = async (engine, name) => {
  const larder = await import("/dist/index.js");
  const { casesFor, runCase } = await import("/test/cases/run.mjs");
  try {
    await runCase(larder, engine, Object.fromEntries(casesFor(engine))[name]);
    return null;
  } catch (error) {
    return String(error.stack ?? error);
  }
};

const inWorker = (engine, name) => {
  window.worker ??= new Worker("/test/browser/worker.mjs", { type: "module" });
  return new Promise((resolve) => {
    window.worker.onmessage = ({ data }) => resolve(data);
    window.worker.onerror = (event) => resolve(`the worker failed: ${event.message}`);
    window.worker.postMessage({ engine, name });
  });
};

test(`in ${browserName}`, async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  for (const [where, run] of [
    ["a page", inPage],
    ["a worker", inWorker],
  ]) {
    for (const engine of ["indexeddb", "memory"]) {
      await t.test(`${where}, ${engine}`, async (t) => {
        const page = await open(browser, origin);
        for (const [name] of casesFor(engine)) {
          await t.test(name, async () => assert.equal(await page.evaluate(run, engine, name), null));
        }
        await page.close();
      });
    }
  }
});
