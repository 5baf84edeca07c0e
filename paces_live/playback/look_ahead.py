"""Looks ahead in a queue for songs that match, so that the others need not be played."""

import threading
from collections.abc import Callable, Sequence
from typing import Self

from paces_live.collection.items import Item
from paces_live.errors import SourceError
from paces_live.events import SongPace
from paces_live.match import Listener
from paces_live.playback.queue import Queue
from paces_live.text import shown_path

AHEAD = 3
"""Songs that match and are known beforehand: enough for someone who presses a key a few times."""
IDLE_S = 0.25
"""Time between two looks at whether there is more to do, seconds."""

Paces = Sequence[SongPace] | None
"""The paces of a song; None if it cannot be analysed."""


class LookAhead:
    """A thread that finds out the paces of songs that come next in a queue, and lets the queue leave out the others.

    The paces of each song are remembered. A verdict is a function of them and of the listener's target as it is now:
    a change of the target analyses nothing again. A song that cannot be analysed is left to the player.

    Use it in a ``with``: it looks while it is entered.

    Parameters
    ----------
    queue : Queue
        Its `wanted` is set.
    listener : Listener
    paces_of : callable
        Returns the paces of an item, for as long as it takes, in the thread; `cancel` must end it.
    cancel : callable
        Ends an analysis that is going on.
    """

    def __init__(
        self,
        queue: Queue,
        listener: Listener,
        paces_of: Callable[[Item], Paces],
        *,
        cancel: Callable[[], None] = lambda: None,
    ) -> None:
        self._queue = queue
        self._listener = listener
        self._paces_of = paces_of
        self._cancel = cancel
        self._known: dict[Item, Paces] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="look-ahead", daemon=True)
        queue.wanted = self.fits

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._cancel()

    def fits(self, item: Item) -> bool | None:
        """Return whether a song matches the target as it is now: a lock or a match; None if that is not known yet."""
        if self._listener.target is None:
            return True
        if item not in self._known:
            return None
        paces = self._known[item]
        return True if paces is None else self._matches(paces)

    def is_known_to_match(self, item: Item) -> bool:
        """Return whether the paces of a song are known, and match the target as it is now."""
        paces = self._known.get(item)
        return paces is not None and self._matches(paces)

    def _matches(self, paces: Sequence[SongPace]) -> bool:
        match = self._listener.match(paces)
        return match is not None and match.grade != "stretch"

    @property
    def progress(self) -> str:
        """What it does, in words."""
        total = len(self._queue.items | self._known.keys())
        return f"looking for a song that matches: {min(len(self._known) + 1, total)} of {total}"

    @property
    def failure(self) -> SourceError | None:
        """Why nothing can be played: no song matches; None if one does, or if that is not known."""
        listener, target = self._listener, self._listener.target
        # As a dictionary of its own: the thread may go on.
        known = dict(self._known)
        judged = {item: paces for item, paces in known.items() if paces is not None}
        if target is None or not judged or self._queue.items - known.keys() or any(map(self._matches, judged.values())):
            return None
        wanted = f"{target:g} spm ± {100 * listener.tolerance:g} %"
        message = f"none of your {len(judged)} songs matches {wanted}"
        if len(judged) == 1:
            message = f"your song does not match {wanted}"
        found = [(item, pace.spm) for item, paces in judged.items() for pace in paces]
        if found:
            item, spm = min(found, key=lambda one: abs(one[1] / target - 1.0))
            name = " - ".join(filter(None, (item.artist, item.title))) or shown_path(item.path.name)
            message += f"; nearest: {name} at {spm:.1f} ({100 * (spm / target - 1.0):+.1f} %)"
        return SourceError(message, hint="choose another --target, or a larger --tolerance", code="source.no_match")

    def _run(self) -> None:
        done: object = None
        while not self._closed.is_set():
            state = self._state()
            if state == done:
                self._closed.wait(IDLE_S)
            elif self._look(state):
                done = state

    def _state(self) -> tuple[object, ...]:
        """Return by what it depends which songs are looked for."""
        return self._queue.sought, self._listener.target, self._listener.tolerance

    def _look(self, state: tuple[object, ...]) -> bool:
        """Get to know songs until enough of those ahead match; return False if something else is looked for by then."""
        matching = 0
        for item in self._queue.ahead():
            if item not in self._known:
                self._known[item] = self._paces_of(item)
                if self._closed.is_set() or self._state() != state:
                    return False
            matching += bool(self.fits(item))
            if matching >= AHEAD:
                break
        return True
