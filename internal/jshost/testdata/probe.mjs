// Writes probe.golden: what probe.js shows in Chromium. Run it from anywhere, after `make setup`:
//
//	node internal/jshost/testdata/probe.mjs

import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { launch } from "../../../scripts/browser/chromium.mjs";

const source = await readFile(new URL("probe.js", import.meta.url), "utf8");
const server = createServer((_, response) => {
  response.setHeader("content-type", "text/html");
  response.end("<!doctype html><title>probe</title>");
});
await new Promise((done) => server.listen(0, "localhost", done));
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(`http://localhost:${server.address().port}/`);
  await writeFile(new URL("probe.golden", import.meta.url), await page.evaluate(source));
  console.log(`probe.golden is what ${await browser.version()} shows`);
} finally {
  await browser.close();
  server.close();
}
