// An IndexedDB that never answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, profile, serve, start } from "./browser.mjs";
import { counter, increment, openDatabase } from "./contexts.mjs";
import { hang, instrument } from "./faults.mjs";

// The bound is the engine's; half as much again is for a busy machine.
const bound = 15_000;
const within = (promise) =>
  Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error(`no answer in ${bound} ms`)), bound).unref()),
  ]);

test("an open that IndexedDB never answers", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  const page = await open(browser, origin);
  await page.evaluate(hang);
  const opening = page.evaluate(async () => {
    self.larder = await import("/dist/index.js");
    return larder.open("hung", { collections: { rows: { key: "id" } } }).then(
      () => "opened",
      (error) => error.code,
    );
  });
  assert.equal(await within(opening), "IO");
  await page.evaluate(() => {
    self.hung = false;
  });
  await openDatabase(page, "hung");
  await page.evaluate(() => rows.put({ id: "counter", n: 0 }));

  await t.test("when a lost connection is opened again", async () => {
    await instrument(page);
    await page.evaluate(() => {
      self.hung = true;
      self.fault = (connection, begin) => {
        lose(connection);
        return begin();
      };
    });
    const { acknowledged, errors } = await within(page.evaluate(increment, 1, 1));
    assert.equal(acknowledged, 0);
    assert.match(errors.join(), /^IO: /);
    await page.evaluate(() => {
      self.hung = false;
    });
    assert.deepEqual(await page.evaluate(increment, 2, 10), { acknowledged: 10, errors: [] });
    assert.equal(await counter(page), 10);
  });
});
