// Keeps the screen on while the phone listens: when it goes dark, phones end the sound.

let wanted = false;
let lock = null;

async function request() {
  if (!wanted || !navigator.wakeLock || document.hidden || (lock && !lock.released)) return;
  try {
    lock = await navigator.wakeLock.request("screen");
    if (!wanted) await lock.release();
  } catch {
    lock = null; // A low battery refuses it. The page says that the screen must stay on.
  }
}

/** Keep the screen on. A phone takes the lock back whenever the page is hidden. */
export async function keepOn() {
  wanted = true;
  await request();
}

/** Let the screen go dark again. */
export async function letGo() {
  wanted = false;
  await lock?.release();
  lock = null;
}

document.addEventListener("visibilitychange", request);
