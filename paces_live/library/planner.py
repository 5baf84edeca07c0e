"""Chooses the songs for a plan: which of them fit, in an order of chance, and how well they meet the plan."""

import heapq
import random
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from paces_live.library.choices import Choice
from paces_live.library.plan import Part
from paces_live.match import LOCK_TOLERANCE

__all__ = ["Met", "Planned", "choose", "met"]

WINDOW = 60
"""Songs that are looked at for the next place: two of them hit nearly any length to the second."""
CLOSING = 2.2
"""The end of a part is near if no more than so many songs are left until then."""
SURE = 0.8
"""Probability of a pace from which on a song comes before others."""
WORSE_S = 10.0
"""What a song that is a rank worse counts as a miss of the end of a part, seconds."""
LATER_S = 15.0
"""After how much of a ramp that nothing fits its next target is looked at, seconds."""


class Planned(NamedTuple):
    """A song of a plan.

    Attributes
    ----------
    song : Choice
    start : float
        When it begins in the plan, seconds. What could not be filled counts as if there were something.
    target : float
        What it was chosen for: the target in its middle.
    """

    song: Choice
    start: float
    target: float

    @property
    def end(self) -> float:
        """When it ends in the plan, seconds."""
        return self.start + self.song.duration


class Met(NamedTuple):
    """How well a part of a plan is met.

    Attributes
    ----------
    part : Part
    seconds : float
        How much of it has a song that matches.
    songs : int
        How many songs begin in it.
    gaps : tuple of (float, float)
        When nothing fits: seconds since the beginning of the plan.
    """

    part: Part
    seconds: float
    songs: int
    gaps: tuple[tuple[float, float], ...]


def choose(
    parts: Sequence[Part], choices: Sequence[Choice], tolerance: float, chance: random.Random
) -> tuple[list[Planned], list[tuple[float, float]]]:
    """Return the songs for a plan, and the times for which nothing fits.

    Locks come before matches, songs with a step on every beat before others, and sure paces before others; of these,
    chance decides. No song comes twice, and no artist twice in a row as long as there are others. The last songs of
    each part are chosen so that it ends when it should; what is left over or too much is taken from the next part.

    Parameters
    ----------
    parts : sequence of Part
    choices : sequence of Choice
    tolerance : float
        Largest relative error of a pace.
    chance : random.Random

    Examples
    --------
    >>> songs = [Choice(n, 150.0, 150.0, 150.0, 1.0, 0.9, 200.0, f"artist {n}", f"{n}") for n in range(9)]
    >>> planned, gaps = choose([Part(600.0, 150.0, 150.0)], songs, 0.05, random.Random(1))
    >>> [one.start for one in planned], gaps
    ([0.0, 200.0, 400.0], [])
    """
    chooser = _Chooser(sorted(choices, key=lambda one: one.spm), tolerance, chance)
    begin = 0.0
    for part in parts:
        chooser.fill(part, begin)
        begin += part.seconds
    return chooser.planned, chooser.gaps


def met(
    parts: Sequence[Part], planned: Sequence[Planned], gaps: Sequence[tuple[float, float]], tolerance: float
) -> Iterator[Met]:
    """Yield how well each part of a plan is met.

    Examples
    --------
    >>> song = Choice(1, 150.0, 150.0, 150.0, 1.0, 0.9, 200.0, "", "1")
    >>> [one.seconds for one in met([Part(300.0, 152.0, 152.0)], [Planned(song, 0.0, 152.0)], [], 0.05)]
    [200.0]
    """
    begin = 0.0
    for part in parts:
        end = begin + part.seconds
        seconds = 0.0
        for one in planned:
            first, last = max(begin, one.start), min(end, one.end)
            if first < last and one.song.off(part.target((first + last) / 2.0 - begin)) <= tolerance:
                seconds += last - first
        songs = sum(begin <= one.start < end for one in planned)
        inside = tuple((max(begin, first), min(end, last)) for first, last in gaps if first < end and last > begin)
        yield Met(part, seconds, songs, inside)
        begin = end


