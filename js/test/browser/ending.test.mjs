// A page that ends with writes that were acknowledged and are not stored yet.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { json } from "node:stream/consumers";
import { test } from "node:test";
import { open, profile, serve, start } from "./browser.mjs";
import { missing, openDatabase } from "./contexts.mjs";

const events = ["pagehide", "visibilitychange"];
const ends = {
  "goes elsewhere": (page, origin) => page.goto(`${origin}/elsewhere`),
  "is loaded anew": (page) => page.reload(),
};

/**
 * Has a page hear of its end by one event only, as in a browser that has no other for it, and then write. It must be
 * called before the database is opened, so that Larder hears of the event after that.
 */
const writeAtTheEnd = (said, unsaid) => {
  addEventListener(unsaid, (event) => event.stopImmediatePropagation(), { capture: true });
  self.acknowledged = [];
  const write = () => {
    for (let id = 0; id < 20; id++) rows.put({ id, half: id >> 1 }).then(() => acknowledged.push(id));
  };
  addEventListener(said, write, { capture: true, once: true });
};

/** Has the page tell which of its writes were acknowledged, after Larder has heard of the event. */
const tellAtTheEnd = (said) => {
  const tell = ({ persisted = false }) => navigator.sendBeacon("/told", JSON.stringify({ persisted, acknowledged }));
  addEventListener(said, tell, { once: true });
  addEventListener("unload", () => {}); // which keeps it out of the back/forward cache
};

test("a page that writes asynchronously ends", async (t) => {
  const told = new EventEmitter();
  const origin = await serve(t, {
    "/told": async (request, response) => {
      told.emit("told", await json(request));
      response.end();
    },
  });
  const browser = await start(t, await profile(t));
  const other = await open(browser, origin);
  for (const [how, end] of Object.entries(ends)) {
    for (const said of events) {
      await t.test(`it ${how} and hears of it by ${said}`, async () => {
        const name = `${how} ${said}`;
        const page = await open(browser, origin);
        await page.bringToFront(); // who isn't seen isn't granted durability async
        await page.evaluate(writeAtTheEnd, said, ...events.filter((event) => event !== said));
        await openDatabase(page, name, { durability: "async" });
        await page.evaluate(() => rows.put({ id: "first" }).then(() => db.flush()));
        await openDatabase(other, name);
        assert.equal((await page.evaluate(() => db.status())).exclusive, true, "it writes alone");
        await page.evaluate(tellAtTheEnd, said);
        const telling = once(told, "told", { signal: AbortSignal.timeout(30_000) });
        await end(page, origin);
        const [{ persisted, acknowledged }] = await telling;
        assert.equal(persisted, false, "it sleeps, and has not ended");
        assert.ok(acknowledged.length > 0, "no write was acknowledged before the page ended");
        assert.deepEqual(await missing(other, acknowledged), [], "acknowledged and not there");
        await other.evaluate(() => db.close());
        await page.close();
      });
    }
  }
});
