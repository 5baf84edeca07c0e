"""Send a WAV file, or the microphone, to a server of paces-live, and print the paces of it.

It needs nothing of paces-live; without song.wav, it sends the microphone, for which it needs sounddevice:

    pip install websockets sounddevice
    python examples/send_audio.py http://127.0.0.1:8765 song.wav
"""

import json
import os
import queue
import signal
import sys
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import suppress

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

PART_S = 0.05  # 20 to 100 ms of sound in a message


def file_parts(path: str) -> tuple[int, int, Iterator[bytes]]:
    """Return the rate, the channels and the parts of a WAV file; the parts come as fast as they are heard."""
    file = wave.open(path)  # noqa: SIM115 - the program ends with it
    if file.getsampwidth() != 2:
        sys.exit(f"{path}: its samples do not have 16 bits")
    rate, begin = file.getframerate(), time.monotonic()

    def parts() -> Iterator[bytes]:
        while data := file.readframes(round(PART_S * rate)):
            time.sleep(max(0.0, begin + file.tell() / rate - time.monotonic()))
            yield data

    return rate, file.getnchannels(), parts()


def microphone_parts() -> tuple[int, int, Iterator[bytes]]:
    """Return the rate and the channels of the default microphone, and its parts until Ctrl-C."""
    import sounddevice

    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    rate = round(sounddevice.query_devices(kind="input")["default_samplerate"])  # The server takes any.
    sounddevice.RawInputStream(
        rate, round(PART_S * rate), channels=1, dtype="int16", callback=lambda data, *_: heard.put(bytes(data))
    ).start()
    signal.signal(signal.SIGINT, lambda *_: heard.put(b""))
    return rate, 1, iter(heard.get, b"")


def show(server: ClientConnection) -> None:
    """Print what the server says about the sound, until the connection is closed."""
    with suppress(WebSocketException):
        for event in map(json.loads, server):
            if event["type"] in ("reading", "song"):
                paces = ", ".join(f"{pace['spm']:.1f}" for pace in event["paces"])
                print(f"{event.get('t', event.get('end')):6.1f} s  {event.get('state', 'song')}: {paces}", flush=True)
            elif event["type"] == "error":
                print(f"{event['message']}: {event['hint']}", file=sys.stderr, flush=True)


def send(address: str, rate: int, channels: int, parts: Iterator[bytes]) -> None:
    """Send `parts`; after a short loss of the network, go on with a gap: a splice would sound like a beat."""
    hello = {"type": "audio-start", "rate": rate, "width": 2, "channels": channels}
    token = os.environ.get("PACES_LIVE_TOKEN")  # for a server that wants one
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    base, sent = f"ws{address.rstrip('/').removeprefix('http')}", 0  # http becomes ws; samples of one channel.
    while True:
        try:
            with connect(f"{base}/v1/audio", additional_headers=headers, proxy=None, compression=None) as server:
                server.send(json.dumps(hello))
                welcome = json.loads(server.recv())
                if welcome["type"] != "welcome":
                    sys.exit(f"{welcome['message']}: {welcome['hint']}")
                hello["session"] = welcome["session"]
                if welcome["resumed"] and sent > welcome["received"]:
                    server.send(json.dumps({"type": "gap", "frames": sent - welcome["received"]}))
                sent = sent if welcome["resumed"] else 0
                listening = threading.Thread(target=show, args=(server,), daemon=True)
                listening.start()
                for data in parts:
                    sent += len(data) // (2 * channels)
                    server.send(data)
                server.send(json.dumps({"type": "audio-stop"}))
                listening.join()
                return
        except InvalidStatus as error:
            sys.exit(f"the server refuses, status {error.response.status_code}: has PACES_LIVE_TOKEN its token?")
        except (OSError, WebSocketException) as error:
            print(f"the connection is lost ({error}), trying again", file=sys.stderr, flush=True)
            time.sleep(1.0)


if __name__ == "__main__":
    address, *path = sys.argv[1:]
    send(address, *(file_parts(*path) if path else microphone_parts()))
