"""Latency: the measures on cases small enough to count by hand, and a run on two songs."""

from pathlib import Path

import soundfile

from tests.support.signals import RATE, noisy, rock
from training.annotations.truth import truth
from training.evaluate.metrics.times import flags_right
from training.evaluate.report.latency import curve, page
from training.evaluate.run import latency
from training.evaluate.run.latency import TARGETS, Change, Latency, Start
from training.evaluate.run.songs import Item

SHIPPED = Path(__file__).parents[2] / "models" / "paces.tflite"


def test_flags_must_be_right_at_each_target_at_which_the_truth_is_clear() -> None:
    song = truth(82.5, "duple")  # 82.5 and 165
    assert flags_right((165.2,), song, TARGETS)
    assert flags_right((82.5, 165.2), song, TARGETS)
    assert not flags_right((82.5,), song, TARGETS)
    assert not flags_right((), song, TARGETS)
    assert not flags_right((110.0, 165.0, 187.0), song, TARGETS)
    assert flags_right((100.0,), truth(100.0, "duple"), TARGETS)


def test_the_page_has_shares_and_medians(tmp_path: Path) -> None:
    starts = [Start("a", 4.0, 3.0, 0, 2.0), Start("b", None, 20.0, 1, 2.0)]
    sets = {"two songs": Latency(starts, [Change("a → b", 3.0, 12.0, None)])}
    text = page(sets, "curve.svg")
    assert "| flags right within 4 s | 50.0 % |" in text
    assert "| flags right, median | 3 s |" in text
    assert "| reported, median | not within 60 s |" in text
    assert "| imagined song changes in 20 minutes | 5.00 |" in text
    curve(sets, tmp_path / "curve.svg")
    assert "two songs: flags" in (tmp_path / "curve.svg").read_text("utf-8")


def test_a_live_session_is_soon_right_at_starts_and_song_changes(tmp_path: Path) -> None:
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
    assert change.reported_s is not None
