// The songs of a library: how each fits a target, which of them are shown, and in which order.

import { DEFAULT_TARGET, match, nearest, stepsPerBeat } from "./match.js";

const GRADES = ["lock", "match", "stretch"];
const ACCENTS = /\p{M}/gu;
const ASCII = /^[\x00-\x7f]*$/;
const WORD = /(-?)(?:"([^"]*)"|(\S+))/g;
/** What the list of songs can be limited to. */
const KINDS = {
  all: () => true,
  fit: (song) => song.grade < 2,
  beat: (song) => song.grade < 2 && song.steps === 1,
  lock: (song) => song.grade < 1,
  unsure: (song) => song.unsure,
  none: (song) => !song.paces.length,
};
/** What the list can be ordered by; what is missing comes last. */
const ORDERS = {
  fit: (song) => song.misfit,
  pace: (song) => song.pace?.spm ?? Infinity,
  sure: (song) => song.pace?.probability ?? Infinity,
  title: (song) => folded(song.title),
  artist: (song) => folded(song.artist) || "\uffff",
  length: (song) => song.duration,
};

/** Return a text as it is searched: in small letters without accents. */
export function folded(text) {
  return ASCII.test(text) ? text.toLowerCase() : text.normalize("NFKD").replace(ACCENTS, "").toLowerCase();
}

/** Return whether a text has all words of a search, and none that comes after a minus; quotes hold words together. */
export function searching(search) {
  const words = [...folded(search).matchAll(WORD)].map(([, minus, quoted, bare]) => [!minus, quoted ?? bare]);
  return (text) => words.every(([wanted, word]) => text.includes(word) === wanted);
}

function song([path, title, artist, album, genre, duration, beat, paces], sure) {
  const known = paces.map(([spm, probability, low, high]) => ({ spm, probability, low, high }));
  const name = title || path.slice(path.lastIndexOf("/") + 1);
  const common = { path, title: name, artist: artist ?? "", album: album ?? "", genre: genre ?? "", duration, beat };
  return { ...common, paces: known, unsure: known.length > 0 && known.every(({ probability }) => probability < sure) };
}

export class Songs {
  /** Take the songs of an overview, as the server writes it. */
  constructor({ songs, sure, tolerance }) {
    this.tolerance = tolerance;
    this.all = songs.map((row) => song(row, sure));
    this.texts = null;
    this.aim(DEFAULT_TARGET);
  }

  /** Find out how each song fits a target. */
  aim(target) {
    for (const one of this.all) {
      const found = nearest(one.paces, target);
      one.pace = found && one.paces.find(({ spm }) => spm === found.spm);
      one.grade = GRADES.length;
      one.steps = null;
      one.misfit = Infinity;
      if (!found) continue;
      const grade = match(one.paces, target, this.tolerance)?.grade;
      if (grade) one.grade = GRADES.indexOf(grade);
      if (one.beat !== null) one.steps = stepsPerBeat(found.spm, one.beat);
      // As in `paces-live find`: the grade, a step on every beat, then what is surer, then what is nearer.
      const off = 1e-5 * Math.min(1, Math.abs(found.error));
      one.misfit = 4 * one.grade + 2 * (one.steps !== 1) + (1 - one.pace.probability) + off;
    }
  }

  /** Return the songs of a kind that a search finds, in an order. */
  chosen({ search = "", kind = "all", order = "fit", down = false }) {
    let found = this.all.filter(KINDS[kind]);
    if (search.trim()) {
      const fits = searching(search);
      this.texts ??= new Map(
        this.all.map((one) => [one, folded([one.title, one.artist, one.album, one.genre, one.path].join("\n"))]),
      );
      found = found.filter((one) => fits(this.texts.get(one)));
    }
    const key = ORDERS[order];
    const keyed = found.map((one) => [key(one), one]);
    const sign = down ? -1 : 1;
    // Equal ones stay in the order of their paths.
    keyed.sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0));
    return keyed.map(([, one]) => one);
  }
}

/** Return the grade of a song in a word. */
export function gradeWord({ grade }) {
  return GRADES[grade] ?? "";
}
