"""Negatives: how many there are, and that they have no pace."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.corpus import make_corpus
from training.corpus.songs import load
from training.dataset import megabatch
from training.dataset.negatives import HELD_S, KINDS, negative
from training.dataset.negatives import _held as held

RATE = 22050


def test_one_sound_in_six_is_a_negative_and_held_chords_are_the_most_frequent(tmp_path: Path) -> None:
    songs = load(make_corpus(tmp_path, 1)) * 330
    jobs = megabatch._members(songs, "train")
    members = list(jobs)
    kinds = [member.negative for member in members if member.negative]
    assert len(kinds) / len(members) == pytest.approx(1 / 6, abs=0.01)
    assert set(kinds) == set(KINDS)
    assert Counter(kinds).most_common(1)[0][0] == "chords"
    assert kinds.count("chords") / len(kinds) > 0.25


def test_chords_are_held_for_random_times() -> None:
    for seed in range(10):
        played = held(90.0, np.random.default_rng(seed))
        for channel in played.channels:
            starts = np.unique([note.start for note in played.notes if note.channel == channel])
            lengths = np.diff(starts)
            assert starts[0] == 0.0
            assert HELD_S[0] <= min(lengths) <= max(lengths) <= HELD_S[1]
            assert np.std(lengths) > 0.8


def test_clicks_repeat_evenly() -> None:
    clicks = np.random.default_rng(1).normal(0.0, 0.001, 60 * RATE).astype(np.float32)
    for beat in np.arange(0.0, 59.0, 60 / 165):
        clicks[int(beat * RATE) :][:400] += 0.3
    assert _likeness(clicks) > 0.7


@pytest.mark.parametrize("kind", ["motor", "steps"])
def test_machines_and_steps_do_not_repeat_evenly(kind: str) -> None:
    for seed in range(6):
        sound = negative(kind, 60.0, RATE, np.random.default_rng(seed), music=np.zeros(1, np.float32))
        assert _likeness(sound) < 0.4, seed


def _likeness(sound: NDArray[np.float32]) -> float:
    """Return how much the rises of the loudness are like themselves four beats later, at the best tempo of steps."""
    loudness = np.sqrt((sound[: len(sound) // 220 * 220].reshape(-1, 220) ** 2).mean(axis=1))
    rises = np.maximum(np.diff(np.log(loudness + 1e-3)), 0.0)
    rises = rises - rises.mean()
    # Four beats at 320 to 40 a minute, in hundredths of a second.
    return float(max(rises[lag:] @ rises[:-lag] for lag in range(75, 601)) / (rises @ rises))
