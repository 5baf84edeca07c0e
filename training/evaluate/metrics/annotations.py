"""How the truth of the generated corpus resembles what people say: sizes and ratios of the sets, halves and doubles."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.annotations.annotators import Labels
from training.annotations.truth import FASTEST, SALIENT, SLOWEST, TOLERANCE, Truth, acceptance, judge, truth
from training.corpus.songs import Song
from training.errors import TrainingError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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


def levels(truths: Iterable[Truth]) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the half and the double of every pace, within 40..320: rate, whether it is a pace too, whether a half."""
    asked = [
        (pace * factor, judge(pace * factor, each) is True, factor < 1.0)
        for each in truths
        for pace in each.compatible
        for factor in (0.5, 2.0)
        if SLOWEST <= pace * factor <= FASTEST
    ]
    rate, fits, half = (np.array(column) for column in zip(*asked, strict=True))
    return rate, fits, half


def fit_acceptance(truths: Iterable[Truth]) -> tuple[float, float, float, float]:
    """Fit the curve of `training.annotations.truth.acceptance` to what people say, by maximum likelihood.

    Returns
    -------
    tuple of float
        Slow edge and fast edge in steps per minute, their steepness, and the share between them.
    """
    from scipy.optimize import minimize

    rate, fits, half = levels(truths)

    def cost(parameters: NDArray[np.float64]) -> float:
        slow, fast, steepness, agreed = parameters
        edge = np.where(half, np.log(slow / rate), np.log(rate / fast))
        share = np.clip(agreed / (1.0 + np.exp(steepness * edge)), 1e-6, 1.0 - 1e-6)
        return -float(np.log(np.where(fits, share, 1.0 - share)).sum())

    # The ends of the range, and the middle between them, are as far as an edge can go.
    middle = math.sqrt(SLOWEST * FASTEST)
    bounds = ((SLOWEST, middle), (middle, FASTEST), (1.0, 40.0), (0.5, 1.0))
    found = minimize(cost, (55.0, 280.0, 10.0, 0.9), method="Nelder-Mead", bounds=bounds, options={"maxiter": 5000})
    slow, fast, steepness, agreed = map(float, found.x)
    return slow, fast, steepness, agreed


def draw(profiles: Sequence[Profile], path: Path, truths: Sequence[Truth] = ()) -> None:
    """Draw the shares of all profiles into an SVG, PNG or PDF file; only such aggregates are in it.

    Bars are shares, the thin lines on the first profile's their 95 % interval, the pale tops matters of taste. Below,
    with people's `truths`, the salience of a level by its rate, and the shares that its curve was fitted to.
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
        figure = pyplot.figure(figsize=(11, 10 if truths else 7), layout="constrained")
        cells = figure.add_gridspec(3 if truths else 2, 2)
        grid = np.array([[figure.add_subplot(cells[row, column]) for column in (0, 1)] for row in (0, 1)])
        if truths:
            _draw_acceptance(figure.add_subplot(cells[2, :]), truths)
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


def _draw_acceptance(axes: "Axes", truths: Sequence[Truth]) -> None:
    """Draw the curve of acceptance, and people's shares in bins of a sixth of an octave with their 95 % intervals."""
    rate, fits, half = levels(truths)
    fine = np.geomspace(SLOWEST, FASTEST, 300)
    axes.plot(fine, 100 * acceptance(fine), color="C1", label="rule: salience of a level that is commonly marked")
    axes.axhline(100 * SALIENT, color="C1", linestyle=":", label="below, a matter of taste")
    edges = SLOWEST * 2.0 ** (np.arange(19) / 6)
    for side, color, name in ((half, "C0", "half"), (~half, "C2", "double")):
        bins = np.digitize(rate[side], edges)
        for number, place in enumerate(np.unique(bins)):
            inside = fits[side][bins == place]
            share = Share(int(inside.sum()), len(inside))
            at, (low, high) = math.sqrt(edges[place - 1] * edges[min(place, 18)]), share.interval
            axes.vlines(at, 100 * low, 100 * high, color=color, linewidth=1)
            axes.plot(at, 100 * share.low, "o", color=color, label=f"people: {name} of a pace" if not number else None)
    axes.set_xscale("log")
    axes.set_xticks([40, 50, 60, 80, 110, 160, 220, 280, 320])
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.xaxis.set_minor_formatter("")
    axes.set_title("A level of the meter is a pace too, by its rate")
    axes.set_xlabel("rate of that level, steps per minute")
    axes.set_ylabel("%")
    axes.set_ylim(0, 102)
    axes.legend(frameon=False)


def _ratio_name(step: float) -> str:
    near = [f"{ratio:.0f}:1" for ratio in RATIOS if abs(step / ratio - 1) <= TOLERANCE]
    return near[0] if near else "other ratio"


def _band(pace: float) -> str:
    return band_names()[int(np.searchsorted(BANDS, pace, side="right"))]
