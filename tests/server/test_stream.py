"""A stream keeps facts for the slow and for those who return; of what changes, it keeps the newest."""

import asyncio
import json
from collections.abc import Iterable

import pytest

from paces_live.events import End, Event, Health, Pace, Reading, Song, Start
from paces_live.match import Listener
from paces_live.server.stream import MOST_TARGETS, MOST_WAITING, SONGS_KEPT, TAKE_S, Stream, Subscription
from tests.support.schemas import validated

START = Start("0.1.0", "array", "sha256:0", "runtime")


def reading(t: float) -> Reading:
    return Reading(t, 1, "settled", (Pace(165.0, 0.9),), Health(-20.0, 0.0, 0.1))


def song(number: int) -> Song:
    return Song(number, 0.0, 200.0, ())


async def rest(subscription: Subscription) -> list[Event]:
    """Return what waits for a listener whose stream is closed."""
    return [given[1] async for given in subscription if given]


def numbers(snapshot: str) -> list[int]:
    return [one["song"] for one in validated(snapshot)["songs"]]


async def test_one_who_is_slow_misses_readings_but_no_song() -> None:
    stream = Stream("main")
    slow = stream.subscribe(Listener())
    stream.take([START, reading(1.0), reading(2.0), song(1), reading(3.0), reading(4.0), song(2), reading(5.0)])
    stream.take([reading(6.0), End(6.0)])
    stream.close()
    assert await rest(slow) == [START, reading(2.0), song(1), reading(4.0), song(2), reading(6.0), End(6.0)]


async def test_one_who_takes_nothing_costs_little_and_is_let_go() -> None:
    stream = Stream("main")
    gone = stream.subscribe(Listener())
    for number in range(10 * MOST_WAITING):
        stream.take([reading(number), song(number)])
    assert len(await rest(gone)) <= 2 * MOST_WAITING + 2


async def test_a_snapshot_has_the_newest_reading_and_the_latest_songs() -> None:
    stream = Stream("main")
    assert validated(stream.snapshot(Listener())[1]) | {"stream": None} == {
        "type": "snapshot",
        "stream": None,
        "start": None,
        "reading": None,
        "songs": [],
        "resumed": False,
    }
    stream.take([START, *(song(number) for number in range(1, SONGS_KEPT + 6)), reading(1.0), reading(2.0)])
    snapshot = validated(stream.snapshot(Listener(target=170.0))[1])
    assert numbers(json.dumps(snapshot)) == list(range(6, SONGS_KEPT + 6))
    assert snapshot["reading"]["t"] == 2.0
    assert snapshot["reading"]["match"]["grade"] == "match"
    assert snapshot["start"]["target"] == 170.0


async def test_one_who_returns_gets_the_songs_since_then() -> None:
    stream = Stream("main")
    stream.take([START, song(1)])
    number, first = stream.snapshot(Listener())
    assert numbers(first) == [1]
    stream.take([reading(1.0), song(2), reading(2.0), song(3)])
    snapshot = stream.snapshot(Listener(), stream.message_id(number))[1]
    assert (numbers(snapshot), validated(snapshot)["resumed"]) == ([2, 3], True)


@pytest.mark.parametrize("last", ["", "-", "x", "x-1", "{boot}-", "{boot}-99", "{boot}--1", "{boot}-1e9", "other-1"])
async def test_one_whose_last_message_nobody_knows_gets_everything(last: str) -> None:
    stream = Stream("main")
    stream.take([START, song(1), song(2)])
    snapshot = stream.snapshot(Listener(), last.replace("{boot}", stream.message_id(0)[:-2]))[1]
    assert (numbers(snapshot), validated(snapshot)["resumed"]) == ([1, 2], False)


async def test_one_who_was_away_for_too_many_songs_gets_all_that_are_known() -> None:
    stream = Stream("main")
    stream.take([song(1), song(2)])
    last = stream.message_id(1)
    stream.take([song(number) for number in range(3, SONGS_KEPT + 2)])
    assert validated(stream.snapshot(Listener(), last)[1])["resumed"] is True
    stream.take([song(SONGS_KEPT + 2)])
    assert validated(stream.snapshot(Listener(), last)[1])["resumed"] is False


