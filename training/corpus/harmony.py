"""Chords and scales: random progressions from common templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_TONES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "": (0, 4, 7),
        "m": (0, 3, 7),
        "7": (0, 4, 7, 10),
        "m7": (0, 3, 7, 10),
        "M7": (0, 4, 7, 11),
        "m7b5": (0, 3, 6, 10),
        "dim7": (0, 3, 6, 9),
        "6": (0, 4, 7, 9),
        "9": (0, 4, 7, 10, 14),
        "sus4": (0, 5, 7),
    }
)
_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_MINOR = (0, 2, 3, 5, 7, 8, 10)
_MODES: Mapping[str, tuple[tuple[int, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "major": (
            _MAJOR,
            (
                "0 7 9m 5",
                "0 9m 5 7",
                "0 5 7 0",
                "0 4m 5 7",
                "9m 5 0 7",
                "0 5 0 7",
                "0 0 5 5 0 7 0 0",
                "0 2m 5 7",
                "0 7 9m 4m 5 0 5 7",
                "0 0 7 7 7 7 0 0",
                "0 5sus4 5 7",
            ),
        ),
        "minor": (
            _MINOR,
            (
                "0m 8 3 10",
                "0m 5m 7m 0m",
                "0m 10 8 7",
                "0m 5m 10 3",
                "0m 0m 5m 7",
                "0m 10 8 10",
                "0m 3 10 5m",
                "0m 8 5m 7",
            ),
        ),
        "blues": (
            (0, 3, 5, 6, 7, 10),
            (
                "07 07 07 07 57 57 07 07 77 57 07 77",
                "07 57 07 07 57 57 07 07 77 57 07 07",
                "07 07 57 07",
                "07 07 57 57 77 57 07 07",
            ),
        ),
        "jazz": (
            _MAJOR,
            (
                "2m7 77 0M7 0M7",
                "0M7 97 2m7 77",
                "4m7 97 2m7 77",
                "06 9m7 2m7 77",
                "0M7 0M7 5m7 107 0M7 97 2m7 77",
                "2m7 77 4m7 97",
                "0M7 1dim7 2m7 77",
            ),
        ),
        "minor jazz": (
            _MINOR,
            ("2m7b5 77 0m7 0m7", "0m7 8M7 2m7b5 77", "0m7 5m7 2m7b5 77", "5m7 107 3M7 8M7 2m7b5 77 0m7 0m7"),
        ),
        "dorian": ((0, 2, 3, 5, 7, 9, 10), ("0m7 57", "0m7 0m7 57 57", "0m 10 5 0m", "0m7 2m7 3M7 2m7")),
        "mixolydian": ((0, 2, 4, 5, 7, 9, 10), ("0 10 5 0", "0 10", "07 7m7 07 7m7", "0 0 10 5")),
        "phrygian": ((0, 1, 3, 5, 7, 8, 10), ("0m 1 0m 10m", "0m 0m 1 1")),
    }
)


@dataclass(frozen=True)
class Chord:
    """A chord.

    Attributes
    ----------
    root
        Pitch class; 0 is C.
    quality
        Suffix of its name in MMA's notation.
    """

    root: int
    quality: str

    @property
    def name(self) -> str:
        """Name in MMA's notation."""
        return _NAMES[self.root] + self.quality

    @property
    def tones(self) -> tuple[int, ...]:
        """Pitch classes."""
        return tuple((self.root + tone) % 12 for tone in _TONES[self.quality])


@dataclass(frozen=True)
class Key:
    """A tonic (pitch class) and a mode."""

    tonic: int
    mode: str

    @property
    def scale(self) -> tuple[int, ...]:
        """Pitch classes of the scale."""
        return tuple((self.tonic + degree) % 12 for degree in _MODES[self.mode][0])

    def progression(self, rng: np.random.Generator) -> tuple[Chord, ...]:
        """Draw a progression."""
        templates = _MODES[self.mode][1]
        symbols = templates[int(rng.integers(len(templates)))].split()
        return tuple(self._chord(symbol) for symbol in symbols)

    def _chord(self, symbol: str) -> Chord:
        # A degree in semitones followed by a quality; "107" is 10 and a seventh, "77" 7 and a seventh.
        digits = 2 if symbol[:2] in ("10", "11") else 1
        return Chord((self.tonic + int(symbol[:digits])) % 12, symbol[digits:])


@dataclass(frozen=True)
class Harmony:
    """The chords of a song; `starts` are felt beats, ascending from 0."""

    key: Key
    starts: tuple[float, ...]
    chords: tuple[Chord, ...]
    end: float

    def at(self, beat: float) -> Chord:
        """Return the chord that sounds at a felt beat."""
        index = int(np.searchsorted(self.starts, beat + 1e-6, side="right")) - 1
        return self.chords[max(index, 0)]


def draw_key(rng: np.random.Generator, usable: Sequence[str] = ()) -> Key:
    """Draw a tonic and a mode, one of `usable` if there are any; major is the most frequent one."""
    modes = tuple(_MODES)
    weights = np.array([0.36, 0.2, 0.1, 0.1, 0.06, 0.07, 0.08, 0.03])
    if usable:
        weights *= [mode in usable for mode in modes]
    return Key(int(rng.integers(12)), modes[int(rng.choice(len(modes), p=weights / weights.sum()))])
