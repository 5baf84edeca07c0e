"""WebSockets over real sockets: each listener's own target, and sound that is sent, lost, resumed and refused."""

import json
import socket
import time
from contextlib import ExitStack, suppress

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from paces_live.server import backend, contribution, websocket
from paces_live.server.backend import Limits
from paces_live.sources import ArraySource
from tests.support.pacing import Paced
from tests.support.servers import PATIENCE_S, eventually, hello, received, serving
from tests.support.signals import RATE, rock

SOUND_RATE = 44_100
PCM = (np.repeat(rock(168.0, 30.0), 2) * 32767).astype("<i2")
FRAME = SOUND_RATE // 20


def frames(start_s: float, end_s: float) -> list[bytes]:
    part = PCM[round(start_s * SOUND_RATE) : round(end_s * SOUND_RATE)]
    return [part[at : at + FRAME].tobytes() for at in range(0, len(part), FRAME)]


def song(seconds: float = 8.0) -> Paced:
    return Paced(ArraySource(rock(168.0, seconds), RATE, RATE, block=2205), 0.01, hold=True)


def send(sender: ClientConnection, start_s: float, end_s: float) -> None:
    for frame in frames(start_s, end_s):
        sender.send(frame)


def closed(client: ClientConnection) -> tuple[int, str]:
    """Return the code and the reason with which the server closes."""
    with suppress(ConnectionClosed):
        while True:
            client.recv(PATIENCE_S)
    assert client.close_code is not None
    return client.close_code, client.close_reason or ""


def test_two_listeners_of_one_stream_have_two_targets() -> None:
    with serving(song()) as served, ExitStack() as stack:
        fast, slow = (
            stack.enter_context(served.websocket(f"/v1/streams/main?target={target}")) for target in (168, 84)
        )
        assert received(fast)["type"] == received(slow)["type"] == "snapshot"
        eventually(lambda: round((received(fast, "reading")["nearest"] or {"spm": 0})["spm"]) == 168)
        eventually(lambda: round((received(slow, "reading")["nearest"] or {"spm": 0})["spm"]) == 84)
        slow.send('{"target": 160, "tolerance": 0.02}')
        assert received(slow, "control") == {"type": "control", "target": 160.0, "tolerance": 0.02, "paused": False}
        assert received(slow, "reading")["match"]["grade"] == "stretch"
        slow.send('{"target": 1000}')
        assert received(slow, "error")["code"] == "usage.target"
        slow.send('{"target": null}')
        assert received(slow, "control")["target"] is None
        assert received(slow, "reading")["match"] is None


def test_a_silent_stream_has_a_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contribution, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(backend, "PULSE_S", 0.05)
    with serving() as served, served.websocket("/v1/audio") as sender:
        sender.send(hello())
        first, *_, last = (received(sender, "heartbeat")["t"] for _ in range(5))
        assert 0.0 <= first < last < 5.0


def test_a_stream_that_does_not_exist_is_named() -> None:
    with serving() as served, served.websocket("/v1/streams/x") as client:
        assert received(client)["code"] == "server.no_stream"
        assert closed(client)[0] == 1008


def test_the_sound_of_a_client_gets_its_paces() -> None:
    with serving() as served, served.websocket("/v1/audio") as sender:
        sender.send(hello(rate=SOUND_RATE, target=170))
        welcome = received(sender)
        assert (welcome["type"], welcome["resumed"], welcome["received"]) == ("welcome", False, 0)
        assert received(sender)["type"] == "start"
        with served.websocket(f"/v1/streams/{welcome['stream']}?target=84") as follower:
            assert received(follower)["start"]["input"] == "audio"
            send(sender, 0.0, 12.0)
            sender.send('{"type": "audio-stop"}')
            heard = received(sender, "song")
            assert (heard["match"]["grade"], round(heard["match"]["spm"])) == ("lock", 168)
            assert heard["end"] == 12.0
            assert received(sender) == {"type": "end", "t": 12.0, "error": None, "stream": welcome["stream"]}
            assert closed(sender) == (1000, "")
            assert round(received(follower, "song")["match"]["spm"]) == 84
            assert closed(follower)[0] == 1000
        assert served.get(f"/v1/streams/{welcome['stream']}").status_code == 404
        assert served.get("/v1/streams").json() == {"streams": []}


