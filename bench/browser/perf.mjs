// Samples the page's process with Linux's perf, for profile.mjs.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// record starts perf. It resolves to a function that stops it and, if what it found is wanted, returns the functions of the
// page's own thread with the most time, with what they call in all and without in own.
export async function record(browser, top) {
  const folder = mkdtempSync(join(tmpdir(), "larder-perf-"));
  const file = join(folder, "perf.data");
  const pid = await pageProcess(browser);
  // It samples from enable to disable, of which it tells when they are done.
  const args = ["record", "-F", "5000", "-g", "-p", pid, "-o", file, "-D", "-1", "--control", "fd:3,4"];
  const perf = spawn("perf", args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  for (const end of [perf.stdio[3], perf.stdio[4]]) end.on("error", () => {}); // that perf has ended is told below
  const ended = once(perf, "exit");
  const say = async (word) => {
    perf.stdio[3].write(`${word}\n`);
    await Promise.race([once(perf.stdio[4], "data"), ended.then(() => Promise.reject(new Error("perf has ended")))]);
  };
  await say("enable");
  return async (wanted) => {
    await say("disable");
    perf.kill("SIGINT");
    await ended;
    const found = wanted && {
      all: functionsOf(file, pid, "--children", top, /JS:/), // of the page's code alone, none of what called it
      own: functionsOf(file, pid, "--no-children", top, /./),
    };
    rmSync(folder, { recursive: true });
    return found;
  };
}

// pageProcess resolves to the id of the process that has worked most for pages.
async function pageProcess(browser) {
  const session = await browser.target().createCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const pages = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => ({ id, ticks: ticksOf(id) }));
  pages.sort((a, b) => b.ticks - a.ticks);
  return String(pages[0].id);
}

// ticksOf returns how much processor time a process has had of its own, see proc(5).
const ticksOf = (pid) => Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ")[11]);

function functionsOf(file, pid, how, top, which) {
  const report = execFileSync(
    "perf",
    ["report", "-i", file, how, "-g", "none", "--sort", "sym", "--tid", pid, "--stdio"],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 28 },
  );
  const lines = report.split("\n").filter((line) => /^ +[0-9.]+%/.test(line) && which.test(line));
  return lines.slice(0, top).map((line) => {
    const percents = line.match(/[0-9.]+%/g);
    const symbol = line.slice(line.indexOf("] ") + 2).trim();
    const name = symbol.replace("github.com_larderdb_larder_", "").replace(/^JS:/, "");
    return `${percents[0].padStart(7)} ${name}`;
  });
}
