// The page of one system: does the list of work when the runner calls larderBench.run, or, when
// its address says so, opens the database and reads one row as soon as it can.

import { digest, sizesFor } from "./data.mjs";
import { Expired, everything, firstRead, linesFor } from "./work.mjs";

const limit = 60_000;
// How long what was acknowledged may take to be saved.
const saveLimit = 10_000;

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
  const early = system.first?.({ name: "bench", id: first.id });
  const opening = system.open({ name: "bench", ack: query.get("ack"), variant });
  const row = await (early ?? opening.then((db) => db.get(first.id)));
  const ms = performance.now();
  const db = await opening;
  if (digest([row]) !== first.digest) throw new Error("the first row is another than was stored");
  await db.close();
  return ms;
}

// run does the list in a database of its own to warm up, then in the one that counts, and tells
// larderReport of each line. It resolves to the classes of acknowledgement, the default first.
async function run(system, { rows, warmRows, variant, lines, kept }) {
  const acks = await system.acks(variant);
  const asked = { acks, lines, kept };
  await runLines(new Session(system, "warm-up", variant), warmRows, asked, () => {});
  await runLines(new Session(system, "bench", variant), rows, asked, (result) => globalThis.larderReport(result));
  return acks;
}

// Session is a database that is closed and opened.
class Session {
  constructor(system, name, variant) {
    this.openWith = (ack) => system.open({ name, ack, variant });
  }

  async open(ack) {
    this.ack = ack;
    this.db = await this.openWith(ack);
  }

  // use has the database opened with ack.
  async use(ack) {
    if (this.ack === ack) return;
    await this.anew(ack);
  }

  // anew has the database opened anew, with nothing of it read but how many rows there are.
  async anew(ack = this.ack) {
    await this.db?.close();
    await this.open(ack);
    await this.db.count();
  }
}

async function runLines(session, rows, asked, report) {
  const [usual] = asked.acks;
  await session.use(usual);
  let warm = false;
  for (const line of linesFor(sizesFor(rows))) {
    const input = line.prepare();
    if (!applies(line, session.db, asked)) {
      if (line.inserts) await session.db.insertMany(input);
      report({ line: line.id, none: true });
      continue;
    }
    await session.use(line.ack ?? usual);
    if (line.first) await session.anew();
    else if (!line.writes && !warm) {
      await readAll(session.db, rows);
      warm = true;
    }
    if (line.reopen) await session.db.close();
    await settle();
    await report(await timed(line, input, session));
  }
  await session.db.close();
}

// readAll reads all rows, and each index, so that what a system keeps in memory of what was read is
// there, for all alike.
async function readAll(db, rows) {
  const { owners, times } = everything(sizesFor(rows));
  await db.scan();
  for (const owner of owners) await db.ofOwner(owner);
  await db.dueRange(...times);
}

// applies tells whether a line is run: it is asked for, and the system offers what it is about.
function applies(line, db, { acks, lines, kept }) {
  if (lines && !lines.includes(line.id)) return false;
  if (line.ack && !acks.includes(line.ack)) return false;
  if (line.needs && !db[line.needs]) return false;
  return kept || !(line.reopen || line.first);
}

// timed runs one line. Its result has the milliseconds until the work was acknowledged and, of a
// system that saves later, until it was saved, or that this took too long.
async function timed(line, input, session) {
  const result = { line: line.id, ack: session.ack };
  const began = performance.now();
  try {
    if (line.reopen) await session.open(session.ack);
    const { db } = session;
    const output = await line.run(db, input, { end: began + limit });
    result.ms = performance.now() - began;
    if (line.writes && session.ack === "async" && db.flush) {
      const saved = await Promise.race([db.flush().then(() => true), after(saveLimit)]);
      result.saved = performance.now() - began;
      if (!saved) {
        result.unsaved = true;
        await db.abandon();
      }
    }
    result.check = await line.check(db, output);
  } catch (err) {
    if (!(err instanceof Expired)) throw err;
    result.ms = performance.now() - began;
    if (line.inserts) await session.db.insertMany(input.slice(err.done));
  }
  if (result.ms > limit) result.cut = true;
  return result;
}

const after = (ms) => new Promise((resolve) => setTimeout(() => resolve(false), ms));

// settle lets what the line before left behind be done first.
async function settle() {
  await globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
