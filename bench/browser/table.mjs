// The results as Markdown tables, a row for each system.

import { references } from "./statistics.mjs";
import { acknowledgement, digits, lineNames, missing, saveTime } from "./words.mjs";

// tables returns the text: times, and ratios to each of the references.
export function tables({ systems, sizes, summary, rounds }) {
  const lines = lineNames(sizes).filter(([id]) => systems.some(({ name }) => summary[name][id]));
  const table = (title, cell) => {
    const rows = systems.map((system) => {
      const acks = rounds[0][system.name].acks;
      const cells = lines.map(([id]) => {
        const found = summary[system.name][id];
        return found ? cell(found) : missing(rounds, system, id);
      });
      return [system.label, acknowledgement(system, acks), ...cells];
    });
    const head = ["system", "a commit is", ...lines.map(([, , short]) => short)];
    const text = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
    return [`### ${title}`, "", ...text, ""].join("\n");
  };
  const range = ({ median, least, greatest }) => `${digits(median)} (${digits(least)}–${digits(greatest)})`;
  const failures = systems.flatMap(({ name, label }) => {
    const error = rounds.map((round) => round[name].error).find(Boolean);
    return error ? [`${label} failed: ${error}`, ""] : [];
  });
  const ratios = systems
    .filter(({ name }) => references.includes(name))
    .map(({ name, label }) =>
      table(`Time ÷ that of ${label} in the same round`, (found) =>
        found.ratios[name] ? range(found.ratios[name]) : "–",
      ),
    );
  return [
    table(
      "Milliseconds, median (least–greatest)",
      ({ ms, saved }) => range(ms) + (saved ? `, saved after ${saveTime(saved.median)}` : ""),
    ),
    ...ratios,
    ...failures,
  ].join("\n");
}
