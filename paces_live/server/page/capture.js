// The microphone of this phone, as chunks of samples.

/** Processing for calls: it takes music for noise, and an echo canceller removes it. */
const CONSTRAINTS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const NAMES = {
  echoCancellation: "echo cancellation",
  noiseSuppression: "noise suppression",
  autoGainControl: "automatic gain",
};
/** Seconds between two chunks, beyond their own, from which audio was lost. */
const LOST_S = 0.5;

const REASONS = {
  NotAllowedError: "the microphone is not allowed: allow it for this page in your browser, and try again",
  NotFoundError: "this device has no microphone",
  NotReadableError: "another app uses the microphone: close it, and try again",
};

/** Return whether this page may use a microphone at all. */
export function available() {
  return window.isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia) && "AudioWorklet" in window;
}

/** Return the words of an error of `open`. */
export function reason(error) {
  return REASONS[error.name] ?? `the microphone does not work: ${error.message}`;
}

/** Return a warning about what the browser left on, from the settings of a track; empty if all is as it should be. */
export function warning(settings) {
  const on = Object.keys(CONSTRAINTS).filter((name) => settings[name] && settings[name] !== "none");
  if (!on.length) return "";
  const names = on.map((name) => NAMES[name]).join(" and ");
  return `your browser keeps ${names} on, which spoils music: paces may be wrong`;
}

/** Return the frames that are missing between chunks at `before` and `now`, in milliseconds; 0 for a normal delay. */
export function lost(before, now, samples, rate) {
  if (before === null) return 0;
  const missing = (now - before) / 1000 - samples / rate;
  return missing > LOST_S ? Math.round(missing * rate) : 0;
}

/**
 * Open the microphone; call it from a tap, as phones demand.
 *
 * Returns `{rate, warning, resume, close}`. `onChunk(samples, lost)` gets mono int16 and the frames that are missing
 * before them, `onEnd()` learns that the phone took the microphone away.
 */
export async function open({ onChunk, onEnd }) {
  const context = new AudioContext(); // Never with a rate: Safari ignores it, and resampling is the server's part.
  const resumed = context.resume();
  let stream = null;
  const close = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    if (context.state !== "closed") context.close();
  };
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: CONSTRAINTS });
    await context.audioWorklet.addModule(new URL("capture-worklet.js", import.meta.url));
    await resumed;
  } catch (error) {
    close();
    throw error;
  }
  const [track] = stream.getAudioTracks();
  const node = new AudioWorkletNode(context, "capture");
  let before = null;
  node.port.onmessage = ({ data: { samples, ms } }) => {
    onChunk(samples, lost(before, ms, samples.length, context.sampleRate));
    before = ms;
  };
  track.onended = onEnd;
  // A call interrupts the context; only the page can make it go on.
  context.onstatechange = () => context.state === "closed" || document.hidden || context.resume();
  // It writes nothing, so this is silent; Safari runs only what leads to the speaker.
  context.createMediaStreamSource(stream).connect(node).connect(context.destination);
  const resume = () => context.resume();
  return { rate: context.sampleRate, warning: warning(track.getSettings?.() ?? {}), resume, close };
}
