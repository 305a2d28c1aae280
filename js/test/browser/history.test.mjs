// Histories of transactions in three tabs, judged by internal/history.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { open, profile, serve, start } from "./browser.mjs";
import { openDatabase } from "./contexts.mjs";
import { newSeed } from "./random.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Runs count transactions in each of clients at a time, and returns them as internal/history describes them. In a
 * numbered history each update takes the next number, and there are plain views too.
 */
const run = async ({ tab, seed, clients, count, numbered }) => {
  const { random } = await import("/test/browser/random.mjs");
  const registers = ["a", "b", "c", "d", "e"];
  // All tabs of one machine read the same clock, coarsened to 0.1 ms: so an operation is said to be a little longer than
  // it was. A tab does one thing at a time: moments numbers when its operations begin and end.
  const now = () => Math.round((performance.timeOrigin + performance.now() - 1.7e12) * 1000);
  const slack = 150;
  const history = [];
  const errors = [];
  let moments = 0;
  let conflicts = 0;
  const client = async (number) => {
    const pick = random(seed + 1000 * tab + number);
    const some = (n) => registers.filter(() => pick(registers.length) < n);
    for (let i = 0; i < count; i++) {
      const kind = pick(10) < 5 ? "update" : numbered && pick(10) < 7 ? "view" : "fresh";
      const written = kind === "update" ? some(2) : [];
      const read = kind === "update" ? some(2) : numbered ? registers : some(3);
      const pause = pick(4);
      let reads;
      let writes;
      const operation = async (tx) => {
        const rows = tx.collection("rows");
        const value = async (id) => (await rows.get(id))?.n ?? 0;
        reads = {};
        writes = {};
        if (numbered) reads.seq = await value("seq");
        for (const id of read) {
          reads[id] = await value(id);
          if (pause === 0) await new Promise((resolve) => setTimeout(resolve));
        }
        for (const id of written) writes[id] = 1 + i + 1000 * (number + 100 * tab);
        if (numbered && kind === "update") writes.seq = reads.seq + 1;
        for (const [id, n] of Object.entries(writes)) await rows.put({ id, n });
      };
      const call = now() - slack;
      const begin = moments++;
      try {
        await (kind === "update" ? db.update(operation) : db.view(operation, { fresh: kind === "fresh" }));
        history.push({ tab, kind, begin, end: moments++, call, return: now() + slack, reads, writes });
      } catch (error) {
        // A view may be told to begin anew; an update may not.
        if (kind !== "update" && error.code === "CONFLICT") conflicts++;
        else errors.push(`${kind}: ${error.code}: ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  return { history, errors, conflicts };
};

for (const { name, file, numbered, clients, count } of [
  { name: "updates and fresh views are linearizable", file: "linear", numbered: false, clients: 4, count: 100 },
  {
    name: "plain views show prefixes, never go back and have their context's commits",
    file: "views",
    numbered: true,
    clients: 4,
    count: 100,
  },
]) {
  test(name, async (t) => {
    const seed = newSeed();
    const origin = await serve(t);
    const browser = await start(t, await profile(t));
    const pages = [];
    for (let tab = 0; tab < 3; tab++) {
      pages.push(await open(browser, origin));
      await openDatabase(pages[tab], "history");
    }
    const results = await Promise.all(
      pages.map((page, tab) => page.evaluate(run, { tab, seed, clients, count, numbered })),
    );
    const history = results.flatMap(({ history }) => history);
    assert.deepEqual(
      results.flatMap(({ errors }) => errors),
      [],
      `seed ${seed}`,
    );
    const path = join(root, "build", "history", `${file}.jsonl`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, history.map((operation) => `${JSON.stringify(operation)}\n`).join(""));
    const conflicts = results.reduce((sum, { conflicts }) => sum + conflicts, 0);
    const counts = ["update", "fresh", ...(numbered ? ["view"] : [])].map((kind) => {
      const n = history.filter((operation) => operation.kind === kind).length;
      assert.ok(n > 0, `seed ${seed}: no ${kind}`);
      return `${n} of kind ${kind}`;
    });
    t.diagnostic(`seed ${seed}: ${counts.join(", ")}; ${conflicts} views were told to begin anew`);
    assert.ok(conflicts <= history.length / 50, `seed ${seed}: ${conflicts} views were told to begin anew`);
    const args = ["run", "./internal/history/check", ...(numbered ? ["-views"] : []), path];
    t.diagnostic(execFileSync("go", args, { cwd: root, encoding: "utf8" }).trim());
  });
}
