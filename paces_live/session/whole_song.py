"""Files to their paces: the live engine run over a whole song at once."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from paces_live.analysis.classifier import Classifier
from paces_live.errors import PacesError
from paces_live.events import Match, Song, SongPace, rounded
from paces_live.match import best_match
from paces_live.session.engine import Engine, EngineConfig
from paces_live.sources import FileSource
from paces_live.sources.block import Block, Source

MARGIN_S = 25.0
"""Beginning and end of a song that are left out, where tempo and texture often differ."""
WHOLE_S = 75.0
"""Files shorter than this are judged whole."""
INTERVAL_S = 2.5


@dataclass(frozen=True, slots=True)
class FilePaces:
    """The paces of a file, most probable first, and how they fit the target."""

    path: str
    duration: float
    paces: tuple[SongPace, ...]
    match: Match | None


@dataclass(frozen=True, slots=True)
class FileError:
    """A file that could not be analysed, and why."""

    path: str
    error: str


def analyze_files(
    paths: Iterable[Path], classifier: Classifier, config: EngineConfig
) -> Iterator[FilePaces | FileError]:
    """Yield the result of each file; one that cannot be read stops nothing."""
    for path in paths:
        try:
            yield analyze_file(path, classifier, config)
        except PacesError as error:
            yield FileError(str(path), str(error))


def analyze_file(path: Path, classifier: Classifier, config: EngineConfig) -> FilePaces:
    """Return the paces of one file.

    Raises
    ------
    SourceError
        The file cannot be read.
    """
    source = FileSource(path, classifier.features.sample_rate, fast=True)
    paces = song_paces(source, source.duration, classifier, config)
    return FilePaces(str(path), source.duration, paces, best_match(paces, config.target, config.tolerance))


def song_paces(source: Source, duration: float, classifier: Classifier, config: EngineConfig) -> tuple[SongPace, ...]:
    """Return the paces of a source that is one song of `duration` seconds."""
    inner = (
        source
        if duration < WHOLE_S
        else Excerpt(source, MARGIN_S, duration - MARGIN_S, classifier.features.sample_rate)
    )
    length = duration if duration < WHOLE_S else duration - 2 * MARGIN_S
    # Only full windows are judged; a song shorter than one is judged once, at its end.
    first = min(classifier.features.window_s, length - 0.1)
    config = replace(config, boundaries=False, first_reading=first, interval=INTERVAL_S)
    paces: tuple[SongPace, ...] = ()
    for event in Engine(classifier, config).events(inner):
        if isinstance(event, Song):
            paces = event.paces
    return paces


class Excerpt:
    """The part of a source between two times in seconds."""

    live = False

    def __init__(self, source: Source, start: float, end: float, sample_rate: int) -> None:
        self.name = source.name
        self._source = source
        self._start, self._end = round(start * sample_rate), round(end * sample_rate)

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the source, cut to the excerpt."""
        position = 0
        for block in self._source.blocks():
            part = block.samples[max(0, self._start - position) : max(0, self._end - position)]
            position += len(block.samples)
            if len(part):
                yield Block(part)
            if position >= self._end:
                return


def to_json(result: FilePaces | FileError) -> str:
    """Return `result` as one line of JSON."""
    if isinstance(result, FileError):
        return json.dumps({"type": "error", "path": result.path, "error": result.error}, ensure_ascii=False)
    return json.dumps({"type": "file"} | rounded(result), ensure_ascii=False)
