// All systems do the whole list of work once, small, and give the same results.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { systems } from "./systems/list.mjs";

const out = mkdtempSync(join(tmpdir(), "larder-bench-"));
after(() => rmSync(out, { recursive: true, force: true }));

function run(...args) {
  const main = fileURLToPath(new URL("main.mjs", import.meta.url));
  const child = spawn(process.execPath, [main, "--out", out, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    complaints += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, complaints }));
  });
}

test("all systems give the same results for every line", async (t) => {
  const { code, complaints } = await run("--rounds", "1", "--rows", "200");
  assert.equal(code, 0, complaints);
  const { rounds, complaints: found } = JSON.parse(readFileSync(join(out, "results.json"), "utf8"));
  assert.deepEqual(found, []);
  const drawing = readFileSync(join(out, "results.svg"), "utf8");
  const reads = ["gets", "gets-batch", "scan", "key-ranges", "index-ranges", "counts"];
  const writes = ["bulk", "at-once", "update", "delete"];
  for (const { name, label, kept } of systems) {
    await t.test(label, () => {
      const { lines, acks } = rounds[0][name];
      const wanted = [...writes, ...reads, ...acks.map((ack) => `commits-${ack}`)];
      if (kept !== false) wanted.push("first-index-ranges", "reopen", "cold");
      for (const line of wanted) assert.ok(lines[line]?.ms > 0, `${line} has no time`);
      assert.ok(drawing.includes(`>${label}<`), "the drawing doesn't show it");
    });
  }
});

test("an unknown system is refused", async () => {
  const { code, complaints } = await run("--systems", "larder,localstorage");
  assert.equal(code, 2);
  assert.match(complaints, /--systems: localstorage is none of larder, /);
});
