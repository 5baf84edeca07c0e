"""People's timing: how the speed of a performance wanders around the tempo of the song.

People do not keep exact time. Their beats drift slowly, they rush a fill and fall back, and some get faster from the
first bar to the last. The log of the speed is drawn as a random walk that returns to its mean, an Ornstein-Uhlenbeck
process (Uhlenbeck & Ornstein, Physical Review 36, 1930), with a correlation time of several seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paces_live.analysis.tempo_curve import newest_stretch

DRIFT_WINDOW_S = 25.0
"""Seconds within which bars are compared: the window that the live path hears."""

CORRELATION_S = (4.0, 20.0)
"""Range of the correlation time of the random walk, seconds."""
SLUGGISH_S = 1.0
"""Least time constant with which players follow the walk, seconds: nobody changes the tempo from beat to beat."""
UNEVEN = (0.0, 0.25)
"""Range of the bar-to-bar jitter, relative to the random walk."""
FILLS, TRENDS = 0.35, 0.25
"""Shares of the drawn curves with rushed fills, and with a slow trend from the first bar to the last."""
_WALKS, _ROUNDS = 4, 6

Knots = tuple[tuple[float, float], ...]
"""Seconds, ascending, and the local speed at each; the speed is 1 at the tempo of the song."""


@dataclass(frozen=True)
class TempoCurve:
    """The local speed of a performance relative to the tempo of its song.

    The speed is linear in felt beats between the knots, and constant before the first and after the last one.

    Attributes
    ----------
    beats
        Knots in felt beats from the start, ascending.
    speeds
        Speed at each knot, above 0. Their mean over the time of the song is 1: it lasts as long as in exact time.

    Examples
    --------
    >>> TempoCurve((0.0, 4.0), (1.0, 1.25)).seconds([0.0, 2.0, 4.0], 60.0).round(3).tolist()
    [0.0, 1.885, 3.57]
    """

    beats: tuple[float, ...]
    speeds: tuple[float, ...]

    def seconds(self, beats: ArrayLike, tempo: float) -> NDArray[np.float64]:
        """Return the times of beats.

        Parameters
        ----------
        beats : array_like of float
            Felt beats from the start, of any shape.
        tempo
            Felt beats per minute.

        Returns
        -------
        ndarray of float
            Seconds, of the shape of `beats`.
        """
        wanted = np.asarray(beats, np.float64)
        knots, speeds = np.array(self.beats), np.array(self.speeds)
        place = np.clip(np.searchsorted(knots, wanted, side="right") - 1, 0, len(knots) - 1)
        # After its knot, the speed changes by a share; the time is the integral of its reciprocal, a logarithm.
        passed = wanted - knots[place]
        begun = self._passed()[place] + passed / speeds[place] * _mean_reciprocal(self._speed(wanted) / speeds[place])
        return np.asarray(begun * 60.0 / tempo)

    def speed_at(self, seconds: ArrayLike, tempo: float) -> NDArray[np.float64]:
        """Return the local speed at times in seconds; of the shape of `seconds`."""
        # A speed that is linear in beats is exponential in time.
        times = self._passed() * 60.0 / tempo
        return np.asarray(np.exp(np.interp(np.asarray(seconds, np.float64), times, np.log(self.speeds))))

    def knots(self, tempo: float) -> Knots:
        """Return the knots in seconds and their speeds, rounded to what is worth storing; see `mean_speed`."""
        times = self._passed() * 60.0 / tempo
        return tuple((round(float(t), 3), round(s, 5)) for t, s in zip(times, self.speeds, strict=True))

    def _speed(self, beats: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.interp(beats, self.beats, self.speeds))

    def _passed(self) -> NDArray[np.float64]:
        """Return the time of each knot, in beats of the song's tempo; the first knot keeps its place."""
        speeds = np.array(self.speeds)
        parts = np.diff(self.beats) / speeds[:-1] * _mean_reciprocal(speeds[1:] / speeds[:-1])
        return np.asarray(np.concatenate([[0.0], np.cumsum(parts)]) + self.beats[0] / speeds[0])


CONSTANT = TempoCurve((0.0,), (1.0,))
"""Exact time."""

