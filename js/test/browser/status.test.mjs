// What the browser says of its storage, and what it promises when it is asked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, profile, serve, start } from "./browser.mjs";
import { openDatabase } from "./contexts.mjs";

test("status tells how much the origin uses and is allowed", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  const page = await open(browser, origin);
  await openDatabase(page, "status");
  await page.evaluate(async () => {
    await rows.putMany(Array.from({ length: 500 }, (_, id) => ({ id, text: "x".repeat(1000) })));
    await db.close();
  });
  await openDatabase(page, "status");
  const status = await page.evaluate(async () => {
    await rows.preload();
    return db.status();
  });
  for (const name of ["used", "allowed", "stored", "cached"]) assert.ok(status[name] > 0, `${name}: ${status[name]}`);
  assert.ok(status.used < status.allowed, `used is ${status.used}, allowed is ${status.allowed}`);
});

test("persist is what the browser answers, and status says it from then on", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  const page = await open(browser, origin);
  const cdp = await page.createCDPSession();
  await openDatabase(page, "persist");
  for (const setting of ["denied", "granted"]) {
    await cdp.send("Browser.setPermission", { permission: { name: "persistent-storage" }, setting, origin });
    const answers = await page.evaluate(async () => [await db.persist(), (await db.status()).persisted]);
    assert.deepEqual(answers, Array(2).fill(setting === "granted"), setting);
  }
});
