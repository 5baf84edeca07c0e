"""Sounds without a pace, heard live: how often the flag goes up that should stay down."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np

from paces_live.events import Reading
from paces_live.session.engine import Engine, EngineConfig
from paces_live.sources import ArraySource
from training.corpus.songs import Song
from training.dataset.degrade import degrade
from training.dataset.negatives import KINDS, negative
from training.evaluate.run.baselines import RATE
from training.evaluate.run.songs import loaded, read

TARGET = 165.0
"""Target at which flags are counted, steps per minute."""
PIECE_S = 120.0
"""Length of one sound."""
SOUNDS = 4242
"""Number that sets these sounds apart from those of the megabatch."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound without a pace to be made; `music` is what rubato is made of."""

    kind: str
    number: int
    music: Path


@dataclass(frozen=True, slots=True)
class Flags:
    """What was flagged in sounds of one kind, that have no pace.

    Attributes
    ----------
    seconds : float
        Audio heard.
    flags : int
        How often a flag at the target went up.
    flagged_s, shown_s : float
        Seconds with the flag up, and with any pace shown.
    """

    kind: str
    seconds: float
    flags: int
    flagged_s: float
    shown_s: float

    def hourly(self, amount: float) -> float:
        """Return an amount as that of an hour."""
        return 3600.0 * amount / self.seconds


def sounds(songs: Sequence[Song], hours: float) -> list[Sound]:
    """Return so many hours of each kind, rubato of held-out music; none where no song is held out."""
    held_out = [song.audio for song in songs if song.split == "test"]
    count = round(hours * 3600.0 / PIECE_S) if held_out else 0
    return [Sound(kind, number, held_out[number % len(held_out)]) for kind in KINDS for number in range(count)]


def flag_all(
    pieces: Sequence[Sound],
    model: Path,
    *,
    seed: int,
    workers: int = 2,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Flags]:
    """Let the live engine hear every sound, in worker processes; return the sums of each kind."""
    flags: list[Flags] = []
    with ProcessPoolExecutor(workers) as pool:
        for one in pool.map(flag, pieces, repeat(model), repeat(seed)):
            flags.append(one)
            on_done(len(flags), len(pieces))
    return total_flags(flags)


def flag(sound: Sound, model: Path, seed: int) -> Flags:
    """Make a sound, degraded like the music, and count what the engine flags in it."""
    classifier = loaded(model)
    rng = np.random.default_rng([seed, SOUNDS, KINDS.index(sound.kind), sound.number])
    clean = negative(sound.kind, PIECE_S, RATE, rng, music=read(sound.music))
    samples = degrade(clean, RATE, rng)
    source = ArraySource(samples, RATE, classifier.features.sample_rate)
    events = Engine(classifier, EngineConfig(target=TARGET)).events(source)
    return count_flags(sound.kind, (event for event in events if isinstance(event, Reading)), len(samples) / RATE)


def count_flags(kind: str, readings: Iterable[Reading], seconds: float) -> Flags:
    """Count how often the flag goes up in readings a second apart; a stretch is no flag."""
    flags, flagged, shown, before = 0, 0, 0, False
    for reading in readings:
        up = reading.match is not None and reading.match.grade != "stretch"
        flags += up and not before
        flagged += up
        shown += bool(reading.paces)
        before = up
    return Flags(kind, seconds, flags, float(flagged), float(shown))


def total_flags(pieces: Sequence[Flags]) -> list[Flags]:
    """Return the sums over the pieces of each kind, in their order."""
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
