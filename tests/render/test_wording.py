"""The words for paces, verdicts, times and states."""

import pytest

from paces_live.events import Health, Match, Pace
from paces_live.render.wording import clock, paces_words, percent, status_words, verdict_words


def test_verdicts() -> None:
    paces = (Pace(176.0, 0.9), Pace(88.0, 0.8))
    stretch = Match(176.0, 0.0667, "stretch")
    assert verdict_words(stretch, paces, 165.0) == "STRETCH 176.0 (+6.7 %)"
    assert verdict_words(stretch, paces, 165.0, beat=88.0) == "STRETCH 176.0 (+6.7 %), two steps a beat"
    assert verdict_words(None, paces, 165.0) == "NO MATCH"
    assert verdict_words(None, (), 165.0) == ""
    assert verdict_words(None, paces, None) == ""


@pytest.mark.parametrize(("seconds", "words"), [(0.0, "0:00"), (215.9, "3:36"), (3723.0, "1:02:03")])
def test_clock(seconds: float, words: str) -> None:
    assert clock(seconds) == words


@pytest.mark.parametrize(("ratio", "words"), [(0.0019, "+0.2 %"), (-0.0001, "+0.0 %"), (-0.25, "-25.0 %")])
def test_percent(ratio: float, words: str) -> None:
    assert percent(ratio) == words


def test_status_words() -> None:
    assert status_words(Health(-20.0, 0.0, 0.0)) == ""
    assert status_words(Health(-58.0, 0.0, 0.0, status="too_quiet", message="quiet")) == "too quiet (-58 dBFS)"
    assert status_words(Health(-58.0, 0.0, 0.0, status="waiting", message="nobody writes")) == "nobody writes"


def test_paces_are_listed_slowest_first() -> None:
    assert paces_words([Pace(165.31, 0.97), Pace(82.66, 0.94)]) == "82.7 (94 %), 165.3 (97 %)"
