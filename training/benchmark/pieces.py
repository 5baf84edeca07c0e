"""The pieces of the benchmark: which music, in which condition and timing, in which split."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from training.benchmark import folk, midi_files, tunes, wad
from training.benchmark.accompaniment import LEADS
from training.benchmark.chords import PROGRAMS
from training.benchmark.music import Music
from training.dataset.negatives import KINDS
from training.errors import TrainingError
from training.evaluate.metrics.songs import near
from training.evaluate.run import real_music

Split = Literal["validation", "test"]
Condition = Literal["clean", "room"]
Timing = Literal["exact", "1-3 %", "3-6 %"]
Source = Literal["freedoom", "openmsx", "folk", "real music", "chords", "sound"]

CONDITIONS: tuple[Condition, ...] = ("clean", "room")
TIMINGS: Mapping[Timing, tuple[float, float]] = MappingProxyType(
    {"exact": (0.0, 0.0), "1-3 %": (0.01, 0.03), "3-6 %": (0.03, 0.06)}
)
"""Ranges of the drift of the bars within 25 s."""
DRUMS: Mapping[Timing, str] = MappingProxyType(
    {"exact": "steady, with drums", "1-3 %": "drift 1-3 %", "3-6 %": "drift 3-6 %"}
)
"""Parts of the music with drums."""
REAL, NO_BEAT = "real-music set", "no beat"
PARTS = (*DRUMS.values(), "folk in 2 and 4", "waltz", "jig", "slip jig", REAL, NO_BEAT)
"""All parts, in the order of the page."""
TRACKS = Path("training/real_music.csv")
"""List of the real-music set."""
TUNES = 30
"""Number of tunes of each class in each split."""
CANDIDATES = 60
"""Number of tunes of each class in each split from which those are taken that can be read."""
SOUNDS = 8
"""Number of sounds of each kind in each split."""
WADS = tuple(Path(f"/usr/share/games/doom/freedoom{number}.wad") for number in (1, 2))


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece to render and to judge.

    Attributes
    ----------
    id
        Name of the piece, and of its files.
    part
        One of `PARTS`.
    name
        Name of the music at its source: a lump, a tune, a track, a kind of sound.
    family
        Music of one family is in one split.
    lead
        One of the leads of folk tunes, or empty.
    accompanied
        Whether a folk tune has an accompaniment.
    """

    id: str
    split: Split
    part: str
    source: Source
    name: str
    family: str
    condition: Condition
    timing: Timing = "exact"
    lead: str = ""
    accompanied: bool = False

    @property
    def seed(self) -> int:
        """Seed of everything that is drawn for the piece."""
        return number_of(self.id)


