"""The words for paces, verdicts, times and states."""

import pytest

from paces_live.events import Health, Match, Pace, Section, SongPace
from paces_live.match import Listener
from paces_live.render.song import near_words, song_words, tempo_words
from paces_live.render.wording import (
    clock,
    paces_words,
    percent,
    status_words,
    verdict_words,
)
from tests.support.fakes import RISING


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


def test_a_song_whose_tempo_changes_is_said_to_be_near_the_target_for_a_time() -> None:
    listener = Listener(165.0)
    near = near_words(RISING.paces, RISING.beat, RISING.sections, listener)
    verdict = verdict_words(listener.match(RISING.paces), RISING.paces, 165.0, beat=165.0, near=near)
    assert verdict == "NO MATCH, near 165 from 0:14 to 0:47"
    assert song_words(RISING, verdict) == (
        "1:00 long  75.0 to 90.0 (95 %), 150.0 to 180.0 (97 %)  tempo rises from 150 to 180  "
        "NO MATCH, near 165 from 0:14 to 0:47"
    )


def test_a_range_within_the_tolerance_matches_and_names_no_single_pace() -> None:
    paces = (SongPace(165.0, 0.9, 1.0, low=158.0, high=172.0),)
    verdict = verdict_words(Listener(165.0).match(paces), paces, 165.0, beat=165.0, near="near 165 until 0:50")
    assert verdict == "MATCH 158.0 to 172.0 (match), a step on every beat"


@pytest.mark.parametrize(
    ("tempi", "words"),
    [
        ([(120, 120)], ""),
        ([(180, 150)], "tempo falls from 180 to 150"),
        ([(120, 120), (140, 140)], "tempo changes: 120 until 1:00, then 140"),
        ([(150, 150), (150, 180), (180, 180)], "tempo changes: 150 until 1:00, 150 to 180 until 2:00, then 180"),
        ([(120, 120), (130, 130)] * 3, "tempo changes between 120 and 130"),
    ],
)
def test_tempo(tempi: list[tuple[int, int]], words: str) -> None:
    sections = [Section(60.0 * at, 60.0 * at + 60.0, float(a), float(b)) for at, (a, b) in enumerate(tempi)]
    assert tempo_words(sections) == words


@pytest.mark.parametrize(
    ("target", "words"),
    [(121.0, "near 121 until 1:00 and from 2:00"), (139.0, "near 139 from 1:00 to 2:00"), (160.0, "")],
)
def test_near(target: float, words: str) -> None:
    sections = [Section(60.0 * at, 60.0 * at + 60.0, spm, spm) for at, spm in enumerate((120.0, 140.0, 120.0))]
    paces = (SongPace(120.0, 0.9, 1.0, low=120.0, high=140.0),)
    assert near_words(paces, 120.0, sections, Listener(target)) == words
