// The listener's target and tolerance, kept on this phone.

const KEY = "paces-live";

/** Return what was kept; `target` and `tolerance` are undefined as long as nobody has chosen them. */
export function load() {
  try {
    const { target, tolerance } = JSON.parse(localStorage.getItem(KEY)) ?? {};
    return {
      target: Number.isFinite(target) ? target : undefined,
      tolerance: Number.isFinite(tolerance) ? tolerance : undefined,
    };
  } catch {
    return {}; // A private window may refuse, and so may a value that another program wrote.
  }
}

export function save({ target, tolerance }) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ target, tolerance }));
  } catch {
    // Without a store, they hold until the page is closed.
  }
}
