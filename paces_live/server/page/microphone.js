// "Use this phone's microphone": from the tap to the readings of the phone's own stream.

import { available, open, reason } from "./capture.js";
import { Connection } from "./connection.js";
import { Outbox } from "./outbox.js";
import * as wakeLock from "./wake-lock.js";

/** Time for which the server may report the last song, seconds. */
const STOP_S = 3;

export class Microphone {
  /**
   * Prepare.
   *
   * `listener()` returns the target and the tolerance that were chosen here, `onMessage(message)` takes the events of
   * the stream, `onConnection({kind, words})` learns how its connection stands, and `onState({kind, words, warning})`
   * whether the microphone is off, starting, on or stopping.
   */
  constructor({ listener, onMessage, onConnection, onState, why }) {
    Object.assign(this, { listener, onMessage, onConnection, onState, why });
    this.kind = "off";
    document.addEventListener("visibilitychange", () => document.hidden || this.capture?.resume());
  }

  static get available() {
    return available();
  }

  get on() {
    return this.kind === "on" || this.kind === "stopping";
  }

  async start() {
    this.#state("starting", "starting");
    try {
      this.capture = await open({
        onChunk: (samples, lost) => this.#take(samples, lost),
        onEnd: () => this.#finish("the phone took the microphone away"),
      });
    } catch (error) {
      this.#finish(reason(error));
      return;
    }
    wakeLock.keepOn();
    this.session = null;
    this.outbox = new Outbox(this.capture.rate);
    this.connection = new Connection("/v1/audio", {
      onOpen: () => this.#hello(),
      onMessage: (message) => this.#answer(message),
      onState: (state) => this.#connectionState(state),
      why: this.why,
    });
    this.#state("on", "listening with this phone");
  }

  /** End the stream; the server reports the song first. */
  stop() {
    if (this.kind !== "on") return;
    this.capture.close();
    this.#state("stopping", "stopping");
    if (!this.connection.send({ type: "audio-stop" })) this.#finish("");
    else this.timer = setTimeout(() => this.#finish(""), 1000 * STOP_S);
  }

  /** Send a message about the target. */
  send(message) {
    return this.ready && this.connection.send(message);
  }

  #hello() {
    this.ready = false;
    const sound = { type: "audio-start", rate: this.capture.rate, width: 2, channels: 1 };
    const session = this.session ? { session: this.session } : {};
    this.connection.send({ ...sound, ...this.listener(), ...session });
  }

  #answer(message) {
    if (message.type === "welcome") {
      this.session = message.session;
      this.connection.heartbeatMs = message.heartbeat_ms;
      this.ready = true;
      if (message.resumed) {
        this.outbox.resume(message.received);
        // The target may have moved while the network was away.
        const wanted = this.listener();
        if (Object.keys(wanted).length) this.connection.send(wanted);
      } else {
        this.outbox.begin();
      }
      this.#pump();
    }
    this.onMessage(message);
  }

  #take(samples, lost) {
    if (this.kind !== "on" || !this.outbox) return;
    this.outbox.push(samples, lost);
    this.#pump();
  }

  #pump() {
    if (!this.ready || !this.connection.socket) return;
    this.outbox.pump(
      (message) => this.connection.send(message),
      () => this.connection.socket.bufferedAmount,
    );
  }

  #connectionState(state) {
    if (state.kind !== "connected") this.ready = false;
    if (state.kind === "refused") this.#finish(state.words);
    else if (state.kind === "ended") this.#finish(this.kind === "stopping" ? "" : state.words);
    else this.onConnection(state);
  }

  #finish(words) {
    clearTimeout(this.timer);
    this.capture?.close();
    this.connection?.close();
    Object.assign(this, { capture: null, connection: null, outbox: null, ready: false });
    wakeLock.letGo();
    this.#state("off", words);
  }

  #state(kind, words) {
    this.kind = kind;
    this.onState({ kind, words, warning: this.capture?.warning ?? "" });
  }
}
