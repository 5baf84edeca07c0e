// Words for what is heard: those of the terminal UI, which the tests compare with these.

import { LOCK_TOLERANCE, match, shown, stepsPerBeat } from "./match.js";

export const STATE_WORDS = {
  listening: "listening",
  silence: "silence",
  no_pulse: "no steady pulse",
  provisional: "still settling",
  settled: "settled",
};
const STEPS = {
  1: "a step on every beat",
  2: "two steps a beat",
  3: "three steps a beat",
  4: "four steps a beat",
};
const BEATS = { 2: "second", 3: "third", 4: "fourth" };
const LEVEL_WORDS = { silent: "silent", too_quiet: "too quiet", clipping: "clipping" };
const MINUS = "−";

/** Return how to step at `spm`; empty while the felt beat is not decided. */
export function stepping(spm, beat) {
  if (spm === null || beat === null) return "";
  const steps = stepsPerBeat(spm, beat);
  if (STEPS[steps]) return STEPS[steps];
  const beats = Math.round(1 / steps);
  const counted = steps === 1 / beats && BEATS[beats];
  return counted ? `a step every ${BEATS[beats]} beat` : `${steps.toFixed(2)} steps a beat`;
}

/** Return the sign, the word and the kind of a match: `yes` fills the shape, `nearly` and `no` frame it. */
export function flag(found) {
  if (!found) return { sign: "✕", word: "NO MATCH", kind: "no" };
  return found.grade === "stretch"
    ? { sign: "≈", word: "STRETCH", kind: "nearly" }
    : { sign: "✓", word: "MATCH", kind: "yes" };
}

/** Return the verdict on what is heard now: `{sign, word, grade, kind}`; the kind is `bare` or `gone` without a pace. */
export function judge({ reading, target, tolerance, error = null, lost = false }) {
  const bare = (word) => ({ sign: "", word, grade: "", kind: "bare" });
  if (lost) return { ...bare("NO CONNECTION"), sign: "✕", kind: "gone" };
  if (error) return { ...bare("NO INPUT"), sign: "✕", kind: "gone" };
  if (!reading) return bare("STARTING");
  if (reading.health.status === "paused") return bare("PAUSED");
  if (!reading.paces.length) {
    return bare(reading.state === "settled" ? "NO PACE" : STATE_WORDS[reading.state].toUpperCase());
  }
  if (target === null) return bare("NO TARGET");
  const found = match(reading.paces, target, tolerance);
  const grade = found?.grade === "stretch" ? "a compromise" : (found?.grade ?? "");
  return { ...flag(found), grade };
}

/** Return the state of a reading in a runner's words. */
export function stateWords(reading) {
  if (!reading) return "";
  return reading.recalled ? "recalled" : STATE_WORDS[reading.state];
}

/** Return how far the pace in large figures is from the target, such as `−2.1 spm, −1.2 %`. */
export function offBy(spm, target) {
  if (spm === null || target === null) return "";
  return `${signed(spm - target)} spm, ${signed(100 * (spm / target - 1))} %`;
}

/** Return a value with its sign and one digit after the point; what rounds to zero has no minus. */
export function signed(value) {
  const digits = Math.abs(value).toFixed(1);
  return (value < 0 && Number(digits) > 0 ? MINUS : "+") + digits;
}

/** Return a duration as minutes and seconds, with hours if there are any. */
export function clock(seconds) {
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  const rest = two(whole % 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}

/** Return the artist and the title of a track, or what of them is known; empty if nothing is. */
export function caption(track) {
  return [track?.artist, track?.title].filter(Boolean).join(" - ");
}

/** Return a level in words. */
export function levelWords(health) {
  const level = `${MINUS}${Math.abs(Math.max(health.level_dbfs, -99)).toFixed(0)} dBFS`.replace(`${MINUS}0 `, "0 ");
  const word = LEVEL_WORDS[health.status];
  return word ? `${level}, ${word}` : level;
}

/** Return what is wrong with the sound, and what to do about it; empty if nothing is. */
export function problem(health, onPhone) {
  const nearer = onPhone ? "hold the phone nearer to the music" : "turn the input up";
  const advice = {
    too_quiet: nearer,
    silent: onPhone ? "no sound arrives from the microphone" : "no sound arrives at all",
    clipping: onPhone ? "hold the phone further away" : "turn the input down",
  };
  if (health.status === "ok" || health.status === "paused") return "";
  const words = LEVEL_WORDS[health.status] ?? health.message ?? "";
  return advice[health.status] ? `${words}: ${advice[health.status]}` : words;
}

/** Say whether steps at `cadence` are in step with the pace: `{kind, words}`, null if there is nothing to compare. */
export function inStep(cadence, pace) {
  if (cadence === null || pace === null) return null;
  const error = cadence / pace - 1;
  if (Math.abs(error) <= LOCK_TOLERANCE) return { kind: "yes", words: "✓ in step" };
  const percent = Math.max(1, Math.round(100 * Math.abs(error)));
  return { kind: "no", words: `✕ ${percent} % too ${error < 0 ? "slow" : "fast"}` };
}

/** Return what a screen reader says of this moment. */
export function spokenWords(view) {
  const verdict = judge(view);
  const spm = view.lost || !view.reading ? null : shown(view.reading.paces, view.target, view.reading.beat);
  const pace = spm === null ? "" : `${Math.round(spm)} steps per minute`;
  return [pace, verdict.word.toLowerCase(), pace && stepping(spm, view.reading.beat)].filter(Boolean).join(", ");
}
