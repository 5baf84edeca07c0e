// Draws what is known into the page. It reads nothing back: each call sets all that it is about.

import { $, make } from "./elements.js";
import { DEFAULT_TARGET, match, shown, SPM_MAX, SPM_MIN } from "./match.js";
import { caption, clock, flag, inStep, judge, levelWords, offBy, problem, stateWords, stepping } from "./wording.js";

/** Level of an empty meter, dBFS. */
const QUIETEST = -60;
/** Longest word, in letters, that is written in the largest letters. */
const LONG = 9;

/** Set a text, and touch the page only if it changes: a screen reader and a selection would notice. */
function write(id, text) {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
}

function show(id, wanted) {
  $(id).hidden = !wanted;
}

/** Draw the pace in large figures, the verdict, and how to step. */
export function drawHero(view) {
  const { reading, target, cadence } = view;
  const verdict = judge(view);
  const spm = view.lost || !reading ? null : shown(reading.paces, target, reading.beat);
  $("hero").dataset.kind = verdict.kind;
  write("sign", verdict.sign);
  write("word", verdict.word);
  $("verdict").classList.toggle("long", verdict.word.length > LONG);
  write("grade", verdict.grade);
  $("hero").classList.toggle("blank", spm === null);
  write("figures", spm === null ? "–" : String(Math.round(spm)));
  write("step", spm === null ? "" : stepping(spm, reading.beat));
  write("off", offBy(spm, target));
  write("state", spm === null ? "" : stateWords(reading)); // Without a pace, the verdict says it.
  show("you", cadence !== null);
  if (cadence !== null) {
    const step = inStep(cadence, spm);
    write("whose", view.whose);
    write("you-figures", String(Math.round(cadence)));
    write("you-words", step?.words ?? "");
    $("you").dataset.kind = step?.kind ?? "bare";
  }
}

/** Draw what plays, how the connection stands, and what is wrong with the sound. */
export function drawStatus(view) {
  const { reading, connection, onPhone } = view;
  const title = reading && !view.lost ? caption(reading.track) : "";
  const input = onPhone ? "this phone’s microphone" : (view.input ?? "paces-live");
  write("heard", title ? `♪ ${title}` : input);
  write("connection", connection.words);
  $("connection").dataset.kind = connection.kind;
  const wrong = view.error
    ? [view.error.message, view.error.hint].filter(Boolean).join(": ")
    : reading && !view.lost
      ? problem(reading.health, onPhone)
      : "";
  write("problem", wrong);
  show("problem", wrong);
  const live = reading && !view.lost;
  write("level-words", live ? levelWords(reading.health) : "–");
  const share = live ? Math.min(1, Math.max(0, 1 - reading.health.level_dbfs / QUIETEST)) : 0;
  $("level-bar").style.inlineSize = `${(100 * share).toFixed(0)}%`;
  write("lost", live && reading.health.dropped_s > 0 ? `lost ${reading.health.dropped_s.toFixed(1)} s` : "");
}

/** Return the place of a rate on the scale, in percent. */
function place(spm) {
  const share = (Math.min(SPM_MAX, Math.max(SPM_MIN, spm)) - SPM_MIN) / (SPM_MAX - SPM_MIN);
  return `${(100 * share).toFixed(2)}%`;
}

/** Draw the target, its tolerance, and the paces on the scale above the slider. */
export function drawTarget({ target, tolerance, reading, lost }) {
  write("target-figures", target === null ? "none" : String(Math.round(target)));
  const slider = $("target");
  const value = String(Math.round(target ?? DEFAULT_TARGET));
  if (slider.value !== value) slider.value = value;
  drawTolerance(tolerance);
  const band = $("band");
  band.hidden = target === null;
  if (target !== null) {
    band.style.insetInlineStart = place(target * (1 - tolerance));
    band.style.insetInlineEnd = `calc(100% - ${place(target * (1 + tolerance))})`;
  }
  const found = reading && match(reading.paces, target, tolerance);
  const marks = (lost ? [] : (reading?.paces ?? [])).map((pace) => {
    const mark = make("i", { className: found?.spm === pace.spm ? `mark ${flag(found).kind}` : "mark" });
    mark.style.insetInlineStart = place(pace.spm);
    return mark;
  });
  $("scale").replaceChildren(band, ...marks);
}

