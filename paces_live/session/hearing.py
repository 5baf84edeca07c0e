"""What is known at one moment of what is heard: the window, the song and its tracks."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.classifier import Classifier
from paces_live.analysis.features import LogMelStream
from paces_live.analysis.fold import build_cases
from paces_live.analysis.level import LevelMeter
from paces_live.analysis.periodicity import candidates, tempogram
from paces_live.analysis.song_change import ChangeDetector
from paces_live.analysis.tracking import Tracker
from paces_live.analysis.window import Window
from paces_live.events import Health, Reading, Song, State
from paces_live.match import MATCH, SPM_MAX, SPM_MIN, best_match, check_target, check_tolerance

SILENCE_S = 4.0
"""A silence of this length ends a song; shorter ones are breaks."""
FIRST_VERDICT_S = 3.0
"""Audio heard before the first reading judges anything."""
LISTENING_S = 8.0
"""Audio heard before a missing pulse is reported."""
SHORTEST_SONG_S = 5.0
"""What is shorter is a noise, not a song, and is not logged."""
STRIP_SPM = np.geomspace(SPM_MIN, SPM_MAX, 193)
"""Tempi of the tempogram that a user interface draws: 64 an octave, finer than the lags of the fastest."""
KEPT_MEMORY = 1 << 24
"""Bytes of freed memory that the allocator of glibc keeps rather than give them back to the system."""
LATE_TITLE_S = 12.0
"""A song that was heard to begin may get its own title so late; a new title after that is another song's."""


@dataclass(frozen=True, kw_only=True)
class EngineConfig:
    """What the runner and the program ask of the engine.

    Attributes
    ----------
    target : float or None
        Wanted step rate, steps per minute.
    tolerance : float
        Largest relative error of a match.
    interval : float
        Seconds of audio between readings.
    candidates : int
        Tempi judged per reading.
    boundaries : bool
        Whether silence and lasting changes begin a new song.
    first_reading : float
        Seconds of audio before the first reading.
    strip : bool
        Whether readings carry the tempogram, for a user interface to draw.
    """

    target: float | None = 165.0
    tolerance: float = MATCH
    interval: float = 1.0
    candidates: int = 16
    boundaries: bool = True
    first_reading: float = 0.0
    strip: bool = False

    def __post_init__(self) -> None:
        check_target(self.target)
        check_tolerance(self.tolerance)


