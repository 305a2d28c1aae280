// Runs cases for the page that started it: a name in, null or an error's text out.
import * as larder from "/dist/index.js";
import { casesFor, runCase } from "/test/cases/run.mjs";

self.onmessage = async ({ data: { engine, name } }) => {
  try {
    await runCase(larder, engine, Object.fromEntries(casesFor(engine))[name]);
    self.postMessage(null);
  } catch (error) {
    self.postMessage(String(error.stack ?? error));
  }
};
