// A target that the runner taps, once per step: the rules of paces_live/tui/tap.py.

import { SPM_MAX, SPM_MIN } from "./match.js";

/** Taps that set a target: three intervals, so that a missed tap or a stray one does not count. */
const LEAST = 4;
/** Pause that ends a count, seconds; longer than a step at the slowest rate. */
export const PAUSE_S = 2;
/** Time for which the page says why a count set nothing, seconds. */
export const NOTE_S = 4;
/** Number of the last intervals that count. */
const INTERVALS = 8;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The last taps, as times in seconds. It never changes: each call returns another. */
export class Taps {
  constructor(times = [], count = 0, over = false) {
    Object.assign(this, { times, count, over });
  }

  /** Return the taps at `now`: over after a pause and, once that was noticed, none a while later. */
  at(now) {
    const waited = this.times.length ? now - this.times.at(-1) : 0;
    if (this.over && waited >= PAUSE_S + NOTE_S) return new Taps();
    return new Taps(this.times, this.count, waited >= PAUSE_S);
  }

  /** Return the taps after one more at `now`; the first after a pause begins a new count. */
  tapped(now) {
    const before = this.at(now).over ? new Taps() : this;
    return new Taps([...before.times, now].slice(-INTERVALS - 1), before.count + 1);
  }

  /** Taps per minute, from the median of the last intervals; null after a single tap. */
  get rate() {
    const intervals = this.times.slice(1).map((time, index) => time - this.times[index]);
    return intervals.length ? 60 / Math.max(median(intervals), 1e-3) : null;
  }

  /** The target that these taps set; null if they are too few, too fast or too slow. */
  get target() {
    const { rate } = this;
    return rate === null || this.count < LEAST || rate < SPM_MIN || rate > SPM_MAX ? null : Math.round(rate);
  }

  /** What the taps amount to; empty without any. */
  get words() {
    const { rate, count } = this;
    if (!this.times.length) return "";
    const taps = `${count} ${count === 1 ? "tap" : "taps"}`;
    if (rate > SPM_MAX) return `${taps}: over ${SPM_MAX}, not set`;
    if (rate !== null && rate < SPM_MIN) return `${taps}: under ${SPM_MIN}, not set`;
    if (count >= LEAST) return `${taps}: ${Math.round(rate)} spm`;
    if (this.over) return `${taps}: not set, it takes ${LEAST}`;
    return `${taps}, ${LEAST - count} more${rate === null ? "" : `: ${Math.round(rate)} spm`}`;
  }
}
