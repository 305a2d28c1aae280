// Measures one system once, in a browser of its own with a fresh profile.

import { launch } from "../../scripts/browser/chromium.mjs";

// A system that has not done its list after so long is ended.
const minutes = 15;

// measure resolves to {lines, none, acks, browser, error}: what each line gave, the lines that the
// system doesn't have or that weren't asked for, the classes of acknowledgement, the browser's
// version, and why the system stopped, when it did. lines is the list of lines to measure, or undefined for
// all; the line "cold" is the median of navigations to the page, as it is after the list of work.
export async function measure(system, origin, { rows, warmRows, lines, navigations, chromiumFlags }) {
  const browser = await launch({
    args: ["--js-flags=--expose-gc", ...chromiumFlags],
    protocolTimeout: (minutes + 1) * 60_000,
  });
  const result = { lines: {}, none: [], browser: await browser.version() };
  const complaints = [];
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${minutes} minutes`)), minutes * 60_000);
    });
    const work = async () => {
      const kept = system.kept !== false;
      const page = await open(browser, origin, complaints);
      await page.exposeFunction("larderReport", ({ line, none, ...rest }) => {
        if (none) result.none.push(line);
        else result.lines[line] = rest;
      });
      const { variant } = system;
      result.acks = await page.evaluate((config) => globalThis.larderBench.run(config), {
        rows,
        warmRows,
        variant,
        lines,
        kept,
      });
      await page.close();
      if (!kept || (lines && !lines.includes("cold"))) {
        result.none.push("cold");
        return;
      }
      const query = new URLSearchParams({ cold: "", rows, ack: result.acks[0], ...(variant && { variant }) });
      const times = [];
      for (let i = 0; i < navigations; i++) {
        const returning = await open(browser, `${origin}/?${query}`, complaints);
        times.push(await returning.evaluate(() => globalThis.larderBench.cold()));
        await returning.close();
      }
      times.sort((a, b) => a - b);
      result.lines.cold = { ack: result.acks[0], ms: times[times.length >> 1], check: "read" };
    };
    await Promise.race([work(), late]);
  } catch (err) {
    result.error = [err.message.split("\n")[0], ...complaints].join("; ");
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
  return result;
}

async function open(browser, address, complaints) {
  const page = await browser.newPage();
  page.on("pageerror", (err) => complaints.push(`page: ${err.message}`));
  page.on("error", (err) => complaints.push(`the page crashed: ${err.message}`));
  await page.goto(address);
  await page.waitForFunction(() => globalThis.larderBench !== undefined);
  return page;
}
