// What a screen reader says: the pace and the verdict when they change, not once per second.

import { shown } from "./match.js";
import { judge, spokenWords, stepping } from "./wording.js";

/** Steps per minute by which a pace has to move to be said again: rounding alone would flicker. */
const MOVED = 1.5;

export class Speech {
  /** Speak with `write(words)`, which fills a live region. */
  constructor(write) {
    this.write = write;
    this.said = { word: "", spm: null, step: "" };
  }

  /** Say what is shown, if it is not what was said. */
  say(view) {
    const { word } = judge(view);
    const spm = view.lost || !view.reading ? null : shown(view.reading.paces, view.target, view.reading.beat);
    const step = spm === null ? "" : stepping(spm, view.reading.beat);
    const still = spm === this.said.spm || (spm !== null && Math.abs(spm - (this.said.spm ?? 0)) < MOVED);
    if (still && word === this.said.word && step === this.said.step) return;
    this.said = { word, spm, step };
    this.write(spokenWords(view));
  }
}
