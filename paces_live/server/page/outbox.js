// The audio that is on its way: what was captured, what was sent, and what to send again after the network was away.
// Nothing here knows sockets or time, so that the tests can give it any network.

/** Seconds of audio in the socket above which nothing more is given to it, and below which it goes on. */
const HIGH_S = 2;
const LOW_S = 0.5;
/** Seconds that are kept beyond those for which the server waits: what was lost on the way was sent earlier. */
const MARGIN_S = 2;
const BYTES = 2;

export class Outbox {
  /** Keep `keepS` seconds of samples at `rate`. Positions count the frames of the stream, as the server does. */
  constructor(rate, keepS = 15) {
    this.rate = rate;
    this.kept = rate * (keepS + MARGIN_S);
    this.chunks = []; // {at, samples}, oldest first; lost audio leaves a hole between two.
    this.end = 0;
    this.sent = 0;
    this.dropped = 0; // Frames that were announced as a gap.
    this.held = false;
  }

  /** Take captured samples, and note `lost` frames before them. */
  push(samples, lost = 0) {
    this.end += lost;
    this.chunks.push({ at: this.end, samples });
    this.end += samples.length;
    while (this.end - this.chunks[0].at > this.kept) this.chunks.shift();
    // What waited too long goes at once: many small gaps would start the server's window again and again.
    if (this.chunks[0].at > this.sent && this.held) this.chunks = this.chunks.slice(-1);
  }

  /** Begin a new stream with what comes next. */
  begin() {
    Object.assign(this, { chunks: [], end: 0, sent: 0, held: false });
  }

  /** Go on after `received` frames, which the server has. */
  resume(received) {
    Object.assign(this, { sent: received, held: false });
  }

  /**
   * Give `send` what the network takes: samples, or a gap for what is no longer here.
   *
   * `buffered()` returns the bytes that the socket still holds. Only audio waits: nothing else passes through here.
   */
  pump(send, buffered) {
    const seconds = () => buffered() / (BYTES * this.rate);
    if (this.held && seconds() > LOW_S) return;
    this.held = false;
    for (const { at, samples } of this.chunks) {
      const skip = this.sent - at;
      if (skip >= samples.length) continue;
      if (seconds() > HIGH_S) {
        this.held = true;
        return;
      }
      if (skip < 0) {
        this.dropped -= skip;
        send({ type: "gap", frames: -skip });
      }
      send(skip > 0 ? samples.subarray(skip) : samples);
      this.sent = at + samples.length;
    }
  }
}
