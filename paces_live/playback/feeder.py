"""Audio files as frames for a sound card, at its rate and with its channels, decoded just in time."""

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.collection.items import Item, Unreadable
from paces_live.errors import SourceError
from paces_live.now_playing.tags import item_track
from paces_live.playback.output import Feed, Play
from paces_live.playback.queue import Queue, UndecidedError
from paces_live.sources.decoder import DecodedFrames
from paces_live.sources.downmix import Downmix
from paces_live.sources.file import read_audio
from paces_live.sources.resample import check_samples
from paces_live.text import shown_path

AHEAD_S = 3.0
"""Music that is decoded ahead of the card, seconds: enough to open the next file, even on a slow disk."""
READY_S = 1.0
"""Music that is decoded before the card gets any of it, seconds: more than it takes at its start."""
POLL_S = 0.1
"""Pause between two looks for room, seconds."""
PATIENCE_S = 10.0
"""Time that the feeder waits after a song until it is known what to play, seconds; then the next item is played."""
END_S = 1.0
"""Time that the thread has to end, seconds. It is a daemon: a disk that hangs cannot keep the program from ending."""


@dataclass(frozen=True, slots=True)
class _Request:
    """The place to go to: `exactly` that item is played, or the first from there on that is wanted; None ends."""

    place: int | None
    exactly: bool = False


class Feeder:
    """A thread that keeps a card fed with the items of a queue, in their order or from the place that it is sent to.

    If it is sent elsewhere, the present item plays on until the other one is decoded. If it is not known yet what
    comes next, it waits: for the first item as long as it takes, later for `PATIENCE_S`.

    Parameters
    ----------
    queue : Queue
        The items; those that cannot be read are skipped.

    Attributes
    ----------
    failures : list of Unreadable
        Files that could not be read, so far.
    damaged_s : dict of int to float
        Seconds that could not be decoded and are silent, by the number of the play.
    looking : bool
        Whether it is not known yet what comes next.
    error : BaseException or None
        The error that ended the thread too early.
    """

    def __init__(self, items: Queue) -> None:
        self.failures: list[Unreadable] = []
        self.damaged_s: dict[int, float] = {}
        self.looking = False
        self.error: BaseException | None = None
        self._queue = items
        self._asked: queue.SimpleQueue[_Request] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, feed: Feed) -> None:
        """Begin to feed a card."""
        self._thread = threading.Thread(target=self._run, args=[feed], name="feeder", daemon=True)
        self._thread.start()

    def go_to(self, place: int, *, exactly: bool = False) -> None:
        """Go on at a place of the queue immediately; after the last place, end.

        The item there is played if that is asked for `exactly`, otherwise the first from there on that is wanted.
        """
        self._asked.put(_Request(place, exactly))

    def close(self) -> None:
        """End the thread."""
        self._asked.put(_Request(None))
        if self._thread:
            self._thread.join(END_S)

    def _run(self, feed: Feed) -> None:
        request, jump, number = _Request(0), False, 0
        try:
            while request.place is not None:
                choice = self._choose(request, feed, math.inf if number == 0 else PATIENCE_S)
                if isinstance(choice, _Request):
                    request, jump = choice, True
                    continue
                number += 1
                if choice:
                    at, item = choice
                    self._queue.play(at)
                    request, jump = self._feed_item(feed, Play(number, item, at, item_track(item)), jump=jump)
                else:
                    if jump:
                        feed.break_off(number)
                    feed.ended = True
                    request, jump = self._asked.get(), True
        except BaseException as error:  # noqa: BLE001 - the thread that takes the blocks raises it
            self.error = error

    def _choose(self, request: _Request, feed: Feed, patience_s: float) -> tuple[int, Item] | _Request | None:
        """Return what is played next and its place, or None at the end, or a newer request if one comes first."""
        begun, place = time.monotonic(), request.place or 0
        try:
            while True:
                late = time.monotonic() - begun >= patience_s
                try:
                    return self._queue.following(place, exactly=request.exactly, guess=late)
                except UndecidedError:
                    self.looking = feed.looking = True
                if asked := self._newest_request(POLL_S):
                    return asked
        finally:
            self.looking = False

    def _feed_item(self, feed: Feed, play: Play, *, jump: bool) -> tuple[_Request, bool]:
        """Feed an item, immediately if it is a `jump`; return the next request, and whether that is a jump."""
        fed = 0
        try:
            for frames in decoded(play.item, feed.rate, feed.channels, on_damage=partial(self._note_damage, play)):
                feed.add(play, frames)
                fed += len(frames)
                if jump and fed >= READY_S * feed.rate:
                    feed.break_off(play.number)
                    jump = False
                full = True
                while full:
                    full = not jump and feed.ahead_s >= AHEAD_S
                    if asked := self._newest_request(POLL_S if full else 0.0):
                        return asked, True
        except SourceError as error:
            self._queue.fail(play.item)
            self.failures.append(Unreadable(play.item.path, error))
        if jump and fed:
            feed.break_off(play.number)
            jump = False
        return _Request(play.place + 1), jump

    def _note_damage(self, play: Play, seconds: float) -> None:
        self.damaged_s[play.number] = self.damaged_s.get(play.number, 0.0) + seconds

    def _newest_request(self, wait_s: float) -> _Request | None:
        """Return the last request that came within `wait_s` seconds, if any."""
        asked = None
        with suppress(queue.Empty):
            asked = self._asked.get(timeout=wait_s)
            while True:
                asked = self._asked.get_nowait()
        return asked