class Hearing:
    """Takes in samples, and says what they are; the engine decides when."""

    def __init__(self, classifier: Classifier, config: EngineConfig) -> None:
        # Every reading fills the same few megabytes anew; to get them from the system each time would cost a fifth of
        # all. What glibc keeps is as large as the largest block that was ever freed. This one is never touched.
        np.empty(KEPT_MEMORY, np.uint8)
        self._classifier = classifier
        self._config = config
        self._features = classifier.features
        self._stream = LogMelStream(self._features)
        self._level = LevelMeter()
        self._window = Window(self._features.window_frames, self._features.n_mels)
        self._tracker = Tracker(classifier.thresholds)
        self.tolerance = config.tolerance
        self.position = 0
        self._dropped = 0
        self._song = 1
        self._song_start: float | None = None
        self._title: str | None = None
        self._inherited = False
        self._last_reading = 0.0
        self._change = ChangeDetector(classifier)
        self._busy_s = 0.0
        self.took_s = 0.0
        self.interval = config.interval
        self._load = 0.0
        self._told: Reading | None = None

    @property
    def _now(self) -> float:
        return self.position / self._features.sample_rate

    @property
    def _song_s(self) -> float:
        return 0.0 if self._song_start is None else self._now - self._song_start

    def skip(self, samples: int) -> None:
        """Go on after so many samples that are not heard: the window begins anew, for a splice sounds like a beat."""
        self.position += samples
        self._clear_window()

    def lose(self, dropped: int) -> None:
        """Skip samples that should have been heard, and count them."""
        self._dropped += dropped
        self.skip(dropped)

    def name(self, title: str | None, target: float | None) -> Iterator[Song]:
        """Take note of the title of what comes now; yield the song that another title ends.

        Without a title what plays goes on, for a player that pauses says none; in silence it is forgotten.
        """
        if title is None and self._song_start is None:
            self._title = None
        if title is None or title == self._title:
            return
        late = self._inherited and self._song_s < LATE_TITLE_S
        if self._config.boundaries and self._title is not None and not late:
            yield from self.end_song(self._now, target)
        self._title, self._inherited = title, False

    def hear(self, samples: NDArray[np.float32], target: float | None) -> Iterator[Song]:
        """Take in a cell of samples; yield the song that ends in silence with them."""
        started = time.perf_counter()
        self.position += len(samples)
        self._level.push(samples)
        frames = self._stream.push(samples)
        if len(frames):
            self._window.push(frames)
        if self._song_start is None and self._level.silent_s == 0.0:
            self._song_start = self._now - len(samples) / self._features.sample_rate
            self._clear_window()
        self._busy_s += time.perf_counter() - started
        if self._config.boundaries and self._level.silent_s >= SILENCE_S:
            yield from self.end_song(self._now - self._level.silent_s, target)

    def read(self, target: float | None, note: str | None = None) -> Iterator[Song | Reading]:
        """Yield a reading of the window as it is now, after the song that a lasting change in it ends."""
        elapsed, self._last_reading = self._now - self._last_reading, self._now
        if self._config.boundaries and self._song_start is not None:
            started = time.perf_counter()
            paces = np.array([pace.spm for pace in self._tracker.summary()])
            other_s = self._change.update(self._window.frames, paces, self._song_s, elapsed)
            self._busy_s += time.perf_counter() - started
            if other_s is not None:
                yield from self.end_song(self._now - other_s, target, keep_s=other_s)
        self._told = self._read(target, elapsed, note)
        yield self._told

    def remark(self, note: str | None) -> Iterator[Reading]:
        """Yield a reading without paces where the source has a new `note` and gives nothing to hear."""
        told = self._told
        if note is not None and told is not None and note != told.health.note:
            health = replace(told.health, note=note)
            self._told = replace(told, state="listening", paces=(), rejected=(), match=None, health=health)
            yield self._told

    def _read(self, target: float | None, elapsed: float, note: str | None) -> Reading:
        started = time.perf_counter()
        config, window = self._config, self._window.frames
        heard_s = len(window) / self._features.frame_rate
        strip: tuple[float, ...] = ()
        if self._song_start is not None and heard_s >= FIRST_VERDICT_S:
            gram = tempogram(window, self._features)
            proposed = candidates(
                gram, self._features, count=config.candidates, also=self._tracker.followed, target=target
            )
            cases = build_cases(window, gram, proposed, self._features)
            self._tracker.update(cases.spm, self._classifier.probabilities(cases), elapsed)
            strip = tuple(gram.at(STRIP_SPM).clip(0.0, 1.0).tolist()) if config.strip else ()
        paces = () if self._change.doubtful else self._tracker.shown()
        self._busy_s += time.perf_counter() - started
        self._load += 0.2 * (self._busy_s / max(elapsed, 1e-3) - self._load)
        self.took_s, self._busy_s = self._busy_s, 0.0
        return Reading(
            t=self._now,
            song=self._song,
            state=self._state(heard_s, shown=bool(paces)),
            paces=paces,
            match=best_match(paces, target, self.tolerance),
            health=Health(
                level_dbfs=self._level.dbfs,
                dropped_s=self._dropped / self._features.sample_rate,
                load=self._load,
                level=self._level.level,
                note=note,
                interval=self.interval,
            ),
            rejected=self._tracker.rejected(),
            title=self._title,
            tempogram=strip,
        )

    def end_song(self, end: float, target: float | None, *, keep_s: float = 0.0) -> Iterator[Song]:
        """Yield the song that ends at `end` seconds, if there was one, and make ready for the next.

        The last `keep_s` seconds of the window already belong to the next one.
        """
        start, self._song_start = self._song_start, end if keep_s else None
        if start is None:
            return
        paces = self._tracker.summary()
        self._tracker = Tracker(self._classifier.thresholds)
        self._level.new_song()
        self._change.reset()
        self._inherited = True
        if keep_s:
            self._window.keep(round(keep_s * self._features.frame_rate))
        else:
            self._clear_window()
        if end - start >= SHORTEST_SONG_S:
            match = best_match(paces, target, self.tolerance)
            yield Song(self._song, start, end, paces, match, self._title)
            self._song += 1

    def _state(self, heard_s: float, *, shown: bool) -> State:
        if self._song_start is None:
            return "silence" if self._now >= SILENCE_S else "listening"
        if shown:
            return "settled" if len(self._window) >= self._features.window_frames else "provisional"
        # What is in doubt is another song, of which not enough was heard.
        return "no_pulse" if heard_s >= LISTENING_S and not self._change.doubtful else "listening"

    def _clear_window(self) -> None:
        self._window.keep(0)
        self._stream.reset()
