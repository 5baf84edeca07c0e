"""Worker processes: each stream gets what it would get alone; one that dies or hangs harms only its own streams."""

import os
import signal
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from paces_live.events import Event
from paces_live.server.backend import Limits
from paces_live.server.messages import Hello
from paces_live.server.worker import JudgedStream, Kind, frame, frames
from paces_live.session import Session, SessionConfig, run
from paces_live.sources import ArraySource
from tests.support.servers import Served, eventually, hello, received, serving
from tests.support.sessions import only, without_load
from tests.support.signals import rock

RATE = 44_100
PCM = (np.repeat(rock(168.0, 12.0), 2) * 32767).astype("<i2")
HELLO = Hello(RATE, 2, 1, None, 0.05)


def children() -> list[int]:
    """Return the worker processes of the server, which runs in this process."""
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    ids = {int(one) for path in found for one in path.read_text("ascii").split()}
    return [one for one in sorted(ids) if b"server.worker" in Path(f"/proc/{one}/cmdline").read_bytes()]


def send(sender: ClientConnection, start_s: float, end_s: float) -> None:
    part = PCM[round(start_s * RATE) : round(end_s * RATE)]
    for at in range(0, len(part), RATE // 20):
        sender.send(part[at : at + RATE // 20].tobytes())


def opened(served: Served, stack: ExitStack) -> ClientConnection:
    sender = stack.enter_context(served.websocket("/v1/audio"))
    sender.send(hello(rate=RATE))
    assert received(sender)["type"] == "welcome"
    assert received(sender)["type"] == "start"
    return sender


def time_of_reading(sender: ClientConnection, at_least: float) -> float:
    while (t := float(received(sender, "reading")["t"])) < at_least:
        pass
    return t


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(Kind), st.binary(max_size=50))), st.data())
def test_frames_survive_any_cuts(sent: list[tuple[int, Kind, bytes]], data: st.DataObject) -> None:
    row = b"".join(frame(*one) for one in sent)
    waiting, got = bytearray(), []
    while row:
        size = data.draw(st.integers(1, len(row)))
        waiting += row[:size]
        row = row[size:]
        got += list(frames(waiting))
    assert got == sent
    assert not waiting


def test_a_stream_in_a_worker_gets_what_it_would_get_alone() -> None:
    judged = JudgedStream(only(168.0), SessionConfig(), "main", HELLO)
    events: list[Event] = []
    for at in range(0, len(PCM), 2205):
        judged.take(Kind.AUDIO, PCM[at : at + 2205].tobytes())
        events += judged.turn()
    judged.take(Kind.FINISH, b"")
    events += judged.turn()
    samples = PCM.astype(np.float32) * np.float32(1 / 32768)
    source = ArraySource(samples, RATE, 22_050, name="audio")
    alone = run(source, Session(only(168.0), live=True))
    assert [without_load(event) for event in events] == [without_load(event) for event in alone]
    assert judged.over


def test_streams_are_spread_over_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.server.workers.SHARED", 1)
    with serving(limits=Limits(workers=2)) as served, ExitStack() as stack:
        assert children() == []
        senders = [opened(served, stack) for _ in range(4)]
        assert len(children()) == 2
        for sender in senders:
            send(sender, 0.0, 3.5)
        for sender in senders:
            time_of_reading(sender, 3.0)
    assert children() == []


def test_kill_9_of_a_worker_loses_only_the_windows_of_its_own_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.server.workers.SHARED", 1)
    with serving(limits=Limits(workers=2)) as served, ExitStack() as stack:
        first = opened(served, stack)
        [victim] = children()
        second = opened(served, stack)
        for sender in (first, second):
            send(sender, 0.0, 6.0)
            time_of_reading(sender, 5.0)
        os.kill(victim, signal.SIGKILL)
        # It begins again, on the same connection.
        assert received(first, "start")["stream"]
        for sender in (first, second):
            send(sender, 6.0, 12.0)
        assert time_of_reading(first, 5.0) == 5.0
        assert time_of_reading(second, 11.0) == 11.0


