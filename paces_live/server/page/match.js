// Whether a pace fits a target: the rules of paces_live/match.py, which the tests compare with these.
// The page judges on its own, so that moving the target shows its effect at once, on the songs heard too.

export const SPM_MIN = 40;
export const SPM_MAX = 320;
export const DEFAULT_TARGET = 165;
export const DEFAULT_TOLERANCE = 0.05;
export const LOCK_TOLERANCE = 0.025;
export const STRETCH_TOLERANCE = 0.08;
/** Rate that people prefer to tap, and the largest relative difference of two tempi that are one pace. */
const PREFERRED_TACTUS = 130;
const SAME_PACE = 0.025;
/** Steps on a beat that a runner can count; the same numbers count the beats for a step. */
const WHOLE_STEPS = [1, 2, 3, 4];

/** Return the pace nearest to the target as `{spm, error}`; null without paces or a target. */
export function nearest(paces, target) {
  if (target === null || !paces.length) return null;
  const off = (pace) => Math.abs(pace.spm / target - 1);
  const { spm } = paces.reduce((best, pace) => (off(pace) < off(best) ? pace : best));
  return { spm, error: spm / target - 1 };
}

/** Return the nearest pace with its grade, `{spm, error, grade}`; null if none is near enough. */
export function match(paces, target, tolerance) {
  const found = nearest(paces, target);
  if (!found) return null;
  // A song whose tempo changes fits as well as the end of its range that is farther from the target.
  const { low, high } = paces.find(({ spm }) => spm === found.spm);
  const off = Math.max(...[low ?? found.spm, high ?? found.spm].map((spm) => Math.abs(spm / target - 1)));
  if (off <= Math.min(LOCK_TOLERANCE, tolerance)) return { ...found, grade: "lock" };
  if (off <= tolerance) return { ...found, grade: "match" };
  return off <= STRETCH_TOLERANCE ? { ...found, grade: "stretch" } : null;
}

/** Return the pace of the large figures: the one nearest to the target; without one, the beat, or what most likely is. */
export function shown(paces, target, beat = null) {
  const octaves = ({ spm }) => Math.abs(Math.log2(spm / PREFERRED_TACTUS));
  const found =
    nearest(paces, target) ??
    paces.find(({ spm }) => beat !== null && Math.abs(spm / beat - 1) <= SAME_PACE) ??
    [...paces].sort((a, b) => octaves(a) - octaves(b))[0];
  return found?.spm ?? null;
}

/** Return how many steps at `spm` fall on a beat; 0.5 is a step every second beat. */
export function stepsPerBeat(spm, beat) {
  const ratio = spm / beat;
  const off = (steps) => Math.abs(ratio / steps - 1);
  const whole = [...WHOLE_STEPS, ...WHOLE_STEPS.map((beats) => 1 / beats)];
  const likely = whole.reduce((best, steps) => (off(steps) < off(best) ? steps : best));
  return off(likely) <= DEFAULT_TOLERANCE ? likely : ratio;
}

/** Return a target within its range, in whole steps per minute. */
export function inRange(target) {
  return Math.round(Math.min(SPM_MAX, Math.max(SPM_MIN, target)));
}
