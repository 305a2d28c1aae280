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
  { line: "commits-strict", of: "indexeddb", part: 1.3 },
  { line: "commits-async", of: "tinybase", part: 1 },
  { line: "gets-sync", micros: 5 },
  { line: "reopen", of: "indexeddb", more: 10 },
  { line: "cold", of: "dexie", part: 1 },
];

// What differs by less is noise.
const noise = 1.2;

// goalsReached returns Markdown: a table of the goals whose lines and systems the rounds have, and a
// list of who is ahead of Larder, with their times as parts of its.
export function goalsReached({ systems, sizes, rounds }) {
  const names = new Map(lineNames(sizes).map(([id, , short]) => [id, short]));
  const labels = new Map(systems.map(({ name, label }) => [name, label]));
  const rows = goals.filter(({ line, of = "larder" }) => pairs(rounds, line, of).length > 0).map(reached);
  const ahead = [...names].flatMap(([line, short]) => {
    const peers = systems
      .filter(({ name }) => !name.startsWith("larder"))
      .map(({ name }) => [name, ratio(rounds, line, name)])
      .filter(([, part]) => part < 1 / noise)
      .sort(([, a], [, b]) => a - b);
    return peers.length > 0
      ? [`- ${short}: ${peers.map(([name, part]) => `${labels.get(name)} ${digits(part)}`).join("; ")}`]
      : [];
  });
  const head = [
    ["line", "goal", "reached", "met"],
    ["---", "---", "---", "---"],
  ];
  const table = [...head, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
  return `${table}\n\n${ahead.join("\n")}\n`;

  function reached({ line, of, times, part, more, micros }) {
    const name = names.get(line);
    const met = (is) => (is ? "yes" : "no");
    const peer = labels.get(of);
    if (times) {
      const is = ratio(rounds, line, of);
      return [name, `${times} times as fast as ${peer}`, `${digits(is)} times`, met(is >= times)];
    }
    if (part) {
      const is = 1 / ratio(rounds, line, of);
      return [name, `at most ${part} of the time of ${peer}`, digits(is), met(is <= part)];
    }
    if (more) {
      const is = median(rounds, line, "larder") - median(rounds, line, of);
      return [name, `at most ${more} ms more than ${peer}`, `${digits(is)} ms more`, met(is <= more)];
    }
    const is = (median(rounds, line, "larder") * 1000) / sizes.bulk;
    return [name, `at most ${micros} µs each`, `${digits(is)} µs`, met(is <= micros)];
  }
}

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
