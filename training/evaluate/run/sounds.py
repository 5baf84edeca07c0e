"""Negatives in a live session: how often the flag goes up although there is no pace."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training import live
from training.corpus.songs import Song
from training.dataset.degrade import degrade
from training.dataset.negatives import KINDS, negative
from training.evaluate.metrics.songs import near
from training.evaluate.run.baselines import RATE
from training.evaluate.run.songs import loaded, read
from training.workers import OnDone, ignore_progress, map_in_order

PIECE_S = 120.0
"""Length of a sound, seconds."""
SOUNDS = 4242
"""Seed of these sounds, which the megabatch does not use."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A negative to make; rubato is made of `music`."""

    kind: str
    number: int
    music: Path


@dataclass(frozen=True, slots=True)
class Flags:
    """Flags raised in negatives of one kind.

    Attributes
    ----------
    seconds : float
        Length of the audio.
    flags : int
        Number of times that the flag at the target went up.
    flagged_s, shown_s : float
        Seconds with the flag up, and with any pace shown.
    """

    kind: str
    seconds: float
    flags: int
    flagged_s: float
    shown_s: float

    def hourly(self, amount: float) -> float:
        """Return an amount per hour."""
        return 3600.0 * amount / self.seconds


def sounds(songs: Sequence[Song], hours: float) -> list[Sound]:
    """Return `hours` of each kind, with rubato made of held-out songs; nothing if no song is held out."""
    held_out = [song.audio for song in songs if song.split == "test"]
    count = round(hours * 3600.0 / PIECE_S) if held_out else 0
    return [Sound(kind, number, held_out[number % len(held_out)]) for kind in KINDS for number in range(count)]


def flag_all(
    pieces: Sequence[Sound], model: Path, *, seed: int, workers: int = 2, on_done: OnDone = ignore_progress
) -> list[Flags]:
    """Return the flags in all sounds, the sums of each kind, from worker processes."""
    return total_flags(map_in_order(flag, pieces, model, seed, workers=workers, on_done=on_done))


def flag(sound: Sound, model: Path, seed: int) -> Flags:
    """Make a sound, degrade it like the music, and count the flags of a live session."""
    rng = np.random.default_rng([seed, SOUNDS, KINDS.index(sound.kind), sound.number])
    clean = negative(sound.kind, PIECE_S, RATE, rng, music=read(sound.music))
    samples = degrade(clean, RATE, rng)
    heard = live.listen(samples, RATE, loaded(model))
    return count_flags(sound.kind, (paces for _, paces in heard.readings), len(samples) / RATE)


def count_flags(kind: str, readings: Iterable[live.Paces], seconds: float, target: float = live.TARGET) -> Flags:
    """Count how often the flag at a target goes up in readings a second apart.

    Examples
    --------
    >>> count_flags("noise", [(), (165.0,), (164.0,), (110.0,), (165.0,)], seconds=5.0)
    Flags(kind='noise', seconds=5.0, flags=2, flagged_s=3.0, shown_s=4.0)
    """
    flags, flagged, shown, before = 0, 0, 0, False
    for paces in readings:
        up = near(target, paces)
        flags += up and not before
        flagged += up
        shown += bool(paces)
        before = up
    return Flags(kind, seconds, flags, float(flagged), float(shown))


def total_flags(pieces: Sequence[Flags]) -> list[Flags]:
    """Return the sums over the pieces of each kind, in order."""
    by_kind: dict[str, list[Flags]] = {}
    for piece in pieces:
        by_kind.setdefault(piece.kind, []).append(piece)
    return [
        Flags(
            kind,
            sum(piece.seconds for piece in group),
            sum(piece.flags for piece in group),
            sum(piece.flagged_s for piece in group),
            sum(piece.shown_s for piece in group),
        )
        for kind, group in by_kind.items()
    ]
