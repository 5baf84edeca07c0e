// Runs on the audio thread: 50 ms of mono 16-bit samples a message.

/* global AudioWorkletProcessor, registerProcessor, sampleRate */

const CHUNK_S = 0.05;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.size = Math.round(CHUNK_S * sampleRate);
    this.begin();
  }

  begin() {
    this.chunk = new Int16Array(this.size);
    this.filled = 0;
  }

  process([channels]) {
    // Without a channel, the phone has taken the microphone away; the page counts what is missing.
    if (!channels.length) return true;
    for (let index = 0; index < channels[0].length; index += 1) {
      let sum = 0;
      for (const channel of channels) sum += channel[index];
      const value = Math.max(-1, Math.min(1, sum / channels.length));
      this.chunk[this.filled] = Math.round(32767 * value);
      this.filled += 1;
      if (this.filled === this.size) {
        // The time is that of this thread: a busy page would read it late, and take that for a loss.
        this.port.postMessage({ samples: this.chunk, ms: Date.now() }, [this.chunk.buffer]);
        this.begin();
      }
    }
    return true;
  }
}

registerProcessor("capture", Capture);
