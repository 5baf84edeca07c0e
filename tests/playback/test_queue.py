"""The queue: the order of the items, with and without those that fail."""

import random
from pathlib import Path

from paces_live.collection.items import Item
from paces_live.playback.queue import Queue

ITEMS = [Item(Path(name), name) for name in "abcd"]


def order(queue: Queue, count: int) -> str:
    """Return the titles of the first tracks that are played, one after the other."""
    titles, place = "", 0
    while len(titles) < count and (found := queue.following(place)):
        titles += found[1].title or "?"
        place = found[0] + 1
    return titles


def test_tracks_are_played_once_or_repeatedly() -> None:
    assert order(Queue(ITEMS), 9) == "abcd"
    assert order(Queue(ITEMS, repeat=True), 9) == "abcdabcda"


def test_shuffle_plays_each_track_once_a_round_in_orders_that_differ() -> None:
    mixed = order(Queue(ITEMS * 3, shuffle=random.Random(1), repeat=True), 24)
    assert sorted(mixed[:12]) == sorted(mixed[12:]) == sorted("abcd" * 3)
    assert mixed[:12] != mixed[12:]
    assert mixed[:12] != "abcd" * 3


def test_a_failed_item_is_left_out_in_both_directions() -> None:
    queue = Queue(ITEMS, repeat=True)
    queue.fail(ITEMS[1])
    assert order(queue, 6) == "acdacd"
    assert queue.preceding(2) == 0
    assert queue.preceding(0) == 0
    for track in ITEMS:
        queue.fail(track)
    assert queue.following(0) is None
