// A page that the browser keeps while it shows another, and then shows again as it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, profile, serve, start } from "./browser.mjs";
import { counter, increment, openDatabase } from "./contexts.mjs";

test("a page comes back from the back/forward cache", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  const other = await open(browser, origin);
  for (const [name, meanwhile] of Object.entries({ "nobody wrote meanwhile": 0, "another tab wrote meanwhile": 20 })) {
    await t.test(name, async () => {
      const page = await open(browser, origin);
      await openDatabase(page, name);
      await page.evaluate(() => {
        self.shown = new Promise((resolve) => addEventListener("pageshow", (event) => resolve(event.persisted)));
      });
      await page.evaluate(() => rows.put({ id: "counter", n: 0 }));
      await page.goto(`${origin}/elsewhere`);
      await openDatabase(other, name);
      assert.deepEqual(await other.evaluate(increment, 2, meanwhile), { acknowledged: meanwhile, errors: [] });
      await page.goBack();
      const { persisted, reasons } = await page.evaluate(async () => ({
        persisted: await self.shown,
        reasons: performance.getEntriesByType("navigation")[0].notRestoredReasons?.toJSON(),
      }));
      assert.equal(persisted, true, `the page was loaded anew: ${JSON.stringify(reasons)}`);
      assert.equal(
        await page.evaluate(() =>
          db.view(async (tx) => (await tx.collection("rows").get("counter")).n, { fresh: true }),
        ),
        meanwhile,
      );
      assert.deepEqual(await page.evaluate(increment, 2, 20), { acknowledged: 20, errors: [] });
      for (const each of [page, other]) assert.equal(await counter(each), meanwhile + 20);
      // It hears of others' commits again.
      await other.evaluate(increment, 1, 1);
      await page.waitForFunction(async (n) => (await rows.get("counter")).n === n, {}, meanwhile + 21);
      await page.close();
    });
  }
});
