"""What is played next: items in an order."""

import random
from collections.abc import Iterable

from paces_live.collection.items import Item


class Queue:
    """Items in the order in which they are played, at places 0, 1, 2, ...; those that fail are left out.

    Parameters
    ----------
    items : iterable of Item
        What to play.
    shuffle : random.Random, optional
        Shuffles the items, again in each round.
    repeat : bool
        Whether another round follows the last item.

    Examples
    --------
    >>> from pathlib import Path
    >>> queue = Queue([Item(Path("a.ogg")), Item(Path("b.ogg"))])
    >>> queue.following(1)
    (1, Item(path=PosixPath('b.ogg'), title=None, artist=None, start=0.0, end=None))
    >>> queue.following(2) is None
    True
    """

    def __init__(self, items: Iterable[Item], *, shuffle: random.Random | None = None, repeat: bool = False) -> None:
        self._items = list(items)
        self._shuffle = shuffle
        self._repeat = repeat
        self._order: list[Item] = []
        self._playable = set(self._items)
        self._add_round()

    def _add_round(self) -> None:
        items = self._items.copy()
        if self._shuffle:
            self._shuffle.shuffle(items)
        self._order += items

    def following(self, place: int) -> tuple[int, Item] | None:
        """Return the first item from `place` on that did not fail, with its place; None after the last."""
        while self._playable:
            if place >= len(self._order):
                if not self._repeat:
                    return None
                self._add_round()
            if self._order[place] in self._playable:
                return place, self._order[place]
            place += 1
        return None

    def preceding(self, place: int) -> int:
        """Return the last place before `place` whose item did not fail; the first place if there is none."""
        before = (at for at in range(min(place, len(self._order)) - 1, -1, -1) if self._order[at] in self._playable)
        return next(before, 0)

    def fail(self, item: Item) -> None:
        """Leave `item` out from now on: it could not be read."""
        self._playable.discard(item)
