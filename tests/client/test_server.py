"""A follower of a server: what it yields, how it goes on after a lost connection, and what it says when it cannot."""

import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise

import pytest

from paces_live.client import Server, server
from paces_live.errors import ServerError, UsageError
from paces_live.events import End, Event, Reading, Song, Start
from paces_live.match import Listener
from tests.support.fakes import START, reading, song
from tests.support.scripted_server import HEAD, Script, ScriptedServer, answer, held, message, sent, snapshot

NO_STREAM = answer(
    "404 Not Found", '{"type": "error", "code": "server.no_stream", "message": "no stream", "hint": "-"}'
)
ERROR = '{"type": "error", "path": "-", "code": "x", "message": "%s", "hint": "%s"}'
OTHER = Start("0.1.0", "mic:USB", "sha256:00", "fake 1")
A, B, C = (song(number, 60.0 * number, 60.0 * number + 50.0, 165.0) for number in (1, 2, 3))
R1, R2 = (reading(t, [(165.0, 0.9)]) for t in (200.0, 201.0))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(server, "LEAST_S", 0.01)
    monkeypatch.setattr(server, "RETRY_S", 0.01)


def begun(*parts: bytes, then: Script = lambda _: None) -> Script:
    return sent(HEAD, *parts, then=then)


def ending(id: str = "a-99", resumed: bool = True) -> Script:  # noqa: A002
    """Return the script of a stream that has ended."""
    return begun(snapshot(start=START, state="ended", id=id, resumed=resumed))


def followed(*scripts: Script) -> tuple[list[Event], list[str]]:
    """Return the events of a server that has the stream no more afterwards, and the heads of its requests."""
    with ScriptedServer(*scripts, NO_STREAM) as one:
        return list(Server(one.address).events()), one.requests


def failure(*scripts: Script, **options: str) -> ServerError:
    """Return the error of a server that cannot be followed."""
    with ScriptedServer(*scripts) as one, pytest.raises(ServerError) as caught:
        list(Server(one.address, **options).events())  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return caught.value


def songs(events: list[Event]) -> list[int]:
    return [one.song for one in events if isinstance(one, Song)]


def test_the_events_are_those_of_the_snapshot_and_then_what_comes() -> None:
    parts = (b"retry: 3000\n\n", snapshot(A, start=START, reading=R1), b": alive\n\n", message(R2), message(B))
    events, requests = followed(begun(*parts, message(End(202.0))))
    assert events == [START, A, R1, R2, B, End(202.0)]
    assert requests[0].startswith("get /v1/streams/main/events http/1.1\r\n")
    assert "last-event-id" not in requests[0]
    assert "authorization" not in requests[0]


def test_after_a_lost_connection_songs_follow_and_none_comes_twice() -> None:
    first = begun(snapshot(A, start=START, reading=R1, id="a-5"), message(R2, "a-6"))
    events, requests = followed(first, begun(snapshot(B, start=START, reading=R2, resumed=True, id="a-9")), ending())
    assert [type(one) for one in events] == [Start, Song, Reading, Reading, Reading, Song, Reading, Reading, End]
    assert songs(events) == [1, 2]
    assert "last-event-id: a-6\r\n" in requests[1]
    assert "last-event-id: a-9\r\n" in requests[2]
    gone = events[4]
    assert isinstance(gone, Reading)
    assert (gone.health.status, gone.paces, gone.t) == ("reconnecting", (), 201.0)
    assert gone.health.message
    assert "has closed the connection, trying again in 0.01 s" in gone.health.message


def test_a_complete_snapshot_of_the_same_run_repeats_no_song() -> None:
    first = begun(snapshot(A, B, start=START, id="a-5"))
    second = begun(snapshot(A, B, C, start=START, id="a-90"))
    events, _ = followed(first, second, ending())
    assert songs(events) == [1, 2, 3]
    assert sum(isinstance(one, Start) for one in events) == 1


def test_a_server_that_was_started_again_counts_from_one() -> None:
    """The demo gives the same songs in every run; each of them was heard."""
    events, _ = followed(begun(snapshot(A, start=START, id="a-5")), begun(snapshot(A, start=START, id="b-5")), ending())
    assert [one for one in events if not isinstance(one, Reading)] == [START, A, START, A, End(0.0)]


def test_a_stream_that_starts_again_with_another_input_goes_on() -> None:
    parts = (snapshot(start=START), message(End(9.0)), message(OTHER), message(R1), message(End(202.0)))
    events, _ = followed(begun(*parts))
    assert events == [START, End(9.0), OTHER, R1, End(202.0)]


def test_a_new_input_during_an_absence_is_announced_after_the_songs_of_the_old_one() -> None:
    second = begun(snapshot(B, start=OTHER, resumed=True, state="ended", id="a-9"))
    events, _ = followed(begun(snapshot(A, start=START, id="a-5")), second)
    assert [one for one in events if not isinstance(one, Reading)] == [START, A, B, OTHER, End(0.0)]


