// Finds Firefox and starts it. `node scripts/browser/firefox.mjs` prints the
// path of the one that would be used, or fails.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { findProgram, printProgram } from "./find.mjs";
import { startBrowser } from "./puppeteer.mjs";

// findFirefox returns the path of a Firefox: $FIREFOX if it is set, else the
// first on the PATH or in the usual place. It returns undefined if there is none.
export function findFirefox() {
  return findProgram(
    process.env.FIREFOX,
    ["firefox-esr", "firefox"],
    ["/Applications/Firefox.app/Contents/MacOS/firefox"],
  );
}

// launch starts a headless Firefox, as startBrowser says.
export async function launch(options = {}) {
  const executablePath = findFirefox();
  if (!executablePath) {
    throw new Error("no Firefox found: run make setup, or set FIREFOX to the path of one");
  }
  // Puppeteer would keep a profile's preferences for later and put them back while the browser that comes next reads them.
  for (const name of options.userDataDir ? ["prefs.js", "user.js"] : []) {
    rmSync(join(options.userDataDir, name), { force: true });
  }
  return startBrowser({ browser: "firefox", executablePath, ...options });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) printProgram(findFirefox(), "Firefox");