TIMINGS = ((0.30, None), (0.75, (0.002, 0.03)), (0.95, (0.03, 0.06)))
"""Share of the songs up to each kind of timing, with its drift, None for exact time; the others get steadily faster or
slower by `GLIDE`."""
GLIDE = (0.10, 0.25)
"""Range of the ratio of the fastest to the slowest speed, less 1, of songs that get steadily faster or slower."""


def draw(
    rng: np.random.Generator, *, beats: float, tempo: float, beats_per_bar: float, drift: tuple[float, float]
) -> TempoCurve:
    """Draw the timing of people who play a song together.

    Parameters
    ----------
    beats
        Length of the song, felt beats.
    tempo
        Felt beats per minute.
    beats_per_bar
        Felt beats in a bar.
    drift
        Range of `bar_drift`, such as (0.01, 0.03).

    Examples
    --------
    >>> curve = draw(np.random.default_rng(1), beats=140, tempo=120.0, beats_per_bar=4, drift=(0.01, 0.03))
    >>> 0.01 <= bar_drift(curve, 120.0, 4) <= 0.03
    True
    """
    # The spread differs from window to window; of several walks, the most even one fits the range everywhere.
    places = np.arange(int(np.ceil(beats)) + 1, dtype=np.float64)
    walks = [_walk(rng, places, tempo, beats_per_bar) for _ in range(_WALKS)]
    spreads = [_spreads(_curve(places, 0.02 * walk), tempo, beats_per_bar) for walk in walks]
    walk = walks[int(np.argmin([np.std(spread) / max(float(np.mean(spread)), 1e-9) for spread in spreads]))]
    size = wanted = rng.uniform(*drift)
    for _ in range(_ROUNDS):
        found = bar_drift(_curve(places, size * walk), tempo, beats_per_bar)
        size *= wanted / found if found else 1.0  # a song of one bar has no drift
    return _curve(places, size * walk)


def glide(rng: np.random.Generator, *, beats: float, change: tuple[float, float]) -> TempoCurve:
    """Draw a steady accelerando or ritardando over the whole song.

    Parameters
    ----------
    beats
        Length of the song, felt beats.
    change
        Range of the ratio of the fastest to the slowest speed, less 1, such as (0.10, 0.25).

    Examples
    --------
    >>> curve = glide(np.random.default_rng(1), beats=140, change=(0.10, 0.25))
    >>> 1.10 <= max(curve.speeds) / min(curve.speeds) <= 1.25
    True
    """
    end = np.log1p(rng.uniform(*change)) * (1.0 if rng.random() < 0.5 else -1.0)
    places = np.linspace(0.0, beats, 17)
    return _curve(places, np.linspace(0.0, end, len(places)))


def perform(rng: np.random.Generator, *, beats: float, tempo: float, beats_per_bar: float) -> TempoCurve:
    """Draw the timing of a song: a machine's or people's, in the shares of `TIMINGS`."""
    share = rng.random()
    for most, drift in TIMINGS:
        if share < most:
            if drift is None:
                return CONSTANT
            return draw(rng, beats=beats, tempo=tempo, beats_per_bar=beats_per_bar, drift=drift)
    return glide(rng, beats=beats, change=GLIDE)


def bar_drift(curve: TempoCurve, tempo: float, beats_per_bar: float) -> float:
    """Return the spread of the bar lengths within 25 s: their standard deviation over their mean.

    The mean over all windows of 25 s that begin with a bar and lie in the song; a shorter song is one window.

    Examples
    --------
    >>> bar_drift(CONSTANT, 120.0, 4)
    0.0
    """
    return float(np.mean(_spreads(curve, tempo, beats_per_bar)))


def mean_speed(knots: Sequence[tuple[float, float]], start_s: float, end_s: float) -> float:
    """Return the mean local speed between two times; without knots it is 1.

    Examples
    --------
    >>> mean_speed([(0.0, 0.9), (10.0, 1.1)], 5.0, 10.0)
    1.05
    """
    if not knots:
        return 1.0
    times, speeds = np.array(knots).T
    inside = times[(times > start_s) & (times < end_s)]
    at = np.array([start_s, *inside, max(start_s, end_s)])
    if at[-1] == at[0]:
        return float(np.interp(start_s, times, speeds))
    return float(np.trapezoid(np.interp(at, times, speeds), at) / (at[-1] - at[0]))


