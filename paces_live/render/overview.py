"""What is in the library as one JSON document, for the page that shows it."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from paces_live.events import SongPace
from paces_live.library.overview import MIDDLES, WIDTH, Overview
from paces_live.library.planner import SURE
from paces_live.library.search import Found
from paces_live.render.wording import by_rate
from paces_live.text import shown_path

DECIMALS = 6
"""Digits after the point of rates: the page counts again what fits, and a song at an edge must not change sides."""
AT_ONCE = 200
"""Songs in a piece of the document: a server must not be deaf while it writes a hundred thousand."""


def overview_json(found: Overview) -> Iterator[str]:
    """Yield the pieces of the document; the schema ``server`` describes it as ``overview``.

    Songs are arrays, because names of fields would be most of the document.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from paces_live.library.overview import overview
    >>> from paces_live.library.store import Library
    >>> with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.db") as library:
    ...     with overview(library) as found:
    ...         sorted(json.loads("".join(overview_json(found))))
    ['counts', 'fits', 'histogram', 'songs', 'sure', 'tolerance', 'type']
    """
    head = {
        "type": "overview",
        "counts": found.counts,
        "tolerance": found.tolerance,
        "sure": SURE,
        "fits": [one._asdict() for one in found.fits],
        "histogram": {"first": MIDDLES[0], "width": WIDTH, **found.histogram._asdict()},
    }
    yield _compact(head)[:-1] + ',"songs":['
    songs, before = iter(found.songs), ""
    while part := [_song(song) for song in islice(songs, AT_ONCE)]:
        yield before + _compact(part)[1:-1]
        before = ","
    yield "]}"


def _song(song: Found) -> list[Any]:
    words = (shown_path(song.path), song.title, song.artist, song.album, song.genre)
    beat = None if song.beat is None else round(song.beat, DECIMALS)
    return [*words, round(song.duration, 1), beat, [_pace(pace) for pace in by_rate(song.paces)]]


def _pace(pace: SongPace) -> list[float]:
    ends = () if pace.low is None or pace.high is None else (pace.low, pace.high)
    spm, *more = (round(value, DECIMALS) for value in (pace.spm, *ends))
    return [spm, round(pace.probability, 4), *more]


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
