// The motion sensor of this phone: permission, samples, and the cadence of its runner.

import { cadence, magnitude, newest } from "./cadence.js";

/** Time between two estimates, and time after which a sensor that says nothing is not there, milliseconds. */
const EVERY_MS = 500;
const SILENT_MS = 2500;

const REASONS = {
  denied: "The motion sensor gives nothing. If you were asked, reload the page, and allow it.",
  missing: "this device has no motion sensor",
};

export function available() {
  return window.isSecureContext && "DeviceMotionEvent" in window;
}

export class Motion {
  /** Prepare; `onState({kind, words, cadence})` learns whether it is off, starting or on, and the steps per minute. */
  constructor(onState) {
    this.onState = onState;
    this.on = false;
    this.listen = (event) => this.#take(event);
  }

  /** Begin; call it from a tap: iOS asks the user only then. */
  async start() {
    const ask = window.DeviceMotionEvent?.requestPermission;
    try {
      if (ask && (await ask.call(window.DeviceMotionEvent)) !== "granted") return this.stop(REASONS.denied);
    } catch {
      return this.stop(REASONS.denied);
    }
    this.on = true;
    this.samples = [];
    window.addEventListener("devicemotion", this.listen);
    this.timer = setInterval(() => this.#estimate(), EVERY_MS);
    this.begun = performance.now();
    return this.onState({ kind: "on", words: "take some steps", cadence: null });
  }

  stop(words = "") {
    this.on = false;
    window.removeEventListener("devicemotion", this.listen);
    clearInterval(this.timer);
    this.onState({ kind: "off", words, cadence: null });
  }

  #take({ acceleration, accelerationIncludingGravity, timeStamp }) {
    // Gravity is a constant, which the autocorrelation removes; some phones know no acceleration without it.
    const a = magnitude(acceleration) ?? magnitude(accelerationIncludingGravity);
    if (a !== null) this.samples.push({ t: timeStamp / 1000, a });
  }

  #estimate() {
    const now = performance.now();
    if (!this.samples.length && now - this.begun > SILENT_MS) {
      this.stop(REASONS.missing);
      return;
    }
    this.samples = newest(this.samples, now / 1000);
    const steps = cadence(this.samples);
    this.onState({ kind: "on", words: steps === null ? "take some steps" : "", cadence: steps });
  }
}

/** Return the target that follows `steps`: it moves by whole steps, and only if the runner really changed. */
export function following(target, steps) {
  const next = Math.round(steps);
  return target === null || Math.abs(next - target) >= 2 ? next : target;
}
