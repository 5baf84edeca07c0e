"""What is played next: items in an order."""

import random
import threading
from collections.abc import Callable, Iterable

from paces_live.collection.items import Item


class UndecidedError(Exception):
    """It is not known yet whether an item is wanted."""


class Queue:
    """Items in the order in which they are played, at places 0, 1, 2, ...; those that fail are left out.

    Any thread may use it.

    Parameters
    ----------
    items : iterable of Item
        What to play.
    shuffle : random.Random, optional
        Shuffles the items, again in each round.
    repeat : bool
        Whether another round follows the last item.

    Attributes
    ----------
    wanted : callable
        Says whether an item is to be played; None means that this is not known yet.
    sought : int
        Place from which the next item was last looked for.

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
        self.wanted: Callable[[Item], bool | None] = lambda _: True
        self.sought = 0
        self._items = list(items)
        self._shuffle = shuffle
        self._repeat = repeat
        self._order: list[Item] = []
        self._playable = set(self._items)
        self._played: set[int] = set()
        self._lock = threading.RLock()
        self._add_round()

    def _add_round(self) -> None:
        items = self._items.copy()
        if self._shuffle:
            self._shuffle.shuffle(items)
        self._order += items

    @property
    def items(self) -> frozenset[Item]:
        """All items that did not fail."""
        with self._lock:
            return frozenset(self._playable)

    def ahead(self) -> list[Item]:
        """Return the items that did not fail from the place on that was sought last, in their order."""
        with self._lock:
            return [item for item in self._order[self.sought :] if item in self._playable]

    def following(self, place: int, *, exactly: bool = False, guess: bool = False) -> tuple[int, Item] | None:
        """Return the first item from `place` on that is wanted and did not fail, with its place; None after the last.

        Parameters
        ----------
        place : int
        exactly : bool
            Whether the item at `place` itself is wanted, whatever it is.
        guess : bool
            Whether an item is taken as wanted if that is not known.

        Raises
        ------
        UndecidedError
            It is not known whether an item is wanted that would come first.
        """
        with self._lock:
            self.sought = place
            # Two rounds hold every item: if none of them is wanted, no round will.
            for at in range(place, place + 2 * len(self._items) + 1):
                if at >= len(self._order):
                    if not self._repeat or not self._playable:
                        return None
                    self._add_round()
                item = self._order[at]
                if item not in self._playable:
                    continue
                wanted = True if exactly and at == place else self.wanted(item)
                if wanted or (wanted is None and guess):
                    return at, item
                if wanted is None:
                    raise UndecidedError
            return None

    def preceding(self, place: int) -> int:
        """Return the last place before `place` that was played or is wanted now; `place` if there is none."""
        with self._lock:
            for at in range(min(place, len(self._order)) - 1, -1, -1):
                item = self._order[at]
                if item in self._playable and (at in self._played or self.wanted(item)):
                    return at
            return place if place < len(self._order) else 0

    def play(self, place: int) -> None:
        """Take note that the item at `place` is played."""
        with self._lock:
            self._played.add(place)

    def fail(self, item: Item) -> None:
        """Leave `item` out from now on: it could not be read."""
        with self._lock:
            self._playable.discard(item)
