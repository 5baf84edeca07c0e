"""Server-sent events over a real socket: a snapshot, what happens, heartbeats; and nobody waits for anybody."""

import json
import socket
import time
from contextlib import ExitStack

import httpx
import numpy as np
import pytest

from paces_live.server import app, backend, stream
from paces_live.server.backend import Limits
from paces_live.sources import ArraySource
from tests.support.pacing import Paced
from tests.support.servers import Served, eventually, messages, serving
from tests.support.signals import RATE, rock


def song(seconds: float = 8.0) -> ArraySource:
    return ArraySource(np.concatenate([rock(168.0, seconds), np.zeros(5 * RATE, np.float32)]), RATE, RATE, block=2205)


def follow(served: Served, stack: httpx.Client, query: str = "", **headers: str) -> httpx.Response:
    request = stack.build_request("GET", f"{served.address}/v1/streams/main/events{query}", headers=headers)
    response = stack.send(request, stream=True)
    assert response.status_code == 200
    return response


@pytest.fixture
def client() -> httpx.Client:
    return httpx.Client(timeout=10.0, trust_env=False)


def test_the_first_message_is_a_snapshot_and_then_come_the_events(client: httpx.Client) -> None:
    with serving(Paced(song(), 0.01)) as served, client:
        response = follow(served, client, "?target=84&tolerance=0.02")
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-accel-buffering"] == "no"
        lines = response.iter_lines()
        assert next(lines) == "retry: 3000"
        got = messages(lines)
        first = next(got)
        assert (first["type"], first["stream"]["target"], first["stream"]["tolerance"]) == ("snapshot", 84.0, 0.02)
        kinds = {}
        for message in got:
            kinds[message["type"]] = message
            if message["type"] == "end":
                break
        assert kinds["reading"]["state"] == "silence"
        assert kinds["song"]["match"] == {"spm": 84.0, "error": 0.0, "grade": "lock"} | kinds["song"]["match"]


def test_one_who_returns_with_the_last_id_misses_no_song_and_gets_none_twice(client: httpx.Client) -> None:
    with serving(lambda: song(6.0), endless=True) as served, client:
        eventually(lambda: len(next(messages(follow(served, client).iter_lines()))["songs"]) >= 3)
        first = next(messages(follow(served, client).iter_lines()))
        heard = [one["song"] for one in first["songs"]]
        eventually(lambda: len(next(messages(follow(served, client).iter_lines()))["songs"]) >= len(heard) + 2)
        again = next(messages(follow(served, client, **{"Last-Event-ID": first["id"]}).iter_lines()))
        everything = next(messages(follow(served, client).iter_lines()))
        assert again["resumed"] is True
        assert len(again["songs"]) >= 2
        known = len(heard) + len(again["songs"])
        assert everything["songs"][len(heard) : known] == again["songs"]


def test_a_silent_stream_has_a_heartbeat(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(backend, "PULSE_S", 0.05)
    with serving(Paced(ArraySource(np.zeros(RATE // 2, np.float32), RATE, RATE), hold=True)) as served, client:
        lines = follow(served, client).iter_lines()
        comments = 0
        for line in lines:
            comments += line.startswith(":")
            if comments == 3:
                break


def test_one_who_leaves_is_forgotten(client: httpx.Client) -> None:
    with serving(Paced(song(), hold=True)) as served:
        with client:
            follow(served, client)
            eventually(lambda: served.backend.listeners == 1)
        eventually(lambda: served.backend.listeners == 0)


def test_one_who_never_reads_slows_nobody_and_is_let_go(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "TAKE_S", 0.5)
    monkeypatch.setattr(backend, "PULSE_S", 0.1)
    with serving(lambda: song(6.0), endless=True) as served, client, ExitStack() as deaf:
        for _ in range(5):
            one = deaf.enter_context(served.raw())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(b"GET /v1/streams/main/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        eventually(lambda: served.backend.listeners == 5)
        began = time.monotonic()
        count = 0
        for message in messages(follow(served, client).iter_lines()):
            count += message["type"] == "reading"
            if count == 50:
                break
        assert time.monotonic() - began < 15.0
        # Only this client is left.
        eventually(lambda: served.backend.listeners <= 1)


def test_a_server_without_room_refuses_and_says_when_to_try_again(client: httpx.Client) -> None:
    with serving(Paced(song(), hold=True), limits=Limits(listeners=1)) as served, client:
        follow(served, client)
        refused = served.get("/v1/streams/main/events")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert json.loads(refused.text)["code"] == "server.full"


def test_the_end_of_the_server_ends_the_events_cleanly(client: httpx.Client) -> None:
    with client:
        with serving(Paced(song(), hold=True)) as served:
            lines = follow(served, client).iter_lines()
            next(lines)
        list(lines)
