// Who may see the server: the token, the health of the server, and why an attempt to connect failed.

import { waitAsked } from "./connection.js";

/** Return the token that the address carries, and remove it from there: an address is shown, shared and kept. */
export function tokenOfAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("t");
  if (token !== null) history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

async function asked(path, options = {}) {
  const response = await fetch(path, { cache: "no-store", ...options });
  const body = await response.json().catch(() => ({}));
  return { status: response.status, ok: response.ok, body, wait: waitAsked(response.headers.get("Retry-After")) };
}

function json(method, value) {
  return { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

const words = ({ message, hint }) => [message, hint].filter(Boolean).join(": ");

/** Make a cookie of the token; return the words of the error, or an empty text. */
export async function enter(token) {
  try {
    const { ok, status, body, wait } = await asked("/v1/session", json("POST", { token }));
    if (ok) return "";
    if (status === 401) return "that is not the token of this server";
    return words(body) || (wait ? `too many attempts: try again in ${wait} s` : `the server answered ${status}`);
  } catch {
    return "the server does not answer";
  }
}

/** Return what this phone may do: `readings`, `control`, or `nothing` without a token; null if nobody answers. */
export async function share() {
  try {
    const { ok, status, body } = await asked("/v1/session");
    if (ok) return body.share;
    return status === 401 ? "nothing" : null;
  } catch {
    return null;
  }
}

/** Return the health of the server; null if it does not answer. */
export async function health() {
  try {
    const { ok, body } = await asked("/v1/health");
    return ok ? body : null;
  } catch {
    return null;
  }
}

/** Return what the machine listens to and could listen to: `{input, inputs}`; null if that is not for this phone. */
export async function inputs() {
  try {
    const { ok, body } = await asked("/v1/input");
    return ok ? body : null;
  } catch {
    return null;
  }
}

/** Make the machine listen to another input; return the words of the error, or an empty text. */
export async function chooseInput(spec) {
  try {
    const { ok, body, status } = await asked("/v1/input", json("PUT", { input: spec }));
    return ok ? "" : words(body) || `the server answered ${status}`;
  } catch {
    return "the server does not answer";
  }
}

/** Return why the stream `main` cannot be followed: `{kind, words, wait}`; null if the server does not say. */
export async function why() {
  try {
    const { status, wait, body } = await asked("/v1/streams/main");
    if (status === 401) return { kind: "refused", words: "this server asks for its token", token: true };
    if (status === 503 || status === 429) return { kind: "full", wait };
    if (status === 404) return { kind: "absent", words: "no input: use this phone’s microphone", wait: 10 };
    if (status === 403) return { kind: "refused", words: words(body) };
    if (status === 200 && (await health())?.full) return { kind: "full", wait };
    return null;
  } catch {
    return null;
  }
}
