// Finds Chromium and starts it. `node scripts/browser/chromium.mjs` prints the
// path of the one that would be used, or fails.

import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const places = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// findChromium returns the path of a Chromium: $CHROMIUM if it is set, else the
// first on the PATH or in the usual places. It returns undefined if there is none.
export function findChromium() {
  const wanted = process.env.CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const onPath = (name) => folders.map((folder) => join(folder, name)).find(isExecutable);
  if (wanted) {
    return isAbsolute(wanted) ? (isExecutable(wanted) ? wanted : undefined) : onPath(wanted);
  }
  return names.map(onPath).find(Boolean) ?? places.find(isExecutable);
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

// launch starts a headless Chromium with a profile on disk and returns
// puppeteer's Browser. Without userDataDir the profile is a fresh folder, gone
// when close() is called; a given one stays. A browser that doesn't start
// within a minute is an error.
export async function launch({ userDataDir, args = [], ...rest } = {}) {
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error("no Chromium found: run make setup, or set CHROMIUM to the path of one");
  }
  const require = createRequire(new URL("../../js/package.json", import.meta.url));
  const { default: puppeteer } = await import(pathToFileURL(require.resolve("puppeteer-core")).href);
  const profile = userDataDir ?? mkdtempSync(join(tmpdir(), "larder-chromium-"));
  const removeProfile = () => {
    if (!userDataDir) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const browser = await puppeteer.launch({
      executablePath,
      headless: true,
      userDataDir: profile,
      args: [...flags, ...args],
      timeout: 60_000,
      protocolTimeout: 600_000,
      ...rest,
    });
    const close = browser.close.bind(browser);
    browser.close = async () => {
      await close();
      removeProfile();
    };
    return browser;
  } catch (err) {
    removeProfile();
    throw err;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = findChromium();
  if (!path) {
    process.stderr.write("no Chromium found\n");
    process.exit(1);
  }
  process.stdout.write(`${path}\n`);
}
