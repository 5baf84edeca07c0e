"""The client and the stream of the real server, with a connection that is cut again and again."""

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from paces_live.client import Server, server
from paces_live.events import End, Event, Reading, Song, Start
from paces_live.match import Listener
from paces_live.server.serve import Port, listen_on
from paces_live.server.serve import Server as Serving
from paces_live.server.sse import EventResponse
from paces_live.server.stream import Stream
from tests.support.cable import Cable
from tests.support.fakes import START, reading, song

SONGS = [song(number, 10.0 * number, 10.0 * number + 9.0, 165.0) for number in range(1, 61)]


@dataclass
class Served:
    """A stream that a test fills."""

    port: int
    stream: Stream
    loop: asyncio.AbstractEventLoop

    def take(self, *events: Event) -> None:
        """Let the stream take events, and wait until it has."""
        done = threading.Event()

        def take() -> None:
            self.stream.take(events)
            done.set()

        self.loop.call_soon_threadsafe(take)
        assert done.wait(10.0)


@contextmanager
def served() -> Iterator[Served]:
    stream, loops = Stream("main"), list[asyncio.AbstractEventLoop]()
    started = threading.Event()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        loops.append(asyncio.get_running_loop())
        started.set()
        yield

    async def events(request: Request) -> EventResponse:
        return EventResponse(stream.subscribe(Listener()), request.headers.get("last-event-id", ""))

    app = Starlette(routes=[Route("/v1/streams/main/events", events)], lifespan=lifespan)
    listening = listen_on("127.0.0.1", 0)
    serving = Serving(app, [Port(listening)], on_stop=stream.close)
    thread = threading.Thread(target=serving.run)
    thread.start()
    try:
        assert started.wait(10.0)
        yield Served(listening.getsockname()[1], stream, loops[0])
    finally:
        serving.stop()
        thread.join(10.0)
        assert not thread.is_alive()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once, whatever the server says."""
    monkeypatch.setattr(server, "LEAST_S", 0.01)
    monkeypatch.setattr(server, "MOST_S", 0.01)


class Follower:
    """A client in a thread of its own, and what it has got."""

    def __init__(self, address: str) -> None:
        self.events: list[Event] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(address,))

    def __enter__(self) -> "Follower":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10.0)
        assert not self._thread.is_alive()

    def _run(self, address: str) -> None:
        for event in Server(address).events(stop=self._stop):
            self.events.append(event)

    def wait(self, *events: Event) -> None:
        """Wait until all of `events` have come."""
        deadline = time.monotonic() + 10.0
        while not all(event in self.events for event in events):
            assert time.monotonic() < deadline, self.events
            time.sleep(0.005)

    def of(self, kind: type[Event]) -> Sequence[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_no_song_is_lost_and_none_comes_twice_however_often_the_network_fails(seed: int) -> None:
    chance = random.Random(seed)
    with served() as one, Cable(one.port) as cable:
        one.take(START, *SONGS[:5])
        with Follower(cable.address) as follower:
            follower.wait(START)
            for number, ended in enumerate(SONGS[5:], 1):
                one.take(reading(float(number)), ended)
                if chance.random() < 0.3:
                    cable.cut()
                time.sleep(chance.choice([0.0, 0.0, 0.02, 0.05]))
            follower.wait(SONGS[-1])
        assert follower.of(Song) == SONGS
        assert follower.of(Start) == [START]
        assert any(event.health.status == "reconnecting" for event in follower.events if isinstance(event, Reading))
        assert isinstance(follower.events[-1], End)


def test_who_was_away_for_more_songs_than_the_server_keeps_gets_the_latest_once() -> None:
    many = [song(number, 10.0 * number, 10.0 * number + 9.0) for number in range(1, 261)]
    with served() as one, Cable(one.port) as cable:
        one.take(START, *many[:50])
        with Follower(cable.address) as follower:
            follower.wait(many[49])
            cable.away()
            one.take(*many[50:])
            cable.back()
            follower.wait(many[-1])
        assert follower.of(Song) == [*many[:50], *many[160:]]
