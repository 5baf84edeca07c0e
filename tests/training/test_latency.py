"""How quickly the engine is right: the measures on cases small enough to count by hand, and a run on two songs."""

import math
from pathlib import Path

import pytest
import soundfile

from tests.support.signals import RATE, noisy, rock
from training.annotations.truth import truth
from training.evaluate.report.latency import Latency, curve, outcomes, page
from training.evaluate.run import latency
from training.evaluate.run.latency import Change, Start, first_lasting, flags_right, quantile, share_within
from training.evaluate.run.songs import Item

SHIPPED = Path(__file__).parents[2] / "models" / "paces.tflite"


def test_flags_are_right_where_the_truth_is_clear() -> None:
    song = truth(82.5, "duple")  # 82.5 and 165
    assert flags_right((165.2,), song)
    assert flags_right((82.5, 165.2), song)
    assert not flags_right((82.5,), song)
    assert not flags_right((), song)
    assert not flags_right((110.0, 165.0, 187.0), song)
    assert flags_right((100.0,), truth(100.0, "duple"))


def test_what_is_right_must_stay_right() -> None:
    readings = [(1.0, ()), (2.0, (80.0,)), (3.0, ()), (4.0, (80.0,)), (5.0, (80.0,))]
    assert first_lasting(readings, bool) == 4.0
    assert first_lasting(readings[:3], bool) is None


def test_what_never_came_took_for_ever() -> None:
    times = [3.0, None, 5.0, 9.0]
    assert share_within(times, 5.0) == 0.5
    assert quantile(times, 0.5) == 5.0
    assert quantile(times, 0.75) == 9.0
    assert quantile(times, 0.9) == math.inf


def test_the_page_says_what_is_missed(tmp_path: Path) -> None:
    starts = [Start("a", 4.0, 3.0, 0, 2.0), Start("b", None, 20.0, 1, 2.0)]
    sets = {"two songs": Latency(starts, [Change("a → b", 3.0, 12.0, None)])}
    goals = {outcome.measure: outcome for outcome in outcomes("two songs", sets["two songs"])}
    assert goals["imagined changes in 20 minutes"].found == pytest.approx(5.0)
    assert [outcome.reached for outcome in goals.values()] == [True, False, True, False, False]
    text = page(sets, "curve.svg")
    assert "| flags right within 4 s | 50.0 % |" in text
    assert "| new song told, median | not by then |" in text
    curve(sets, tmp_path / "curve.svg")
    assert "two songs: flags" in (tmp_path / "curve.svg").read_text("utf-8")


def test_the_engine_hears_starts_and_changes(tmp_path: Path) -> None:
    items = []
    for number, tempo in enumerate((165.0, 130.0)):
        path = tmp_path / f"{tempo:.0f}.flac"
        soundfile.write(path, noisy(rock(tempo, 50.0), 30.0), RATE)
        items.append(Item(path.stem, path, "rock", "duple", tempo, truth(tempo, "duple"), number, "clean"))
    starts = latency.starts(items, SHIPPED, seed=1, workers=2)
    assert [start.changes for start in starts] == [0, 0]
    assert all(start.flags_s is not None and start.flags_s <= 12.0 for start in starts)
    (change,) = latency.changes(items, SHIPPED, seed=1, workers=2)
    assert change.gone_s is not None
    assert change.gone_s <= 8.0
    assert change.there_s is not None
    assert change.told_s is not None
