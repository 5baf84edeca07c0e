"""The groove families of the songs, and their felt beats.

A family is one style file of MMA's library, a drum pattern (`patterns`), or a style of tunes without drums (`tunes`).
MMA's files state the number of beats in a bar, which is not always the number of felt beats: a polka is written in 4
and felt in 2, a 6/8 swing is written in 6 and felt in 2. The tables here hold the cases that cannot be derived. They
were checked against the onsets in the MIDI that MMA writes.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from training.annotations.truth import Meter
from training.corpus.patterns import PATTERNS, DrumPattern
from training.corpus.tunes import STYLES, Style
from training.errors import TrainingError

LIBRARIES = ("stdlib", "casio", "kara", "yamaha", "zoom", "alexis", "pflib")
LIBRARY_ROOTS = (Path("/usr/share/mma/lib"), Path("/usr/local/share/mma/lib"))
SHARES: Mapping[Meter, float] = MappingProxyType(
    {"duple": 0.52, "triple": 0.18, "compound": 0.20, "quintuple": 0.05, "septuple": 0.05}
)
"""Share of the songs of each meter."""
TUNES: Mapping[Meter, float] = MappingProxyType(
    {"duple": 0.16, "triple": 0.35, "compound": 0.40, "quintuple": 0.35, "septuple": 0.40}
)
"""Of the songs of a meter, the share of tunes, which have no drums."""
SPLITS: Mapping[str, float] = MappingProxyType({"train": 0.60, "validation": 0.20, "test": 0.20})

# No music, no meter, or a beat on which listeners would not agree.
_UNUSABLE = frozenset(
    [
        "stdlib/metronome",
        "stdlib/metronome3",
        "stdlib/metronome6",
        "stdlib/metronome68",
        "stdlib/none",
        "stdlib/arpeggio68",
        "casio/fastbigband",
        "casio/middlebigband",
        "kara/fasttwist",
        "pflib/highfive",
        "zoom/count",
        "zoom/ending",
        "zoom/intro",
    ]
)
# Written in 4 but felt in 2: their comments ask for double tempo, with bass on 1 and 3 and chords on 2 and 4.
_CUT_TIME = frozenset(
    [
        "stdlib/bluegrass",
        "stdlib/broadway",
        "stdlib/bwmarch",
        "stdlib/charleston",
        "stdlib/dixie",
        "stdlib/dixiemarch",
        "stdlib/fastswing",
        "stdlib/march",
        "stdlib/merengue",
        "stdlib/polka",
        "stdlib/quickstep",
        "stdlib/ragtime",
        "stdlib/samba",
        "stdlib/ska",
    ]
)
# Three notes to a felt beat: length of the felt beat in MMA's beats.
_COMPOUND: Mapping[str, float] = MappingProxyType(
    {
        "stdlib/68march": 1,
        "stdlib/68swing": 3,
        "stdlib/afro-cuban": 1.5,
        "stdlib/ballad128": 1,
        "stdlib/ballad68": 2,
        "stdlib/blues128": 1,
        "stdlib/blues68": 3,
        "stdlib/rock-128": 1,
        "stdlib/rockballad": 1,
        "casio/68ballad": 1.5,
        "casio/oldieballad": 1,
        "casio/slowrock": 2,
        "pflib/slowrock": 1,
        "zoom/bald34": 1.5,
        "zoom/blues34": 3,
        "zoom/blues68": 3,
        "zoom/rock34": 1.5,
    }
)
# Unusable grooves of usable families: accents in every second bar only.
_UNCLEAR = frozenset(["zoom/bald34:BALD11"])
# Families that share patterns or were derived from each other stay in one split.
_RELATED = tuple(
    frozenset(group.split())
    for group in (
        "stdlib/broadway stdlib/bwmarch stdlib/slowbroadway stdlib/broadwaywaltz",
        "stdlib/evansish stdlib/mellowjazz stdlib/nitejazz",
        "stdlib/jazzwaltz stdlib/fastjazzwaltz",
        "stdlib/waltz stdlib/rockwaltz stdlib/fastwaltz stdlib/latinwaltz",
        "stdlib/rhumba stdlib/jazzrhumba stdlib/beguine stdlib/mambo",
        "stdlib/popspiritual stdlib/slowspiritual",
        "stdlib/basicrock stdlib/strut",
        "stdlib/ballad128 stdlib/ballad68 stdlib/blues128",
        "stdlib/pianoballad stdlib/guitarballad",
        "stdlib/modernjazz stdlib/modernjazzwaltz",
        "stdlib/countryswing stdlib/westernswing",
        "stdlib/blues stdlib/slowblues stdlib/fastblues stdlib/countryblues",
        "stdlib/rb stdlib/rb-ballad",
        "stdlib/tango stdlib/lighttango",
        "stdlib/arpeggio44 stdlib/arpeggiowaltz",
        "stdlib/8beat stdlib/50srock",
        "stdlib/swing stdlib/easyswing",
        "casio/dance2 casio/modernrb",
        "casio/discosoul stdlib/dsoul",
        "zoom/fusion zoom/techno zoom/thr zoom/fus16",
        "zoom/blues zoom/blues34 zoom/blues68",
        "zoom/bald zoom/bald34",
        "zoom/rock zoom/rock34",
        "zoom/jazz zoom/jazz04",
    )
)
# Usual felt tempo of a style; the first pattern that matches the name counts.
_USUAL_TEMPI = (
    (r"yamaha/(mambo|salsa|quando)", 100),
    (r"68march|68swing|jig|tarantella", 116),
    (r"afro-cuban", 105),
    (r"shuffle128", 112),
    (r"rock68|rock34|metal68|metal128", 92),
    (r"viene", 175),
    (r"fastwaltz|fastjazzwaltz", 190),
    (r"waltz(|hat|ride|brush|rim)34", 142),
    (r"balkan78|kalamata78|prog78", 200),
    (r"gallop44|gallopride44|triplet", 120),
    (r"slipjig98|bodhran", 112),
    (r"jazzwaltz|scherzo", 145),
    (r"merengue|bebop|fast", 138),
    (r"polka|bwmarch|broadway|charleston|march", 116),
    (r"bluegrass|dixie|ska|quickstep|samba|ragtime", 106),
    (r"slow|ballad|lullaby|hymn|serenade|mellow|nite|bald", 76),
    (r"punk|dnb", 172),
    (r"dance|house|techno|trance|rave|thr", 130),
    (r"hip|trip|ambient|rnb|r\+b|rb|soul|funk|reggae|electro54", 96),
    (r"metal|mtl|hrk", 140),
    (r"calypso|salsa|mambo|son|zydeco|jive|swing|jazz|boog|twist|quando", 150),
)
_TRIPLE_TEMPO, _COMPOUND_TEMPO, _DUPLE_TEMPO = 130, 74, 122


@dataclass(frozen=True)
class Family:
    """Grooves that belong together.

    Attributes
    ----------
    name
        Library and style file, such as ``stdlib/waltz``.
    meter
        Class of the felt meter.
    beat
        Length of the felt beat in MMA's beats.
    bar
        MMA's beats in a bar.
    usual_tempo
        Usual tempo of the style, felt beats per minute.
    group
        Families of one group are always in the same split.
    grooves
        Names of the grooves of MMA's file; empty for a drum pattern.
    pattern
        The drum pattern, if the family is one.
    style
        The style of its tunes, if the family has tunes.
    """

    name: str
    meter: Meter
    beat: float
    bar: int
    usual_tempo: float
    group: str
    grooves: tuple[str, ...] = ()
    pattern: DrumPattern | None = field(default=None, compare=False)
    style: Style | None = field(default=None, compare=False)

    @property
    def library(self) -> str:
        """The part of the name before the slash."""
        return self.name.partition("/")[0]

    @property
    def kind(self) -> tuple[str, str]:
        """Notation of the meter if it is 9/8, otherwise its class, and the origin: MMA, drum patterns or tunes."""
        origin = self.library if self.library in ("own", "tune") else "mma"
        return "9/8" if self.in_threes else self.meter, origin

    @property
    def truth_meter(self) -> Meter:
        """The meter by which the truth is decided: that of slip jigs is not that of jigs."""
        return "compound triple" if self.in_threes else self.meter

    @property
    def in_threes(self) -> bool:
        """Whether the meter is compound with three beats a bar."""
        return self.meter == "compound" and self.beats_per_bar == 3

    @property
    def beats_per_bar(self) -> float:
        """Felt beats in a bar."""
        return self.bar / self.beat

    @property
    def drums_only(self) -> bool:
        """Whether the family comes without bass and harmony."""
        return self.library in ("zoom", "own")

    @property
    def cell(self) -> tuple[float, ...]:
        """Where galloping and triplet feels begin notes in each beat; empty for other families."""
        if self.meter != "duple" or self.pattern is None:
            return ()
        steps = self.pattern.steps_per_beat
        return tuple(step / steps for step in range(steps) if self.triplets or self.pattern.kick[step] != ".")

    @property
    def triplets(self) -> bool:
        """Whether the quarters of 4/4 are divided in three; unlike those of a shuffle, evenly."""
        return self.meter == "duple" and self.pattern is not None and self.pattern.steps_per_beat == 3

    @property
    def time_signature(self) -> str:
        """The usual notation of the meter."""
        beats = round(self.beats_per_bar)
        if self.meter == "compound":
            return f"{3 * beats}/8"
        return f"{beats}/8" if self.name.endswith("78") else f"{beats}/4"


def library_root() -> Path:
    """Return the folder of MMA's libraries.

    Raises
    ------
    TrainingError
        If MMA is not installed.
    """
    for root in LIBRARY_ROOTS:
        if (root / "stdlib").is_dir():
            return root
    raise TrainingError("MMA's style library is missing: install the Debian package mma")


def families() -> tuple[Family, ...]:
    """Return all usable families, in order of name."""
    root = library_root()
    found = [
        _read_style(path, f"{library}/{path.stem}")
        for library in LIBRARIES
        for path in sorted((root / library).glob("*.mma"))
        if f"{library}/{path.stem}" not in _UNUSABLE
    ]
    own = [
        Family(f"own/{name}", meter, 1, beats, _usual_tempo(name, meter), f"own/{name}", pattern=pattern)
        for name, meter, beats, pattern in PATTERNS
    ]
    tunes = [
        Family(f"tune/{style.name}", style.meter, 1, style.beats, style.tempo, f"tune/{style.name}", style=style)
        for style in STYLES
    ]
    return tuple(sorted(found + own + tunes, key=lambda family: family.name))


def splits(everything: tuple[Family, ...], seed: int) -> dict[str, str]:
    """Assign each family to the ``train``, ``validation`` or ``test`` split.

    Whole groups are dealt, the largest first and otherwise in random order. Each goes to the split that lacks most of
    the group's scarcest kind, that is a meter together with its origin: MMA's grooves, drum patterns or tunes.

    Returns
    -------
    dict
        Split by family name.

    Examples
    --------
    >>> waltzes = tuple(Family(f"own/{n}", "triple", 1, 3, 130.0, f"own/{n // 2}") for n in range(10))
    >>> split_of = splits(waltzes, seed=1)
    >>> sorted(Counter(split_of.values()).items())
    [('test', 2), ('train', 6), ('validation', 2)]
    >>> split_of["own/0"] == split_of["own/1"]  # of one group
    True
    """
    groups: dict[str, list[Family]] = {}
    for family in everything:
        groups.setdefault(family.group, []).append(family)
    rng = np.random.default_rng([seed, len(everything)])
    order = [sorted(groups)[i] for i in rng.permutation(len(groups))]
    order.sort(key=lambda name: -len(groups[name]))
    total = Counter(family.kind for family in everything)
    filled = {split: Counter[tuple[str, str]]() for split in SPLITS}
    assigned: dict[str, str] = {}
    for name in order:
        members = groups[name]
        scarcest = min({family.kind for family in members}, key=lambda kind: (total[kind], kind))

        def lack(split: str, kind: tuple[str, str] = scarcest) -> float:
            return SPLITS[split] - filled[split][kind] / total[kind]

        split = max(SPLITS, key=lack)
        for family in members:
            filled[split][family.kind] += 1
            assigned[family.name] = split
    return assigned


def _read_style(path: Path, name: str) -> Family:
    text = path.read_text(encoding="utf-8", errors="replace")
    time = re.search(r"(?im)^\s*time\s+(\d+)", text)
    bar = int(time[1]) if time else 4
    named = dict.fromkeys(re.findall(r"(?im)^\s*defgroove\s+(\S+)", text))
    grooves = tuple(groove for groove in named if f"{name}:{groove}" not in _UNCLEAR)
    meter: Meter
    if name in _COMPOUND:
        meter, beat = "compound", _COMPOUND[name]
    elif bar == 3:
        meter, beat = "triple", 1.0
    elif bar == 5:
        meter, beat = "quintuple", 1.0
    elif bar == 4:
        meter, beat = "duple", 2.0 if name in _CUT_TIME else 1.0
    else:
        raise TrainingError(
            f"{path} has {bar} beats in a bar: add its felt beat to the tables in training/corpus/families.py"
        )
    group = next((min(related) for related in _RELATED if name in related), re.sub(r"\d+$", "", name))
    return Family(name, meter, beat, bar, _usual_tempo(name, meter), group, grooves)


def _usual_tempo(name: str, meter: Meter) -> float:
    default = {"triple": _TRIPLE_TEMPO, "compound": _COMPOUND_TEMPO}.get(meter, _DUPLE_TEMPO)
    for pattern, tempo in _USUAL_TEMPI:
        if re.search(pattern, name):
            return float(tempo)
    return float(default)
