// Finds WebKitGTK's driver and starts its browser, on a display that nobody
// sees. `node scripts/browser/webkit.mjs` prints the path of the driver that
// would be used, or fails.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { findProgram, printProgram } from "./find.mjs";
import { connect } from "./webdriver.mjs";

// findWebKit returns the path of WebKitWebDriver, which knows where its browser
// is. It returns undefined if it or Xvfb isn't on the PATH.
export function findWebKit() {
  return findProgram(undefined, ["Xvfb"]) && findProgram(undefined, ["WebKitWebDriver"]);
}

// launch starts the browser and returns a Browser of webdriver.mjs. It keeps
// nothing on disk.
export async function launch() {
  const driver = findWebKit();
  if (!driver) throw new Error("no WebKitWebDriver, or no Xvfb, found: run make setup");
  const children = [];
  const start = (program, args, options) => {
    const child = spawn(program, args, options);
    children.push(child);
    const failed = new Promise((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => reject(new Error(`${program} ended with ${code ?? signal}`)));
    });
    failed.catch(() => {});
    return { child, failed };
  };
  const stop = async () => {
    for (const child of children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      child.kill();
      await ended;
    }
  };
  process.once("exit", () => {
    for (const child of children) child.kill();
  });
  try {
    // Xvfb chooses a display that is free and writes its number.
    const screen = start("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    const [number] = await Promise.race([once(screen.child.stdio[3], "data"), screen.failed]);
    const port = await freePort();
    const { failed } = start(driver, [`--port=${port}`], {
      stdio: ["ignore", "ignore", "ignore"],
      env: { ...process.env, DISPLAY: `:${String(number).trim()}`, NO_AT_BRIDGE: "1" },
    });
    const url = `http://127.0.0.1:${port}`;
    await Promise.race([answers(url), failed]);
    return await connect(url, { timeouts: { script: 600_000 } }, stop);
  } catch (err) {
    await stop();
    throw err;
  }
}

async function freePort() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function answers(url) {
  for (;;) {
    try {
      return await fetch(`${url}/status`);
    } catch {
      await sleep(20);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) printProgram(findWebKit(), "WebKitWebDriver with Xvfb");
