"""Files to their paces: each is judged as one song."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from paces_live.analysis.classifier import Classifier
from paces_live.collection.items import Item, Unreadable
from paces_live.errors import PacesError
from paces_live.events import Section, SongPace
from paces_live.match import Listener
from paces_live.session import whole_song
from paces_live.sources import FileSource

ENGINE = 1
"""Version of how a file is judged. Raise it if the same model and features give other paces: libraries then know it."""


@dataclass(frozen=True, slots=True)
class FilePaces:
    """The paces of a file, most probable first.

    Attributes
    ----------
    path : Path
    duration : float
        Length as it was decoded, seconds.
    paces : tuple of SongPace
    damaged : float
        Seconds that could not be decoded; they are part of the length.
    title : str or None
        As a playlist names it.
    beat : float or None
        The felt beat, beats per minute; None if there is no pace.
    sections : tuple of Section
        How the beat goes through the song, see `paces_live.session.WholeSong`.
    """

    path: Path
    duration: float
    paces: tuple[SongPace, ...]
    damaged: float = 0.0
    title: str | None = None
    beat: float | None = None
    sections: tuple[Section, ...] = ()


def analyze_files(
    items: Iterable[Item | Unreadable], classifier: Classifier, listener: Listener
) -> Iterator[FilePaces | Unreadable]:
    """Yield the result of each item; one that cannot be read does not stop the others.

    Examples
    --------
    >>> from pathlib import Path
    >>> from paces_live.analysis.classifier import load_classifier
    >>> [result] = analyze_files([Item(Path("missing.ogg"))], load_classifier(), Listener())
    >>> result.error.message
    'missing.ogg: no such file'
    """
    for item in items:
        if isinstance(item, Unreadable):
            yield item
            continue
        try:
            yield analyze_item(item, classifier, listener)
        except PacesError as error:
            yield Unreadable(item.path, error)


def analyze_item(item: Item, classifier: Classifier, listener: Listener) -> FilePaces:
    """Return the paces of a file, or of a part of it.

    Parameters
    ----------
    item : Item
    classifier : Classifier
    listener : Listener
        The strongest peak near its target is always a candidate.

    Raises
    ------
    SourceError
        The file cannot be read.

    Examples
    --------
    >>> from paces_live.analysis.classifier import load_classifier
    >>> from paces_live.demo import excerpt
    >>> result = analyze_item(Item(excerpt()), load_classifier(), Listener(target=165.0))
    >>> result.duration, [round(pace.spm) for pace in result.paces]
    (91.0, [168])
    """
    source = FileSource(item.path, classifier.features.sample_rate, fast=True, start=item.start, end=item.end)
    of_interest = () if listener.target is None else (listener.target,)
    song = whole_song(source.blocks(), classifier, of_interest=of_interest)
    return FilePaces(item.path, song.duration, song.paces, song.damaged, item.title, song.beat, song.sections)
