"""The live engine: a source of audio to a stream of events.

Time is a count of samples, and everything happens at the end of a cell of a tenth of a second; so any way of cutting
the samples gives the same events.
"""

import math
from collections.abc import Iterator

import paces_live
from paces_live.analysis.classifier import Classifier
from paces_live.analysis.level import CELL_S
from paces_live.errors import SourceError
from paces_live.events import End, Event, Start
from paces_live.match import check_target, check_tolerance
from paces_live.now_playing.title import one_line
from paces_live.session.cells import cells
from paces_live.session.hearing import EngineConfig, Hearing
from paces_live.sources.block import Source, note_of, title_of

__all__ = ["Engine", "EngineConfig"]

ROOM = 2.0
"""Readings are at least so many times as far apart as the time that one takes."""


class Engine:
    """Hears a source and says what it hears."""

    def __init__(self, classifier: Classifier, config: EngineConfig) -> None:
        self._classifier = classifier
        self._features = classifier.features
        self._config = config
        self._target = config.target
        self._tolerance = config.tolerance
        self._paused = False
        self._stopping = False

    @property
    def target(self) -> float | None:
        """The wanted step rate; may be set from another thread while the engine runs."""
        return self._target

    @target.setter
    def target(self, target: float | None) -> None:
        check_target(target)
        self._target = target

    @property
    def tolerance(self) -> float:
        """Largest relative error of a match; may be set from another thread while the engine runs."""
        return self._tolerance

    @tolerance.setter
    def tolerance(self, tolerance: float) -> None:
        check_tolerance(tolerance)
        self._tolerance = tolerance

    @property
    def paused(self) -> bool:
        """Whether what comes in is thrown away; may be set from another thread while the engine runs."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._paused = paused

    @property
    def sample_rate(self) -> int:
        """Sample rate that the engine hears its sources at, Hz."""
        return self._features.sample_rate

    def stop(self) -> None:
        """Ask the run that is under way, or else the next one, for a clean end: the song is told, then `End`."""
        self._stopping = True

    def events(self, source: Source) -> Iterator[Event]:
        """Yield `Start`, readings and songs as they come, and `End`.

        Raises
        ------
        SourceError
            The source failed; what was heard before has been yielded, the song included.
        """
        config, classifier = self._config, self._classifier
        yield Start(
            paces_live.__version__,
            source.name,
            self._target,
            self._tolerance,
            classifier.model,
            classifier.runtime,
        )
        rate = self._features.sample_rate
        step = max(1, round(config.interval * rate))
        hearing = Hearing(classifier, config)
        due = max(step, round(config.first_reading * rate))
        idle = 0
        try:
            for cell in cells(source.blocks(), round(CELL_S * rate)):
                hearing.tolerance = self._tolerance
                if self._paused and not self._stopping:
                    hearing.skip(cell.dropped + len(cell.samples))
                    continue
                if cell.dropped:
                    hearing.lose(cell.dropped)
                yield from hearing.name(one_line(title_of(source)), self._target)
                yield from hearing.hear(cell.samples, self._target)
                if hearing.position >= due:
                    due += step * (1 + (hearing.position - due) // step)
                    # Where the next reading is due too, this one would only make a late engine later.
                    if not (source.live and hearing.position + cell.waiting >= due):
                        yield from hearing.read(self._target, note_of(source))
                        # A machine that is too slow reads more rarely: time goes on only where the source is live.
                        steps = max(1, math.ceil(ROOM * hearing.took_s * rate / step)) if source.live else 1
                        hearing.interval = steps * step / rate
                        due += step * (steps - 1)
                if cell.ends:
                    yield from hearing.end_song(hearing.position / rate, self._target)
                idle = 0 if len(cell.samples) else idle + 1
                if idle > 1:  # half a second of nothing, at least
                    yield from hearing.remark(note_of(source))
                if self._stopping:
                    break
        except SourceError:
            yield from hearing.end_song(hearing.position / rate, self._target)
            raise
        finally:
            self._stopping = False
        yield from hearing.end_song(hearing.position / rate, self._target)
        yield End(hearing.position / rate)
