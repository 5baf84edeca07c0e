// A WebSocket that comes back: bounded back-off, at once when the phone is online or the page is seen again.

/** Longest wait before another attempt, and the first one, seconds. */
export const LONGEST_S = 15;
export const FIRST_S = 0.5;
/** Wait after a stream has ended: the server may have got another input. */
const ENDED_S = 5;
/** Silent heartbeats after which the network is taken for dead: a phone notices that minutes later, if at all. */
const PATIENCE = 2.5;
/** Time that an attempt may take, seconds. */
const ATTEMPT_S = 10;
/** Codes that mean a mistake of ours, which another attempt would make again; and the one that asks who we are. */
const OURS = new Set([1003, 1007, 1009]);
const NOT_ALLOWED = 1008;

/** Return the wait before attempt `n`, from 0, in seconds; `random` in 0 to 1 keeps many phones from coming at once. */
export function backOff(n, random = Math.random()) {
  return Math.min(LONGEST_S, FIRST_S * 2 ** n) * (0.5 + random / 2);
}

/** Return the seconds that a server asks to wait, from `Retry-After` or the reason of a close; null for none. */
export function waitAsked(text) {
  const seconds = Number.parseFloat(/\d+(\.\d+)?/.exec(text ?? "")?.[0]);
  return Number.isFinite(seconds) ? Math.min(600, Math.max(1, seconds)) : null;
}

function errorWords(error) {
  return [error?.message, error?.hint].filter(Boolean).join(": ");
}

/** Return the words for a server that is full. */
function fullWords(wait) {
  return `the server is full: trying again in ${Math.round(wait)} s`;
}

export class Connection {
  /**
   * Follow `path`.
   *
   * `onOpen()` sends the first messages, `onMessage(message)` takes each answer, `onState({kind, words})` learns how it
   * stands: connecting, connected, reconnecting, leaving, full, ended or refused. `why()` finds out, after an attempt
   * that failed, what a browser hides about it: `{kind, words, wait}` or null.
   */
  constructor(path, { onOpen, onMessage, onState, why = async () => null, heartbeatMs = 10_000 }) {
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    Object.assign(this, { url, onOpen, onMessage, onState, why, heartbeatMs });
    this.socket = null;
    this.failures = 0;
    this.heard = 0; // Time of the last message, milliseconds.
    this.timer = null;
    this.patient = false; // Whether the server asked to wait: then nothing hurries.
    this.closed = false;
    this.wakers = new AbortController();
    const { signal } = this.wakers;
    const hurry = () => this.#hurry();
    window.addEventListener("online", hurry, { signal });
    window.addEventListener("pageshow", hurry, { signal });
    window.addEventListener("offline", () => this.#lose("the phone is offline"), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || hurry(), { signal });
    this.watch = setInterval(() => this.#check(), 1000);
    this.#state("connecting", "connecting");
    this.#connect();
  }

  get connected() {
    return this.state === "connected";
  }

  /** Send a message as JSON, or samples as they are; return whether there was a connection to send it on. */
  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(ArrayBuffer.isView(message) ? message : JSON.stringify(message));
    return true;
  }

  /** End for good. */
  close() {
    this.closed = true;
    this.wakers.abort();
    clearInterval(this.watch);
    clearTimeout(this.timer);
    this.#abandon(1000);
  }

  #state(kind, words) {
    this.state = kind;
    this.onState({ kind, words });
  }

  #connect() {
    clearTimeout(this.timer);
    this.timer = null;
    this.patient = false;
    this.lastError = null;
    this.begun = this.heard = Date.now();
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      this.heard = Date.now();
      this.onOpen();
    };
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#ended(code, reason);
  }

  #take(message) {
    this.heard = Date.now();
    if (message.type === "error") this.lastError = message;
    else if (this.state !== "connected") {
      this.failures = 0;
      this.#state("connected", "connected");
    }
    this.onMessage(message);
  }

  async #ended(code, reason) {
    this.socket = null;
    const failed = this.state !== "connected";
    if (code === 1000) return this.#retry("ended", "the stream has ended", ENDED_S);
    if (code === 1013) return this.#full(waitAsked(reason));
    if (code === 1001) return this.#retry("leaving", "the server is going away, reconnecting");
    if (OURS.has(code)) return this.#refuse(errorWords(this.lastError) || "the server refused");
    this.#retry("reconnecting", "reconnecting");
    if (!failed && code !== NOT_ALLOWED) return undefined;
    // A browser does not say why an attempt failed, and the server says little. Another request may know.
    const { timer } = this;
    const cause = await this.why();
    if (!cause || this.closed || this.timer !== timer) return undefined;
    clearTimeout(this.timer);
    if (cause.kind === "full") return this.#full(cause.wait);
    if (cause.kind === "refused") return this.#refuse(cause.words);
    return this.#retry(cause.kind, cause.words, cause.wait);
  }

  #full(asked) {
    const wait = asked ?? backOff(this.failures + 4);
    this.#retry("full", fullWords(wait), wait);
    this.patient = true;
  }

  /** Give up: another attempt would end the same way. */
  #refuse(words) {
    this.patient = true;
    this.#state("refused", words);
  }

  #retry(kind, words, wait = backOff(this.failures)) {
    if (this.closed) return;
    this.failures += 1;
    this.patient = false;
    this.timer = setTimeout(() => this.#connect(), 1000 * wait);
    this.#state(kind, words);
  }

  /** Connect now if that is what we wait for, and look at once whether the connection has died unnoticed. */
  #hurry() {
    if (this.socket) this.#check();
    else if (!this.patient && !this.closed) this.#connect();
  }

  #check() {
    const silent = Date.now() - this.heard;
    if (this.state === "connected" ? silent > PATIENCE * this.heartbeatMs : silent > 1000 * ATTEMPT_S) {
      this.#lose("reconnecting");
    }
  }

  #lose(words) {
    if (!this.socket) return;
    this.#abandon(4000);
    this.#retry("reconnecting", words);
  }

  /** Close a socket without waiting for its end: on a dead network, that would come minutes later. */
  #abandon(code) {
    if (!this.socket) return;
    Object.assign(this.socket, { onopen: null, onmessage: null, onclose: null });
    this.socket.close(code);
    this.socket = null;
  }
}
