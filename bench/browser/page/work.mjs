// The list of work, in the order in which it is done.
//
// A line's prepare returns what it needs; run is timed, and check turns what run returned into
// a text that must be equal for all systems.

import { digest, generator } from "./data.mjs";

// Expired is thrown in a line that has run too long, after so many of its operations.
export class Expired extends Error {
  constructor(done) {
    super(`cut after ${done} operations`);
    this.done = done;
  }
}

// linesFor returns the lines for sizes.
//
// A line with ack is about that class of acknowledgement; needs is a function that a database
// may lack. A line that is first has the database opened anew, with no row read; before the other
// lines that read, all rows were read. Where a line that inserts isn't run, its rows are inserted all the same.
export function linesFor(sizes) {
  const data = generator(sizes);
  const { bulk, single, total } = sizes;
  let at = bulk;
  const next = () => {
    at += single;
    return data.rows(at - single, at);
  };
  const commits = (ack) => ({
    id: `commits-${ack}`,
    ack,
    inserts: true,
    writes: true,
    prepare: next,
    async run(db, rows, clock) {
      await each(rows, clock, (row) => db.insert(row));
      return rows;
    },
    check: written,
  });

  const indexRanges = (line) => ({
    ...line,
    prepare: () => {
      const half = Math.ceil(sizes.ranges / 2);
      return {
        owners: data.owners(half),
        times: data.dueRanges(sizes.ranges - half, sizes.width),
      };
    },
    async run(db, { owners, times }, clock) {
      const byOwner = await each(owners, clock, (owner) => db.ofOwner(owner));
      const byTime = await each(times, clock, ([from, to]) => db.dueRange(from, to));
      return [...byOwner, ...byTime];
    },
    check: (_, pages) => digest(pages.flat()),
  });

  return [
    {
      id: "bulk",
      inserts: true,
      writes: true,
      prepare: () => data.rows(0, bulk),
      async run(db, rows) {
        await db.insertMany(rows);
        return rows;
      },
      check: written,
    },
    commits("async"),
    commits("relaxed"),
    commits("strict"),
    {
      id: "at-once",
      inserts: true,
      writes: true,
      prepare: next,
      async run(db, rows) {
        await Promise.all(rows.map((row) => db.insert(row)));
        return rows;
      },
      check: written,
    },
    indexRanges({ id: "first-index-ranges", first: true }),
    {
      id: "gets",
      prepare: () => data.shuffledIds(bulk),
      run: (db, ids, clock) => each(ids, clock, (id) => db.get(id)),
      check: (_, rows) => digest(rows),
    },
    {
      id: "gets-sync",
      needs: "getSync",
      prepare: () => data.shuffledIds(bulk),
      run: (db, ids) => ids.map((id) => db.getSync(id)),
      check: (_, rows) => digest(rows),
    },
    {
      id: "gets-batch",
      prepare: () => data.shuffledIds(bulk),
      run: (db, ids) => db.getMany(ids),
      check: (_, rows) => digest(rows),
    },
    {
      id: "scan",
      prepare: () => undefined,
      run: (db) => db.scan(),
      check: (_, rows) => digest(rows),
    },
    {
      id: "key-ranges",
      prepare: () => data.keyRanges(),
      run: (db, ranges, clock) => each(ranges, clock, ([from, to]) => db.keyRange(from, to)),
      check: (_, pages) => digest(pages.flat()),
    },
    indexRanges({ id: "index-ranges" }),
    {
      id: "counts",
      prepare: () => data.dueRanges(sizes.ranges, sizes.countWidth),
      async run(db, ranges, clock) {
        const all = await db.count();
        return [all, ...(await each(ranges, clock, ([from, to]) => db.countDue(from, to)))];
      },
      check: (_, counts) => counts.join(" "),
    },
    {
      id: "update",
      writes: true,
      prepare: () => data.changed(0, single),
      async run(db, rows) {
        await db.updateMany(rows);
        return rows;
      },
      check: written,
    },
    {
      id: "delete",
      writes: true,
      prepare: () => data.ids(total - 3 * single, total - 2 * single),
      async run(db, ids) {
        await db.deleteMany(ids);
        return ids;
      },
      check: async (db, ids) => `${digest(await db.getMany(ids))}, ${await db.count()} in all`,
    },
    {
      id: "reopen",
      reopen: true,
      prepare: () => data.ids(bulk - 1, bulk),
      run: async (db, ids) => [await db.get(ids[0])],
      check: (_, rows) => digest(rows),
    },
  ];
}

// everything returns what reads each index from end to end.
export function everything(sizes) {
  const data = generator(sizes);
  return { owners: data.owners(), times: data.allTimes() };
}

// firstRead returns the key that a cold start reads, and the digest of its row.
export function firstRead(sizes) {
  const [row] = generator(sizes).rows(sizes.bulk - 1, sizes.bulk);
  return { id: row.id, digest: digest([row]) };
}

async function written(db, rows) {
  const stored = await db.getMany(rows.map(({ id }) => id));
  return `${digest(stored)}, ${await db.count()} in all`;
}

// each awaits one call after the other, and returns what they gave.
async function each(items, clock, call) {
  const results = new Array(items.length);
  for (let i = 0; i < items.length; i++) {
    if (i % 16 === 0 && performance.now() > clock.end) throw new Expired(i);
    results[i] = await call(items[i]);
  }
  return results;
}
