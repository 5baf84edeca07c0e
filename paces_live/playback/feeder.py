"""Audio files as frames for a sound card, at its rate and with its channels, decoded just in time."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.collection.items import Item, Unreadable
from paces_live.errors import SourceError
from paces_live.events import Track
from paces_live.now_playing.tags import file_track
from paces_live.playback.output import Feed, Play
from paces_live.playback.queue import Queue
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
END_S = 1.0
"""Time that the thread has to end, seconds. It is a daemon: a disk that hangs cannot keep the program from ending."""
_CLOSE = -1


class Feeder:
    """A thread that keeps a card fed with the items of a queue, in their order or from the place that it is sent to.

    If it is sent elsewhere, the present item plays on until the other one is decoded.

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
    error : BaseException or None
        The error that ended the thread too early.
    """

    def __init__(self, items: Queue) -> None:
        self.failures: list[Unreadable] = []
        self.damaged_s: dict[int, float] = {}
        self.error: BaseException | None = None
        self._queue = items
        self._asked: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, feed: Feed) -> None:
        """Begin to feed a card."""
        self._thread = threading.Thread(target=self._run, args=[feed], name="feeder", daemon=True)
        self._thread.start()

    def go_to(self, place: int) -> None:
        """Go on at a place of the queue immediately; after the last place, end."""
        self._asked.put(place)

    def close(self) -> None:
        """End the thread."""
        self._asked.put(_CLOSE)
        if self._thread:
            self._thread.join(END_S)

    def _run(self, feed: Feed) -> None:
        place, jump, number = 0, False, 0
        try:
            while place != _CLOSE:
                number += 1
                if found := self._queue.following(place):
                    at, item = found
                    place, jump = self._feed_item(feed, Play(number, item, at, track_of(item)), jump=jump)
                else:
                    if jump:
                        feed.break_off(number)
                    feed.ended = True
                    place, jump = self._asked.get(), True
        except BaseException as error:  # noqa: BLE001 - the thread that takes the blocks raises it
            self.error = error

    def _feed_item(self, feed: Feed, play: Play, *, jump: bool) -> tuple[int, bool]:
        """Feed an item, immediately if it is a `jump`; return the next place, and whether that is a jump."""
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
                    asked = self._newest_request(POLL_S if full else 0.0)
                    if asked is not None:
                        return asked, True
        except SourceError as error:
            self._queue.fail(play.item)
            self.failures.append(Unreadable(play.item.path, error))
        if jump and fed:
            feed.break_off(play.number)
            jump = False
        return play.place + 1, jump

    def _note_damage(self, play: Play, seconds: float) -> None:
        self.damaged_s[play.number] = self.damaged_s.get(play.number, 0.0) + seconds

    def _newest_request(self, wait_s: float) -> int | None:
        """Return the last place that was asked for within `wait_s` seconds, if any."""
        asked = None
        with suppress(queue.Empty):
            asked = self._asked.get(timeout=wait_s)
            while True:
                asked = self._asked.get_nowait()
        return asked


def track_of(item: Item) -> Track | None:
    """Return the track of an item: its title in the playlist, or else its tags.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> track_of(Item(excerpt(), title="Waltz and march")).caption
    'Waltz and march'
    >>> track_of(Item(excerpt())).caption
    'demo'
    """
    tags = file_track(item.path)
    if not item.title:
        return tags
    tags = replace(tags or Track(), title=item.title, artist=item.artist)
    if tags.duration is None or (not item.start and item.end is None):
        return tags
    return replace(tags, duration=min(item.end or tags.duration, tags.duration) - item.start)


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
