"""Audio files as frames for a sound card, at its rate and with its channels, decoded just ahead of it."""

import queue
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError
from paces_live.now_playing.tags import file_title
from paces_live.playback.output import Feed, Play
from paces_live.playback.queue import Playlist, Unplayable
from paces_live.sources.decoder import Frames
from paces_live.sources.file import FileSource
from paces_live.sources.resample import LOUDEST, RATE_MIN

AHEAD_S = 3.0
"""Music decoded ahead of the card: enough to open the next file meanwhile, on a slow disk too."""
READY_S = 1.0
"""Music that is decoded before the card gets any of it: more than it takes at its start."""
POLL_S = 0.1
"""Pause between two looks at whether there is room for more."""
_CLOSE = -1


class Feeder:
    """A thread that keeps a card fed with the tracks of a playlist, in their order or from where it is told to go on.

    Where it is told to go elsewhere, what plays goes on until the other track is decoded, and no longer.

    Parameters
    ----------
    playlist : Playlist
        The tracks; those that cannot be read are passed over.

    Attributes
    ----------
    failures : list of Unplayable
        Files that could not be read, so far.
    fault : BaseException or None
        What ended the thread before its time.
    """

    def __init__(self, playlist: Playlist) -> None:
        self.failures: list[Unplayable] = []
        self.fault: BaseException | None = None
        self._playlist = playlist
        self._asked: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, feed: Feed) -> None:
        """Begin to feed a card."""
        self._thread = threading.Thread(target=self._run, args=[feed], name="feeder", daemon=True)
        self._thread.start()

    def go_to(self, place: int) -> None:
        """Go on at a place of the playlist at once; beyond its last, end."""
        self._asked.put(place)

    def close(self) -> None:
        """End the thread."""
        self._asked.put(_CLOSE)
        if self._thread:
            self._thread.join()

    def _run(self, feed: Feed) -> None:
        place, jump, number = 0, False, 0
        try:
            while place != _CLOSE:
                number += 1
                if found := self._playlist.following(place):
                    at, track = found
                    title = track.title or file_title(track.path)
                    place, jump = self._feed_track(feed, Play(number, track, at, title), jump=jump)
                else:
                    if jump:
                        feed.break_off(number)
                    feed.ended = True
                    place, jump = self._asked.get(), True
        except BaseException as error:  # noqa: BLE001 - handed to the thread that takes the blocks, which raises it
            self.fault = error

    def _feed_track(self, feed: Feed, play: Play, *, jump: bool) -> tuple[int, bool]:
        """Feed a track, at once where it is jumped to; return the next place, and whether that is jumped to."""
        fed = 0
        try:
            for frames in decoded(play.track.path, feed.rate, feed.channels):
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
            self._playlist.fail(play.track)
            self.failures.append(Unplayable(play.track.path, error))
        if jump and fed:
            feed.break_off(play.number)
            jump = False
        return play.place + 1, jump

    def _newest_request(self, wait_s: float) -> int | None:
        """Return the place asked for last, if any was within `wait_s` seconds."""
        asked = None
        with suppress(queue.Empty):
            asked = self._asked.get(timeout=wait_s)
            while True:
                asked = self._asked.get_nowait()
        return asked


def decoded(path: Path, rate: int, channels: int) -> Iterator[NDArray[np.float32]]:
    """Yield the frames of a file as they are to be played, shape (n, `channels`), full scale ±1, at `rate` Hz.

    A mono file is played on all channels; of one with other channels than the card each plays their mean.

    Raises
    ------
    SourceError
        The file cannot be read, or not further.
    """
    given = 0
    for frames in _resampled(_read(path), rate, channels):
        given += len(frames)
        # The card would clip what resampling drives over full scale: done here, it is heard here too.
        if len(frames):
            yield np.clip(frames, -1.0, 1.0)
    if not given:
        raise SourceError(f"{path}: holds no samples: choose a file with music in it")


def _resampled(stretches: Iterator[Frames], rate: int, channels: int) -> Iterator[NDArray[np.float32]]:
    resampler: Any = None
    for frames, file_rate in stretches:
        if frames.shape[1] != channels:
            frames = np.repeat(frames.mean(axis=1, keepdims=True), channels, axis=1)
        if file_rate == rate:
            yield frames
            continue
        if resampler is None:
            # Deferred: soxr and its library are not needed for equal rates.
            import soxr

            resampler = soxr.ResampleStream(file_rate, rate, channels, dtype="float32", quality="HQ")
        yield resampler.resample_chunk(frames)
    if resampler is not None:
        yield resampler.resample_chunk(np.empty((0, channels), np.float32), last=True)


def _read(path: Path) -> Iterator[Frames]:
    """Yield the frames of a file as they are in it, shape (n, channels), with their rate."""
    with closing(FileSource(path, RATE_MIN).open()) as audio:
        for frames, rate in audio.frames():
            # One comparison catches NaN, infinities and absurd values: it is false for NaN.
            if len(frames) and not float(np.abs(frames).max()) <= LOUDEST:
                raise SourceError(f"{path}: the samples are broken (NaN, infinite or far beyond full scale)")
            yield frames, rate
