"""The session: blocks of one stream are pushed in, events come out.

It does no I/O, owns no thread and reads no wall clock. Time is a count of samples, and everything happens at the end of
a cell of a tenth of a second, so any way of cutting the samples into blocks gives the same events.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import paces_live
from paces_live.analysis.candidates import candidates
from paces_live.analysis.classifier import Classifier
from paces_live.analysis.felt_beat import FeltBeat
from paces_live.analysis.judge import Judge
from paces_live.analysis.level import CELL_S
from paces_live.analysis.periodicity import NOTHING_REPEATS, Periodicity, periodicity
from paces_live.analysis.song_change import SongChangeDetector
from paces_live.analysis.song_tempo import SongTempo
from paces_live.analysis.tracking import TempoTracker
from paces_live.errors import PacesError
from paces_live.events import End, Event, Failure, Reading, Song, Start, State, Track
from paces_live.session import config as limits
from paces_live.session.cells import Cell, CellCutter
from paces_live.session.config import SessionConfig
from paces_live.session.health import HealthMonitor
from paces_live.session.heard import Heard
from paces_live.session.schedule import ReadingSchedule
from paces_live.session.track_change import TrackFollower
from paces_live.sources.block import Block


class Session:
    """Turns the blocks of one stream into events.

    A session belongs to the thread that pushes. Only `of_interest`, `pause` and `resume` may be used from other
    threads. Many sessions may share a classifier and a thread; each gives the events that it would give alone.

    Parameters
    ----------
    classifier : Classifier
        Judges candidates; its feature configuration gives the sample rate of the blocks.
    config : SessionConfig, optional
    live : bool
        Whether time goes on while nobody pushes. A live session that is behind skips readings, never audio.
    stream : str
        Id that all events carry.
    cpu_clock : callable
        Processor time of the current thread, seconds: other sessions on the machine do not count in the load.

    Attributes
    ----------
    of_interest : sequence of float
        Tempi, such as the targets of listeners, near which the strongest peak is always a candidate.

    Examples
    --------
    >>> from paces_live.analysis.classifier import load_classifier
    >>> session = Session(load_classifier())
    >>> second = np.zeros(session.sample_rate, np.float32)
    >>> [event.state for _ in range(2) for event in session.push(Block(second))]
    ['listening', 'listening']
    >>> session.finish()
    [End(t=2.0, error=None, stream='main')]
    """

    def __init__(
        self,
        classifier: Classifier,
        config: SessionConfig | None = None,
        *,
        live: bool = False,
        stream: str = "main",
        cpu_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        np.empty(limits.KEPT_MEMORY, np.uint8)  # freed at once
        self.of_interest: Sequence[float] = ()
        self._config = config = config or SessionConfig()
        self._classifier = classifier
        self._features = features = classifier.features
        self._stream = stream
        self._cpu_clock = cpu_clock
        self._paused = self._settled = False
        self._cutter = CellCutter(round(CELL_S * features.sample_rate))
        self._health = HealthMonitor()
        self._heard = Heard(features)
        self._judge = Judge(classifier)
        self._tracker = TempoTracker(classifier.thresholds)
        self._song_change = SongChangeDetector(classifier)
        self._beat, self._song_tempo = FeltBeat(), SongTempo()
        self._position = self._quiet_cells = 0
        self._schedule = ReadingSchedule(config.interval, config.first_reading, features.sample_rate, live=live)
        self._last_reading: Reading | None = None
        self._read_at = self._busy_s = 0.0
        self._song = 1
        self._song_start: float | None = None
        self._announced: Track | None = None
        self._tracks = TrackFollower()
        self._track: Track | None = None

    @property
    def sample_rate(self) -> int:
        """Sample rate of the blocks, Hz."""
        return self._features.sample_rate

    @property
    def paused(self) -> bool:
        """Whether samples are skipped."""
        return self._paused

    def pause(self) -> None:
        """Skip samples from the current cell on, a tenth of a second at most before now; time goes on."""
        self._paused = True

    def resume(self) -> None:
        """Analyse samples again; the window starts again, because a splice sounds like a beat."""
        self._paused = False

    def now_playing(self, track: Track | None) -> None:
        """Take note of what plays from the next block on; another track begins another song, see `track_change`.

        None means that nobody knows: the track goes on, because a paused player reports none, until silence comes.
        """
        self._announced = track

    def start(self, name: str) -> Start:
        """Return the first event of the stream; `name` is that of the input."""
        return Start(paces_live.__version__, name, self._classifier.model, self._classifier.runtime, self._stream)

    def push(self, block: Block) -> list[Event]:
        """Return the events that `block` completes, in order; there may be none."""
        self._health.condition = block.condition
        if block.track is not None:
            self.now_playing(block.track)
        return [event for cell in self._cutter.push(block) for event in self._take(cell)]

    def finish(self, error: PacesError | None = None) -> list[Event]:
        """Return the last events: the rest, the song that was heard, and the end, with the `error` of the source."""
        failure = Failure(error.code, error.message, error.hint) if error else None
        rest = [] if failure else self._take(self._cutter.rest())
        return [*rest, *self._end_song(self._now), End(self._now, failure, self._stream)]

    @property
    def _now(self) -> float:
        return self._position / self._features.sample_rate

    @property
    def _song_s(self) -> float:
        return 0.0 if self._song_start is None else self._now - self._song_start

    def _take(self, cell: Cell) -> Iterator[Event]:
        """Yield the events at the end of a cell."""
        if self._paused:
            self._skip(cell.dropped + len(cell.samples))
            yield from self._end_song(self._now, skipped=cell.skipped) if cell.ends else ()
            return
        self._health.lose((cell.dropped + cell.damaged) / self._features.sample_rate)
        if cell.dropped:
            self._skip(cell.dropped)
        yield from self._follow_track()
        yield from self._analyse(cell.samples)
        if self._schedule.is_due(self._position, waiting=cell.waiting):
            yield from self._read()
        if cell.ends:
            yield from self._end_song(self._now, skipped=cell.skipped)
            # The next file may have the same track.
            self._schedule.hurry()
        self._quiet_cells = 0 if len(cell.samples) else self._quiet_cells + 1
        if self._quiet_cells >= limits.QUIET_CELLS:
            yield from self._report_condition()

    def _skip(self, samples: int) -> None:
        """Go on after samples that are not analysed: the window starts again, because a splice sounds like a beat."""
        self._position += samples
        self._heard.clear()

    def _follow_track(self) -> Iterator[Event]:
        """Take note of the track that was announced; yield the song that another track has ended."""
        can_end = self._config.song_changes and self._song_start is not None
        end = self._tracks.take(self._announced, self._now, self._song_s if can_end else None)
        if end is not None:
            yield from self._end_song(end, keep_s=self._now - end)
        if self._tracks.track not in (None, self._track):
            # Its name is shown with its first sound, and what is known of it.
            self._schedule.hurry()
        self._track = self._tracks.track

    def _analyse(self, samples: NDArray[np.float32]) -> Iterator[Event]:
        """Analyse a cell of samples; yield the song that ends in silence with it."""
        self._position += len(samples)
        self._health.meter.push(samples)
        self._heard.push(samples)
        if self._heard.is_full:
            started = self._cpu_clock()
            self._heard.hear()
            self._busy_s += self._cpu_clock() - started
        if self._song_start is None and len(samples) and self._health.meter.silent_s == 0.0:
            self._song_start = self._now - len(samples) / self._features.sample_rate
            self._heard.clear()
        if self._config.song_changes and self._health.meter.silent_s >= limits.SILENCE_S:
            yield from self._end_song(self._now - self._health.meter.silent_s)

    def _read(self) -> Iterator[Event]:
        """Yield a reading of the window as it is now, after the song that a lasting change in it ends."""
        elapsed, self._read_at = self._now - self._read_at, self._now
        started = self._cpu_clock()
        repeats = self._repeats()
        self._tracker.advance(repeats.curve.change(elapsed))
        if self._config.song_changes and self._song_start is not None:
            paces, likeness = np.array(self._tracker.lasting()), repeats.curve.likeness
            other_s = self._song_change.update(self._heard.window.frames, paces, self._song_s, elapsed, likeness)
            if other_s is not None:
                yield from self._end_song(self._now - other_s, keep_s=other_s)
                repeats = self._repeats()
        periodicities = self._judge_window(repeats, elapsed)
        paces_shown = () if self._song_change.doubtful else self._tracker.shown()
        newest = self._tracker.newest() if paces_shown else ()
        self._song_tempo.add(self._now, self._window_s, newest, repeats.curve)
        self._busy_s += self._cpu_clock() - started
        self._last_reading = Reading(
            t=self._now,
            song=self._song,
            state=self._state(has_paces=bool(paces_shown)),
            paces=paces_shown,
            health=self._health.report(self._busy_s, elapsed, self._schedule.interval),
            rejected=self._tracker.rejected(),
            track=self._track,
            beat=self._beat.update(paces_shown, self._song_s),
            periodicity=periodicities,
            stream=self._stream,
        )
        self._settled |= self._last_reading.state == "settled"
        self._schedule.took(self._busy_s)
        self._busy_s = 0.0
        yield self._last_reading

    def _repeats(self) -> Periodicity:
        """Return the periodicity of the window; without lags if too little of a song was heard."""
        heard = self._song_start is not None and self._window_s >= limits.FIRST_JUDGEMENT_S
        return periodicity(self._heard.window.frames, self._features) if heard else NOTHING_REPEATS

    def _judge_window(self, repeats: Periodicity, elapsed: float) -> tuple[float, ...]:
        """Judge the candidates of the window; return the periodicity, if it is wanted."""
        if not len(repeats.strengths):
            return ()
        count, tracked = self._config.max_candidates, self._tracker.followed
        spm = candidates(repeats, self._features, count=count, tracked=tracked, of_interest=self.of_interest)
        judged, probabilities = self._judge(self._heard.window, repeats, spm, elapsed, tracked)
        self._tracker.update(judged, probabilities, elapsed, repeats.curve)
        wanted = self._config.with_periodicity
        return tuple(repeats.at(limits.PERIODICITY_SPM).clip(0.0, 1.0).tolist()) if wanted else ()

    def _report_condition(self) -> Iterator[Event]:
        """Yield a reading without paces if a source that gives no sound has a new condition."""
        last, condition = self._last_reading, self._health.condition
        if condition is not None and last is None:
            yield from self._read()
        elif condition is not None and last is not None and condition.message != last.health.message:
            health = replace(last.health, status=condition.status, message=condition.message)
            self._last_reading = replace(last, state="listening", paces=(), rejected=(), health=health)
            yield self._last_reading

    def _end_song(self, end: float, *, keep_s: float = 0.0, skipped: bool = False) -> Iterator[Event]:
        """Yield the song that ends at `end` seconds, if there was one, and get ready for the next.

        The last `keep_s` seconds of the window already belong to the next song.
        """
        self._tracks.song_ended(end)
        start, self._song_start = self._song_start, end if keep_s else None
        if start is None:
            return
        paces, beat, sections = self._song_tempo.song(start, self._tracker.summary(), self._beat.among)
        self._beat, self._song_tempo = FeltBeat(), SongTempo()
        skipped, self._settled = skipped and not self._settled, False
        self._tracker = TempoTracker(self._classifier.thresholds)
        self._health.meter.new_song()
        self._song_change.reset()
        if keep_s:
            self._heard.window.keep(round(keep_s * self._features.frame_rate))
        else:
            self._heard.clear()
        if end - start >= limits.SHORTEST_SONG_S:
            yield Song(self._song, start, end, paces, self._track, beat, self._stream, skipped, sections)
            self._song += 1

    @property
    def _window_s(self) -> float:
        return len(self._heard.window) / self._features.frame_rate

    def _state(self, *, has_paces: bool) -> State:
        if self._song_start is None:
            return "silence" if self._now >= limits.SILENCE_S else "listening"
        if has_paces:
            return "settled" if len(self._heard.window) >= self._features.window_frames else "provisional"
        # If the song is in doubt, another one has begun, and too little of it was heard.
        return "no_pulse" if self._window_s >= limits.LISTENING_S and not self._song_change.doubtful else "listening"
