"""How the truth of the generated corpus resembles what people say: sizes and ratios of the sets, halves and doubles."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from training.corpus.songs import Song
from training.errors import TrainingError
from training.labels.people import Labels
from training.labels.truth import FASTEST, SLOWEST, TOLERANCE, Truth, judge, truth

BANDS = (80.0, 110.0, 130.0, 140.0, 160.0)
"""Between these, in steps per minute, halves and doubles are counted."""
RATIOS = (2.0, 3.0)
QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)
CONFIDENCE_Z = 1.96
CLEAR_POINTS = 5.0


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; `taste` more are a matter of taste."""

    part: int
    whole: int
    taste: int = 0

    @property
    def low(self) -> float:
        """The share if no matter of taste counts; NaN of nothing."""
        return self.part / self.whole if self.whole else math.nan

    @property
    def high(self) -> float:
        """The share if every matter of taste counts."""
        return (self.part + self.taste) / self.whole if self.whole else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of `low`, after Wilson (Journal of the American Statistical Association 22, 1927)."""
        if not self.whole:
            return 0.0, 1.0
        square = CONFIDENCE_Z**2 / self.whole
        half = CONFIDENCE_Z * math.sqrt(self.low * (1 - self.low) / self.whole + square / (4 * self.whole))
        middle = self.low + square / 2
        return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


@dataclass(frozen=True)
class Profile:
    """What sets of paces look like, taken together.

    Attributes
    ----------
    name
        Whose sets they are.
    songs
        How many.
    shares
        By measure: sets of each size, ratios of neighbouring paces, and for each band how many of its paces have
        their half and their double in the set too. Halves and doubles outside 40..320 are not asked for.
    quantiles
        By what they are of (paces, slowest and fastest pace of each song): the values at `QUANTILES`.
    """

    name: str
    songs: int
    shares: dict[str, Share]
    quantiles: dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure in which a profile is not what people say.

    Attributes
    ----------
    points
        Percentage points from people's share to the nearest one that the profile allows, positive if it has more.
    clear
        Whether that is outside people's 95 % interval, and at least `CLEAR_POINTS`.
    """

    measure: str
    points: float
    clear: bool


def measures() -> list[str]:
    """Return the names of all measures, in the order of the table."""
    sizes = [f"{size} pace{'s' * (size != 1)}" for size in (1, 2, 3)] + ["more"]
    ratios = [f"{ratio:.0f}:1" for ratio in RATIOS] + ["other ratio"]
    return sizes + ratios + [f"{side} of {band}" for side in ("half", "double") for band in band_names()]


def band_names() -> list[str]:
    """Return what the bands are called, slowest first."""
    edges = [f"{edge:.0f}" for edge in BANDS]
    return [f"< {edges[0]}", *(f"{low}-{high}" for low, high in pairwise(edges)), f">= {edges[-1]}"]


def profile(name: str, truths: Sequence[Truth]) -> Profile:
    """Count the measures over sets of paces; empty ones are left out.

    Raises
    ------
    TrainingError
        If no set is left.
    """
    truths = [each for each in truths if each.compatible]
    if not truths:
        raise TrainingError(f"{name}: no song with a pace to compare")
    shares = dict.fromkeys(measures(), Share(0, 0))
    sizes, ratios = measures()[:4], measures()[4:7]
    of_size = Counter(sizes[min(len(each.compatible), 4) - 1] for each in truths)
    steps = [high / low for each in truths for low, high in pairwise(each.compatible)]
    of_ratio = Counter(_ratio_name(step) for step in steps)
    shares |= {size: Share(of_size[size], len(truths)) for size in sizes}
    shares |= {ratio: Share(of_ratio[ratio], len(steps)) for ratio in ratios}
    for side, factor in (("half", 0.5), ("double", 2.0)):
        asked: Counter[tuple[str, bool | None]] = Counter()
        for each in truths:
            for pace in each.compatible:
                if SLOWEST <= pace * factor <= FASTEST:
                    asked[_band(pace), judge(pace * factor, each)] += 1
        for band in band_names():
            verdicts = {verdict: asked[band, verdict] for verdict in (True, False, None)}
            shares[f"{side} of {band}"] = Share(verdicts[True], sum(verdicts.values()), verdicts[None])
    sets = [each.compatible for each in truths]
    of: Mapping[str, Iterable[float]] = {
        "paces": [pace for paces in sets for pace in paces],
        "slowest of a song": map(min, sets),
        "fastest of a song": map(max, sets),
    }
    return Profile(
        name, len(truths), shares, {key: tuple(np.quantile(list(values), QUANTILES)) for key, values in of.items()}
    )


def people(truths: Mapping[str, Truth]) -> Profile:
    """Return the profile of what people say."""
    return profile("people", list(truths.values()))