def number_of(text: str) -> int:
    """Return a number that depends on a text alone, the same in every run on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def pieces(split: Split, real: Sequence[real_music.Track]) -> list[Piece]:
    """Return all pieces of a split.

    Parameters
    ----------
    real
        The real-music set; it is in the test split alone.
    """
    found = [*_with_drums("freedoom", freedoom(), split), *_folk(split), *_sounds(split)]
    if split == "test":
        found += _real(real)
    return found


@cache
def freedoom() -> Mapping[str, Music]:
    """Return the music of Freedoom that can be judged and has drums, by the name of its lump.

    Raises
    ------
    TrainingError
        If the package is not installed.
    """
    lumps: dict[str, bytes] = {}
    for path in WADS:
        if not path.is_file():
            raise TrainingError(f"{path.name} is missing: sudo apt install freedoom")
        lumps |= {name: data for name, data in wad.midi_lumps(path).items() if data not in lumps.values()}
    found = {}
    for name, data in lumps.items():
        try:
            music = midi_files.read(data)
        except TrainingError:
            continue
        if midi_files.has_drums(music.performance.notes, music.beats):
            found[name] = music
    return found


@cache
def openmsx() -> Mapping[str, Music]:
    """Return the MIDI files of the real-music set that can be judged and have drums, by the name of the track."""
    found = {}
    for track in real_music.read(TRACKS):
        if track.family == "openmsx-midi" and track.constant:
            try:
                music = midi_files.read(real_music.packaged(track.package, track.path).read_bytes())
            except TrainingError:
                continue
            # The list knows more than the file: felt tempo and meter were checked by ear and by eye.
            if music.meter == real_music.METERS[track.meter] and near(music.tempo, (track.tempo,)):
                found[track.id] = music
    return found


def split_of(families: Iterable[str], split: Split) -> list[str]:
    """Return the families of a split: every second one, in an order that is as good as random.

    Examples
    --------
    >>> split_of(["a", "b", "c"], "validation"), split_of(["a", "b", "c"], "test")
    (['b'], ['a', 'c'])
    """
    ordered = sorted(set(families), key=number_of)
    return sorted(ordered[0 if split == "test" else 1 :: 2])


def _with_drums(source: Source, names: Iterable[str], split: Split) -> list[Piece]:
    """Return each piece in each timing, clean and in the room by turns."""
    return [
        Piece(
            f"{source}-{name}-{timing.replace(' %', '')}",
            split,
            part,
            source,
            name,
            name,
            CONDITIONS[(place + turn) % 2],
            timing,
        )
        for place, name in enumerate(split_of(names, split))
        for turn, (timing, part) in enumerate(DRUMS.items())
    ]


def _folk(split: Split) -> list[Piece]:
    """Return each tune clean and in the room, with different leads and timing; see `readable`."""
    found = []
    for name in folk.CLASSES:
        for place, (tune, family) in enumerate(readable(name, split)):
            for turn, condition in enumerate(CONDITIONS):
                leads = tuple(LEADS)
                found.append(
                    Piece(
                        f"{name.replace(' ', '-')}-{tune.id.replace('/', '-')}-{condition}",
                        split,
                        f"folk {name}" if name == "in 2 and 4" else name,
                        "folk",
                        tune.id,
                        family,
                        condition,
                        tuple(TIMINGS)[(place + turn) % 3],
                        leads[(4 * place + 5 * turn + place // 9) % len(leads)],
                        (place // 3 + turn) % 2 == 0,
                    )
                )
    return found


def readable(name: str, split: Split) -> list[tuple[tunes.Tune, str]]:
    """Return the first `TUNES` families of a class whose tune can be read, one tune of each family."""
    families = family_of()
    known = {tune.id: tune for tune in tunes.collected()}
    in_split = set(split_of(families.values(), split))
    first: dict[str, tunes.Tune] = {}
    for tune in sorted(known.values(), key=lambda tune: number_of(tune.id)):
        if folk.class_of(tune) == name and families[tune.id] in in_split:
            first.setdefault(families[tune.id], tune)
    found = []
    for family in sorted(first, key=number_of):
        try:
            folk.melody(first[family])
        except TrainingError:
            continue
        found.append((first[family], family))
        if len(found) == TUNES:
            break
    return found


@cache
def family_of() -> Mapping[str, str]:
    """Return the family of each tune by its id."""
    return tunes.families(tunes.collected())


def _sounds(split: Split) -> list[Piece]:
    """Return held chords on each program, and sounds of each kind; every second one in the room."""
    names: list[tuple[Source, str]] = [("chords", name) for name in PROGRAMS]
    names += [("sound", kind) for kind in KINDS for _ in range(SOUNDS)]
    return [
        Piece(
            f"{source}-{name.replace(' ', '-')}-{place}-{split}",
            split,
            NO_BEAT,
            source,
            name,
            f"{name}-{split}",
            CONDITIONS[place % 2],
        )
        for place, (source, name) in enumerate(names)
    ]


def _real(real: Sequence[real_music.Track]) -> list[Piece]:
    found = []
    for place, track in enumerate(track for track in real if track.constant):
        source: Source = "real music"
        condition = CONDITIONS[place % 2]
        found.append(Piece(f"real-{track.id}", "test", REAL, source, track.id, track.id, condition))
        if track.id in openmsx():
            for turn, timing in enumerate(list(DRUMS)[1:]):
                found.append(
                    Piece(
                        f"openmsx-{track.id}-{timing.replace(' %', '')}",
                        "test",
                        DRUMS[timing],
                        "openmsx",
                        track.id,
                        track.id,
                        CONDITIONS[(place + turn) % 2],
                        timing,
                    )
                )
    return found
