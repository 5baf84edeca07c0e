"""Errors by group of songs, and the groups that need more data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.corpus.songs import Song
from training.evaluate.metrics.candidates import NO_SONG, Predictions
from training.evaluate.metrics.interval import wilson

ENOUGH, WORST = 150, 12
"""Smallest number of cases of a group that counts as bad, and largest number of such groups."""


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers of cases and of wrong predictions for songs that have something in common."""

    cases: int
    errors: int

    @property
    def error_rate(self) -> float:
        """Share of wrong predictions."""
        return self.errors / self.cases if self.cases else 0.0

    @property
    def at_least(self) -> float:
        """Lower end of the 95 % interval of the error rate; chance does not make a small group look bad."""
        return wilson(self.errors, self.cases)[0]


@dataclass(frozen=True, slots=True)
class Needs:
    """Groups that need more data, without regard to the test split.

    Attributes
    ----------
    families : dict
        The worst families of the training split.
    meters, lacking : dict
        The worst meters and families of the validation split.
    more : dict
        Shares of the songs to make, by family of the training split.
    """

    families: dict[str, Group]
    meters: dict[str, Group]
    lacking: dict[str, Group]
    more: dict[str, float]


def needs(train: Predictions, validation: Predictions, songs: Sequence[Song]) -> Needs:
    """Return the families and meters that need more data, by the predictions on the training and validation splits."""

    def bad(keys: NDArray[np.str_], wrong: NDArray[np.bool_]) -> dict[str, Group]:
        music = keys != NO_SONG
        return worst(grouped(keys[music], wrong[music]), enough=ENOUGH, count=WORST)

    families = bad(train.family, train.wrong)
    meters = bad(validation.meter, validation.wrong)
    members: dict[str, list[str]] = {}
    for song in songs:
        if song.split == "train" and not song.annotated and song.family not in members.setdefault(song.meter, []):
            members[song.meter].append(song.family)
    # An annotated song is of an artist, of whom no more songs can be made.
    made = {song.family for song in songs if not song.annotated}
    more = weights({name: group for name, group in families.items() if name in made}, meters, members)
    return Needs(families, meters, bad(validation.family, validation.wrong), more)


def grouped(keys: NDArray[np.str_], wrong: NDArray[np.bool_]) -> dict[str, Group]:
    """Return the group of each key, in order of the keys.

    Examples
    --------
    >>> grouped(np.array(["waltz", "rock", "waltz"]), np.array([True, False, False]))
    {'rock': Group(cases=1, errors=0), 'waltz': Group(cases=2, errors=1)}
    """
    names, place = np.unique(keys, return_inverse=True)
    cases, errors = np.bincount(place, minlength=len(names)), np.bincount(place, wrong, minlength=len(names))
    return {str(name): Group(int(c), int(e)) for name, c, e in zip(names, cases, errors, strict=True)}


def worst(groups: Mapping[str, Group], *, enough: int, count: int) -> dict[str, Group]:
    """Return up to `count` groups of at least `enough` cases that are significantly worse than all together.

    Examples
    --------
    >>> list(worst({"bad": Group(400, 80), "good": Group(4000, 40)}, enough=100, count=5))
    ['bad']
    """
    overall = Group(sum(g.cases for g in groups.values()), sum(g.errors for g in groups.values())).error_rate
    bad = [(name, g) for name, g in groups.items() if g.cases >= enough and g.at_least > overall]
    return dict(sorted(bad, key=lambda item: -item[1].at_least)[:count])


def weights(
    families: Mapping[str, Group], meters: Mapping[str, Group], members: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Return the shares of songs to make of each family, of sum 1.

    Parameters
    ----------
    families, meters
        Groups that need more data. Half of the songs go to the families and half to the meters, by error rate.
    members
        Training families of each meter; the songs of a meter are spread evenly over them.

    Examples
    --------
    >>> weights({"a": Group(10, 1)}, {"triple": Group(10, 2)}, {"triple": ["b", "a"]})
    {'a': 0.75, 'b': 0.25}
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