def test_dropped_audio_is_a_gap() -> None:
    with serving() as served, served.websocket("/v1/audio") as sender:
        sender.send(hello(rate=SOUND_RATE))
        send(sender, 0.0, 6.0)
        sender.send(json.dumps({"type": "gap", "frames": 3 * SOUND_RATE}))
        send(sender, 9.0, 12.0)
        sender.send('{"type": "audio-stop"}')
        readings = []
        while (message := received(sender))["type"] != "song":
            readings += [message] if message["type"] == "reading" else []
        assert readings[-1]["health"]["dropped_s"] == 3.0
        assert readings[-1]["t"] == 12.0


def test_one_whose_network_was_gone_goes_on_with_its_window() -> None:
    with serving() as served:
        with served.websocket("/v1/audio") as sender:
            sender.send(hello(rate=SOUND_RATE))
            welcome = received(sender)
            send(sender, 0.0, 26.0)
            eventually(lambda: received(sender, "reading")["t"] >= 25.0)
            # The network goes away: no close frame, and nobody notices yet.
            sender.socket.shutdown(socket.SHUT_RDWR)
        again = hello(rate=SOUND_RATE, session=welcome["session"])
        with served.websocket("/v1/audio") as sender:
            sender.send(again)
            resumed = received(sender)
            assert (resumed["resumed"], resumed["stream"]) == (True, welcome["stream"])
            missing_from = resumed["received"] / SOUND_RATE
            assert 25.0 <= missing_from <= 26.0
            send(sender, missing_from, 30.0)
            reading = received(sender, "reading")
            while reading["t"] < 29.0:  # the resampler holds the last moments back
                reading = received(sender, "reading")
            # The window of 25 s is still full, and nothing was lost.
            assert (reading["state"], reading["health"]["dropped_s"]) == ("settled", 0.0)


def test_one_who_comes_back_takes_the_place_of_a_connection_that_nobody_noticed_was_dead() -> None:
    with serving() as served, served.websocket("/v1/audio") as first:
        first.send(hello())
        session = received(first)["session"]
        with served.websocket("/v1/audio") as second:
            second.send(hello(session=session))
            assert received(second)["resumed"] is True
            assert received(first, "error")["code"] == "server.replaced"
            assert closed(first)[0] == 1008
            second.send(bytes(9600))
            second.send('{"type": "audio-stop"}')
            assert received(second, "end")["t"] == 0.1


def test_one_who_comes_back_with_another_sample_rate_begins_a_new_stream() -> None:
    with serving() as served:
        with served.websocket("/v1/audio") as sender:
            sender.send(hello(rate=44_100))
            session = received(sender)["session"]
        with served.websocket("/v1/audio") as sender:
            sender.send(hello(rate=48_000, session=session))
            assert received(sender)["resumed"] is False
        eventually(lambda: served.backend.contributed == 1)


def test_one_who_comes_too_late_begins_a_new_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contribution, "REATTACH_S", 0.1)
    with serving() as served:
        with served.websocket("/v1/audio") as sender:
            sender.send(hello())
            welcome = received(sender)
        eventually(lambda: served.backend.contributed == 0)
        with served.websocket("/v1/audio") as sender:
            sender.send(hello(session=welcome["session"]))
            again = received(sender)
            assert again["resumed"] is False
            assert again["session"] != welcome["session"]


