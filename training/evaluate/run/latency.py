"""How quickly the live engine is right, from the start of a song and after a change, and how often it imagines one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.classifier import Classifier
from paces_live.events import Reading, Song
from paces_live.session.engine import Engine, EngineConfig
from paces_live.sources import ArraySource
from training.annotations.truth import Truth, judge
from training.dataset.degrade import degrade
from training.evaluate.metrics.diagnosis import time_to_verdict
from training.evaluate.metrics.songs import BORDERLINE, FLAG_TOLERANCE
from training.evaluate.run.baselines import RATE
from training.evaluate.run.songs import HEARD, Item, loaded, read
from training.workers import pool

TARGETS = tuple(range(150, 191, 5))
"""Targets at which the flag has to be right, steps per minute."""
LIVE_S = 60.0
"""Seconds from the start of a song, or from a change, in which the verdict has to come, and stay."""
BEFORE_S = 40.0
"""Of the song before a change, so much is heard."""
APART = 0.06
"""Songs on both sides of a change have no paces closer than this: else the old verdict is the new one."""

Samples = NDArray[np.float32]
Readings = list[tuple[float, tuple[float, ...]]]
"""Seconds, and the paces that are shown."""


@dataclass(frozen=True, slots=True)
class Start:
    """What became of a song from its start.

    Attributes
    ----------
    paces_s, flags_s : float or None
        Seconds until something is shown and all of it is right, and until the flags are, for good.
    changes : int
        Changes of song that were told while it went on.
    minutes : float
        How long it was heard.
    """

    id: str
    paces_s: float | None
    flags_s: float | None
    changes: int
    minutes: float


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a change without a gap; None is what did not happen.

    Attributes
    ----------
    gone_s, there_s : float or None
        Seconds until the old song's paces are no longer shown, and until the new song's are, for good.
    told_s : float or None
        Seconds until the old song was told to have ended.
    """

    id: str
    gone_s: float | None
    there_s: float | None
    told_s: float | None


def starts(
    items: Sequence[Item],
    model: Path,
    *,
    seed: int,
    workers: int,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Start]:
    """Let the engine hear every item from its start, in worker processes."""
    found: list[Start] = []
    with pool(workers) as processes:
        for one in processes.map(_start, items, repeat(model), repeat(seed)):
            found.append(one)
            on_done(len(found), len(items))
    return found


def changes(
    items: Sequence[Item],
    model: Path,
    *,
    seed: int,
    workers: int,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Change]:
    """Let the engine hear the middle of each item and, without a gap, the start of the next whose paces are others."""
    pairs = [pair for pair in pairwise(items) if _apart(pair[0].truth, pair[1].truth)]
    found: list[Change] = []
    with pool(workers) as processes:
        for one in processes.map(_change, pairs, repeat(model), repeat(seed)):
            found.append(one)
            on_done(len(found), len(pairs))
    return found


def flags_right(paces: Sequence[float], truth: Truth) -> bool:
    """Say whether something is shown, and whether it flags what it should at each of `TARGETS`.

    A target at which the truth is borderline or a matter of taste is left out.
    """
    return bool(paces) and all(_flag_right(paces, truth, target) for target in TARGETS)


def _flag_right(paces: Sequence[float], truth: Truth, target: float) -> bool:
    errors = [abs(pace / target - 1.0) for pace in truth.compatible]
    fits = min(errors, default=1.0) <= BORDERLINE[0]
    unclear = any(BORDERLINE[0] < error <= BORDERLINE[1] for error in errors) or any(
        abs(pace / target - 1.0) <= BORDERLINE[1] for pace in truth.taste
    )
    said = min((abs(pace / target - 1.0) for pace in paces), default=1.0) <= FLAG_TOLERANCE
    return said if fits else unclear or not said


def first_lasting(readings: Readings, right: Callable[[tuple[float, ...]], bool]) -> float | None:
    """Return the time of the first reading from which on all are right; None where the last one is not."""
    since: float | None = None
    for seconds, paces in readings:
        since = (seconds if since is None else since) if right(paces) else None
    return since


def share_within(times: Sequence[float | None], seconds: float) -> float:
    """Return the share of `times` that are at most so many seconds."""
    return sum(time is not None and time <= seconds for time in times) / max(1, len(times))


def quantile(times: Sequence[float | None], share: float) -> float:
    """Return the time within which so large a share of `times` is; what did not happen took for ever."""
    ordered = sorted(math.inf if time is None else time for time in times)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def _start(item: Item, model: Path, seed: int) -> Start:
    samples, classifier = _heard(item, seed), loaded(model)
    readings, told = _listen(samples, classifier)
    live = [reading for reading in readings if reading[0] <= LIVE_S]
    return Start(
        item.id,
        time_to_verdict(live, item.truth),
        first_lasting(live, lambda paces: flags_right(paces, item.truth)),
        max(0, len(told) - 1),
        len(samples) / RATE / 60.0,
    )


def _change(pair: tuple[Item, Item], model: Path, seed: int) -> Change:
    before, after = pair
    first, second = _heard(before, seed), _heard(after, seed)
    middle = max(0, (len(first) - round(BEFORE_S * RATE)) // 2)
    first = first[middle : middle + round(BEFORE_S * RATE)]
    samples = np.concatenate([first, second[: round(LIVE_S * RATE)]])
    cut = len(first) / RATE
    readings, told = _listen(samples, loaded(model))
    live = [(seconds - cut, paces) for seconds, paces in readings if seconds > cut]
    return Change(
        f"{before.id} → {after.id}",
        first_lasting(live, lambda paces: not any(_old(spm, before, after) for spm in paces)),
        time_to_verdict(live, after.truth),
        next((seconds - cut for seconds in told if cut < seconds < len(samples) / RATE), None),
    )


def _listen(samples: Samples, classifier: Classifier) -> tuple[Readings, list[float]]:
    """Return what the engine shows at each reading, as on a screen, and when it told that a song had ended, seconds."""
    source = ArraySource(samples, RATE, classifier.features.sample_rate)
    interval = EngineConfig().interval
    readings: Readings = []
    told = []
    for event in Engine(classifier, EngineConfig()).events(source):
        if isinstance(event, Reading):
            readings.append((event.t, tuple(pace.spm for pace in event.paces)))
        elif isinstance(event, Song):
            # It is told before the reading of the same moment, or at the end of what is heard.
            told.append(readings[-1][0] + interval if readings else interval)
    return readings, told


def _old(spm: float, before: Item, after: Item) -> bool:
    return judge(spm, before.truth) is True and judge(spm, after.truth) is not True


def _heard(item: Item, seed: int) -> Samples:
    samples = read(item.audio)
    # Recordings begin with silence of any length; the song begins with its first sound.
    loud = np.flatnonzero(np.abs(samples) > 1e-3)
    samples = samples[loud[0] :] if len(loud) else samples
    if item.condition == "degraded":
        samples = degrade(samples, RATE, np.random.default_rng([seed, item.index, HEARD]))
    return samples


def _apart(first: Truth, second: Truth) -> bool:
    return all(
        abs(a / b - 1.0) > APART for a in (*first.compatible, *first.taste) for b in (*second.compatible, *second.taste)
    )
