// The page: what the user does, what the server says, and who has to know of it.

import * as access from "./access.js";
import { Connection } from "./connection.js";
import { $ } from "./elements.js";
import { DEFAULT_TARGET, DEFAULT_TOLERANCE, inRange } from "./match.js";
import { Microphone } from "./microphone.js";
import * as motion from "./motion.js";
import * as settings from "./settings.js";
import { Speech } from "./speech.js";
import { after, BLANK } from "./stream.js";
import { hold, tapping } from "./touch.js";
import { drawHero, drawPaces, drawSongs, drawStatus, drawTarget } from "./view.js";

/** Time without a connection after which the last pace is no longer shown as what plays now, milliseconds. */
const LOST_MS = 3000;
/** Time between two messages about a target that is being moved, milliseconds. */
const SEND_MS = 150;

let stream = BLANK;
let connection = { kind: "connecting", words: "connecting" };
let lost = false;
let lostTimer = null;
let following = null; // The connection to the stream `main`; null while this phone's own is shown.
let steps = null; // The runner's cadence.
let ownSongs = []; // Songs of this phone's streams that have ended.
const chosen = settings.load();
const speech = new Speech((words) => ($("spoken").textContent = words));

/** The target: the one chosen here, or the server's, which may follow a sensor. */
const target = () => chosen.target ?? stream.reading?.target ?? stream.start?.target ?? null;
const tolerance = () => chosen.tolerance ?? stream.start?.tolerance ?? DEFAULT_TOLERANCE;

function view() {
  const { reading, songs, error, start, stream: about } = stream;
  const common = { reading, songs, ownSongs, error, lost, connection, ...cadence(), onPhone: microphone.on };
  return { ...common, input: start?.input ?? about?.input, target: target(), tolerance: tolerance() };
}

/** The cadence that this phone counts, or that of the runner whose sensor the server follows. */
function cadence() {
  if (steps !== null) return { cadence: steps, whose: "you" };
  return { cadence: stream.reading?.cadence ?? null, whose: "runner" };
}

function draw() {
  const now = view();
  drawHero(now);
  drawStatus(now);
  drawTarget(now);
  drawPaces(now, choose);
  speech.say(now);
}

function drawAll() {
  draw();
  drawSongs(view());
}

// The stream

function take(message) {
  const before = stream.songs;
  stream = after(stream, message);
  if (stream.songs === before) draw();
  else drawAll();
  if (message.type === "snapshot" || message.type === "start") showInputs();
}

function connected(state) {
  connection = state;
  if (state.kind === "connected") {
    clearTimeout(lostTimer);
    lostTimer = null;
    lost = false;
  } else {
    lostTimer ??= setTimeout(giveUp, LOST_MS); // Further attempts do not give the last pace more time.
  }
  draw();
}

function giveUp() {
  lost = true;
  draw();
}

function follow() {
  following?.close();
  following = new Connection("/v1/streams/main", {
    onOpen: aim,
    onMessage: take,
    onState: connected,
    why,
  });
}

/** Find out why an attempt failed; ask for the token if that is what is missing. */
async function why() {
  const cause = await access.why();
  if (cause?.token) askToken();
  return cause;
}

// The target

/** Return the target and the tolerance that were chosen on this phone. */
function listener() {
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
}

/** Ask for readings that are matched with what was chosen here, if anything was. */
function aim() {
  const wanted = listener();
  if (Object.keys(wanted).length) (microphone.on ? microphone : following)?.send(wanted);
}

let sending = null;
function tell() {
  settings.save(chosen);
  drawAll();
  clearTimeout(sending);
  sending = setTimeout(aim, SEND_MS);
}

function choose(spm) {
  chosen.target = inRange(spm);
  tell();
}

// This phone

const microphone = new Microphone({
  listener,
  onMessage: take,
  onConnection: connected,
  onState: drawMicrophone,
  why: async () => {
    const cause = await why();
    return cause?.kind === "absent" ? null : cause; // Without an input of its own, the server still takes this one.
  },
});

const FRONT = "Keep this page in front and the screen on: in the background, phones end the sound.";

