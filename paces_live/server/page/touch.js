// Buttons under the finger of a runner: one that repeats while it is held, and one that counts taps.

import { NOTE_S, PAUSE_S, Taps } from "./taps.js";

/** Time after which a held button repeats, and between its repetitions, milliseconds. */
const [HOLD_MS, REPEAT_MS] = [400, 80];

/** Call `step()` when the button is pressed, and again and again while it is held. */
export function hold(button, step) {
  let timer = null;
  let held = false; // The click that ends a hold is no step of its own.
  const repeat = () => {
    held = true;
    step();
    timer = setTimeout(repeat, REPEAT_MS);
  };
  button.addEventListener("pointerdown", () => {
    held = false;
    timer = setTimeout(repeat, HOLD_MS);
  });
  for (const name of ["pointerup", "pointerleave", "pointercancel"]) {
    button.addEventListener(name, () => clearTimeout(timer));
  }
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", ({ detail }) => (detail && held) || step());
}

/** Count the taps on a button, say in `words` what they amount to, and call `choose(target)` once they set one. */
export function tapping(button, words, choose) {
  const hint = words.textContent;
  let taps = new Taps();
  let timer = null;
  const draw = () => {
    clearTimeout(timer);
    taps = taps.at(performance.now() / 1000);
    words.textContent = taps.words || hint;
    if (taps.times.length) timer = setTimeout(draw, 1000 * (taps.over ? NOTE_S : PAUSE_S));
  };
  const tap = ({ timeStamp }) => {
    taps = taps.tapped(timeStamp / 1000);
    if (taps.target !== null) choose(taps.target);
    draw();
  };
  // A tap counts when the finger comes down, as a foot does; keys have no pointer.
  button.addEventListener("pointerdown", tap);
  button.addEventListener("click", (event) => event.detail === 0 && tap(event));
}