/** Choose the tolerance, which may be one that the list does not have. */
function drawTolerance(tolerance) {
  const list = $("tolerance");
  const is = (option) => Math.abs(Number(option.value) - tolerance) < 1e-6;
  let option = [...list.options].find(is);
  if (!option) {
    option = make("option", { value: String(tolerance) }, `± ${Number((100 * tolerance).toFixed(1))} %`);
    list.append(option);
  }
  if (!option.selected) option.selected = true;
}

/** Draw all paces, slowest first; `use(spm)` makes one the target. Rows stay: a finger and the focus keep theirs. */
export function drawPaces({ reading, target, tolerance, lost }, use) {
  const paces = lost || !reading ? [] : [...reading.paces].sort((a, b) => a.spm - b.spm);
  const found = match(paces, target, tolerance);
  const list = $("paces");
  while (list.children.length > paces.length) list.lastElementChild.remove();
  while (list.children.length < paces.length) {
    const onclick = ({ currentTarget }) => use(Number(currentTarget.dataset.spm));
    const [share, step] = ["hint", "hint step"].map((className) => make("span", { className }));
    list.append(make("li", {}, make("p", {}, make("b"), " ", share, step), make("button", { onclick })));
  }
  paces.forEach((pace, index) => {
    const row = list.children[index];
    const is = found?.spm === pace.spm;
    row.className = is ? flag(found).kind : "";
    row.querySelector("b").textContent = pace.spm.toFixed(1);
    row.querySelector("span").textContent = `${Math.round(100 * pace.probability)} %`;
    row.querySelector(".step").textContent = stepping(pace.spm, reading.beat);
    const button = row.querySelector("button");
    const spm = Math.round(pace.spm);
    button.dataset.spm = spm;
    button.ariaLabel = `use ${spm} as target`;
    button.disabled = spm === target;
    button.textContent = button.disabled ? "Your target" : "Use as target";
    if (button.disabled) button.ariaLabel = `${spm} is your target`;
  });
  show("no-paces", !paces.length);
}

/** Draw the songs that have ended, newest first: those of the stream, and what this phone heard before. */
export function drawSongs(view) {
  $("songs").replaceChildren(...rows(view.songs, view));
  $("own-songs").replaceChildren(...rows(view.ownSongs, view));
  show("no-songs", !view.songs.length);
  show("own-songs-card", view.ownSongs.length);
}

function rows(songs, { target, tolerance }) {
  return songs.toReversed().map((song) => {
    const found = match(song.paces, target, tolerance);
    const judged = target !== null && song.paces.length && !song.skipped;
    const unjudged = { sign: "–", word: song.skipped ? "skipped" : "", kind: "bare" };
    const { sign, word, kind } = judged ? flag(found) : unjudged;
    const paces = [...song.paces].sort((a, b) => a.spm - b.spm).map(({ spm, low, high }) => {
      const rate = low ? `${low.toFixed(0)}–${high.toFixed(0)}` : spm.toFixed(1);
      return make(spm === found?.spm ? "b" : "span", {}, rate);
    });
    const rates = paces.flatMap((pace) => [" · ", pace]).slice(1);
    const title = caption(song.track) || `song ${song.song}`;
    return make(
      "li",
      { className: kind },
      make("p", { className: "title" }, title, " ", make("span", { className: "hint" }, clock(song.end - song.start))),
      make("p", { className: "flag" }, make("span", { ariaHidden: "true" }, sign), " ", word),
      make("p", { className: "rates" }, ...(paces.length ? rates : ["no pace found"])),
    );
  });
}