def generated(songs: Sequence[Song]) -> list[Profile]:
    """Return the profiles of a corpus: of all its songs, and of the duple ones alone, as most that people label are."""
    parts = {"corpus": songs, "its duple songs": [song for song in songs if song.meter == "duple"]}
    return [profile(name, [song.truth for song in part]) for name, part in parts.items() if part]


def by_rule(labels: Sequence[Labels], rule: Callable[[float], Truth] = lambda tempo: truth(tempo, "duple")) -> Profile:
    """Return the profile of the sets that the truth rule gives for the first pace that people name of each song.

    This leaves out what the corpus has other tempi and meters for, and compares the rule alone.
    """
    return profile("rule, on their tempi", [rule(paces[0]) for each in labels for paces in each.songs.values()])


def rule_against(
    labels: Sequence[Labels],
    rule: Callable[[float], Truth] = lambda tempo: truth(tempo, "duple"),
    tolerance: float = TOLERANCE,
) -> tuple[Share, Share]:
    """Return precision and recall of the rule's sets, from the first pace that people name, against theirs."""
    right = given = found = wanted = 0
    for each in labels:
        for paces in each.songs.values():
            made, said = rule(paces[0]), Truth(paces, (), tolerance)
            right += sum(judge(pace, said) is True for pace in made.compatible)
            given += len(made.compatible)
            # What the rule leaves to taste was not missed.
            verdicts = [judge(pace, made, tolerance) for pace in paces]
            found += verdicts.count(True)
            wanted += len(verdicts) - verdicts.count(None)
    return Share(right, given), Share(found, wanted)


def differences(said: Profile, made: Profile) -> list[Difference]:
    """Return where `made` has other shares than people do, whatever one makes of the matters of taste."""
    found = []
    for measure, share in said.shares.items():
        other = made.shares[measure]
        if not share.whole or not other.whole:
            continue
        nearest = min(max(share.low, other.low), other.high)
        points, (low, high) = 100 * (nearest - share.low), share.interval
        if points:
            found.append(Difference(measure, points, not low <= nearest <= high and abs(points) >= CLEAR_POINTS))
    return found


def draw(profiles: Sequence[Profile], path: Path) -> None:
    """Draw the shares of all profiles into an SVG, PNG or PDF file; only such aggregates are in it.

    Bars are shares, the thin lines on the first profile's their 95 % interval, the pale tops matters of taste.
    """
    import matplotlib as mpl  # half a second, needed here alone

    mpl.use("Agg")
    from matplotlib import pyplot

    panels = {
        "Paces of a song": [m for m in measures() if "pace" in m or m == "more"],
        "Ratio of neighbouring paces": [m for m in measures() if ":1" in m or "ratio" in m],
        "Half of a pace fits too (pale: taste)": [m for m in measures() if m.startswith("half")],
        "Double of a pace fits too (pale: taste)": [m for m in measures() if m.startswith("double")],
    }
    with mpl.rc_context({"svg.hashsalt": "paces-live", "svg.fonttype": "none", "font.size": 9}):
        figure, grid = pyplot.subplots(2, 2, figsize=(11, 7), layout="constrained")
        width = 0.8 / len(profiles)
        for axes, (title, names) in zip(grid.flat, panels.items(), strict=True):
            places = np.arange(len(names))
            for number, each in enumerate(profiles):
                shares = [each.shares[name] for name in names]
                at = places - 0.4 + (number + 0.5) * width
                low = 100 * np.nan_to_num([share.low for share in shares])
                top = 100 * np.nan_to_num([share.high for share in shares]) - low
                color = f"C{number}"
                axes.bar(at, low, 0.9 * width, color=color, label=f"{each.name} ({each.songs} songs)")
                axes.bar(at, top, 0.9 * width, bottom=low, color=color, alpha=0.3)
                if not number:
                    asked = [i for i, share in enumerate(shares) if share.whole]
                    ends = 100 * np.array([shares[i].interval for i in asked]).T
                    axes.vlines(at[asked], *ends, colors="black", linewidth=1)
            axes.set_title(title)
            axes.set_xticks(places, [name.partition(" of ")[2] or name for name in names])
            axes.set_ylim(0, 100)
            axes.set_ylabel("%")
        for axes in grid[1]:
            axes.set_xlabel("that pace, steps per minute")
        grid[0, 1].legend(frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        pyplot.close(figure)


def _ratio_name(step: float) -> str:
    near = [f"{ratio:.0f}:1" for ratio in RATIOS if abs(step / ratio - 1) <= TOLERANCE]
    return near[0] if near else "other ratio"


def _band(pace: float) -> str:
    return band_names()[int(np.searchsorted(BANDS, pace, side="right"))]