def test_a_stream_that_has_ended_may_start_again_much_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is away in between; nobody waits for readings, so none says so."""
    monkeypatch.setattr(server, "_wait", lambda *_: None)
    first = begun(snapshot(start=START, reading=R1), message(End(201.0)))
    away = answer("502 Bad Gateway")
    events, _ = followed(first, away, away, begun(snapshot(start=OTHER, reading=R2, id="b-1"), message(End(202.0))))
    assert events == [START, R1, End(201.0), OTHER, R2, End(202.0)]


def test_a_start_that_was_missed_is_announced_even_if_it_is_the_same() -> None:
    """The demo starts again with the same input."""
    first = begun(snapshot(start=START, reading=R1, id="a-5"), message(End(201.0), "a-6"))
    events, _ = followed(first, begun(snapshot(start=START, reading=R2, resumed=True, id="a-9"), message(End(202.0))))
    assert events == [START, R1, End(201.0), START, R2, End(202.0)]


def test_a_snapshot_may_have_no_start_yet_and_an_id_may_be_any_text() -> None:
    first = begun(snapshot(id="ü–1"), message(START), message(R1))
    events, requests = followed(first, begun(snapshot(start=START, id="ü–2", resumed=True, state="ended")))
    assert [type(one) for one in events] == [Start, Reading, Reading, End]
    assert "last-event-id: ü–1\r\n" in requests[1]


@pytest.mark.parametrize("songs", [None, 3, "songs", [None, 3, {"type": "song"}]])
def test_a_snapshot_that_makes_no_sense_is_no_crash(songs: object) -> None:
    record = {"type": "snapshot", "stream": [], "start": "x", "reading": 3, "songs": songs, "resumed": {}}
    script = begun(message(record), message(End(1.0)))
    if isinstance(songs, list):
        assert failure(script).code == "server.broken"
    else:
        assert followed(script)[0] == [End(1.0)]


@pytest.mark.slow
def test_a_connection_on_which_nothing_comes_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.client.connection.DEAD_S", 0.3)

    def comments(connection: socket.socket) -> None:
        for _ in range(4):
            time.sleep(0.2)
            connection.sendall(b": alive\n\n")
        held(connection)

    events, requests = followed(begun(snapshot(start=START, reading=R1), then=comments), ending())
    gone = events[2]
    assert isinstance(gone, Reading)
    assert gone.health.message
    assert gone.health.message.startswith("nothing came from")
    assert len(requests) == 3


def test_the_pauses_grow_up_to_a_bound_and_follow_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(server, "_wait", lambda seconds, *_: pauses.append(seconds))
    full = answer("503 Service Unavailable", ERROR % ("full", "wait"), "Retry-After: 45")
    rude = answer("503 Service Unavailable", ERROR % ("full", "wait"), "Retry-After: 99999")
    once = begun(b"retry: 1000\n\n", snapshot(start=START))
    refusals = [answer("502 Bad Gateway")] * 8
    events, _ = followed(once, once, *refusals, full, rude, once, ending())
    assert pauses == [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0, 45.0, 300.0, 1.0, 0.01]
    assert isinstance(events[-1], End)


def test_the_target_and_the_id_of_the_stream_are_sent() -> None:
    listener = Listener(172.25, 0.03)
    with ScriptedServer(begun(snapshot(start=START)), ending(), NO_STREAM) as one:
        for event in Server(one.address + "/gym/", "secret").events("x/7?", listener=listener):
            if isinstance(event, Start):
                listener.target = None
    assert one.requests[0].startswith("get /gym/v1/streams/x%2f7%3f/events?target=172.25&tolerance=0.03 http")
    assert one.requests[1].startswith("get /gym/v1/streams/x%2f7%3f/events?tolerance=0.03 http")
    assert "authorization: bearer secret\r\n" in one.requests[0]


@pytest.mark.parametrize("then", [held, lambda _: None])
def test_it_can_be_stopped_from_another_thread_and_then_ends(then: Script) -> None:
    """While it is connected, and while it waits to connect again."""
    stop = threading.Event()
    full = answer("503 Service Unavailable", ERROR % ("full", "wait"), "Retry-After: 60")
    with ScriptedServer(begun(snapshot(start=START, reading=R1), then=then), full) as one:
        begin = time.monotonic()
        threading.Timer(0.5, stop.set).start()
        events = list(Server(one.address).events(stop=stop))
    assert 0.4 < time.monotonic() - begin < 3.0
    assert events[-1] == End(200.0)
    assert "server" not in {thread.name for thread in threading.enumerate()}


def test_the_caller_is_asked_at_least_twice_a_second_while_nothing_comes() -> None:
    times: list[float] = []
    stop = threading.Event()

    def on_wait() -> None:
        times.append(time.monotonic())
        if len(times) > 4:
            stop.set()

    with ScriptedServer(begun(snapshot(start=START), then=held)) as one:
        list(Server(one.address).events(stop=stop, on_wait=on_wait))
    assert max(after - before for before, after in pairwise(times)) < 0.8


def test_leaving_the_events_closes_the_connection() -> None:
    closed = threading.Event()

    def wait(connection: socket.socket) -> None:
        held(connection)
        closed.set()

    with ScriptedServer(begun(snapshot(start=START), then=wait)) as one:
        events = Server(one.address).events()
        next(events)
        events.close()
        assert closed.wait(2.0)


# What is wrong, in one line.


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ServerError, match=f"{address} refuses connections: check the address") as caught:
        list(Server(address).events())
    assert caught.value.code == "server.unreachable"


@pytest.mark.parametrize("host", ["[fe80::1%25nowhere]", "a..b", "ü..x", "a" * 300])
def test_a_host_that_does_not_exist(host: str) -> None:
    with pytest.raises(ServerError, match="there is no such host") as caught:
        list(Server(f"http://{host}").events())
    assert caught.value.code == "server.unreachable"


def test_an_address_without_a_way_to_it() -> None:
    with pytest.raises(ServerError, match="cannot be reached") as caught:
        list(Server("http://255.255.255.255:1").events())
    assert caught.value.code == "server.unreachable"


def test_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.client.connection.DEAD_S", 0.2)
    assert "does not answer" in str(failure(held))


@pytest.mark.parametrize(
    "script",
    [
        answer("200 OK", "<html>hello</html>", "Content-Type: text/html"),
        answer("404 Not Found", "not here"),
        answer("401 Unauthorized", "", "WWW-Authenticate: Basic realm=router"),
        answer("500 Internal Server Error", "[" * 100_000),
        answer("200 OK", '{"type": "error", "message": "well"}', "Content-Type: application/json"),
        answer("204 No Content"),
        sent(b"220 mail ready\r\n\r\n"),
        begun(b"data: hello\n\n"),
        begun(b"data: [1]\n\n"),
        begun(message(R1)),
    ],
)
def test_something_else_that_answers(script: Script) -> None:
    error = failure(script)
    assert error.code == "server.other"
    assert "check the address" in error.hint


def test_a_connection_that_is_closed_without_an_answer() -> None:
    assert failure(sent()).message.endswith("closes the connection without an answer")


def test_an_address_that_leads_elsewhere_is_not_followed() -> None:
    error = failure(answer("308 Permanent Redirect", "", "Location: https://gym.example/"))
    assert error.code == "server.elsewhere"
    assert "leads to https://gym.example/" in error.message


def test_no_token_and_a_wrong_one() -> None:
    refusing = answer("401 Unauthorized", ERROR % ("a token is needed", "ask for it"))
    for options, words in (({}, "it wants a token"), ({"token": "wrong"}, "the token is wrong")):
        error = failure(refusing, **options)
        assert (error.code, error.hint) == ("server.unauthorized", "use --token-file or PACES_LIVE_TOKEN")
        assert words in error.message


def test_a_full_server_says_so() -> None:
    error = failure(answer("503 Service Unavailable", ERROR % ("the server is full", "try again in 5 s")))
    assert (error.code, error.hint) == ("server.full", "try again in 5 s")
    assert "the server is full" in error.message


def test_what_the_server_says_is_shown() -> None:
    error = failure(answer("400 Bad Request", ERROR % ("no such target", "choose another")))
    assert (error.code, error.hint) == ("server.refused", "choose another")
    assert "no such target" in error.message
    assert failure(NO_STREAM).code == "server.no_stream"


def test_a_token_that_has_changed_ends_it_after_an_end() -> None:
    refusing = answer("401 Unauthorized", ERROR % ("wrong", "ask"))
    with ScriptedServer(begun(snapshot(start=START, reading=R1)), refusing) as one:
        events = Server(one.address).events()
        end = next(event for event in events if isinstance(event, End))
        assert end.error
        assert end.error.code == "server.unauthorized"
        with pytest.raises(ServerError, match="it wants a token"):
            next(events)


def test_a_broken_event_is_an_error_that_names_it() -> None:
    broken = message({"type": "reading", "t": "soon"})
    error = failure(begun(snapshot(start=START), broken))
    assert (error.code, error.hint) == ("server.broken", "update paces-live, here or there")


@pytest.mark.parametrize("token", ["", "two words", "schlüssel", "a\nb"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(UsageError, match="token"):
        Server("http://pi", token)


def test_a_missing_package_is_named() -> None:
    program = """
import sys
sys.modules["httpx"] = None
from paces_live.client import Server
Server("http://pi")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "httpx is not installed" in done.stderr
    assert "pip install httpx" in done.stderr
