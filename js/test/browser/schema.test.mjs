// Code of two ages in two tabs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, profile, serve, start } from "./browser.mjs";
import { gate, openDatabase, schema } from "./contexts.mjs";

const wider = { rows: { key: "id", indexes: { half: "half", third: { path: "third", unique: true } } } };

test("new code adds an index while old code writes", async (t) => {
  const origin = await serve(t);
  const browser = await start(t, await profile(t));
  const old = await open(browser, origin);
  const newer = await open(browser, origin);
  const acknowledged = [];
  let enough;
  const written = new Promise((resolve) => {
    enough = resolve;
  });
  await old.exposeFunction("acknowledge", (id) => {
    if (acknowledged.push(id) === 30) enough();
  });
  await openDatabase(old, "ages", { collections: schema });
  await old.evaluate(() =>
    rows.putMany(Array.from({ length: 3000 }, (_, id) => ({ id, half: id >> 1, third: `third ${id}` }))),
  );
  const held = await gate(old, "held");
  await old.evaluate(() => {
    const code = (error) => error.code;
    // The function makes no write after the gate: what it wrote before must not come through.
    self.inFlight = db
      .update(async (tx) => {
        await tx.collection("rows").put({ id: "held", half: 0, third: "third 7" });
        await passed("held");
      })
      .catch(code);
  });
  await held.reached();
  // A second handle of the same code, whose writes don't wait for the held one.
  await old.evaluate(async (collections) => {
    const other = await larder.open("ages", { collections });
    self.writing = (async () => {
      for (let i = 0; ; i++) {
        const id = `new ${i}`;
        try {
          await other.collection("rows").put({ id, half: -1, third: id });
        } catch (error) {
          return error.code;
        }
        acknowledge(id);
      }
    })();
  }, schema);
  await written;

  await openDatabase(newer, "ages", { collections: wider });
  await held.open();
  assert.equal(await old.evaluate(() => self.writing), "SCHEMA_NEWER", "the old code's next write");
  assert.equal(await old.evaluate(() => self.inFlight), "SCHEMA_NEWER", "the old code's update in flight");
  const later = await old.evaluate(async () => {
    const code = (error) => error.code;
    return [await rows.delete(1).catch(code), await db.update((tx) => tx.collection("rows").count()).catch(code)];
  });
  assert.deepEqual(later, ["SCHEMA_NEWER", "SCHEMA_NEWER"], "what the old code tries after that");

  const seen = await newer.evaluate(async () => {
    const all = (await rows.query()).rows;
    return {
      ids: all.map(({ id }) => id),
      expected: all.map(({ third }) => third).sort(),
      indexed: (await rows.query({ index: "third" })).rows.map(({ third }) => third).sort(),
    };
  });
  const ids = new Set(seen.ids);
  assert.deepEqual(
    acknowledged.filter((id) => !ids.has(id)),
    [],
    "acknowledged and not there",
  );
  assert.ok(!ids.has("held"), "the update that failed has written");
  assert.deepEqual(seen.indexed, seen.expected, "the rows by the new index");
  await newer.evaluate(() => rows.put({ id: 1, half: 0, third: "changed" }));
  assert.deepEqual(await newer.evaluate(async () => (await db.verify()).map(String)), [], "what verify finds");
  const error = await newer.evaluate(() => rows.put({ id: "twin", third: "changed" }).catch((error) => error.code));
  assert.equal(error, "UNIQUE");

  await old.reload();
  await openDatabase(old, "ages", { collections: wider });
  assert.equal(await old.evaluate(() => rows.count({ index: "third", eq: "changed" })), 1);
});
