// Starts the browser that a test is to run in.

// browserName is what LARDER_BROWSER says: "chromium" if it isn't set,
// "firefox" or "webkit".
export const browserName = process.env.LARDER_BROWSER || "chromium";

// hasProfile says whether the browser keeps on disk what it stores. WebKit
// under automation keeps nothing.
export const hasProfile = browserName !== "webkit";

// launch starts that browser and returns puppeteer's Browser, or, for WebKit,
// what webkit.mjs has of it. The options are those of chromium.mjs or
// firefox.mjs; WebKit takes none.
export async function launch(options = {}) {
  if (!["chromium", "firefox", "webkit"].includes(browserName)) {
    throw new Error(`LARDER_BROWSER is ${browserName}: it must be chromium, firefox or webkit`);
  }
  const browser = await import(`./${browserName}.mjs`);
  return browser.launch(options);
}
