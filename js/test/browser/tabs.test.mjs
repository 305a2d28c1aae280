// Tabs and workers that write to one database at the same time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, profile, serve, start } from "./browser.mjs";
import { checkpoint, gate, openDatabase, startWorker } from "./contexts.mjs";

const newest = (context) => context.evaluate(() => db.update((tx) => tx.collection("rows").get("counter")));

test("two tabs and a worker lose none of 10,000 interleaved increments", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  const first = await open(browser, origin);
  const contexts = { first, second: await open(browser, origin), worker: await startWorker(first) };
  const counts = { first: 3334, second: 3333, worker: 3333 };
  for (const context of Object.values(contexts)) await openDatabase(context, "counter");
  await first.evaluate(() => rows.put({ id: "counter", n: 0, by: {}, switches: 0 }));

  const results = await Promise.all(
    Object.entries(contexts).map(([name, context]) =>
      context.evaluate(
        async (name, count) => {
          let runs = 0;
          let conflicts = 0;
          for (let done = 0; done < count; ) {
            try {
              await db.update(async (tx) => {
                runs++;
                const rows = tx.collection("rows");
                const { n, by, last, switches } = await rows.get("counter");
                await rows.put({
                  id: "counter",
                  n: n + 1,
                  by: { ...by, [name]: (by[name] ?? 0) + 1 },
                  last: name,
                  switches: switches + (last === name ? 0 : 1),
                });
              });
              done++;
            } catch (error) {
              if (error.code !== "CONFLICT") throw error;
              conflicts++;
            }
          }
          return { runs, conflicts };
        },
        name,
        counts[name],
      ),
    ),
  );
  const { n, by, switches } = await newest(first);
  t.diagnostic(`the functions ran ${results.map(({ runs }) => runs).join(", ")} times; ${switches} turns`);
  assert.deepEqual({ n, by }, { n: 10_000, by: counts });
  assert.deepEqual(
    results.map(({ conflicts }) => conflicts),
    [0, 0, 0],
    "conflicts that reached the caller",
  );
  assert.ok(switches > 100, `the writers took ${switches} turns: they hardly wrote at the same time`);
});

/** Run in a page, blocks its event loop until the test answers. */
const block = () => {
  const request = new XMLHttpRequest();
  request.open("GET", "/held", false);
  request.send();
};

/** Serves what block asks for. held is fulfilled with the response of the next that asks. */
async function serveHeld(t) {
  let arrived;
  const held = () =>
    new Promise((resolve) => {
      arrived = resolve;
    });
  return { origin: await serve(t, { "/held": (_, response) => arrived(response) }), held };
}

// How a tab falls asleep, and what wakes it.
const sleeps = {
  async "frozen by the browser"(page) {
    const cdp = await page.createCDPSession();
    await page.evaluate(() => {
      self.ticks = 0;
      setInterval(() => self.ticks++, 1);
    });
    await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
    const before = await page.evaluate(() => self.ticks);
    return async () => {
      assert.equal(await page.evaluate(() => self.ticks), before, "timers that fired in the frozen tab");
      await cdp.send("Page.setWebLifecycleState", { state: "active" });
    };
  },
  async "its event loop blocked"(page, held) {
    const request = held();
    const blocked = page.evaluate(block);
    const response = await request;
    return async () => {
      response.end();
      await blocked;
    };
  },
};

test("a tab sleeps while another commits 10,000 times and makes checkpoints", async (t) => {
  const { origin, held } = await serveHeld(t);
  const browser = await start(t, await profile(t));
  const sleeper = await open(browser, origin);
  const awake = await open(browser, origin);
  for (const [name, sleep] of Object.entries(sleeps)) {
    await t.test(name, async () => {
      await openDatabase(awake, name);
      await awake.evaluate(() => rows.put({ id: "counter", n: 0 }));
      await awake.evaluate(() => rows.putMany(Array.from({ length: 500 }, (_, id) => ({ id, half: -1 }))));
      await openDatabase(sleeper, name);
      const inView = await gate(sleeper, "view");
      const inUpdate = await gate(sleeper, "update");
      await sleeper.evaluate(() => {
        self.runs = 0;
        self.view = db
          .view(async (tx) => {
            const rows = tx.collection("rows");
            const counter = await rows.get("counter");
            await passed("view");
            return { counter, again: await rows.get("counter"), halves: (await rows.query({ index: "half" })).rows };
          })
          .catch((error) => error.code);
        self.update = db.update(async (tx) => {
          self.runs++;
          const rows = tx.collection("rows");
          const { n } = await rows.get("counter");
          await passed("update");
          await rows.put({ id: "counter", n: n + 1 });
          return n;
        });
      });
      await inView.reached();
      await inUpdate.reached();
      const wake = await sleep(sleeper, held);

      const folds = new Set();
      for (let from = 0; from < 10_000; from += 500) {
        await awake.evaluate(async (from) => {
          const commits = Array.from({ length: 500 }, (_, i) =>
            db.update(async (tx) => {
              const rows = tx.collection("rows");
              const { n } = await rows.get("counter");
              await rows.put({ id: "counter", n: n + 1 });
              await rows.put({ id: i, half: from, text: "x".repeat(500) });
            }),
          );
          await Promise.all(commits);
        }, from);
        folds.add(await checkpoint(awake, name));
      }
      for (const deadline = Date.now() + 60_000; folds.size < 3; folds.add(await checkpoint(awake, name))) {
        assert.ok(Date.now() < deadline, `two checkpoints are due, there were ${[...folds]}`);
      }

      await wake();
      await inView.open();
      await inUpdate.open();
      const view = await sleeper.evaluate(() => self.view);
      if (view !== "CONFLICT") {
        assert.deepEqual(view.counter, { id: "counter", n: 0 });
        assert.deepEqual(view.again, { id: "counter", n: 0 });
        assert.deepEqual(
          view.halves,
          Array.from({ length: 500 }, (_, id) => ({ id, half: -1 })),
        );
      }
      assert.equal(await sleeper.evaluate(() => self.update), 10_000, "what the update read when it committed");
      assert.ok((await sleeper.evaluate(() => self.runs)) > 1, "the update ran once");
      for (const page of [sleeper, awake]) assert.equal((await newest(page)).n, 10_001);
      t.diagnostic(`${name}: the view ${view === "CONFLICT" ? "was told to begin anew" : "read its snapshot"}`);
      for (const page of [sleeper, awake]) await page.evaluate(() => db.close());
    });
  }
});