def decoded(
    item: Item, rate: int, channels: int, *, on_damage: Callable[[float], None] = lambda _: None
) -> Iterator[NDArray[np.float32]]:
    """Yield the frames of an item as they are played, shape (n, `channels`), full scale ±1, at `rate` Hz.

    A mono file plays on all channels. If a file has other channels than the card, each channel plays their mix.

    Parameters
    ----------
    item : Item
    rate, channels : int
        Of the card.
    on_damage : callable
        Called with the seconds that could not be decoded; silence stands for them.

    Raises
    ------
    SourceError
        The file cannot be read, or not to its end.

    Examples
    --------
    The excerpt is mono at 22,050 Hz:

    >>> from paces_live.demo import excerpt
    >>> frames = np.concatenate(list(decoded(Item(excerpt()), rate=44_100, channels=2)))
    >>> frames.shape
    (4013100, 2)
    """
    pieces = read_audio(item.path, start=item.start, end=item.end)
    for frames in _resampled(_checked(pieces, shown_path(item.path), on_damage), rate, channels):
        # Resampling may exceed full scale, and the card would clip that; done here, we hear the same.
        if len(frames):
            yield np.clip(frames, -1.0, 1.0)


def _resampled(pieces: Iterator[DecodedFrames], rate: int, channels: int) -> Iterator[NDArray[np.float32]]:
    """Yield the frames at `rate`, whose rate and channels may change on the way."""
    resampler: Any = None
    resampled_rate = rate
    downmix = Downmix()
    rest = np.empty((0, channels), np.float32)
    for frames, file_rate, _ in pieces:
        if frames.shape[1] != channels:
            frames = np.repeat(downmix.push(frames)[:, None], channels, axis=1)
        if file_rate != resampled_rate:
            if resampler is not None:
                yield resampler.resample_chunk(rest, last=True)
            # Deferred: equal rates do not need soxr.
            import soxr

            resampled_rate = file_rate
            resampler = (
                None
                if file_rate == rate
                else soxr.ResampleStream(file_rate, rate, channels, dtype="float32", quality="HQ")
            )
        yield frames if resampler is None else resampler.resample_chunk(frames)
    if resampler is not None:
        yield resampler.resample_chunk(rest, last=True)


def _checked(pieces: Iterator[DecodedFrames], name: str, on_damage: Callable[[float], None]) -> Iterator[DecodedFrames]:
    for piece in pieces:
        check_samples(piece.frames, name)
        if piece.damaged:
            on_damage(piece.damaged / piece.rate)
        yield piece
