// A server for the package and its tests, and a browser, with a profile on disk if it can have one.
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { hasProfile, launch } from "../../../scripts/browser/launch.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const types = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/**
 * Serves dist/ and test/ until t has ended, and an empty page for every other path. Returns the origin. routes are
 * handlers for single paths.
 */
export async function serve(t, routes = {}) {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    if (routes[path]) {
      routes[path](request, response);
      return;
    }
    if (!/^\/(dist|test)\//.test(path)) {
      response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><title>Larder</title>");
      return;
    }
    const file = createReadStream(join(root, path));
    file.on("error", () => response.writeHead(404).end());
    file.on("open", () => response.writeHead(200, { "Content-Type": types[extname(path)] ?? "text/plain" }));
    file.pipe(response);
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${server.address().port}`;
}

/** Makes a directory for a profile, which is deleted when t has ended. */
export async function profile(t) {
  const directory = await mkdtemp(join(tmpdir(), "larder-profile-"));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));
  return directory;
}

/** Starts the browser that LARDER_BROWSER names on the profile; it ends when t has ended. */
export async function start(t, userDataDir) {
  const browser = await launch({ userDataDir });
  t.after(() => (hasProfile ? kill(browser) : browser.close()));
  return browser;
}

/** Kills a browser that has a profile, with all its processes, at once. */
export async function kill(browser) {
  const child = browser.process();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  process.kill(-child.pid, "SIGKILL");
  await ended;
}

/** Opens a page of the origin; what goes wrong in it unseen is printed. */
export async function open(browser, origin) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(`page: ${error.stack ?? error}`));
  page.on("console", (message) => console.error(`page: ${message.text()}`));
  await page.goto(`${origin}/`);
  return page;
}
