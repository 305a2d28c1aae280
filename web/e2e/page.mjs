// What the demo's tests share: the served demo, a browser with a profile on disk, and waiting for the page.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { launch } from "../../scripts/browser/launch.mjs";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Serves build/demo as `make demo` does, on a free port. Returns {url, stop}. */
export async function serve() {
  const command = spawn(
    join(root, "build/larder"),
    ["serve", "-addr", "localhost:0", "-dir", join(root, "build/demo")],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let errors = "";
  command.stderr.on("data", (data) => (errors += data));
  for await (const line of createInterface({ input: command.stdout })) {
    const url = line.match(/http:\/\/\S+/)?.[0];
    if (url) return { url, stop: () => command.kill() };
  }
  throw new Error(`larder serve ended without an address: ${errors}`);
}

/** Starts the browser that LARDER_BROWSER names, with a fresh profile. */
export function startBrowser() {
  return launch({ defaultViewport: { width: 1280, height: 900 } });
}

/**
 * Opens a page at url; look, if given, is the {width, height, scheme} of its window. What it logs as an error, or throws,
 * is in page.problems.
 */
export async function openPage(browser, url, look) {
  const page = await browser.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  if (look) {
    await page.setViewport({ width: look.width, height: look.height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: look.scheme }]);
  }
  await page.goto(url);
  return page;
}

/** Returns the text of the element. */
export function textOf(page, selector) {
  return page.evaluate((s) => document.querySelector(s).textContent, selector);
}

/** Waits until the page has opened its store and read what it shows at first. */
export async function untilOpen(page) {
  await page.waitForFunction(
    () => document.getElementById("figure-rows").textContent !== "–" || !document.getElementById("problem").hidden,
    { timeout: 60_000 },
  );
  assert.equal(await textOf(page, "#problem"), "");
}

/** Waits until the text of the element fits the pattern. */
export function untilText(page, selector, pattern) {
  return page.waitForFunction(
    (s, source) => new RegExp(source).test(document.querySelector(s).textContent),
    { timeout: 60_000 },
    selector,
    pattern.source,
  );
}
