// Finds Chromium and starts it. `node scripts/browser/chromium.mjs` prints the
// path of the one that would be used, or fails.

import { fileURLToPath } from "node:url";

import { findProgram, printProgram } from "./find.mjs";
import { startBrowser } from "./puppeteer.mjs";

// findChromium returns the path of a Chromium: $CHROMIUM if it is set, else the
// first on the PATH or in the usual places. It returns undefined if there is none.
export function findChromium() {
  return findProgram(
    process.env.CHROMIUM,
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    [
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
      "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ],
  );
}

// flags keep Chromium to the tests: no window, no traffic of its own. The
// sandbox needs rights that containers and root don't have.
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
];

// launch starts a headless Chromium, as startBrowser says.
export async function launch({ args = [], ...options } = {}) {
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error("no Chromium found: run make setup, or set CHROMIUM to the path of one");
  }
  return startBrowser({ executablePath, args: [...flags, ...args], ...options });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) printProgram(findChromium(), "Chromium");
