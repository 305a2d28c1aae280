// What is acknowledged stays: over a reload, between tabs, and when the browser is killed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasProfile } from "../../../scripts/browser/launch.mjs";
import { kill, open, profile, serve, start } from "./browser.mjs";

const schema = { rows: { key: "id", indexes: { half: "half" } } };

/** Opens the database in a page, as window.db. */
async function openDatabase(page) {
  await page.evaluate(async (collections) => {
    const { open } = await import("/dist/index.js");
    window.db = await open("durable", { collections });
    window.rows = window.db.collection("rows");
  }, schema);
}

test("a reload keeps everything", async (t) => {
  const origin = await serve(t);
  const page = await open(await start(t, await profile(t)), origin);
  await openDatabase(page);
  await page.evaluate(async () => {
    await rows.putMany(Array.from({ length: 3000 }, (_, id) => ({ id, half: id >> 1, text: `row ${id}` })));
    await rows.delete(7);
    await rows.put({ id: 8, half: "eight" });
  });
  await page.reload();
  await openDatabase(page);
  const got = await page.evaluate(async () => ({
    count: await rows.count(),
    seven: (await rows.get(7)) ?? null,
    eight: await rows.get(8),
    page: (await rows.query({ index: "half", eq: 700 })).rows,
  }));
  assert.deepEqual(got, {
    count: 2999,
    seven: null,
    eight: { id: 8, half: "eight" },
    page: [
      { id: 1400, half: 700, text: "row 1400" },
      { id: 1401, half: 700, text: "row 1401" },
    ],
  });
});

test("two tabs lose none of 2,000 interleaved increments", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  const pages = [await open(browser, origin), await open(browser, origin)];
  await openDatabase(pages[0]);
  await pages[0].evaluate(() => rows.put({ id: "counter", n: 0 }));
  await openDatabase(pages[1]);
  const runs = await Promise.all(
    pages.map((page) =>
      page.evaluate(async () => {
        let runs = 0;
        for (let i = 0; i < 1000; i++) {
          await db.update(async (tx) => {
            runs++;
            const counter = tx.collection("rows");
            const { n } = await counter.get("counter");
            await counter.put({ id: "counter", n: n + 1 });
          });
        }
        return runs;
      }),
    ),
  );
  // A view may trail another tab's newest commit; an update never does.
  const n = await pages[0].evaluate(() => db.update(async (tx) => (await tx.collection("rows").get("counter")).n));
  t.diagnostic(`the functions ran ${runs.join(" and ")} times`);
  assert.equal(n, 2000);
  assert.ok(runs[0] + runs[1] > 2000, "the tabs got in each other's way, or this shows nothing");
});

async function killed(t) {
  const origin = await serve(t);
  const userDataDir = await profile(t);
  const acknowledged = [];
  for (const round of [0, 1, 2]) {
    const browser = await start(t, userDataDir);
    const page = await open(browser, origin);
    const most = acknowledged.length + 150 + 40 * round;
    const enough = new Promise((resolve) => {
      page.exposeFunction("acknowledge", (id) => {
        if (acknowledged.push(id) === most) resolve();
      });
    });
    await openDatabase(page);
    await page.evaluate((round) => {
      const write = async (writer) => {
        for (let i = 0; ; i++) {
          const id = `${round} ${writer} ${i}`;
          await db.update(async (tx) => {
            const rows = tx.collection("rows");
            await rows.put({ id, half: id, text: "x".repeat(i % 300) });
            await rows.put({ id: `${id} twin`, half: id });
          });
          acknowledge(id);
        }
      };
      for (const writer of ["a", "b", "c"]) write(writer).catch(() => {});
    }, round);
    await enough;
    await kill(browser);

    const again = await start(t, userDataDir);
    const reopened = await open(again, origin);
    await openDatabase(reopened);
    const { count, missing, torn } = await reopened.evaluate(async (ids) => {
      const all = (await rows.query()).rows.map((row) => row.id);
      const there = new Set(all);
      const twins = await rows.getMany(ids);
      return {
        count: all.length,
        missing: ids.filter((id, i) => !there.has(id) || twins[i] === undefined),
        torn: all.filter((id) => !there.has(id.endsWith(" twin") ? id.slice(0, -5) : `${id} twin`)),
      };
    }, acknowledged);
    assert.deepEqual(missing, [], `acknowledged and not there, where there are ${count} rows`);
    assert.deepEqual(torn, [], "half of a transaction");
    await kill(again);
  }
}

// What is nowhere on disk is gone with its browser.
if (hasProfile) test("a browser killed in a write load has every commit that was acknowledged", killed);
