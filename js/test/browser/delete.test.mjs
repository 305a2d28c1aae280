// A database that is deleted by another tab while it is in use.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, profile, serve, start } from "./browser.mjs";
import { gate, openDatabase } from "./contexts.mjs";

const deletions = {
  "by deleteDatabase": (name) => larder.deleteDatabase(name),
  "by IndexedDB's own": (name) =>
    new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(`larder:${name}`);
      request.onsuccess = resolve;
      request.onerror = () => reject(request.error);
    }),
};

/** Has the database of a page count what it tells of its end. */
function countEnds(page) {
  return page.evaluate(() => {
    self.ends = [];
    db.closed.then((why) => ends.push(why === undefined ? "closed" : why.code));
  });
}

/** Waits until the database of a page has ended, and returns what countEnds has counted. */
function endsOf(page) {
  return page.evaluate(async () => {
    await db.closed;
    return ends;
  });
}

test("a database that another tab deletes", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  for (const [name, deletion] of Object.entries(deletions)) {
    await t.test(name, async () => {
      const user = await open(browser, origin);
      const deleter = await open(browser, origin);
      const unhandled = [];
      user.on("pageerror", (error) => unhandled.push(error));
      await openDatabase(user, name);
      await countEnds(user);
      await user.evaluate(() => rows.putMany(Array.from({ length: 100 }, (_, id) => ({ id, half: id >> 1 }))));
      const inUpdate = await gate(user, "update");
      const inView = await gate(user, "view");
      await user.evaluate(() => {
        const outcome = (promise) =>
          promise.then(
            () => "ok",
            (error) => error.code,
          );
        self.inFlight = [
          outcome(
            db.update(async (tx) => {
              await tx.collection("rows").put({ id: "held", half: 0 });
              await passed("update");
            }),
          ),
          ...Array.from({ length: 5 }, (_, i) => outcome(rows.put({ id: `queued ${i}`, half: 0 }))),
        ];
        // A view's snapshot may be in memory, so that it can go on; it may not show anything else.
        self.view = db
          .view(async (tx) => {
            const before = await tx.collection("rows").count();
            await passed("view");
            return [before, await tx.collection("rows").count()];
          })
          .catch((error) => error.code);
      });
      await inUpdate.reached();
      await inView.reached();

      await openDatabase(deleter, "other"); // it brings larder, and a database that must stay
      await countEnds(deleter);
      await deleter.evaluate(() => rows.put({ id: 1, half: 1 }));
      await deleter.evaluate(deletion, name);
      assert.deepEqual(await endsOf(user), ["DELETED"], "what the user is told, with nothing begun since");
      const left = await deleter.evaluate(() => larder.databases());
      assert.ok(left.includes("other") && !left.includes(name), `what is left: ${left}`);
      assert.deepEqual(await deleter.evaluate(() => ends), [], "what is told of the other database");
      await deleter.evaluate(() => db.close());
      assert.deepEqual(await endsOf(deleter), ["closed"], "what is told of one that is closed");
      await openDatabase(deleter, name);
      await deleter.evaluate(() => rows.put({ id: "new", half: 7 }));

      await inUpdate.open();
      await inView.open();
      const codes = await user.evaluate(() => Promise.all(self.inFlight));
      assert.deepEqual(codes, Array(6).fill("DELETED"), "the update that was waiting and those behind it");
      const view = await user.evaluate(() => self.view);
      if (view !== "DELETED") assert.deepEqual(view, [100, 100]);

      const after = await user.evaluate(() => {
        const code = (promise) =>
          promise.then(
            () => "ok",
            (error) => error.code,
          );
        return Promise.all([
          code(rows.put({ id: "late", half: 0 })),
          code(rows.get(1)),
          code(db.update((tx) => tx.collection("rows").delete(1))),
          code(db.view((tx) => tx.collection("rows").count())),
        ]);
      });
      assert.deepEqual(after, ["DELETED", "DELETED", "DELETED", "DELETED"], "what is begun later");
      await user.evaluate(() => db.close());
      assert.deepEqual(await endsOf(user), ["DELETED"], "what the user was told, in all");
      const seen = await deleter.evaluate(() => db.update(async (tx) => (await tx.collection("rows").query()).rows));
      assert.deepEqual(seen, [{ id: "new", half: 7 }], "the new database");
      await openDatabase(user, name);
      assert.deepEqual(await user.evaluate(async () => (await rows.query()).rows), [{ id: "new", half: 7 }]);
      assert.deepEqual(unhandled, [], "errors that nobody got");
      for (const page of [user, deleter]) await page.close();
    });
  }
});

test("the site's data is cleared", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  const page = await open(browser, origin);
  await openDatabase(page, "cleared");
  await countEnds(page);
  await page.evaluate(() => rows.put({ id: 1, half: 1 }));
  const cdp = await page.createCDPSession();
  await cdp.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
  assert.deepEqual(await endsOf(page), ["DELETED"]);
  const codes = await page.evaluate(async () => {
    const code = (error) => error.code;
    return [await rows.put({ id: 2, half: 2 }).catch(code), await rows.put({ id: 3, half: 3 }).catch(code)];
  });
  assert.deepEqual(codes, ["DELETED", "DELETED"]);
  assert.deepEqual(await page.evaluate(() => larder.databases()), [], "what is there after that");
  await page.evaluate(() => db.close());
  await openDatabase(page, "cleared");
  assert.equal(await page.evaluate(() => rows.count()), 0, "rows after it was opened again");
  await page.evaluate(() => rows.put({ id: 4, half: 4 }));
  assert.equal(await page.evaluate(() => rows.count()), 1);
});
