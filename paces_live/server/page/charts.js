// The figures of a library: how many songs fit each target, and the histogram of all paces.

import { make } from "./elements.js";

const SVG = "http://www.w3.org/2000/svg";
/** Height of the histogram and width of a bin, in units of the drawing, which is stretched. */
const HEIGHT = 100;
const BIN = 10;
/** Steps per minute between two marks of the axis. */
const MARKS = 30;
/** Rates at which people run. */
const RUNNING = [130, 200];

export const count = (number) => number.toLocaleString("en");
export const share = (part, whole) => `${whole ? ((100 * part) / whole).toFixed(2) : 0}%`;

/** Return the rows of the table of targets; `choose(target)` is called if one is chosen. */
export function targetRows({ fits }, choose) {
  const most = Math.max(...fits.map(({ songs }) => songs));
  return fits.map(({ target, songs, on_beat: onBeat, locks }) => {
    const ariaLabel = `${target}: show what fits`;
    const button = make("button", { onclick: () => choose(target), ariaLabel }, String(target));
    button.dataset.target = target;
    const bars = make("span", { className: "bars" }, make("i", { className: "match" }), make("i", { className: "lock" }));
    bars.children[0].style.inlineSize = share(songs, most);
    bars.children[1].style.inlineSize = share(locks, most);
    const cells = [songs, onBeat, locks].map((number) => make("td", {}, count(number)));
    const bar = make("td", { className: "bar" }, bars);
    bar.ariaHidden = "true";
    return make("tr", {}, make("th", { scope: "row" }, button), ...cells, bar);
  });
}

function bins({ histogram }) {
  const { first, width, on_beat: onBeat, others } = histogram;
  return onBeat.map((beat, index) => ({ spm: first + index * width, beat, all: beat + others[index] }));
}

function bar(x, low, high, className) {
  const rect = document.createElementNS(SVG, "rect");
  const place = { x: x + 0.75, y: HEIGHT - high, width: BIN - 1.5, height: high - low, class: className };
  for (const [name, value] of Object.entries(place)) rect.setAttribute(name, value);
  return rect;
}

/** Draw the histogram, and the marks of its axis. */
export function drawHistogram(overview, svg, axis) {
  const all = bins(overview);
  const { first, width } = overview.histogram;
  const most = Math.max(1, ...all.map((bin) => bin.all));
  const place = (spm) => ((spm - first) / width + 0.5) * BIN;
  const end = all.length * BIN;
  svg.setAttribute("viewBox", `0 0 ${end} ${HEIGHT}`);
  const ground = bar(place(RUNNING[0]) - 0.75, 0, HEIGHT, "running");
  ground.setAttribute("width", place(RUNNING[1]) - place(RUNNING[0]));
  const bars = all.flatMap(({ beat, all: every }, index) => {
    const [low, high] = [beat, every].map((number) => (HEIGHT * number) / most);
    const title = document.createElementNS(SVG, "title");
    title.textContent = binWords(all[index]);
    const group = document.createElementNS(SVG, "g");
    group.append(title, bar(index * BIN, 0, HEIGHT, "ground"), bar(index * BIN, 0, low, "beat"), bar(index * BIN, low, high, "other"));
    return group;
  });
  svg.replaceChildren(ground, ...bars);
  const marks = all.filter(({ spm }) => spm % MARKS === 0).map(({ spm }) => {
    const mark = make("span", {}, String(spm));
    mark.style.insetInlineStart = share(place(spm), end);
    return mark;
  });
  axis.replaceChildren(...marks);
  const top = all.reduce((best, bin) => (bin.all > best.all ? bin : best));
  const words = top.all ? `Most paces are near ${top.spm}: ${count(top.all)}.` : "There are no paces yet.";
  svg.setAttribute("aria-label", `Histogram of paces, steps per minute. ${words}`);
  return words;
}

const binWords = ({ spm, beat, all }) => `${spm}: ${count(all)}, ${count(beat)} of them a step on every beat`;

/** Return the figures of the histogram as rows of a table. */
export function histogramRows(overview) {
  return bins(overview).map(({ spm, beat, all }) =>
    make("tr", {}, make("th", { scope: "row" }, String(spm)), make("td", {}, count(all)), make("td", {}, count(beat))),
  );
}
