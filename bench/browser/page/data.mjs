// The rows that every system works on. They depend on the sizes alone, so that
// all systems' results can be compared by their digests.

const step = 60_000;
const base = Date.UTC(2026, 0, 1);
const owners = 100;
const words = "ask call mend paint plan read sort wash weed write the a new old red shop garden letter roof bike".split(
  " ",
);

// sizesFor returns how much work there is for a database of n rows, at least 100.
export function sizesFor(n) {
  const single = Math.max(10, Math.round(n / 10));
  const total = n + 4 * single;
  return {
    bulk: n,
    single, // commits of one row, in each of four lines; rows updated, rows deleted
    total,
    ofOwner: Math.round(total / owners), // rows of an owner, about, while ranges are read
    ranges: Math.min(100, Math.max(2, Math.round(n / 100))),
    width: Math.min(100, Math.round(n / 10)), // rows in a range
    countWidth: Math.round(n / 10), // rows in a range that is counted
  };
}

// generator returns what makes rows and picks keys for sizes.
export function generator(sizes) {
  const { total } = sizes;
  // Times are the numbers of minutes 0 … total-1, shuffled: i*stride mod total meets each once.
  let stride = Math.round(total * 0.618);
  while (gcd(stride, total) !== 1) stride++;
  const id = (i) => `todo-${String(i).padStart(8, "0")}`;
  const due = (rank) => base + rank * step;

  function row(i) {
    const random = randomFrom(i + 1);
    const text = (count) => Array.from({ length: count }, () => words[random(words.length)]).join(" ");
    return {
      id: id(i),
      owner: owner(random(owners)),
      due: due((i * stride) % total),
      done: random(4) === 0,
      priority: random(10),
      title: text(6),
      notes: text(15),
    };
  }

  return {
    rows: (from, to) => Array.from({ length: to - from }, (_, i) => row(from + i)),
    // changed returns the rows from … to-1 with other values in both indexes.
    changed: (from, to) =>
      Array.from({ length: to - from }, (_, i) => {
        const old = row(from + i);
        const next = (Number(old.owner.slice(-3)) + 1) % owners;
        return { ...old, owner: owner(next), due: old.due + step / 2, done: !old.done };
      }),
    ids: (from, to) => Array.from({ length: to - from }, (_, i) => id(from + i)),
    // shuffledIds returns count keys that exist, in no order.
    shuffledIds(count) {
      const random = randomFrom(count);
      return Array.from({ length: count }, () => id(random(total)));
    },
    keyRanges: () => spread(sizes.ranges, total - sizes.width).map((at) => [id(at), id(at + sizes.width - 1)]),
    dueRanges: (count, width) => spread(count, total - width).map((at) => [due(at), due(at + width - 1)]),
    allTimes: () => [due(0), due(total)],
    owners: (count = owners) => Array.from({ length: count }, (_, i) => owner((i * 37) % owners)),
  };
}

const owner = (i) => `owner-${String(i).padStart(3, "0")}`;

// spread returns count whole numbers below limit, in no order.
function spread(count, limit) {
  const random = randomFrom(limit);
  return Array.from({ length: count }, () => random(limit));
}

const gcd = (a, b) => (b === 0 ? a : gcd(b, a % b));

// randomFrom returns a function of n that returns a whole number below n (mulberry32).
function randomFrom(seed) {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
  };
}

// digest returns a text that is equal for equal lists of rows (of undefined where there is
// none), in the same order and of the same JavaScript types.
export function digest(rows) {
  let hash = 0x811c9dc5;
  for (const row of rows) {
    const text = row
      ? JSON.stringify([row.id, row.owner, row.due, row.done, row.priority, row.title, row.notes])
      : "none";
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return `${rows.length} rows ${(hash >>> 0).toString(16).padStart(8, "0")}`;
}
