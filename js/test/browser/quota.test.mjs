// A browser that grants no more space.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, profile, serve, start } from "./browser.mjs";
import { openDatabase } from "./contexts.mjs";

const quota = 6 << 20;

/** Stores rows of size bytes that don't compress, from number first on, until one fails or there are count. */
const fill = async (first, count, size) => {
  const written = [];
  for (let id = first; id < first + count; id++) {
    const half = id >> 1;
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
    try {
      await db.update(async (tx) => {
        await tx
          .collection("rows")
          .put({ id, half, sum: bytes.reduce((sum, byte) => (sum * 31 + byte) | 0, 0), bytes });
        await tx.collection("rows").put({ id: `${id} twin`, half });
      });
      written.push(id);
    } catch (error) {
      const { code, message, used, allowed } = error;
      return { written, error: { code, message, used, allowed } };
    }
  }
  return { written };
};

/** Returns the numbers of the rows that are there whole, and what is wrong. */
const inspect = async () => {
  const whole = [];
  const wrong = [];
  const { rows: all } = await rows.query();
  const ids = new Set(all.map(({ id }) => id));
  for (const { id, bytes, sum } of all) {
    if (typeof id === "string") {
      if (!ids.has(Number.parseInt(id, 10))) wrong.push(`${id} alone`);
      continue;
    }
    if (!ids.has(`${id} twin`)) wrong.push(`${id} without its twin`);
    if (bytes.reduce((sum, byte) => (sum * 31 + byte) | 0, 0) !== sum) wrong.push(`${id} is not what was written`);
    whole.push(id);
  }
  const indexed = await rows.count({ index: "half", gte: 0 });
  if (indexed !== all.length) wrong.push(`${indexed} entries of ${all.length} rows`);
  return { whole, wrong };
};

test("the quota is used up", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  const page = await open(browser, origin);
  const cdp = await page.createCDPSession();
  await cdp.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: quota });
  let next = 0;
  const written = [];
  const exhaust = async (size) => {
    const result = await page.evaluate(fill, next, 1000, size);
    written.push(...result.written);
    next += result.written.length + 1;
    return result.error;
  };
  await openDatabase(page, "full");

  for (const size of [20_000, 300, 300_000]) {
    await t.test(`by rows of ${size} bytes`, async () => {
      const error = await exhaust(size);
      assert.equal(error?.code, "QUOTA", error?.message ?? `${written.length} rows fitted`);
      // Chromium tells pages a quota that isn't the real one, so that it can't tell them apart.
      const told = await page.evaluate(() => navigator.storage.estimate());
      assert.ok(Math.abs(error.used - told.usage) <= quota, `used is ${error.used}, told was ${told.usage}`);
      assert.ok(Math.abs(error.allowed - told.quota) <= quota, `allowed is ${error.allowed}, told was ${told.quota}`);
      assert.ok(error.used > quota / 4, `used is ${error.used}`);
      assert.deepEqual(await page.evaluate(inspect), { whole: written, wrong: [] });
    });
  }

  await t.test("it is whole when it is opened again", async () => {
    await page.reload();
    await openDatabase(page, "full");
    assert.deepEqual(await page.evaluate(inspect), { whole: written, wrong: [] });
    assert.equal((await exhaust(300_000))?.code, "QUOTA");
  });

  await t.test("another tab can read it", async () => {
    const other = await open(browser, origin);
    await openDatabase(other, "full");
    assert.deepEqual(await other.evaluate(inspect), { whole: written, wrong: [] });
    await other.close();
  });

  await t.test("with more space it goes on", async () => {
    await cdp.send("Storage.overrideQuotaForOrigin", { origin });
    const { written: more, error } = await page.evaluate(fill, next, 60, 20_000);
    assert.equal(error, undefined);
    written.push(...more);
    assert.deepEqual(await page.evaluate(inspect), { whole: written, wrong: [] });
    await page.reload();
    await openDatabase(page, "full");
    assert.deepEqual(await page.evaluate(inspect), { whole: written, wrong: [] });
  });
});
