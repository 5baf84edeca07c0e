// Steps per minute from the acceleration of a phone, by autocorrelation. Pure functions: the tests give them samples.

/** Time over which steps are counted, seconds. */
export const WINDOW_S = 6;
/** Least part of the window that has to be there. */
const FILLED = 0.8;
const RATE_HZ = 60;
/** Range of steps, from a slow walk to a sprint, steps per minute. */
const [SLOWEST, FASTEST] = [70, 250];
/** Least deviation of the acceleration in motion, m/s²; a phone that lies on a table has a hundredth of it. */
const LEAST_MOTION = 0.6;
/** Least autocorrelation of steps: shaking the phone at random stays below. */
const LEAST_PERIODICITY = 0.4;
/**
 * Share of the best autocorrelation from which half its lag counts as the step. On one side of the body, every second
 * step is stronger, so a stride repeats better than a step does.
 */
const STEP_SHARE = 0.5;
/** Longest lag, seconds, to which a peak is followed: its error of position is divided by the multiple. */
const FOLLOWED_S = 3;

/** Return the magnitude of an acceleration in m/s²; null if the sensor gives none. */
export function magnitude(acceleration) {
  const { x, y, z } = acceleration ?? {};
  return x == null || y == null || z == null ? null : Math.hypot(x, y, z);
}

/** Return the samples `{t, a}` (seconds, m/s²) of the newest window. */
export function newest(samples, now) {
  return samples.filter(({ t }) => t > now - WINDOW_S && t <= now);
}

/** Return the steps per minute in `samples`, ordered by time; null if nobody steps, or not long enough. */
export function cadence(samples) {
  if (samples.length < 2 || samples.at(-1).t - samples[0].t < FILLED * WINDOW_S) return null;
  const signal = centred(uniform(samples));
  const power = signal.reduce((sum, value) => sum + value * value, 0) / signal.length;
  if (Math.sqrt(power) < LEAST_MOTION) return null;

  const at = new Map();
  const r = (lag) => {
    if (!at.has(lag)) at.set(lag, autocorrelation(signal, lag));
    return at.get(lag);
  };
  const [shortest, longest] = [FASTEST, SLOWEST].map((spm) => Math.round((60 / spm) * RATE_HZ));
  const isPeak = (lag) => r(lag) >= r(lag - 1) && r(lag) > r(lag + 1);
  const peaks = [];
  for (let lag = shortest; lag <= longest; lag += 1) if (isPeak(lag)) peaks.push(lag);
  if (!peaks.length) return null;
  const best = peaks.reduce((a, b) => (r(b) > r(a) ? b : a));
  if (r(best) < LEAST_PERIODICITY) return null;
  const halves = peaks.filter((lag) => Math.abs((2 * lag) / best - 1) < 0.1);
  const step = halves.find((lag) => r(lag) >= STEP_SHARE * r(best)) ?? best;
  return (60 * RATE_HZ) / followed(r, step);
}

/** Return the samples at a uniform rate: sensors give them when they like. */
function uniform(samples) {
  const [first, last] = [samples[0].t, samples.at(-1).t];
  const values = new Float64Array(Math.floor((last - first) * RATE_HZ) + 1);
  let next = 1;
  for (let index = 0; index < values.length; index += 1) {
    const t = first + index / RATE_HZ;
    while (next < samples.length - 1 && samples[next].t < t) next += 1;
    const [a, b] = [samples[next - 1], samples[next]];
    const share = b.t > a.t ? (t - a.t) / (b.t - a.t) : 0;
    values[index] = a.a + share * (b.a - a.a);
  }
  return values;
}

function centred(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

/** Return how well the signal repeats after `lag` samples, -1 to 1. */
function autocorrelation(signal, lag) {
  let [product, before, later] = [0, 0, 0];
  for (let index = lag; index < signal.length; index += 1) {
    const [a, b] = [signal[index - lag], signal[index]];
    product += a * b;
    before += a * a;
    later += b * b;
  }
  return product / (Math.sqrt(before * later) || 1);
}

/** Return the exact lag of a peak, from its position at ever larger multiples. */
function followed(r, lag) {
  let exact = refined(r, lag);
  for (let multiple = 2; multiple * exact <= FOLLOWED_S * RATE_HZ; multiple += 1) {
    const expected = Math.round(multiple * exact);
    const near = [-2, -1, 0, 1, 2].map((offset) => expected + offset);
    const peak = near.reduce((a, b) => (r(b) > r(a) ? b : a));
    if (r(peak) < LEAST_PERIODICITY / 2 || Math.abs(peak - expected) === 2) break;
    exact = refined(r, peak) / multiple;
  }
  return exact;
}

/** Return the position of a peak between samples, by a parabola. */
function refined(r, lag) {
  const [a, b, c] = [r(lag - 1), r(lag), r(lag + 1)];
  const curvature = a - 2 * b + c;
  return curvature < 0 ? lag + Math.max(-0.5, Math.min(0.5, (a - c) / (2 * curvature))) : lag;
}
