"""How far work has come, in one line at the bottom of a terminal, or in a line of text now and then."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Self, TextIO, TypeVar

from paces_live.render.wording import clock

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")
LINE_EVERY_S = 60.0
"""Time between lines of text, seconds: a log stays short."""


def followed(items: Iterable[T], name: Callable[[T], str], stream: TextIO) -> Iterator[T]:
    """Yield `items`, and show on a terminal what is worked on, how much is done, and for how long it goes on.

    All items are found first, so that their number is known.

    Parameters
    ----------
    items : iterable
    name : callable
        What an item is called.
    stream : text file object
        The terminal.

    Examples
    --------
    >>> import io
    >>> list(followed(["a", "b"], str, io.StringIO()))
    ['a', 'b']
    """
    # Deferred: 20 ms, which a pipe need not pay.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    columns = (
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(file=stream), transient=True, expand=True) as progress:
        task = progress.add_task("looking for music", total=None)
        found: list[T] = []
        for item in items:
            found.append(item)
            progress.update(task, completed=len(found))
        progress.update(task, completed=0, total=len(found))
        for item in found:
            progress.update(task, description=name(item))
            yield item
            progress.advance(task)


class Rate:
    r"""Shows how fast work goes and how long it goes on; a context manager.

    Parameters
    ----------
    stream : text file object
        A terminal gets a line that changes, anything else a line a minute.
    clock : callable
        Returns seconds.

    Attributes
    ----------
    total : int
        How many items there are; assign it once they are counted.

    Examples
    --------
    >>> import io
    >>> stream = io.StringIO()
    >>> with Rate(stream, clock=iter([0.0, 0.0, 61.0, 62.0]).__next__) as rate:
    ...     rate.total = 100
    ...     rate.done(sound=240.0)
    ...     rate.done(sound=240.0)
    >>> stream.getvalue()
    'paces-live: 1 of 100, 1 a minute, 4 times as fast as it plays, 1:40:39 left\n'
    """

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = 0
        self._stream = stream
        self._clock = clock
        self._done = 0
        self._sound = 0.0
        self._begun = self._said = clock()
        self._progress: Progress | None = None

    def __enter__(self) -> Self:
        if self._stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            columns = (BarColumn(bar_width=16), TextColumn("{task.description}", markup=False))
            # What a program reads from standard output must not go to the terminal instead.
            shares = sys.stdout.isatty()
            console = Console(file=self._stream)
            self._progress = Progress(*columns, console=console, transient=True, redirect_stdout=shares)
            self._progress.add_task("looking for music", total=None)
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()

    @property
    def total(self) -> int:
        """How many items there are."""
        return self._total

    @total.setter
    def total(self, total: int) -> None:
        self._total = total
        # To count them took its time, too.
        self._begun = self._said = self._clock()

    def done(self, sound: float = 0.0) -> None:
        """Count an item with so many seconds of sound."""
        self._done += 1
        self._sound += sound
        # More may come than were there in the beginning.
        self._total = max(self._total, self._done)
        now = self._clock()
        if self._progress:
            task = self._progress.task_ids[0]
            self._progress.update(task, completed=self._done, total=self._total, description=self._words(now))
        elif now - self._said >= LINE_EVERY_S:
            self._said = now
            self._stream.write(f"paces-live: {self._words(now)}\n")

    def _words(self, now: float) -> str:
        passed = max(now - self._begun, 1e-3)
        left = clock(passed * (self._total - self._done) / self._done)
        fast = f", {self._sound / passed:.0f} times as fast as it plays" if self._sound else ""
        return f"{self._done} of {self._total}, {60.0 * self._done / passed:.0f} a minute{fast}, {left} left"
