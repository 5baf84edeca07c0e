"""What comes next in a queue is analysed beforehand, and what does not match is left out."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paces_live.collection.items import Item
from paces_live.events import SongPace
from paces_live.match import Listener
from paces_live.playback.look_ahead import AHEAD, LookAhead
from paces_live.playback.queue import Queue, UndecidedError

Paces = dict[str, float | None]


def items(paces: Paces) -> list[Item]:
    return [Item(Path(f"{name}.ogg"), name) for name in paces]


class Looking:
    """A look ahead whose analyses are a table of paces; it holds before those that are not `released`."""

    def __init__(self, paces: Paces, queue: Queue, listener: Listener) -> None:
        self.analysed: list[str] = []
        self.released = threading.Event()
        self.released.set()
        self._paces = paces
        self.look = LookAhead(queue, listener, self.paces_of, cancel=self.released.set)

    def paces_of(self, item: Item) -> tuple[SongPace, ...] | None:
        self.released.wait(10.0)
        assert item.title
        self.analysed.append(item.title)
        spm = self._paces[item.title]
        return None if spm is None else (SongPace(spm, 0.9, 1.0),)


def until(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10.0
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def order(queue: Queue) -> Iterator[str]:
    """Yield the titles in the order in which they are played."""
    place = 0
    while True:
        try:
            found = queue.following(place)
        except UndecidedError:
            time.sleep(0.005)
            continue
        if found is None:
            return
        yield found[1].title or ""
        place = found[0] + 1


PACES: Paces = {"a": 120.0, "b": 165.0, "c": 130.0, "d": None, "e": 176.0, "f": 170.0}
"""A stretch (e) is a compromise, and not what was asked for; what cannot be analysed (d) is left to the player."""


def test_only_what_matches_is_played_and_what_nobody_knows() -> None:
    queue = Queue(items(PACES))
    with Looking(PACES, queue, Listener(165.0)).look:
        assert list(order(queue)) == ["b", "d", "f"]


def test_a_shuffled_queue_is_looked_through_in_its_own_order_and_each_song_once() -> None:
    queue = Queue(items(PACES), shuffle=random.Random(4), repeat=True)
    looking = Looking(PACES, queue, Listener(165.0))
    with looking.look:
        played = order(queue)
        first = [next(played) for _ in range(9)]
    assert [sorted(first[at : at + 3]) for at in (0, 3, 6)] == [["b", "d", "f"]] * 3
    assert sorted(looking.analysed) == sorted(PACES)
    assert [title for title in looking.analysed if title in first[:3]] == first[:3]


def test_it_looks_no_further_than_is_needed() -> None:
    paces: Paces = {str(number): 165.0 for number in range(20)}
    queue = Queue(items(paces))
    looking = Looking(paces, queue, Listener(165.0))
    with looking.look:
        until(lambda: len(looking.analysed) == AHEAD)
        time.sleep(0.6)
        assert len(looking.analysed) == AHEAD
        queue.following(2)
        until(lambda: len(looking.analysed) == AHEAD + 2)


def test_a_long_queue_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paces: Paces = {f"{number}": 120.0 for number in range(2000)}
    queue, looks = Queue(items(paces)), 0
    ahead = queue.ahead

    def counted() -> list[Item]:
        nonlocal looks
        looks += 1
        return ahead()

    monkeypatch.setattr(queue, "ahead", counted)
    looking = Looking(paces, queue, Listener(165.0))
    with looking.look:
        until(lambda: looking.look.failure)
    assert len(looking.analysed) == 2000
    assert looks <= 2


def test_another_target_decides_again_without_another_analysis() -> None:
    queue, listener = Queue(items(PACES)), Listener(165.0)
    looking = Looking(PACES, queue, listener)
    with looking.look:
        assert list(order(queue)) == ["b", "d", "f"]
        listener.target = 125.0
        assert list(order(queue)) == ["a", "c", "d"]
        listener.target = None
        assert "".join(order(queue)) == "abcdef"
    assert sorted(looking.analysed) == sorted(PACES)


def test_what_is_not_known_yet_is_neither_played_nor_left_out_unless_it_is_guessed() -> None:
    queue = Queue(items(PACES))
    looking = Looking(PACES, queue, Listener(165.0))
    looking.released.clear()
    with looking.look:
        with pytest.raises(UndecidedError):
            queue.following(0)
        assert looking.look.progress == "looking for a song that matches: 1 of 6"
        assert queue.following(0, guess=True) == (0, items(PACES)[0])
        looking.released.set()
        until(lambda: queue.wanted(items(PACES)[0]) is False)
        assert queue.following(0, exactly=True) == (0, items(PACES)[0])


@pytest.mark.parametrize("repeat", [False, True])
def test_nothing_that_matches_is_an_error_that_names_the_nearest(repeat: bool) -> None:
    paces: Paces = {"a": 120.0, "b": 150.0, "c": 190.0}
    queue, listener = Queue(items(paces), repeat=repeat), Listener(170.0)
    look = Looking(paces, queue, listener).look
    with look:
        assert list(order(queue)) == []
        error = look.failure
        assert error
        assert error.code == "source.no_match"
        assert error.message == "none of your 3 songs matches 170 spm ± 5 %; nearest: b at 150.0 (-11.8 %)"
        listener.target = 150.0
        assert look.failure is None


def test_a_single_song_without_a_pace_has_no_nearest() -> None:
    queue = Queue(items({"a": None}))
    look = LookAhead(queue, Listener(170.0), lambda _: ())
    with look:
        assert list(order(queue)) == []
    assert look.failure
    assert look.failure.message == "your song does not match 170 spm ± 5 %"


def test_the_previous_song_is_the_one_that_was_played() -> None:
    queue, listener = Queue(items(PACES)), Listener(165.0)
    with Looking(PACES, queue, listener).look:
        assert list(order(queue)) == ["b", "d", "f"]
        assert queue.preceding(5) == 3
        assert queue.preceding(3) == 1
        assert queue.preceding(1) == 1
        queue.play(1)
        listener.target = 176.0
        assert queue.preceding(3) == 1, "it does not match any more, but it was played"


def test_it_ends_at_once_even_during_an_analysis() -> None:
    queue = Queue(items(PACES))
    looking = Looking(PACES, queue, Listener(165.0))
    looking.released.clear()
    begun = time.monotonic()
    with looking.look:
        pass
    until(lambda: not looking.look._thread.is_alive())
    assert time.monotonic() - begun < 5.0
