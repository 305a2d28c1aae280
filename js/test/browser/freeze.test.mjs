// A page that the browser freezes, as it does with those in the background, and resumes later.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, profile, serve, start } from "./browser.mjs";
import { checkpoint, counter, gate, increment, missing, openDatabase } from "./contexts.mjs";

/** Freezes a page and returns what resumes it. */
async function freeze(page) {
  const cdp = await page.createCDPSession();
  await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
  return () => cdp.send("Page.setWebLifecycleState", { state: "active" });
}

/** Waits until fn of some arguments is true in the context. */
async function until(context, fn, ...args) {
  for (const deadline = Date.now() + 30_000; !(await context.evaluate(fn, ...args)); ) {
    assert.ok(Date.now() < deadline, `it never came true: ${fn}`);
  }
}

/** For until: whether just these locks of the database of that name are held. A fence's is without its context's id. */
const areHeld = async (name, want) => {
  const { held } = await navigator.locks.query();
  const mine = held.filter((lock) => lock.name.startsWith(`larder:${name}:`));
  const names = mine.map((lock) => `${lock.name.slice(`larder:${name}:`.length)} ${lock.mode}`);
  const found = names.map((each) => each.replace(/^fence:[0-9a-f]{32} /, "fence "));
  return found.sort().join() === want;
};

/** For until: whether a View that asks nobody sees the row of that id. */
const isSeen = async (id) => (await rows.get(id)) !== undefined;

test("a page frozen in the midst of asynchronous writes", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  const page = await open(browser, origin);
  const other = await open(browser, origin);
  const name = "frozen";
  // What a page does when it hears that it won't be seen any more, which is before it is frozen: it stores what it
  // has, and can't wait for it.
  await page.evaluate(() => {
    self.acknowledged = [];
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "hidden") return;
      for (let id = 0; id < 20; id++) rows.put({ id, half: id >> 1 }).then(() => self.acknowledged.push(id));
    });
  });
  await page.bringToFront(); // who isn't seen isn't granted durability async
  await openDatabase(page, name, { durability: "async" });
  await page.evaluate(() => rows.put({ id: "first" }).then(() => db.flush()));
  assert.equal((await page.evaluate(() => db.status())).exclusive, true, "it writes alone");
  const resume = await freeze(page);
  const acknowledged = await page.evaluate(() => self.acknowledged);
  assert.ok(acknowledged.length > 0, "no write was acknowledged before the page was frozen");

  await t.test("it holds no lock", () => until(other, areHeld, name, ""));

  await t.test("what it has acknowledged is stored", async () => {
    await openDatabase(other, name);
    assert.deepEqual(await missing(other, acknowledged), [], "acknowledged and not there");
  });

  await t.test("another tab writes as if it were alone, and makes checkpoints", async () => {
    await other.evaluate(() => rows.put({ id: "other" }));
    await until(other, areHeld, name, "fence exclusive,pages:0 shared,writer exclusive");
    const before = await checkpoint(other, name);
    await other.evaluate(async () => {
      const many = Array.from({ length: 3000 }, (_, i) => ({ id: `other ${i}`, text: "x".repeat(1000) }));
      for (let i = 0; i < 3000; i += 500) await rows.putMany(many.slice(i, i + 500));
    });
    for (const deadline = Date.now() + 30_000; (await checkpoint(other, name)) === before; ) {
      assert.ok(Date.now() < deadline, "a checkpoint is due");
    }
  });

  await resume();
  await t.test("when it is resumed, it sees what the other has written and writes on", async () => {
    assert.equal(
      await page.evaluate(() =>
        db.view((tx) => tx.collection("rows").count({ gte: "other", lt: "other!" }), { fresh: true }),
      ),
      3001,
    );
    await page.evaluate(async () => {
      for (let id = 20; id < 200; id++) await rows.put({ id, half: id >> 1 });
      await db.flush();
    });
    for (const context of [page, other]) {
      const count = () => db.view((tx) => tx.collection("rows").count({ index: "half" }), { fresh: true });
      assert.equal(await context.evaluate(count), 200);
    }
  });

  await t.test("each hears of the other's commits again", async () => {
    await other.evaluate(() => rows.put({ id: "from the other" }));
    await until(page, isSeen, "from the other");
    await page.evaluate(() => rows.put({ id: "from the page" }));
    await until(other, isSeen, "from the page");
  });
});

test("updates that were under way when their page was frozen happen once", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  const page = await open(browser, origin);
  const other = await open(browser, origin);
  for (const inside of ["its function runs", "it is being stored"]) {
    await t.test(inside, async () => {
      await openDatabase(page, inside);
      await page.evaluate(() => rows.put({ id: "counter", n: 0 }));
      await openDatabase(other, inside);
      const held = await gate(page, "update");
      const all = inside === "it is being stored" ? 400 : 1;
      await page.evaluate((all) => {
        self.fulfilled = 0;
        const add = async (tx) => {
          const rows = tx.collection("rows");
          const { n } = await rows.get("counter");
          if (all === 1) await passed("update");
          await rows.put({ id: "counter", n: n + 1 });
        };
        self.updates = (async () => {
          for (let i = 0; i < all; i++) {
            await db.update(add);
            self.fulfilled++;
          }
        })();
        updates.catch(() => {}); // it is awaited later
      }, all);
      if (all === 1) await held.reached();
      else await until(page, () => fulfilled > 20);
      const resume = await freeze(page);
      const before = await page.evaluate(() => fulfilled);
      assert.ok(before < all, "all of them were over");
      assert.deepEqual(await other.evaluate(increment, 2, 20), { acknowledged: 20, errors: [] });
      assert.equal(await page.evaluate(() => fulfilled), before, "it is still frozen");
      await resume();
      await held.open();
      await page.evaluate(() => updates);
      for (const each of [page, other]) assert.equal(await counter(each), all + 20);
      for (const each of [page, other]) await each.evaluate(() => db.close());
    });
  }
});
