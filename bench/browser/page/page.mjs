// The page of one system: does the list of work when the runner calls larderBench.run, or, when
// its address says so, opens the database and reads one row as soon as it can.

import { digest, sizesFor } from "./data.mjs";
import { Expired, firstRead, linesFor } from "./work.mjs";

const limit = 60_000;

// serve makes the page measure system.
export function serve(system) {
  const query = new URLSearchParams(location.search);
  const cold = query.has("cold") ? coldStart(system, query) : undefined;
  globalThis.larderBench = { run: (config) => run(system, config), cold: () => cold };
}

// coldStart resolves to the time from navigation to the first row.
async function coldStart(system, query) {
  const first = firstRead(sizesFor(Number(query.get("rows"))));
  const variant = query.get("variant") ?? undefined;
  const db = await system.open({ name: "bench", ack: query.get("ack"), variant });
  const row = await db.get(first.id);
  const ms = performance.now();
  if (digest([row]) !== first.digest) throw new Error("the first row is another than was stored");
  await db.close();
  return ms;
}

// run does the list in a database of its own to warm up, then in the one that counts, and tells
// larderReport of each line. It resolves to the classes of acknowledgement, the default first.
async function run(system, { rows, warmRows, variant, lines, kept }) {
  const acks = await system.acks(variant);
  await runLines(system, { name: "warm-up", rows: warmRows, variant, lines, kept, acks, report: () => {} });
  const report = (result) => globalThis.larderReport(result);
  await runLines(system, { name: "bench", rows, variant, lines, kept, acks, report });
  return acks;
}

async function runLines(system, { name, rows, variant, lines, kept, acks, report }) {
  let ack = acks[0];
  let db = await system.open({ name, ack, variant });
  const reopen = async (wanted) => {
    await db.close();
    ack = wanted;
    db = await system.open({ name, ack, variant });
  };
  let warm = false;
  for (const line of linesFor(sizesFor(rows))) {
    const input = line.prepare();
    if (!applies(line, db, { acks, lines, kept })) {
      if (line.inserts) await db.insertMany(input);
      report({ line: line.id, none: true });
      continue;
    }
    const wanted = line.ack ?? acks[0];
    if (wanted !== ack) {
      await reopen(wanted);
      await db.count();
    }
    if (!line.writes && !warm) {
      await db.scan(); // what a system keeps in memory of what was read is there, for all alike
      warm = true;
    }
    if (line.reopen) await db.close();
    await settle();
    report(
      await timed(
        line,
        input,
        ack,
        db,
        line.reopen &&
          (async () => {
            db = await system.open({ name, ack, variant });
            return db;
          }),
      ),
    );
  }
  await db.close();
}

// applies tells whether a line is run: it is asked for, and the system offers what it is about.
function applies(line, db, { acks, lines, kept }) {
  if (lines && !lines.includes(line.id)) return false;
  if (line.ack && !acks.includes(line.ack)) return false;
  if (line.needs && !db[line.needs]) return false;
  return kept || !line.reopen;
}

// timed runs one line. Its result has the milliseconds until the work was acknowledged and, of a
// system that saves later, until it was saved.
async function timed(line, input, ack, opened, open) {
  const result = { line: line.id, ack };
  const began = performance.now();
  try {
    const db = open ? await open() : opened;
    const output = await line.run(db, input, { end: began + limit });
    result.ms = performance.now() - began;
    if (line.writes && db.flush) {
      await db.flush();
      result.saved = performance.now() - began;
    }
    result.check = await line.check(db, output);
  } catch (err) {
    if (!(err instanceof Expired)) throw err;
    result.ms = performance.now() - began;
    if (line.inserts) await opened.insertMany(input.slice(err.done));
  }
  if (result.ms > limit) result.cut = true;
  return result;
}

// settle lets what the line before left behind be done first.
async function settle() {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
