"""Follow a server of paces-live: print what it hears, and set a target of your own.

It needs one package, and nothing of paces-live:

    pip install websockets
    python examples/follow.py http://127.0.0.1:8765 172

If the server wants a token, put it into the variable PACES_LIVE_TOKEN.
"""

import json
import os
import sys
import time
from contextlib import suppress

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

SILENCE_S = 25.0  # A heartbeat comes every 10 seconds: without one, the network is gone.
AGAIN_S = 3.0


def follow(address: str, target: float | None) -> None:
    """Print the events of the stream `main` until it is closed; raise OSError if the connection is lost."""
    token = os.environ.get("PACES_LIVE_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # http becomes ws, and https becomes wss.
    with connect(f"ws{address.removeprefix('http')}/v1/streams/main", additional_headers=headers, proxy=None) as server:
        # The target could be in the address, too: ?target=172. A message may change it at any time.
        server.send(json.dumps({"target": target}))
        while True:
            show(received(server))


def received(server: ClientConnection) -> dict:
    """Return the next message."""
    return json.loads(server.recv(SILENCE_S))


def show(message: dict) -> None:
    """Print a message; unknown types and fields are left out, because a later version may add some."""
    match message["type"]:
        case "snapshot":
            # What was before we came. The start is null until the input is open.
            for event in (message["start"], *message["songs"], message["reading"]):
                if event:
                    show(event)
        case "start":
            print(f"listening to {message['input']}", flush=True)
        case "reading":
            paces = " ".join(f"{pace['spm']:.1f}" for pace in message["paces"])
            print(f"{message['t']:6.1f} s  {message['state']:<11}  {paces:<20}  {verdict(message)}", flush=True)
        case "song":
            print(f"song {message['song']} ended  {(message['track'] or {}).get('title') or '-'}  {verdict(message)}")
        case "control":
            print(f"target {message['target']}")
        case "error":
            sys.exit(f"{message['message']}: {message['hint']}")


def verdict(message: dict) -> str:
    """Return whether a reading or a song fits the target, and how to step."""
    if message["verdict"] is None:
        return ""
    nearest = message["nearest"]
    steps = nearest["steps_per_beat"]
    advice = f", {steps:g} steps a beat" if steps else ""
    return f"{message['verdict']} {nearest['spm']:.1f} ({100 * nearest['error']:+.1f} %{advice})"


def main() -> None:
    """Follow, and connect again whenever the connection is lost."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8765"
    target = float(sys.argv[2]) if len(sys.argv) > 2 else None
    while True:
        try:
            follow(address.rstrip("/"), target)
        except InvalidStatus as error:
            sys.exit(f"the server refuses, status {error.response.status_code}: has PACES_LIVE_TOKEN its token?")
        except (OSError, WebSocketException) as error:  # A TimeoutError is an OSError.
            print(f"the connection is lost ({error}), trying again in {AGAIN_S:g} s", flush=True)
            time.sleep(AGAIN_S)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
