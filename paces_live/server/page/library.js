// The library of a server: who may see it, and playlists for a run.

import { enter, share, tokenOfAddress } from "./access.js";
import { count } from "./charts.js";
import { $ } from "./elements.js";
import { OverviewPage } from "./overview.js";
import { clock } from "./wording.js";

const ABSENT = "the server does not answer";
/** How long a playlist is kept for the browser to save it, milliseconds. */
const KEPT_MS = 60_000;

function say(words) {
  $("state").textContent = words;
  $("state").hidden = !words;
}

/** Return the answer to a request, or throw an error with the words of the server. */
async function asked(path, method = "GET") {
  const response = await fetch(path, { method, cache: "no-store" }).catch(() => null);
  if (!response) throw new Error(ABSENT);
  if (response.ok) return response;
  const { message, hint } = await response.json().catch(() => ({}));
  throw new Error([message ?? `the server answered ${response.status}`, hint].filter(Boolean).join(": "));
}

async function begin(token) {
  if (token !== null) $("token-error").textContent = await enter(token);
  const refused = (await share()) === "nothing";
  $("token-page").hidden = !refused;
  say(refused ? "" : "Reading your library …");
  if (refused) {
    $("token").focus();
    return;
  }
  try {
    new OverviewPage(await (await asked("/v1/library")).json());
    say("");
    await refreshPlay();
  } catch ({ message }) {
    say(message);
  }
}

// A playlist for a run

/** Return how many songs a playlist lists, and how long they are together. */
function summary(text) {
  const lengths = [...text.matchAll(/^#EXTINF:(\d+)/gm)].map(([, seconds]) => Number(seconds));
  const songs = `${lengths.length} song${lengths.length === 1 ? "" : "s"}`;
  return `${songs}, ${clock(lengths.reduce((sum, seconds) => sum + seconds, 0))}`;
}

function download(text) {
  const link = Object.assign(document.createElement("a"), { download: "run.m3u8" });
  link.href = URL.createObjectURL(new Blob([text], { type: "audio/x-mpegurl" }));
  link.click();
  // Safari reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

function wanted() {
  const [target, end, duration, query] = ["target", "end", "duration", "query"].map((id) => $(`playlist-${id}`).value.trim());
  const parameters = new URLSearchParams({ target, duration });
  if (end) parameters.set("ramp", `${target}..${end}`);
  if (query) parameters.set("query", query);
  return parameters;
}

/** Show what may be played, and whether something is. */
function drawPlay({ allowed, playing }) {
  $("play").hidden = !allowed;
  $("stop").hidden = !playing;
}

/** Ask what plays: it may have ended, or somebody else may have begun it. */
async function refreshPlay() {
  drawPlay(await (await asked("/v1/library/play")).json());
}

/** Do something about a playlist, and say what came of it. */
async function act(button, doing) {
  button.disabled = true;
  $("playlist-words").textContent = $("playlist-error").textContent = "";
  try {
    $("playlist-words").textContent = await doing();
  } catch ({ message }) {
    $("playlist-error").textContent = message;
  } finally {
    button.disabled = false;
  }
}

async function keep() {
  const text = await (await asked(`/v1/library/playlist?${wanted()}`)).text();
  download(text);
  return `run.m3u8: ${summary(text)}. Its paths are those of this server’s machine.`;
}

async function play() {
  const state = await (await asked(`/v1/library/play?${wanted()}`, "POST")).json();
  drawPlay(state);
  return `Playing ${count(state.songs)} song${state.songs === 1 ? "" : "s"}, ${clock(state.seconds)}.`;
}

async function stop() {
  drawPlay(await (await asked("/v1/library/play", "DELETE")).json());
  return "Stopped.";
}

$("playlist-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter === $("play")) act($("play"), play);
  else act($("download"), keep);
});
$("stop").addEventListener("click", () => act($("stop"), stop));

document.addEventListener("visibilitychange", () => document.hidden || $("play").hidden || refreshPlay().catch(() => {}));

$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  begin($("token").value.trim());
  $("token").value = "";
});

begin(tokenOfAddress());