@pytest.mark.parametrize(
    ("first", "code", "error"),
    [
        ("hello", 1003, "usage.message"),
        (b"\0\0", 1003, "usage.message"),
        (hello(rate=1), 1003, "usage.rate"),
        (hello(width=2) + "x", 1003, "usage.message"),
    ],
)
def test_what_is_no_hello_is_refused_with_a_reason(first: str | bytes, code: int, error: str) -> None:
    with serving() as served, served.websocket("/v1/audio") as sender:
        sender.send(first)
        assert received(sender)["code"] == error
        assert closed(sender)[0] == code


@pytest.mark.parametrize(
    ("message", "code"),
    [(b"\0", 1003), ('{"type": "gap", "frames": -1}', 1003), ("[]", 1003), (bytes(70_000), 1009), ("x" * 70_000, 1009)],
)
def test_a_message_that_cannot_be_meant_ends_the_connection_but_not_the_stream(message: str | bytes, code: int) -> None:
    with serving() as served, served.websocket("/v1/audio") as sender:
        sender.send(hello())
        session = received(sender)["session"]
        sender.send(message)
        assert closed(sender)[0] == code
        with served.websocket("/v1/audio") as again:
            again.send(hello(session=session))
            assert received(again)["resumed"] is True


def test_samples_that_are_no_numbers_end_the_stream_with_the_reason() -> None:
    with serving() as served, served.websocket("/v1/audio") as sender:
        sender.send(hello(width=4))
        sender.send(np.full(4800, np.nan, "<f4").tobytes())
        assert received(sender, "end")["error"]["code"] == "source.unreadable"
        assert closed(sender)[0] == 1000


def test_a_server_that_is_full_says_so_and_has_room_again_later() -> None:
    with serving(limits=Limits(streams=1)) as served, served.websocket("/v1/audio") as first:
        first.send(hello())
        received(first)
        assert served.get("/v1/health").json()["full"] is True
        with served.websocket("/v1/audio") as second:
            second.send(hello())
            assert received(second)["code"] == "server.full"
            assert closed(second) == (1013, "5")
        first.send('{"type": "audio-stop"}')
        closed(first)
        with served.websocket("/v1/audio") as third:
            third.send(hello())
            assert received(third)["type"] == "welcome"


def test_one_who_says_nothing_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "HELLO_S", 0.1)
    monkeypatch.setattr(websocket, "IDLE_S", 0.1)
    with serving() as served:
        with served.websocket("/v1/audio") as silent:
            assert received(silent)["code"] == "server.idle"
            assert closed(silent)[0] == 1008
        with served.websocket("/v1/audio") as idle:
            idle.send(hello())
            assert received(idle, "error")["code"] == "server.idle"


def test_one_who_never_reads_slows_nobody_and_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "SEND_S", 0.3)
    source = ArraySource(rock(168.0, 8.0), RATE, RATE)
    with ExitStack() as stack:
        served = stack.enter_context(serving(lambda: source, endless=True))
        deaf = stack.enter_context(served.raw())
        other = stack.enter_context(served.websocket("/v1/streams/main"))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(
            b"GET /v1/streams/main HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        eventually(lambda: served.backend.listeners == 2)
        began = time.monotonic()
        for _ in range(30):
            received(other, "reading")
        assert time.monotonic() - began < 15.0
        eventually(lambda: served.backend.listeners == 1)


def test_a_page_of_another_protocol_gets_no_socket() -> None:
    with serving() as served, pytest.raises(InvalidStatus) as caught:
        served.websocket("/v1/health")
    assert caught.value.response.status_code in (403, 404)


def test_the_end_of_the_server_closes_with_going_away() -> None:
    with ExitStack() as stack:
        with serving(song()) as served:
            follower = stack.enter_context(served.websocket("/v1/streams/main"))
            sender = stack.enter_context(served.websocket("/v1/audio"))
            sender.send(hello())
            received(sender)
            received(follower)
        assert closed(follower)[0] == 1001
        assert closed(sender)[0] == 1001
