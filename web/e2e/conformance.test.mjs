// The conformance page, on this browser's own IndexedDB.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openPage, serve, startBrowser, textOf } from "./page.mjs";

let server;
let session;

before(async () => {
  server = await serve();
  session = await startBrowser();
});

after(async () => {
  await session?.close();
  server?.stop();
});

test("D29 the conformance page runs every program, rule by rule, without a failure, twice", async () => {
  const page = await openPage(session.browser, `${server.url}test/`);
  const programs = await page.evaluate(async () => (await fetch("programs.json")).json());
  for (const run of ["first", "after a reload"]) {
    await page.click("#start");
    await page.waitForFunction(() => globalThis.report || !document.getElementById("problem").hidden, {
      timeout: 600_000,
    });
    assert.equal(await textOf(page, "#problem"), "", run);
    const report = await page.evaluate(() => globalThis.report);
    const failed = report.programs.flatMap((p) => p.tests.filter((t) => t.status === "fail").map((t) => t.name));
    assert.deepEqual(failed, [], run);
    assert.deepEqual(
      report.programs.map((p) => p.package),
      programs.map((p) => p.package),
      run,
    );
    for (const program of report.programs) {
      assert.equal(program.exitCode, 0, `${run}: ${program.package}`);
      assert.ok(program.passed > 0, `${run}: ${program.package} ran no test`);
    }
    assert.equal(
      await page.$$eval(".rules li", (items) => items.length),
      report.programs.reduce((n, p) => n + p.tests.length, 0),
    );
    const link = await page.$eval("#download", (a) => ({ hidden: a.hidden, href: a.href }));
    assert.equal(link.hidden, false);
    assert.deepEqual(await page.evaluate(async (href) => (await fetch(href)).json(), link.href), report);
    await page.reload();
  }
  assert.deepEqual(page.problems, []);
});
