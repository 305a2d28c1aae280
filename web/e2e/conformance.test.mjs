// The conformance page, on this browser's own IndexedDB.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { browserName } from "../../scripts/browser/launch.mjs";
import { openPage, serve, startBrowser, textOf } from "./page.mjs";

/** Clicks the link to the report and returns what is in the file. This is done by Chromium's own protocol. */
async function download(page) {
  const folder = mkdtempSync(join(tmpdir(), "larder-report-"));
  try {
    const cdp = await page.createCDPSession();
    await cdp.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder, eventsEnabled: true });
    const done = new Promise((resolve) =>
      cdp.on("Browser.downloadProgress", (e) => e.state === "completed" && resolve()),
    );
    await page.click("#download");
    await done;
    return JSON.parse(readFileSync(join(folder, "larder-conformance.json"), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let server;
let browser;

before(async () => {
  server = await serve();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  server?.stop();
});

test("D29 the conformance page runs every program, rule by rule, without a failure", async () => {
  const page = await openPage(browser, `${server.url}test/`);
  const programs = await page.evaluate(async () => (await fetch("programs.json")).json());
  await page.click("#start");
  await page.waitForFunction(() => globalThis.report || !document.getElementById("problem").hidden, {
    timeout: 600_000,
  });
  assert.equal(await textOf(page, "#problem"), "");
  const report = await page.evaluate(() => globalThis.report);
  const failed = report.programs.flatMap((p) =>
    p.tests.filter((t) => t.status === "fail").map((t) => `${t.name}: ${t.output}`),
  );
  assert.deepEqual(failed, []);
  assert.deepEqual(
    report.programs.map((p) => p.package),
    programs.map((p) => p.package),
  );
  for (const program of report.programs) {
    assert.equal(program.exitCode, 0, program.package);
    assert.ok(program.passed > 0, `${program.package} ran no test`);
  }
  assert.equal(
    await page.evaluate(() => document.querySelectorAll(".rules li").length),
    report.programs.reduce((n, p) => n + p.tests.length, 0),
  );
  if (browserName === "chromium") assert.deepEqual(await download(page), report);
  await page.reload();
  const left = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  assert.deepEqual(left, [], "databases that the tests left behind, which the next run would find");
  assert.deepEqual(page.problems, []);
});