@dataclass
class _Chooser:
    """What is chosen so far; `songs` are in the order of their paces."""

    songs: Sequence[Choice]
    tolerance: float
    chance: random.Random
    planned: list[Planned] = field(default_factory=list)
    gaps: list[tuple[float, float]] = field(default_factory=list)
    time: float = 0.0

    def __post_init__(self) -> None:
        self._luck = [self.chance.random() for _ in self.songs]
        self._rates = [one.spm for one in self.songs]
        self._longest = max((one.duration for one in self.songs), default=0.0)
        self._used: set[str] = set()

    def fill(self, part: Part, begin: float) -> None:
        """Choose songs for a part that begins at a time of the plan."""
        end = begin + part.seconds
        while self.time < end:
            at, left = self.time - begin, end - self.time
            near = self._near(part, at, left)
            if not near:
                # Nothing fits a target that stays until it is over.
                start = max(self.time, begin)
                self._leave(start, end if part.start == part.end else min(end, start + LATER_S))
                continue
            going_on = [one for one in near if one.duration <= left]
            if going_on and left > CLOSING * median(one.duration for one in near):
                self._take(part, begin, going_on[0])
                continue
            last = self._closing(part, at, left, near)
            for one in last:
                self._take(part, begin, one)
            if not last:
                # All are too long: the next part begins a little earlier.
                return

    def _take(self, part: Part, begin: float, song: Choice) -> None:
        self.planned.append(Planned(song, self.time, part.target(self.time - begin + song.duration / 2.0)))
        self._used.add(song.song)
        self.time += song.duration

    def _leave(self, start: float, until: float) -> None:
        """Leave the plan empty for a time."""
        if self.gaps and self.gaps[-1][1] == start:
            start, _ = self.gaps.pop()
        self.gaps.append((start, until))
        self.time = until

    def _near(self, part: Part, at: float, left: float) -> list[Choice]:
        """Return the songs that may come next, best first."""
        low, high = sorted((part.target(at), part.target(at + self._longest)))
        first = bisect_left(self._rates, low * (1.0 - self.tolerance))
        last = bisect_right(self._rates, high * (1.0 + self.tolerance))
        free: list[tuple[int, float, Choice]] = []
        for song, luck in zip(self.songs[first:last], self._luck[first:last], strict=True):
            if song.song not in self._used and (rank := self._rank(song, part, at)) is not None:
                free.append((rank, luck, song))
        fair = self._fair(free, left)
        best = heapq.nsmallest(WINDOW, fair)
        if all(one[2].duration >= 2.0 * left for one in best):
            # The part ends better without them; shorter ones may be behind them.
            best = heapq.nsmallest(WINDOW, (one for one in fair if one[2].duration < 2.0 * left)) or best
        return [song for _, _, song in best]

    def _fair(self, free: list[tuple[int, float, Choice]], left: float) -> list[tuple[int, float, Choice]]:
        """Return the songs by which no artist comes twice in a row, now or later; all of them if that is impossible."""
        if not free:
            return free
        before = self.planned[-1].song.artist if self.planned else ""
        others = [one for one in free if not one[2].artist or one[2].artist != before]
        # If all others last for half of the places only, the artist of most songs has to come now.
        artist, count = Counter(one[2].artist for one in free).most_common(1)[0]
        places = 1.0 + left / median(one[2].duration for one in free)
        if artist and artist != before and 2 * (len(free) - count) <= min(places, len(free) - 1):
            others = [one for one in others if one[2].artist == artist]
        # If only one artist is left, better twice in a row than silence.
        return others or free

    def _rank(self, song: Choice, part: Part, at: float) -> int | None:
        """Return 0 for the best songs, and more for others; None for those that do not fit."""
        off = song.off(part.target(at + song.duration / 2.0))
        if off > self.tolerance:
            return None
        return 4 * (off > LOCK_TOLERANCE) + 2 * (song.steps != 1.0) + (song.probability < SURE)

    def _closing(self, part: Part, at: float, left: float, near: Sequence[Choice]) -> tuple[Choice, ...]:
        """Return none, one or two songs, so that a part ends when it should."""
        best: tuple[Choice, ...] = ()
        least = left
        ranks = [self._rank(one, part, at) or 0 for one in near]
        for first, rank in zip(near, ranks, strict=True):
            # The best rank that there is costs nothing.
            cost = WORSE_S * (rank - ranks[0])
            if cost + abs(left - first.duration) < least:
                best, least = (first,), cost + abs(left - first.duration)
            for second in near:
                off = abs(left - first.duration - second.duration)
                same = second.song == first.song or (first.artist and second.artist == first.artist)
                if same or cost + off >= least:
                    continue
                later = self._rank(second, part, at + first.duration)
                if later is not None and (both := cost + off + WORSE_S * max(0, later - ranks[0])) < least:
                    best, least = (first, second), both
        return best