test("a tab that wrote alone sleeps, and goes on when another has committed and made checkpoints", async (t) => {
  const { origin, held } = await serveHeld(t);
  const browser = await start(t, await profile(t));
  const [sleeper, awake] = [await open(browser, origin), await open(browser, origin)];
  for (const page of [sleeper, awake]) await openDatabase(page, "alone");
  await sleeper.evaluate(`self.block = ${block}`);
  const asleep = held();
  const slept = sleeper.evaluate(async () => {
    for (let i = 0; i < 40; i++) await rows.put({ id: `before ${i}` });
    self.block(); // and in the same task it writes
    for (let i = 0; i < 40; i++) await rows.put({ id: `after ${i}` });
  });
  const response = await asleep;
  const folds = new Set();
  let others = 0;
  for (const deadline = Date.now() + 60_000; folds.size < 3; others += 50) {
    assert.ok(Date.now() < deadline, `two checkpoints are due, there were ${[...folds]}`);
    await awake.evaluate(async (from) => {
      for (let i = from; i < from + 50; i++) await rows.put({ id: i, text: "x".repeat(20_000) });
    }, others);
    folds.add(await checkpoint(awake, "alone"));
  }
  response.end();
  await slept;
  for (const page of [sleeper, awake]) {
    const ids = await page.evaluate(() =>
      db.view(async (tx) => (await tx.collection("rows").query()).rows.map(({ id }) => id), { fresh: true }),
    );
    assert.equal(ids.filter((id) => typeof id === "number").length, others, "rows of the tab that was awake");
    for (const when of ["before", "after"]) {
      const found = ids.filter((id) => String(id).startsWith(when)).length;
      assert.equal(found, 40, `rows of the tab that slept, from ${when} its sleep`);
    }
  }
});

test("an update awaits fetch and timers", async (t) => {
  const waiting = [];
  let arrive = (response) => waiting.push(response);
  const slow = () =>
    new Promise((resolve) => {
      if (waiting.length > 0) resolve(waiting.shift());
      else {
        arrive = (response) => {
          arrive = (next) => waiting.push(next);
          resolve(response);
        };
      }
    });
  const origin = await serve(t, { "/slow": (_, response) => arrive(response) });
  const browser = await start(t, await profile(t));
  const page = await open(browser, origin);
  const other = await open(browser, origin);
  const begin = () =>
    page.evaluate(() => {
      self.runs = 0;
      self.update = db.update(async (tx) => {
        self.runs++;
        const rows = tx.collection("rows");
        const { n } = await rows.get("counter");
        await new Promise((resolve) => setTimeout(resolve, 20));
        const text = await (await fetch("/slow")).text();
        await new Promise((resolve) => setTimeout(resolve));
        await rows.put({ id: "counter", n: n + 1, text });
      });
    });
  const end = async () => {
    await page.evaluate(() => self.update);
    return page.evaluate(async () => [self.runs, await rows.get("counter")]);
  };
  await openDatabase(page, "await");
  await page.evaluate(() => rows.put({ id: "counter", n: 0 }));
  await openDatabase(other, "await");

  await t.test("alone it runs once, and views don't wait for it", async () => {
    await begin();
    const response = await slow();
    assert.equal(await page.evaluate(() => db.view(async (tx) => (await tx.collection("rows").get("counter")).n)), 0);
    assert.equal((await page.evaluate(() => rows.get("counter"))).n, 0);
    response.end("only");
    assert.deepEqual(await end(), [1, { id: "counter", n: 1, text: "only" }]);
  });

  await t.test("it runs again for each commit that changes what it read", async () => {
    await begin();
    for (let i = 0; i < 4; i++) {
      const response = await slow();
      await other.evaluate(() =>
        db.update(async (tx) => {
          const rows = tx.collection("rows");
          await rows.put({ id: "counter", n: (await rows.get("counter")).n + 10 });
        }),
      );
      response.end("early");
    }
    (await slow()).end("last");
    assert.deepEqual(await end(), [5, { id: "counter", n: 42, text: "last" }]);
  });

  await t.test("it runs once when others commit what it didn't read", async () => {
    await begin();
    const response = await slow();
    for (const id of ["a", "b"]) await other.evaluate((id) => rows.put({ id, half: 1 }), id);
    response.end("once");
    slow().then((again) => again.end("again"));
    assert.deepEqual(await end(), [1, { id: "counter", n: 43, text: "once" }]);
  });
});
