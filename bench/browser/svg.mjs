// Draws the results: a row for each line of work, a column for each system, in each cell the
// system's time divided by Larder's in the same round. It follows the reader's light or dark.

import { acknowledgement, digits, lineNames, milliseconds, missing, saveTime, times } from "./words.mjs";

const cell = { width: 66, height: 32 };
const left = 236;
const top = 178;

// Ratios nearer to 1 than this are noise on a machine that does other things too.
const noise = 1.2;

const style = `
  svg { --back: #ffffff; --text: #1f2328; --soft: #59636e; --even: #eceff2; --win: #dbf3e1; --far: #a9e2b8;
        --loss: #ffd9b8; --badly: #ffab70; --other: #8250df; }
  @media (prefers-color-scheme: dark) {
    svg { --back: #0d1117; --text: #e6edf3; --soft: #9198a1; --even: #21262d; --win: #12341d; --far: #1f6032;
          --loss: #5a3413; --badly: #8f4a12; --other: #b48ef8; } }
  text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--text); }
  .back { fill: var(--back); } .title { font-size: 16px; font-weight: 600; }
  .soft { fill: var(--soft); font-size: 11px; } .small { fill: var(--soft); font-size: 9px; }
  .middle { text-anchor: middle; } .bold { font-weight: 700; } .end { text-anchor: end; }
  .even { fill: var(--even); } .win { fill: var(--win); } .far { fill: var(--far); }
  .loss { fill: var(--loss); } .badly { fill: var(--badly); }
  .other { fill: none; stroke: var(--other); stroke-width: 1.5; stroke-dasharray: 4 3; }`;

// draw returns the SVG.
export function draw({ systems, sizes, summary, rounds, about }) {
  const lines = lineNames(sizes).filter(([id]) => systems.some(({ name }) => summary[name][id]));
  const width = left + systems.length * cell.width + 96;
  const bottom = top + lines.length * cell.height;
  const height = bottom + 76 + 16 * about.length;
  const column = (i) => left + i * cell.width;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>Larder and its peers in the browser</title><style>${style}</style>`,
    `<rect class="back" width="${width}" height="${height}" rx="8"/>`,
    text(16, 28, "Time of each system ÷ time of Larder in the same round", "title"),
    text(
      16,
      46,
      `Rounds: ${rounds.length}. The median, below it the least and the greatest. Above 1 Larder is faster.`,
      "soft",
    ),
  ];
  systems.forEach((system, i) => {
    const x = column(i) + cell.width / 2;
    const name = text(0, 0, system.label, system.name === "larder" ? "bold" : "");
    parts.push(`<g transform="translate(${x - 6} ${top - 26}) rotate(-38)">${name}</g>`);
    parts.push(text(x, top - 8, acknowledgement(system, rounds[0][system.name].acks), "small middle"));
  });
  lines.forEach(([id, long], row) => {
    const y = top + row * cell.height;
    parts.push(text(16, y + cell.height / 2 + 4, long));
    systems.forEach((system, i) => {
      const found = summary[system.name][id];
      const shown = found ? ofCell(system, id, found) : { words: missing(rounds, system, id) };
      parts.push(drawCell(column(i), y, shown));
      if (found && writes.has(id) && isOther(found, summary.larder?.[id])) {
        parts.push(rect(column(i) + 2, y + 2, cell.width - 4, cell.height - 4, "other"));
      }
    });
  });
  parts.push(...legend(16, bottom + 24));
  parts.push(...about.map((words, i) => text(16, bottom + 70 + 16 * i, words, "soft")));
  parts.push("</svg>", "");
  return parts.join("\n");
}

const writes = new Set(["bulk", "at-once", "update", "delete"]);

// isOther tells that a commit was acknowledged under other terms than Larder's.
const isOther = (found, larder) => larder !== undefined && found.ack !== larder.ack;

// ofCell returns what is said of a line: Larder's own time, or another's ratio to it, and below it the
// spread, or, of commits that are saved later, when all were.
function ofCell(system, line, { ms, saved, ratios }) {
  const later = line === "commits-async" && saved && `saved ${saveTime(saved.median, milliseconds)}`;
  if (system.name === "larder" || !ratios.larder) {
    return { words: milliseconds(ms.median), below: later || between(ms), kind: "even" };
  }
  const { median } = ratios.larder;
  const kind = [
    ["badly", median < 1 / 2],
    ["loss", median < 1 / noise],
    ["even", median <= noise],
    ["win", median < 5],
    ["far", true],
  ].find(([, holds]) => holds)[0];
  return { words: times(median), below: later || between(ratios.larder), kind };
}

const between = ({ least, greatest }) => `${digits(least)}–${digits(greatest)}`;

function drawCell(x, y, { words, below, kind }) {
  const lost = kind === "loss" || kind === "badly";
  const middle = x + cell.width / 2;
  const parts = [];
  if (kind) parts.push(rect(x + 1, y + 1, cell.width - 2, cell.height - 2, kind));
  parts.push(text(middle, y + (below ? 15 : 20), lost ? `▾ ${words}` : words, `middle${lost ? " bold" : ""}`));
  if (below) parts.push(text(middle, y + 26, below, "small middle"));
  return parts.join("");
}

function legend(x, y) {
  const kinds = [
    ["far", "5 times faster or more"],
    ["win", "Larder is faster"],
    ["even", `within ${Math.round((noise - 1) * 100)} %`],
    ["loss", "▾ Larder is slower"],
    ["badly", "▾ more than twice"],
    ["other", "acknowledged under other terms"],
  ];
  const parts = kinds.map(
    ([kind, words], i) => `${rect(x + i * 164, y - 11, 16, 14, kind)}${text(x + i * 164 + 22, y, words, "soft")}`,
  );
  parts.push(
    text(
      x,
      y + 22,
      "Under the names, what an acknowledged commit has survived: relaxed, the page and the browser; strict, the machine; saved behind, nothing yet.",
      "soft",
    ),
  );
  return parts;
}

const rect = (x, y, width, height, kind) =>
  `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="3"/>`;

const text = (x, y, words, kind = "") =>
  `<text${kind && ` class="${kind}"`} x="${x}" y="${y}">${words.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)}</text>`;
