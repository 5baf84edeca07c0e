"""One session with other settings on music of any length: ``python -m benchmarks.variant`` prints a line of JSON.

The line has the seconds of audio and the processor time, with ``--stages`` by stage and by reading. Processor time does
not include other programs.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from unittest import mock

import numpy as np
import soundfile

from paces_live.analysis.classifier import load_classifier
from paces_live.events import Reading
from paces_live.match import Listener
from paces_live.render.json_lines import event_line
from paces_live.session import Session, SessionConfig, run
from paces_live.sources import Block
from paces_live.sources.resample import MonoResampler

STAGES = {
    "resampling": ["paces_live.sources.resample.MonoResampler.push"],
    "features": ["paces_live.analysis.features.LogMelStream.push"],
    "periodicity": ["paces_live.session.session.periodicity"],
    "candidates": ["paces_live.session.session.candidates"],
    "fold": ["paces_live.analysis.judge.fold", "paces_live.analysis.judge.context"],
    "inference": ["paces_live.analysis.classifier.TfliteClassifier.probabilities"],
    "tracking": [f"paces_live.analysis.tracking.TempoTracker.{name}" for name in ("update", "shown", "summary")],
    "song change": ["paces_live.analysis.song_change.SongChangeDetector.update"],
}
"""Functions of each stage, where the session looks them up. Other stages within the song change count as its own."""
READ = "paces_live.session.session.Session._read"
"""Function that makes a reading."""


class Repeated:
    """A source that repeats a file up to a number of seconds, with the file in memory once."""

    live = False

    def __init__(self, path: Path, seconds: float, sample_rate: int) -> None:
        self.name = f"file:{path.name}"
        self._path, self._seconds, self._sample_rate = path, seconds, sample_rate

    def blocks(self) -> Generator[Block]:
        """Yield blocks of a tenth of a second, resampled one by one."""
        samples, rate = soundfile.read(self._path, dtype="int16")
        resampler = MonoResampler(rate, self._sample_rate, name=self.name)
        step = rate // 10
        left = round(self._seconds * rate)
        while left > 0:
            for start in range(0, min(left, len(samples)), step):
                part = samples[start : start + step].astype(np.float32) / np.float32(32768)
                yield Block(resampler.push(part[:, None]))
            left -= len(samples)


class Stopwatch:
    """Processor time by stage; a stage within another one is not timed separately."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._running = False

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that calls `function` and adds its time to `stage`."""

        def run(*args: Any, **options: Any) -> Any:
            if self._running:
                return function(*args, **options)
            self._running, begun = True, time.thread_time()
            try:
                return function(*args, **options)
            finally:
                self.spent[stage] += time.thread_time() - begun
                self._running = False

        return run


def main() -> None:
    """Parse the command line, run a session on the music, and print its cost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.variant", description=__doc__)
    parser.add_argument("wav", type=Path)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--window", type=float)
    parser.add_argument("--candidates", type=int, default=SessionConfig().max_candidates)
    parser.add_argument("--interval", type=float, default=1.0)
    parser.add_argument("--stages", action="store_true")
    options = parser.parse_args()
    classifier = load_classifier()
    if options.window:
        classifier.features = replace(classifier.features, window_s=options.window)
    source = Repeated(options.wav, options.seconds, classifier.features.sample_rate)
    session = Session(classifier, SessionConfig(interval=options.interval, max_candidates=options.candidates))
    listener = Listener()
    watch, reading_s = Stopwatch(), []
    with ExitStack() as patches:
        if options.stages:
            for stage, places in STAGES.items():
                for place in places:
                    patches.enter_context(mock.patch(place, watch.timed(stage, resolve_name(place))))
            read = resolve_name(READ)

            def timed_read(*args: Any) -> Iterator[Any]:
                begun = time.thread_time()
                events = list(read(*args))
                reading_s.append(time.thread_time() - begun)
                return iter(events)

            patches.enter_context(mock.patch(READ, timed_read))
        begun = time.process_time()
        readings = 0
        for event in run(source, session, listeners=[listener]):
            watch.timed("output", event_line)(event, listener)
            readings += isinstance(event, Reading)
        total = time.process_time() - begun
    record: dict[str, Any] = {"seconds": options.seconds, "readings": readings, "cpu_s": total}
    if options.stages:
        record |= {"stages": dict(watch.spent), "reading_s": [float(q) for q in np.percentile(reading_s, [50, 99])]}
    print(json.dumps(record))  # noqa: T201


if __name__ == "__main__":
    main()