def newest_speed(knots: Sequence[tuple[float, float]], end_s: float, window_s: float) -> float:
    """Return the local speed that a window should find: that of its newest tempo, see `tempo_curve.newest_stretch`.

    Parameters
    ----------
    end_s, window_s
        End of the window in the song, and its length.

    Examples
    --------
    >>> newest_speed([(0.0, 1.0), (30.0, 1.3)], 24.0, 24.0)
    1.21
    """
    first, last = newest_stretch(window_s)
    return mean_speed(knots, max(0.0, end_s - first), end_s - last)


def _curve(places: NDArray[np.float64], logs: NDArray[np.float64]) -> TempoCurve:
    """Return a curve of the logs of its speeds, shifted so that the mean speed is 1."""
    speeds = np.exp(logs)
    curve = TempoCurve(tuple(places.tolist()), tuple(speeds.tolist()))
    lasts = float(curve.seconds(places[-1], 60.0)) / float(places[-1])
    return TempoCurve(curve.beats, tuple((speeds * lasts).tolist()))


def _walk(
    rng: np.random.Generator, places: NDArray[np.float64], tempo: float, beats_per_bar: float
) -> NDArray[np.float64]:
    """Return a random walk of about unit spread at each felt beat, with what else people do."""
    bar_s = 60.0 * beats_per_bar / tempo
    correlation_s = max(float(np.exp(rng.uniform(*np.log(CORRELATION_S)))), 2 * bar_s)
    memory, inertia = np.exp(-60.0 / tempo / np.array([correlation_s, max(SLUGGISH_S, bar_s / 2)]))
    walk = np.empty(len(places))
    pull = value = float(rng.normal())
    for index in range(len(places)):
        pull = memory * pull + np.sqrt(1.0 - memory**2) * rng.normal()
        value = inertia * value + (1.0 - inertia) * pull
        walk[index] = value
    walk = (walk - np.mean(walk)) / np.std(walk)
    bars = np.arange(0.0, places[-1] + beats_per_bar, beats_per_bar)
    walk += np.interp(places, bars, rng.normal(0.0, rng.uniform(*UNEVEN), len(bars)))
    if rng.random() < FILLS:
        phrase = int(rng.choice([4, 8])) * beats_per_bar
        for end in np.arange(phrase, places[-1], phrase):
            if rng.random() < 0.5:
                # The fill gets faster from beat to beat, and the next bar falls back.
                rush = (end - beats_per_bar, end, end + beats_per_bar / 2)
                walk += np.interp(places, rush, (0.0, rng.uniform(0.5, 1.5), 0.0))
    walk = np.asarray(np.clip(walk, -2.2, 2.2))
    if rng.random() < TRENDS:
        walk += np.linspace(0.0, rng.uniform(-4.0, 4.0), len(places))
    return walk


def _spreads(curve: TempoCurve, tempo: float, beats_per_bar: float) -> NDArray[np.float64]:
    """Return standard deviation over mean of the bars of each window of 25 s."""
    # A tolerance, because a last bar that ends with the song should count.
    edges = curve.seconds(np.arange(0.0, curve.beats[-1] + 1e-6, beats_per_bar), tempo)
    bars = np.diff(edges)
    if len(bars) < 2:
        return np.zeros(1)
    ends = np.searchsorted(edges, edges[:-1] + DRIFT_WINDOW_S, side="right") - 1
    first = np.flatnonzero(edges[:-1] + DRIFT_WINDOW_S <= edges[-1])
    windows = [bars[start : max(ends[start], start + 2)] for start in first] or [bars]
    return np.array([np.std(window) / np.mean(window) for window in windows])


def _mean_reciprocal(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of 1 / speed while the speed goes linearly from 1 to `ratio`."""
    change = ratio - 1.0
    small = np.abs(change) < 1e-6
    safe = np.where(small, 1.0, change)
    return np.asarray(np.where(small, 1.0 - change / 2, np.log1p(safe) / safe))