function drawMicrophone({ kind, words, warning }) {
  const button = $("microphone");
  button.textContent = kind === "on" ? "Stop the microphone" : "Use this phone’s microphone";
  button.ariaBusy = String(kind === "starting" || kind === "stopping");
  button.classList.toggle("on", kind === "on");
  $("microphone-words").textContent = kind === "on" ? `Listening. ${FRONT}` : words || FRONT;
  $("microphone-warning").textContent = warning;
  if (kind === "on" && following) {
    following.close();
    following = null;
    stream = BLANK;
  } else if (kind === "off" && !following) {
    ownSongs = [...ownSongs, ...stream.songs];
    stream = BLANK;
    follow();
  }
  drawAll();
}

const sensor = new motion.Motion(({ kind, words, cadence }) => {
  steps = cadence;
  $("motion").textContent = kind === "on" ? "Stop counting" : "Count my steps";
  $("motion").classList.toggle("on", kind === "on");
  $("follow-row").hidden = kind !== "on";
  const counted = cadence === null ? words : "Counting your steps.";
  if ($("motion-words").textContent !== counted) $("motion-words").textContent = counted;
  const next = cadence !== null && $("follow").checked ? motion.following(target(), cadence) : target();
  if (next === target()) drawHero(view());
  else choose(next);
});

/** Say why the browser keeps the microphone from this page, and where it would not. */
async function explainHttps() {
  $("microphone").disabled = !Microphone.available;
  $("motion").disabled = !motion.available();
  $("insecure").hidden = window.isSecureContext;
  $("microphone-words").textContent = window.isSecureContext ? FRONT : "";
  const missing = window.isSecureContext && !Microphone.available;
  if (missing) $("microphone-words").textContent = "This browser has no microphone.";
  const port = window.isSecureContext ? null : (await access.health())?.https_port;
  $("https").hidden = !port;
  $("no-https").hidden = Boolean(port);
  if (port) $("https-link").href = `https://${location.hostname}:${port}/`;
}

// Who gets in

async function showInputs() {
  share ??= await access.share();
  const known = share === "control" ? await access.inputs() : null;
  $("input-row").hidden = !known;
  if (!known) return;
  const options = known.inputs.map(({ spec, name }) => new Option(name, spec, false, spec === known.input));
  if (!known.inputs.some(({ spec }) => spec === known.input)) {
    options.unshift(new Option(known.input ?? "nothing", known.input ?? "", false, true));
  }
  $("input").replaceChildren(...options);
}

function askToken() {
  following?.close();
  following = null;
  connected({ kind: "refused", words: "not connected" });
  $("token-page").hidden = false;
  $("page").hidden = true;
  $("token").focus();
}

let share = null;
async function begin(token) {
  if (token !== null) $("token-error").textContent = await access.enter(token);
  share = await access.share();
  if (share === "nothing") {
    askToken();
    return;
  }
  $("token-page").hidden = true;
  $("page").hidden = false;
  $("to-library").hidden = share !== "control";
  if (!microphone.on) follow();
}

$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  begin($("token").value.trim());
  $("token").value = "";
});
window.addEventListener("hashchange", () => {
  const token = access.tokenOfAddress();
  if (token !== null) begin(token);
});
$("target").addEventListener("input", ({ currentTarget }) => choose(Number(currentTarget.value)));
$("tolerance").addEventListener("change", ({ currentTarget }) => {
  chosen.tolerance = Number(currentTarget.value);
  tell();
});
for (const [id, change] of [["less", -1], ["more", +1]]) {
  hold($(id), () => choose((target() ?? DEFAULT_TARGET) + change));
}
tapping($("tap"), $("tap-words"), choose);
$("microphone").addEventListener("click", () => {
  if (microphone.kind === "on") microphone.stop();
  else if (microphone.kind === "off") microphone.start();
});
$("motion").addEventListener("click", () => (sensor.on ? sensor.stop() : sensor.start()));
$("input").addEventListener("change", async ({ currentTarget }) => {
  $("input-error").textContent = await access.chooseInput(currentTarget.value);
  showInputs();
});

const token = access.tokenOfAddress();
drawAll();
explainHttps();
begin(token);