async def test_each_listener_sees_the_match_with_its_own_target() -> None:
    stream = Stream("main")
    listeners = [Listener(165.0), Listener(150.0), Listener(None)]
    stream.take([reading(1.0)])
    verdicts = [json.loads(stream.line(1, reading(1.0), listener))["verdict"] for listener in listeners]
    assert verdicts == ["match", "no_match", None]
    listeners[1].target = 82.5
    assert json.loads(stream.line(1, reading(1.0), listeners[1]))["nearest"]["error"] == 1.0


async def test_candidates_near_the_targets_of_those_who_listen_are_judged() -> None:
    aimed: list[Iterable[float]] = []
    stream = Stream("main", aim=aimed.append)
    first, second = stream.subscribe(Listener(170.0)), stream.subscribe(Listener(150.0))
    stream.subscribe(Listener(None))
    assert aimed[-1] == [150.0, 170.0]
    second.listener.target = 160.0
    stream.retarget()
    assert aimed[-1] == [160.0, 170.0]
    first.close()
    assert aimed[-1] == [160.0]
    for target in range(100, 200):
        stream.subscribe(Listener(float(target)))
    assert len(list(aimed[-1])) == MOST_TARGETS


async def test_a_listener_with_another_target_gets_the_newest_reading_again() -> None:
    stream = Stream("main")
    subscription = stream.subscribe(Listener())
    subscription.again()
    stream.take([reading(1.0)])
    assert await anext(subscription) == (1, reading(1.0))
    subscription.again()
    assert await anext(subscription) == (1, reading(1.0))


async def test_a_reading_that_comes_again_after_a_song_is_not_taken_for_the_song() -> None:
    stream, listener = Stream("main"), Listener()
    asks, slow = stream.subscribe(listener), stream.subscribe(listener)
    stream.take([reading(1.0), song(1)])
    asks.again()
    stream.close()
    for subscription, kinds in ((asks, ["reading", "song", "reading"]), (slow, ["reading", "song"])):
        given = [one async for one in subscription if one]
        assert [json.loads(stream.line(*one, listener))["type"] for one in given] == kinds


async def test_the_sender_of_a_stream_may_be_away_before_it_starts() -> None:
    stream = Stream("main")
    stream.state = "detached"
    stream.take([START])
    assert stream.description(Listener())["state"] == "detached"
    stream.take([End(1.0), START])
    assert stream.description(Listener())["state"] == "open"


async def test_one_who_waits_hears_at_once_and_of_the_end_too() -> None:
    stream = Stream("main")
    subscription = stream.subscribe(Listener())
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0)
    stream.take([song(1)])
    assert await waiting == (1, song(1))
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0)
    subscription.close()
    with pytest.raises(StopAsyncIteration):
        await waiting
    assert stream.listeners == 0


async def test_one_for_whom_nothing_happens_gets_a_heartbeat() -> None:
    stream = Stream("main")
    subscription = stream.subscribe(Listener(), heartbeat_s=5.0)
    now = asyncio.get_running_loop().time()
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0)
    subscription.pulse(now + 4.0)
    await asyncio.sleep(0)
    assert not waiting.done()
    subscription.pulse(now + 6.0)
    assert await waiting is None


async def test_one_who_takes_nothing_is_given_up() -> None:
    stream = Stream("main")
    subscription = stream.subscribe(Listener())
    stuck: list[bool] = []
    subscription.on_stuck = lambda: stuck.append(True)
    stream.take([reading(1.0)])
    now = asyncio.get_running_loop().time()
    await anext(subscription)
    subscription.pulse(now + TAKE_S - 1.0)
    assert not stuck
    subscription.pulse(now + TAKE_S + 1.0)
    assert stuck
