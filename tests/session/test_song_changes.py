"""Events at a song change, with and without a silence between the songs."""

import numpy as np
import pytest
from numpy.typing import NDArray

from paces_live.analysis.classifier import FixedClassifier
from paces_live.analysis.fold import Cases
from paces_live.events import Reading, Song
from paces_live.session import Session, run
from paces_live.sources import ArraySource
from tests.support.sessions import checked
from tests.support.signals import RATE, Samples, noisy, rock


class Repeating(FixedClassifier):
    """Finds given tempi compatible, each while the sound repeats at it."""

    def __init__(self, *tempi: float) -> None:
        super().__init__(lambda spm: 0.95 if any(abs(spm / tempo - 1.0) < 0.015 for tempo in tempi) else 0.05)

    def probabilities(self, cases: Cases) -> NDArray[np.float32]:
        own = 1 + self.features.ratios.index(1.0)
        return np.where(cases.context[:, own] > 0.3, super().probabilities(cases), np.float32(0.05))


def hear(samples: Samples, *tempi: float) -> tuple[list[Reading], list[Song]]:
    events = list(checked(run(ArraySource(samples, RATE, RATE), Session(Repeating(*tempi)))))
    return [e for e in events if isinstance(e, Reading)], [e for e in events if isinstance(e, Song)]


@pytest.mark.parametrize(("before", "after"), [(150.0, 176.0), (165.0, 123.0), (132.0, 165.0)])
def test_the_next_song_is_shown_within_seconds(before: float, after: float) -> None:
    readings, songs = hear(np.concatenate([rock(before, 30.0), noisy(rock(after, 20.0), 20.0)]), before, after)
    first, second = songs
    assert first.end == second.start == pytest.approx(30.0, abs=3.0)
    assert [round(pace.spm) for pace in second.paces] == [round(after)]
    assert all(round(pace.spm) != round(before) for reading in readings if reading.t > 35.0 for pace in reading.paces)
    assert all(
        [round(pace.spm) for pace in reading.paces] == [round(after)] for reading in readings if reading.t > 38.0
    )


def test_the_paces_of_a_song_in_doubt_are_not_shown() -> None:
    readings, _ = hear(np.concatenate([rock(150.0, 30.0), rock(176.0, 20.0)]), 150.0, 176.0)
    hidden = [reading for reading in readings if 30.0 < reading.t < 37.0 and not reading.paces]
    assert hidden
    assert {reading.state for reading in hidden} == {"listening"}


def test_a_short_silence_is_a_break_and_a_long_one_ends_the_song() -> None:
    for seconds, expected in ((3.0, 1), (5.0, 2)):
        silence = np.zeros(round(seconds * RATE), np.float32)
        _, songs = hear(np.concatenate([rock(150.0, 20.0), silence, rock(150.0, 20.0)]), 150.0)
        assert len(songs) == expected
