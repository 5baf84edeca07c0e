"""The backend on Ray Serve: its arguments, and runners who send their sound to a cluster of which parts die."""

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from paces_live.analysis.classifier import load_classifier
from paces_live.errors import ServerError, UsageError
from paces_live.match import Listener
from paces_live.server.app import create_app
from paces_live.server.backend import Backend
from paces_live.server.cluster import UNSEEN_S, app
from paces_live.server.serve import listen_on
from paces_live.server.websocket import FRAME_BYTES

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"RAY_SERVE_ENABLE_HA_PROXY": "1", "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}
HELLO = json.dumps({"type": "audio-start", "rate": 44_100, "width": 2, "channels": 1})
KILLED, GOING_AWAY = 1006, 1001
SOON_S = 3.0
"""Longest time between two readings of a runner whom nothing concerns, one a second."""


def test_arguments_are_numbers_with_known_names() -> None:
    with pytest.raises(UsageError, match="'stream' is no argument"):
        app({"stream": "300"})
    with pytest.raises(UsageError, match="streams 'many' is not a number"):
        app({"streams": "many"})


def test_a_missing_ray_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ServerError, match=r"-m pip install 'ray\[serve\]'"):
        app({})


@contextmanager
def served(backend: Backend, loops: list[asyncio.AbstractEventLoop] | None = None) -> Iterator[str]:
    """Serve a backend as Ray Serve does, without our own limits; the value is its address. `loops` gets its loop."""
    app = create_app(backend)

    async def noted(scope: Any, receive: Any, send: Any) -> None:
        if loops is not None:
            loops.append(asyncio.get_running_loop())
        await app(scope, receive, send)

    config = uvicorn.Config(noted, log_config=None, ws="websockets-sansio", lifespan="on")
    server = uvicorn.Server(config)
    with listen_on("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}/v1/audio"
        finally:
            server.should_exit = True
            thread.join()


def test_a_message_that_is_too_big_is_refused_by_the_application_itself() -> None:
    with served(Backend(load_classifier(), Listener())) as address, connect(address) as socket:
        socket.send(HELLO)
        assert [json.loads(socket.recv())["type"] for _ in range(2)] == ["welcome", "start"]
        socket.send(bytes(FRAME_BYTES + 2))
        assert json.loads(socket.recv())["code"] == "server.too_large"
        with pytest.raises(ConnectionClosed, match="1009"):
            socket.recv()


def test_a_backend_that_closes_takes_nobody_else() -> None:
    backend = Backend(load_classifier(), Listener())
    loops: list[asyncio.AbstractEventLoop] = []
    with served(backend, loops) as address, connect(address) as socket:
        socket.send(HELLO)
        session = json.loads(socket.recv())["session"]
        socket.recv()
        loops[0].call_soon_threadsafe(backend.close)
        socket.send('{"target": 170}')
        with pytest.raises(ConnectionClosed, match="1001"):
            list(iter(socket.recv, None))
        assert backend.full
        with connect(address) as again:
            again.send(json.dumps(json.loads(HELLO) | {"session": session}))
            assert json.loads(again.recv())["code"] == "server.full"
            with pytest.raises(ConnectionClosed, match="1013"):
                again.recv()


@pytest.fixture(scope="module")
def seen() -> Any:
    """Return what happened in `tests.support.two_nodes`."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("ray is not installed: pip install 'ray[serve]'")
    command = [sys.executable, "-m", "tests.support.two_nodes"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | ENVIRONMENT, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def of(seen: Any, name: str) -> list[Any]:
    return [runner for runner in seen["runners"] if runner["name"] == name]


def codes(runner: Any, begin: float, end: float) -> list[int]:
    return [code for when, code in runner["closes"] if begin <= when < end]


def first_welcome(runner: Any, since: float) -> Any:
    return next(welcome for welcome in runner["welcomes"] if welcome[0] > since)


@pytest.mark.slow
def test_nobody_notices_what_happens_to_other_replicas_and_nodes(seen: Any) -> None:
    for runner in of(seen, "steady"):
        assert len(runner["welcomes"]) == 1
        assert codes(runner, 0.0, seen["times"]["drained"]) == []
        whens, seconds, paces = zip(*runner["readings"], strict=True)
        assert list(seconds) == [1.0 + number for number in range(len(seconds))]
        assert max(after - before for before, after in pairwise(whens)) < SOON_S
        assert any(number for when, number in zip(whens, paces, strict=True) if when > seen["times"]["lost"])


@pytest.mark.slow
def test_runners_of_a_killed_replica_begin_a_new_stream_elsewhere(seen: Any) -> None:
    killed, lost = seen["times"]["killed"], seen["times"]["lost"]
    hit = [runner for runner in of(seen, "between") if codes(runner, killed, lost)]
    # The balancer gave half of them to each of the two replicas.
    assert len(hit) == len(of(seen, "between")) / 2
    for runner in hit:
        assert codes(runner, killed, lost)[0] == KILLED
        _, stream, resumed = first_welcome(runner, killed)
        assert not resumed
        assert stream != runner["welcomes"][0][1]


@pytest.mark.slow
def test_a_lost_node_takes_no_window_with_it_but_those_of_its_own_replica(seen: Any) -> None:
    lost = seen["times"]["lost"]
    runners = of(seen, "between") + of(seen, "late")
    kept: list[Any] = []
    new: list[Any] = []
    for runner in runners:
        assert codes(runner, lost, seen["times"]["drained"])[0] == KILLED
        _, stream, resumed = first_welcome(runner, lost)
        (kept if resumed else new).append(runner)
        before = [welcome[1] for welcome in runner["welcomes"] if welcome[0] < lost]
        assert (stream == before[-1]) == resumed
    # All of the first replica go on, by the balancer of the other node; nobody else can.
    assert len(kept) >= len(of(seen, "between"))
    assert new


@pytest.mark.slow
def test_a_drained_replica_sends_its_runners_away_in_time(seen: Any) -> None:
    drained = seen["times"]["drained"]
    for runner in seen["runners"]:
        when, code = next(close for close in runner["closes"] if close[0] > drained)
        assert code == GOING_AWAY
        assert when - drained < UNSEEN_S + 5.0
