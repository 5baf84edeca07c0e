"""How soon a live session is right, at the start of a song and after a song change, and how often it imagines one."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training import live
from training.annotations.truth import Truth, is_compatible
from training.corpus.timing import Knots, newest_speed
from training.dataset.degrade import degrade
from training.evaluate.metrics.times import first_lasting, flags_right, time_to_verdict
from training.evaluate.run.baselines import RATE
from training.evaluate.run.songs import DEGRADED, LIVE_S, Item, in_exact_time, loaded, read
from training.workers import OnDone, ignore_progress, map_in_order

TARGETS = tuple(range(150, 191, 5))
"""Targets at which the flag must be right, steps per minute."""
BEFORE_S = 40.0
"""Audio of the old song before a song change, seconds."""
APART = 0.06
"""Largest relative difference of paces that may not occur in both songs of a song change: the readings would agree."""
LOUD = 1e-3
"""Level at which a song begins; recordings begin with silence of any length."""

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Start:
    """The readings from the start of a song.

    Attributes
    ----------
    paces_s, flags_s : float or None
        Seconds until the shown paces, and the flags, are right for good; None if they never are.
    changes : int
        Number of song changes reported within the song.
    minutes : float
        Length of the audio.
    """

    id: str
    paces_s: float | None
    flags_s: float | None
    changes: int
    minutes: float


@dataclass(frozen=True, slots=True)
class Change:
    """The readings after a song change without a gap; None for an event that never came.

    Attributes
    ----------
    gone_s, there_s : float or None
        Seconds until the old paces are gone, and until the new ones are shown, for good.
    reported_s : float or None
        Seconds until the end of the old song was reported.
    """

    id: str
    gone_s: float | None
    there_s: float | None
    reported_s: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """Starts and song changes of a set of songs."""

    starts: Sequence[Start]
    changes: Sequence[Change]

    @property
    def flags(self) -> list[float | None]:
        """Seconds until the flags of each song are right."""
        return [start.flags_s for start in self.starts]

    @property
    def paces(self) -> list[float | None]:
        """Seconds until the paces of each song are right."""
        return [start.paces_s for start in self.starts]

    @property
    def minutes(self) -> float:
        """Length of all songs together."""
        return sum(start.minutes for start in self.starts)

    @property
    def imagined(self) -> int:
        """Number of reported song changes that were none."""
        return sum(start.changes for start in self.starts)


def starts(
    items: Sequence[Item], model: Path, *, seed: int, workers: int, on_done: OnDone = ignore_progress
) -> list[Start]:
    """Return the readings from the start of every item, in worker processes."""
    return map_in_order(_start, items, model, seed, workers=workers, on_done=on_done)


def changes(
    items: Sequence[Item], model: Path, *, seed: int, workers: int, on_done: OnDone = ignore_progress
) -> list[Change]:
    """Return the readings after the change from the middle of each item to the next one, if all their paces differ."""
    pairs = [pair for pair in pairwise(items) if _apart(pair[0].truth, pair[1].truth)]
    return map_in_order(_change, pairs, model, seed, workers=workers, on_done=on_done)


def _start(item: Item, model: Path, seed: int) -> Start:
    samples, curve = _from_first_sound(item, seed)
    heard = live.listen(samples, RATE, loaded(model))
    readings = in_exact_time([reading for reading in heard.readings if reading[0] <= LIVE_S], curve)
    return Start(
        item.id,
        time_to_verdict(readings, item.truth),
        first_lasting(readings, lambda paces: flags_right(paces, item.truth, TARGETS)),
        max(0, len(heard.song_ends) - 1),
        len(samples) / RATE / 60.0,
    )


def _change(pair: tuple[Item, Item], model: Path, seed: int) -> Change:
    before, after = pair
    (first, old_curve), (second, curve) = _from_first_sound(before, seed), _from_first_sound(after, seed)
    middle = max(0, (len(first) - round(BEFORE_S * RATE)) // 2)
    first = first[middle : middle + round(BEFORE_S * RATE)]
    samples = np.concatenate([first, second[: round(LIVE_S * RATE)]])
    cut = len(first) / RATE
    heard = live.listen(samples, RATE, loaded(model))
    readings = [(seconds - cut, paces) for seconds, paces in heard.readings if seconds > cut]
    last_s = middle / RATE + cut
    old = before.truth.scaled(newest_speed(old_curve, last_s, cut))
    exact = in_exact_time(readings, curve)
    # Of the new song, paces that it shares with the old one are not old.
    strange = [
        (
            seconds,
            tuple(spm for spm, new in zip(shown, paces, strict=True) if is_compatible(new, after.truth) is not True),
        )
        for (seconds, shown), (_, paces) in zip(readings, exact, strict=True)
    ]
    return Change(
        f"{before.id} → {after.id}",
        first_lasting(strange, lambda paces: not any(is_compatible(spm, old) for spm in paces)),
        time_to_verdict(exact, after.truth),
        next((seconds - cut for seconds in heard.song_ends if cut < seconds < len(samples) / RATE), None),
    )


def _from_first_sound(item: Item, seed: int) -> tuple[Samples, Knots]:
    """Return an item from its first sound on, degraded if that is its condition, and its curve from there."""
    samples = read(item.audio)
    first = int((np.abs(samples) > LOUD).argmax())
    samples, curve = samples[first:], tuple((seconds - first / RATE, speed) for seconds, speed in item.curve)
    if item.condition == "degraded":
        samples = degrade(samples, RATE, np.random.default_rng([seed, item.index, DEGRADED]))
    return samples, curve


def _apart(first: Truth, second: Truth) -> bool:
    return all(
        abs(a / b - 1.0) > APART
        for a in (*first.compatible, *first.ambiguous)
        for b in (*second.compatible, *second.ambiguous)
    )
