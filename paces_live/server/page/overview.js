// The page of a library: its figures, and its songs with search and order. It draws one page of songs at a time.

import { count, drawHistogram, histogramRows, targetRows } from "./charts.js";
import { $, make } from "./elements.js";
import { inRange } from "./match.js";
import { gradeWord, Songs } from "./songs.js";
import { clock, flag, stepping } from "./wording.js";

/** Songs on a page of the table. */
const AT_ONCE = 50;
/** Time after the last key until a search begins, milliseconds. */
const TYPING_MS = 150;

const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

function paces({ paces: all }) {
  return all.map(({ spm, probability }) => `${spm.toFixed(1)} (${Math.round(100 * probability)} %)`).join("  ");
}

function cell(className, ...children) {
  return make("td", { className }, ...children);
}

function row(song) {
  const { pace, beat, title, artist, path, duration } = song;
  const word = gradeWord(song);
  const { sign, kind } = flag(word ? { grade: word } : null);
  const figures = pace ? make("b", {}, pace.spm.toFixed(1)) : make("span", { className: "hint" }, "none");
  const fit = make("span", { className: `flag ${kind}` }, word ? `${sign} ${word}` : "");
  const under = make("span", { className: "hint under" }, artist);
  const where = make("span", { className: "hint path", title: path }, path);
  return make(
    "tr",
    {},
    cell("figure", figures, " ", fit),
    cell("figure", pace ? `${Math.round(100 * pace.probability)} %` : ""),
    cell("wider", stepping(pace?.spm ?? null, beat)),
    cell("title", make("b", {}, title), under, where),
    cell("wider", artist),
    cell("figure", clock(duration)),
    cell("widest", paces(song)),
  );
}

/** Shows an overview, as the server or a report has it. */
export class OverviewPage {
  constructor(overview) {
    this.overview = overview;
    this.songs = new Songs(overview);
    this.first = 0;
    this.order = "fit";
    this.down = false;
    this.found = [];
    this.typing = null;
    this.drawFigures();
    this.listen();
    this.find();
    $("overview").hidden = false;
  }

  drawFigures() {
    const { counts, sure, tolerance } = this.overview;
    const facts = counts.songs ? [`${plural(counts.songs, "song")} in ${plural(counts.files, "file")}`] : [];
    if (counts.unreadable) facts.push(`${plural(counts.unreadable, "file")} cannot be read: see paces-live library --unreadable`);
    if (counts.stale) facts.push(`${plural(counts.stale, "song")} of another model: scan with --refresh`);
    $("counts").textContent = facts.join("; ");
    $("empty").hidden = counts.songs > 0;
    $("filled").hidden = $("to-songs").hidden = counts.songs === 0;
    for (const kind of ["unsure", "none"]) {
      const number = this.songs.chosen({ kind }).length;
      const button = $(`show-${kind}`);
      button.querySelector("b").textContent = count(number);
      button.disabled = number === 0;
      button.onclick = () => this.show(kind);
    }
    $("sure").textContent = `${Math.round(100 * sure)} %`;
    $("within").textContent = `within ${Number((100 * tolerance).toFixed(1))} %`;
    $("targets").replaceChildren(...targetRows(this.overview, (target) => this.show("fit", target)));
    $("most").textContent = drawHistogram(this.overview, $("histogram"), $("axis"));
    $("bins").replaceChildren(...histogramRows(this.overview));
  }

  listen() {
    const typed = (then) => () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(then, TYPING_MS);
    };
    $("search").oninput = typed(() => this.find());
    $("kind").onchange = () => this.find();
    // What is being typed may be no target yet.
    $("aim").oninput = typed(() => $("aim").value && $("aim").checkValidity() && this.aim(Number($("aim").value)));
    $("order").onchange = () => this.sort($("order").value, false);
    $("songs-form").onsubmit = (event) => event.preventDefault();
    for (const button of document.querySelectorAll("th[data-order] button")) {
      const { order } = button.closest("th").dataset;
      button.onclick = () => this.sort(order, this.order === order && !this.down);
    }
    $("before").onclick = () => this.turn(-AT_ONCE);
    $("after").onclick = () => this.turn(AT_ONCE);
    this.target = inRange(Number($("aim").value));
  }

  /** Show the songs of a kind, for a target. */
  show(kind, target = this.target) {
    $("kind").value = kind;
    $("search").value = "";
    this.aim(target);
    $("songs-card").scrollIntoView({ block: "start" });
    $("songs-title").focus({ preventScroll: true });
  }

  aim(target) {
    this.target = inRange(target);
    $("aim").value = String(this.target);
    this.songs.aim(this.target);
    this.find();
  }

  sort(order, down) {
    this.order = order;
    this.down = down;
    this.find();
  }

  find() {
    const { order, down } = this;
    this.found = this.songs.chosen({ search: $("search").value, kind: $("kind").value, order, down });
    this.first = 0;
    this.draw();
  }

  turn(by) {
    this.first += by;
    this.draw();
    $("songs-card").scrollIntoView({ block: "start" });
  }

  draw() {
    const { found, first, order, down, target } = this;
    const last = Math.min(found.length, first + AT_ONCE);
    $("songs").replaceChildren(...found.slice(first, last).map(row));
    const range = found.length > AT_ONCE ? `${count(first + 1)} to ${count(last)} of ` : "";
    $("shown").textContent = found.length ? range + plural(found.length, "song") : "no songs match";
    $("before").disabled = first === 0;
    $("after").disabled = last === found.length;
    $("pages").hidden = found.length <= AT_ONCE;
    $("order").value = order;
    for (const head of document.querySelectorAll("th[data-order]")) {
      const sorted = head.dataset.order === order;
      if (sorted) head.ariaSort = down ? "descending" : "ascending";
      else head.removeAttribute("aria-sort");
    }
    for (const button of document.querySelectorAll("#targets button")) {
      button.ariaPressed = String(Number(button.dataset.target) === target);
    }
  }
}
