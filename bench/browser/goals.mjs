// What Larder was to reach in bench-browser, what it has, and where a peer is ahead.

import { spread } from "./statistics.mjs";
import { digits, lineNames } from "./words.mjs";

// A goal compares a line with a system: Larder is to be so many times as fast, or to take at most
// such a part of its time, or to be at most so many milliseconds slower. One without a system is the
// most microseconds that each of the line's gets may take.
const goals = [
  { line: "bulk", of: "dexie", times: 10 },
  { line: "gets", of: "dexie", times: 80 },
  { line: "scan", of: "dexie", times: 5 },
  { line: "key-ranges", of: "dexie", times: 6 },
  { line: "index-ranges", of: "dexie", times: 10 },
  { line: "update", of: "dexie", times: 5 },
  { line: "delete", of: "dexie", times: 8 },
  { line: "counts", of: "dexie", times: 30 },
  { line: "at-once", of: "indexeddb", times: 27 },
  { line: "commits-relaxed", of: "indexeddb", part: 1.3 },
  { line: "commits-relaxed", of: "indexeddb", part: 1.1, told: "alone" },
  { line: "commits-strict", of: "indexeddb", part: 1.3 },
  { line: "commits-strict", of: "indexeddb", part: 1.1, told: "alone" },
  { line: "commits-async", of: "tinybase", part: 1 },
  { line: "gets-sync", micros: 5 },
  { line: "reopen", of: "indexeddb", more: 10 },
  { line: "cold", of: "dexie", part: 1 },
];

// The time of Larder's first build, which had no tabs, schemas or recovery, and that of Dexie, as parts
// of that of IndexedDB by hand: Larder is to stand no worse to either. What was or may have been other
// work isn't here: counts, of ranges of a width that isn't known, reopening, which closed too, cold starts.
const firstBuild = {
  bulk: [0.1, 1.18],
  "commits-relaxed": [1.51, 3.26],
  "commits-strict": [1.23, 1.95],
  "at-once": [0.038, 3.2],
  gets: [0.016, 1.5],
  "gets-batch": [0.097, 1.08],
  scan: [0.2, 0.98],
  "key-ranges": [0.18, 1.04],
  "index-ranges": [0.15, 1.49],
  update: [0.23, 1.14],
  delete: [0.14, 1.2],
};
for (const [line, [part, dexie]] of Object.entries(firstBuild)) {
  addFirstBuild(line, "indexeddb", part);
  addFirstBuild(line, "dexie", part / dexie);
}

// addFirstBuild leaves out what another goal asks for already.
function addFirstBuild(line, of, part) {
  const rounded = (number) => Number(number.toPrecision(2));
  const than = part < 1 ? { times: rounded(1 / part) } : { part: rounded(part) };
  const asked = goals.some((goal) => goal.line === line && goal.of === of && goal.times >= than.times);
  if (!asked) goals.push({ line, of, ...than, told: "first build" });
}

// The lines on which every peer is to be beaten.
const contested = [
  "bulk",
  "first-index-ranges",
  "gets",
  "gets-sync",
  "gets-batch",
  "scan",
  "key-ranges",
  "index-ranges",
  "counts",
];

// What differs by less is noise.
const noise = 1.2;

// goalsReached returns Markdown: a table of the goals whose lines and systems the rounds have, and a
// list of who is ahead of Larder by more than noise, with their times as parts of its.
export function goalsReached({ systems, sizes, rounds }) {
  const names = new Map(lineNames(sizes).map(([id, , short]) => [id, short]));
  const labels = new Map(systems.map(({ name, label }) => [name, label]));
  const peers = systems.filter(({ name }) => !name.startsWith("larder"));
  const has = (line, name) => pairs(rounds, line, name).length > 0;
  const unbeaten = new Map(
    [...names.keys()].map((line) => {
      const parts = peers.map(({ name, label }) => [label, ratio(rounds, line, name)]);
      return [line, parts.filter(([, part]) => part <= 1).sort(([, a], [, b]) => a - b)];
    }),
  );
  const rows = goals.filter(({ line, of = "larder" }) => has(line, of)).map(reached);
  const beating = contested.filter((line) => peers.some(({ name }) => has(line, name)));
  if (beating.length > 0) rows.push(everyPeer(beating));
  const head = [
    ["line", "goal", "reached", "met"],
    ["---", "---", "---", "---"],
  ];
  const table = [...head, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
  const list = [...unbeaten].flatMap(([line, parts]) => {
    const ahead = parts.filter(([, part]) => part < 1 / noise).map(([label, part]) => `${label} ${digits(part)}`);
    return ahead.length > 0 ? [`- ${names.get(line)}: ${ahead.join("; ")}`] : [];
  });
  return `${table}\n\n${list.join("\n")}\n`;

  function reached({ line, of, times, part, more, micros, told }) {
    const name = names.get(line);
    const peer = told ? `${labels.get(of)} (${told})` : labels.get(of);
    if (times) {
      const is = ratio(rounds, line, of);
      return [name, `${times} times as fast as ${peer}`, `${precise(is)} times`, met(is >= times)];
    }
    if (part) {
      const is = 1 / ratio(rounds, line, of);
      return [name, `at most ${part} of the time of ${peer}`, precise(is), met(is <= part)];
    }
    if (more) {
      const is = median(rounds, line, "larder") - median(rounds, line, of);
      return [name, `at most ${more} ms more than ${peer}`, `${precise(is)} ms more`, met(is <= more)];
    }
    const is = (median(rounds, line, "larder") * 1000) / sizes.bulk;
    return [name, `at most ${micros} µs each`, `${precise(is)} µs`, met(is <= micros)];
  }

  function everyPeer(lines) {
    const lost = lines.filter((line) => unbeaten.get(line).length > 0);
    const who = new Set(lost.flatMap((line) => unbeaten.get(line).map(([label]) => label)));
    const won = `on ${lines.length - lost.length} of ${lines.length} lines`;
    const is = who.size > 0 ? `${won}; not ${[...who].join(", ")}` : won;
    return ["bulk insert, all reads", "every peer beaten", is, met(lost.length === 0)];
  }
}

const met = (is) => (is ? "yes" : "no");

// precise has a digit more than the goals, so that a narrow miss shows.
const precise = (number) => (Math.abs(number) < 100 ? `${Number(number.toPrecision(3))}` : digits(number));

// pairs returns the times of both systems in each round that has both.
function pairs(rounds, line, of) {
  const time = ({ lines }) => (lines[line]?.cut ? Number.POSITIVE_INFINITY : lines[line]?.ms);
  return rounds
    .map(({ larder, [of]: peer }) => larder && peer && [time(larder), time(peer)])
    .filter((pair) => pair?.every((ms) => ms !== undefined));
}

// ratio returns the median of the peer's time as a part of Larder's in the same round.
function ratio(rounds, line, of) {
  const both = pairs(rounds, line, of);
  return both.length > 0 ? spread(both.map(([ours, theirs]) => theirs / ours)).median : undefined;
}

const median = (rounds, line, name) => spread(rounds.map((round) => round[name].lines[line].ms)).median;