def test_a_sound_that_kills_its_workers_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.server.workers.MOST_RESTARTS", 0)
    with serving(limits=Limits(workers=1)) as served, ExitStack() as stack:
        sender = opened(served, stack)
        os.kill(children()[0], signal.SIGKILL)
        assert received(sender, "end")["error"]["message"] == "the server cannot judge this sound"
        again = opened(served, stack)
        send(again, 0.0, 3.5)
        assert time_of_reading(again, 3.0) == 3.0


def test_a_stream_whose_worker_dies_at_its_end_ends_all_the_same() -> None:
    with serving(limits=Limits(workers=1)) as served, ExitStack() as stack:
        sender = opened(served, stack)
        [victim] = children()
        os.kill(victim, signal.SIGSTOP)
        sender.send('{"type": "audio-stop"}')
        eventually(lambda: served.backend.contributions()[0].finished)
        os.kill(victim, signal.SIGKILL)
        assert received(sender, "end")["error"] is None
        eventually(lambda: served.backend.contributed == 0)


def test_one_who_comes_back_after_the_end_begins_a_new_stream() -> None:
    with serving(limits=Limits(workers=1)) as served, ExitStack() as stack:
        first = stack.enter_context(served.websocket("/v1/audio"))
        first.send(hello())
        session = received(first)["session"]
        [victim] = children()
        os.kill(victim, signal.SIGSTOP)
        try:
            first.send('{"type": "audio-stop"}')
            eventually(lambda: served.backend.contributions()[0].finished)
            second = stack.enter_context(served.websocket("/v1/audio"))
            second.send(hello(session=session))
            assert received(second)["resumed"] is False
        finally:
            os.kill(victim, signal.SIGCONT)


def test_a_process_that_cannot_be_started_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(limits=Limits(streams=1)) as served, ExitStack() as stack:
        with monkeypatch.context() as broken:
            broken.setattr("sys.executable", "/nonexistent/python")
            sender = stack.enter_context(served.websocket("/v1/audio"))
            sender.send(hello())
            assert received(sender)["code"] == "server.full"
        assert served.get("/v1/health").json()["full"] is False
        opened(served, stack)


@pytest.mark.slow
def test_text_messages_wait_for_a_worker_that_hangs_too() -> None:
    with serving(limits=Limits(workers=1)) as served, ExitStack() as stack:
        sender = opened(served, stack)
        [hung] = children()
        [one] = served.backend.contributions()
        os.kill(hung, signal.SIGSTOP)
        try:
            sender.socket.settimeout(1.0)
            with suppress(TimeoutError, ConnectionClosed):
                for _ in range(300_000):
                    sender.send('{"type": "gap", "frames": 1}')
            eventually(lambda: one.behind)
            assert one.received < 300_000
        finally:
            os.kill(hung, signal.SIGCONT)


@pytest.mark.slow
def test_a_worker_that_hangs_makes_its_senders_wait_instead_of_filling_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("paces_live.server.workers.SHARED", 1)
    with serving(limits=Limits(workers=2)) as served, ExitStack() as stack:
        first = opened(served, stack)
        [hung] = children()
        second = opened(served, stack)
        [slow, _] = served.backend.contributions()
        os.kill(hung, signal.SIGSTOP)
        try:
            first.socket.settimeout(1.0)
            sent = 0
            # 88 kB a second: two minutes of sound, as fast as it is taken.
            for _ in range(10):
                try:
                    send(first, 0.0, 12.0)
                except (TimeoutError, ConnectionClosed):
                    break
                sent += 1
            assert sent < 10
            eventually(lambda: slow.behind)
            assert slow.received < 12 * 10 * RATE / 2
            send(second, 0.0, 3.5)
            assert time_of_reading(second, 3.0) == 3.0
            assert served.get("/v1/health").json()["full"] is False
        finally:
            os.kill(hung, signal.SIGCONT)
        eventually(lambda: not slow.behind)
