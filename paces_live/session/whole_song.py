"""The paces of a whole song: full windows only, without the song's beginning and end."""

from collections.abc import Iterable, Iterator, Sequence

from paces_live.analysis.classifier import Classifier
from paces_live.events import Song, SongPace
from paces_live.session.config import SessionConfig
from paces_live.session.session import Session
from paces_live.sources.block import Block

MARGIN_S = 25.0
"""Length of the beginning and of the end that are left out, seconds: tempo and texture often differ there."""
WHOLE_S = 75.0
"""Length of the shortest song that has margins, seconds; a shorter one is judged as a whole."""
INTERVAL_S = 2.5
"""Seconds between readings."""


def song_paces(
    blocks: Iterable[Block], duration: float, classifier: Classifier, *, of_interest: Sequence[float] = ()
) -> tuple[SongPace, ...]:
    """Return the paces of one song, most probable first.

    Parameters
    ----------
    blocks : iterable of Block
        The song, at the sample rate of the classifier's features.
    duration : float
        Its length, seconds.
    classifier : Classifier
    of_interest : sequence of float
        See `Session`.

    Examples
    --------
    >>> import numpy as np
    >>> from paces_live.analysis.classifier import load_classifier
    >>> song_paces([Block(np.zeros(10 * 22050, np.float32))], 10.0, load_classifier())
    ()
    """
    margin = MARGIN_S if duration >= WHOLE_S else 0.0
    length = duration - 2.0 * margin
    # A song shorter than a window is judged once, at its end.
    first = min(classifier.features.window_s, length - 0.1)
    config = SessionConfig(song_changes=False, first_reading=first, interval=INTERVAL_S)
    session = Session(classifier, config)
    session.of_interest = of_interest
    events = []
    rate = session.sample_rate
    for block in excerpt(blocks, round(margin * rate), round((duration - margin) * rate) if margin else None):
        events += session.push(block)
    events += session.finish()
    songs = [event for event in events if isinstance(event, Song)]
    return songs[-1].paces if songs else ()


def excerpt(blocks: Iterable[Block], begin: int, end: int | None) -> Iterator[Block]:
    """Yield the part of `blocks` from sample `begin` to sample `end`; None is their end.

    Examples
    --------
    >>> import numpy as np
    >>> blocks = [Block(np.float32([0, 1, 2, 3])), Block(np.float32([4, 5, 6, 7]))]
    >>> [block.samples.tolist() for block in excerpt(blocks, 2, 5)]
    [[2.0, 3.0], [4.0]]
    """
    position = 0
    for block in blocks:
        part = block.samples[max(0, begin - position) : None if end is None else max(0, end - position)]
        position += len(block.samples)
        if len(part):
            yield Block(part)
        if end is not None and position >= end:
            return
