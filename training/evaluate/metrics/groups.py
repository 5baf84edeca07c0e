"""Active learning: which groove families and meters need more data, and how many songs of each to make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.corpus.songs import Song
from training.evaluate.run.predictions import Verdicts

ENOUGH, WORST = 150, 12
"""Cases that a group must have before it is called bad, and how many are called so."""


@dataclass(frozen=True, slots=True)
class Group:
    """Single verdicts on songs that have something in common."""

    cases: int
    errors: int

    @property
    def error_rate(self) -> float:
        """Share of wrong verdicts."""
        return self.errors / self.cases if self.cases else 0.0

    @property
    def at_least(self) -> float:
        """Lower end of the 95 % interval of the error rate (Wilson 1927): few cases do not make a group look bad."""
        if not self.cases:
            return 0.0
        z, n, rate = 1.96, self.cases, self.error_rate
        center, spread = rate + z * z / (2 * n), z * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
        return float(max(0.0, (center - spread) / (1 + z * z / n)))


@dataclass(frozen=True, slots=True)
class Needs:
    """What needs more data; the test split has no say in it.

    Attributes
    ----------
    families : dict
        The worst of the training split.
    meters, lacking : dict
        The meters, and the families, that are worst in the validation split.
    more : dict
        Shares of songs to make, by family, all of the training split.
    """

    families: dict[str, Group]
    meters: dict[str, Group]
    lacking: dict[str, Group]
    more: dict[str, float]


def needs(train: Verdicts, validation: Verdicts, songs: Sequence[Song]) -> Needs:
    """Say which families and meters need more data, from the verdicts on the training and the validation split."""

    def bad(keys: NDArray[np.str_], wrong: NDArray[np.bool_]) -> dict[str, Group]:
        music = keys != "none"
        return worst(grouped(keys[music], wrong[music]), enough=ENOUGH, count=WORST)

    families = bad(train.family, train.wrong)
    meters = bad(validation.meter, validation.wrong)
    members: dict[str, list[str]] = {}
    for song in songs:
        if song.split == "train" and song.family not in members.setdefault(song.meter, []):
            members[song.meter].append(song.family)
    return Needs(families, meters, bad(validation.family, validation.wrong), weights(families, meters, members))


def grouped(keys: NDArray[np.str_], wrong: NDArray[np.bool_]) -> dict[str, Group]:
    """Count the verdicts and errors of each group, by its name in order."""
    names, place = np.unique(keys, return_inverse=True)
    cases, errors = np.bincount(place, minlength=len(names)), np.bincount(place, wrong, minlength=len(names))
    return {str(name): Group(int(c), int(e)) for name, c, e in zip(names, cases, errors, strict=True)}


def worst(groups: Mapping[str, Group], *, enough: int, count: int) -> dict[str, Group]:
    """Return the up to `count` groups of at least `enough` cases that are surely worse than all taken together."""
    overall = Group(sum(g.cases for g in groups.values()), sum(g.errors for g in groups.values())).error_rate
    bad = [(name, g) for name, g in groups.items() if g.cases >= enough and g.at_least > overall]
    return dict(sorted(bad, key=lambda item: -item[1].at_least)[:count])


def weights(
    families: Mapping[str, Group], meters: Mapping[str, Group], members: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Return the shares of songs to make of each family, adding up to 1.

    Parameters
    ----------
    families, meters
        Those that need more data. Half of the songs go to the families, half to the meters, each by its error rate.
    members
        Training families of each meter; a meter's songs are spread over them evenly.
    """
    shares: dict[str, float] = {}
    meters = {meter: group for meter, group in meters.items() if members.get(meter)}
    both = 0.5 if families and meters else 1.0
    for groups, spread in ((families, {name: (name,) for name in families}), (meters, members)):
        total = sum(group.error_rate for group in groups.values())
        for name, group in groups.items():
            for family in spread[name]:
                share = both * group.error_rate / total / len(spread[name])
                shares[family] = shares.get(family, 0.0) + share
    return dict(sorted(shares.items(), key=lambda item: -item[1]))
