// Starts a browser by puppeteer.

import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// startBrowser starts a headless browser with a profile on disk and returns
// puppeteer's Browser; options are those of puppeteer.launch. Without userDataDir
// the profile is a fresh folder, gone when close() is called; a given one
// stays. A browser that doesn't start within a minute is an error.
export async function startBrowser({ userDataDir, ...options }) {
  const require = createRequire(new URL("../../js/package.json", import.meta.url));
  const { default: puppeteer } = await import(pathToFileURL(require.resolve("puppeteer-core")).href);
  const profile = userDataDir ?? mkdtempSync(join(tmpdir(), "larder-profile-"));
  const removeProfile = () => {
    if (!userDataDir) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const browser = await puppeteer.launch({
      headless: true,
      userDataDir: profile,
      timeout: 60_000,
      protocolTimeout: 600_000,
      ...options,
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
