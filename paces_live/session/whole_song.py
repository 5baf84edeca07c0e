"""The paces of a whole song: full windows only, without the song's beginning and end."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.classifier import Classifier
from paces_live.events import Section, Song, SongPace
from paces_live.session.config import SessionConfig
from paces_live.session.session import Session
from paces_live.sources.block import Block

MARGIN_S = 25.0
"""Length of the beginning and of the end that are left out, seconds: tempo and texture often differ there."""
WHOLE_S = 75.0
"""Length of the shortest song that has margins, seconds; a shorter one is judged as a whole."""
INTERVAL_S = 2.5
"""Seconds between readings."""


@dataclass(frozen=True, slots=True)
class WholeSong:
    """What was heard of a song.

    Attributes
    ----------
    paces : tuple of SongPace
        Most probable first.
    duration : float
        Its length, as it was decoded, seconds.
    damaged : float
        Seconds of it that could not be decoded.
    beat : float or None
        Its felt beat, beats per minute; None if it has no pace.
    sections : tuple of Section
        How the beat goes through it, see `paces_live.events.Song`. The beginning and the end of a long song are in no
        section.
    """

    paces: tuple[SongPace, ...]
    duration: float
    damaged: float = 0.0
    beat: float | None = None
    sections: tuple[Section, ...] = ()


def whole_song(blocks: Iterable[Block], classifier: Classifier, *, of_interest: Sequence[float] = ()) -> WholeSong:
    """Return the paces of one song.

    Parameters
    ----------
    blocks : iterable of Block
        The song, at the sample rate of the classifier's features. Its length is known when they end, and not before.
    classifier : Classifier
    of_interest : sequence of float
        See `Session`.

    Examples
    --------
    >>> import numpy as np
    >>> from paces_live.analysis.classifier import load_classifier
    >>> whole_song([Block(np.zeros(10 * 22050, np.float32))], load_classifier())
    WholeSong(paces=(), duration=10.0, damaged=0.0, beat=None, sections=())
    """
    rate = classifier.features.sample_rate
    counter = _Counter(blocks)
    inner = without_margins(counter.blocks(), round(MARGIN_S * rate), round(WHOLE_S * rate))
    beginning = next(inner, None)
    if beginning is None:
        return WholeSong((), counter.samples / rate, counter.damaged / rate)
    length = len(beginning.samples) / rate
    is_long = counter.samples > len(beginning.samples)
    # A song shorter than a window is judged once, at its end.
    first = classifier.features.window_s if is_long else min(classifier.features.window_s, length - 0.1)
    session = Session(classifier, SessionConfig(song_changes=False, first_reading=first, interval=INTERVAL_S))
    session.of_interest = of_interest
    events = session.push(beginning)
    for block in inner:
        events += session.push(block)
    events += session.finish()
    song = next((event for event in events if isinstance(event, Song)), None)
    if song is None:
        return WholeSong((), counter.samples / rate, counter.damaged / rate)
    start = song.start + (MARGIN_S if is_long else 0.0)
    sections = tuple(replace(one, start=start + one.start, end=start + one.end) for one in song.sections)
    return WholeSong(song.paces, counter.samples / rate, counter.damaged / rate, song.beat, sections)


def without_margins(blocks: Iterable[Block], margin: int, whole: int) -> Iterator[Block]:
    """Yield `blocks` without the first and the last `margin` samples, but all if there are fewer than `whole`.

    The first block has all that a short song has, so its length is known. At most `whole` samples are held.

    Examples
    --------
    >>> import numpy as np
    >>> blocks = [Block(np.float32([0, 1, 2, 3])), Block(np.float32([4, 5, 6, 7]))]
    >>> np.concatenate([block.samples for block in without_margins(blocks, 2, 6)]).tolist()
    [2.0, 3.0, 4.0, 5.0]
    >>> np.concatenate([block.samples for block in without_margins(blocks, 2, 10)]).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    """
    held: deque[NDArray[np.float32]] = deque()
    count, is_long = 0, False
    for block in blocks:
        held.append(block.samples)
        count += len(block.samples)
        if not is_long and count >= whole:
            is_long = True
            joined = np.concatenate(held)[margin:]
            yield Block(joined[: len(joined) - margin])
            held = deque([joined[len(joined) - margin :]])
            count = margin
        while is_long and held and count - len(held[0]) >= margin:
            count -= len(held[0])
            yield Block(held.popleft())
    if held:
        rest = np.concatenate(held)
        yield Block(rest[: len(rest) - margin] if is_long else rest)


class _Counter:
    """Counts what passes."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks = blocks
        self.samples = self.damaged = 0

    def blocks(self) -> Iterator[Block]:
        for block in self._blocks:
            self.samples += len(block.samples)
            self.damaged += block.damaged
            yield block
