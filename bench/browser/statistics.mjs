// What the rounds say: medians, with the least and the greatest, and ratios within a round.

// The systems to which the others are compared.
export const references = ["indexeddb", "larder"];

// summarize returns, by system and line, {ack, ms, saved, ratios}: ms and each of ratios, by the
// reference's name, are {median, least, greatest}. What was cut counts as endless, Infinity. saved,
// the time until all was saved, is there where that is later, and endless where that was cut. A line that a system doesn't have is missing.
export function summarize(rounds) {
  const summary = {};
  for (const name of Object.keys(rounds[0])) {
    summary[name] = {};
    const lines = new Set(rounds.flatMap((round) => Object.keys(round[name].lines)));
    for (const line of lines) {
      const measured = rounds.filter((round) => round[name].lines[line]);
      const saved = measured
        .map((round) => round[name].lines[line])
        .map(({ saved, unsaved }) => (unsaved ? Number.POSITIVE_INFINITY : saved))
        .filter((ms) => ms !== undefined);
      const ratios = {};
      for (const reference of references) {
        const both = measured.filter((round) => round[reference]?.lines[line]);
        const values = both.map((round) => duration(round[name].lines[line]) / duration(round[reference].lines[line]));
        if (values.length > 0) ratios[reference] = spread(values);
      }
      summary[name][line] = {
        ack: measured[0][name].lines[line].ack,
        ms: spread(measured.map((round) => duration(round[name].lines[line]))),
        ...(saved.length > 0 && { saved: spread(saved) }),
        ratios,
      };
    }
  }
  return summary;
}

const duration = ({ ms, cut }) => (cut ? Number.POSITIVE_INFINITY : ms);

// spread returns the median of values, of which there is at least one, the least and the greatest.
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], greatest: sorted.at(-1) };
}

// differences returns, in words, where systems gave different results for a line of a round.
export function differences(rounds) {
  const found = [];
  for (const [i, round] of rounds.entries()) {
    const lines = new Set(Object.values(round).flatMap((result) => Object.keys(result.lines)));
    for (const line of lines) {
      const byCheck = new Map();
      for (const [name, { lines: results }] of Object.entries(round)) {
        const check = results[line]?.check;
        if (check !== undefined) byCheck.set(check, [...(byCheck.get(check) ?? []), name]);
      }
      if (byCheck.size > 1) {
        const sides = [...byCheck].map(([check, names]) => `${names.join(", ")}: ${check}`);
        found.push(`round ${i + 1}, ${line}: ${sides.join(" | ")}`);
      }
    }
  }
  return found;
}
