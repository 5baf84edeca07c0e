"""The page judges, words and counts taps exactly as the program does: each value is computed by both."""

import itertools
from typing import Any

import pytest
from playwright.sync_api import Page

from paces_live.errors import UsageError
from paces_live.events import Health, Pace, Reading, SongPace
from paces_live.match import Listener, match, nearest, steps_per_beat
from paces_live.render.wording import STATE_WORDS, clock, flag_words, signed, stepping
from paces_live.tui.tap import Taps
from paces_live.tui.verdict import judge
from paces_live.tui.view import StreamState, View
from tests.server.page.steps import call
from tests.support.scripted_page_server import reading

PACES = ((), (165.2,), (82.6, 165.2), (61.3, 184.1), (171.4, 85.7, 57.1), (40.0, 320.0))
TARGETS = (None, 40, 82, 150, 155, 160, 165, 169, 172, 180, 190, 320)
TOLERANCES = (0.01, 0.025, 0.05, 0.1, 0.2)


def judged(spm: tuple[float, ...], target: float | None, tolerance: float) -> dict[str, Any] | None:
    found = match([Pace(value, 0.9) for value in spm], target, tolerance)
    if found is None:
        return None
    return {"spm": found.spm, "error": pytest.approx(found.error), "grade": found.grade}


def test_a_match_is_that_of_the_program(modules: Page) -> None:
    cases = list(itertools.product(PACES, TARGETS, TOLERANCES))
    given = [[[{"spm": spm} for spm in paces], target, tolerance] for paces, target, tolerance in cases]
    found = call(modules, "match", "a.map(([paces, target, tolerance]) => m.match(paces, target, tolerance))", given)
    assert found == [judged(*case) for case in cases]
    assert {match["grade"] for match in found if match} == {"lock", "match", "stretch"}


def test_the_large_figures_are_those_of_the_terminal(modules: Page) -> None:
    for paces, target in itertools.product(PACES, TARGETS):
        for beat in (None, 82.6, 171.4):
            known = tuple(Pace(spm, 0.9) for spm in paces)
            now = Reading(30.0, 1, "settled", known, Health(-20.0, 0.0, 0.1), beat=beat)
            view = View(StreamState(reading=now), target=target)
            given = {"paces": [{"spm": spm} for spm in paces], "target": target, "beat": beat}
            assert call(modules, "match", "m.shown(a.paces, a.target, a.beat)", given) == view.shown


def test_a_tempo_that_changes_matches_as_in_the_program(modules: Page) -> None:
    for low, high, target in itertools.product((150.0, 158.0, 163.0), (167.0, 172.0, 180.0), (150.0, 165.0, 180.0)):
        found = match([SongPace(165.0, 0.9, 1.0, low=low, high=high)], target)
        given = {"paces": [{"spm": 165.0, "low": low, "high": high}], "target": target}
        grade = call(modules, "match", "m.match(a.paces, a.target, 0.05)?.grade ?? null", given)
        assert grade == (found.grade if found else None)


def test_steps_are_counted_and_worded_as_in_the_terminal(modules: Page) -> None:
    pairs = [(spm, beat) for spm in range(40, 321, 7) for beat in (60.0, 84.05, 120.5, 168.1, 202.0)]
    found = call(modules, "wording", "a.map(([spm, beat]) => m.stepping(spm, beat))", pairs)
    assert found == [stepping(*pair) for pair in pairs]
    assert {"a step on every beat", "two steps a beat", "a step every third beat"} <= set(found)
    ratios = call(modules, "match", "a.map(([spm, beat]) => m.stepsPerBeat(spm, beat))", pairs)
    assert ratios == pytest.approx([steps_per_beat(*pair) for pair in pairs])


@pytest.mark.parametrize("state", STATE_WORDS)
@pytest.mark.parametrize("paces", [(), (165.2,)])
@pytest.mark.parametrize("target", [None, 165, 155, 190])
def test_the_verdict_is_that_of_the_terminal(
    modules: Page, state: Any, paces: tuple[float, ...], target: float | None
) -> None:
    now = Reading(30.0, 1, state, tuple(Pace(spm, 0.9) for spm in paces), Health(-20.0, 0.0, 0.1))
    expected = judge(View(StreamState(reading=now), target=target))
    given = {"reading": reading(30.0, *paces, state=state), "target": target, "tolerance": 0.05}
    verdict = call(modules, "wording", "m.judge(a)", given)
    assert (verdict["sign"], verdict["word"], verdict["grade"]) == (expected.sign, expected.word, expected.grade)


def test_a_verdict_has_a_shape_of_its_own(modules: Page) -> None:
    expression = "(await import('/page/wording.js')).flag(m.match([{spm: 165.2}], a, 0.05))"
    kinds = {target: call(modules, "match", expression, target) for target in (165.0, 155.0, 190.0)}
    assert {target: kind["kind"] for target, kind in kinds.items()} == {165.0: "yes", 155.0: "nearly", 190.0: "no"}
    for target, kind in kinds.items():
        assert (kind["sign"], kind["word"]) == flag_words(match([Pace(165.2, 0.9)], target))


def test_numbers_and_times_are_written_as_in_the_terminal(modules: Page) -> None:
    values = [0.19, -0.04, 0.04, -3.33, 12.0, -0.06]
    found = call(modules, "wording", "a.map(m.signed)", values)
    assert found == [signed(value).replace("-", "−") for value in values]
    seconds = [0, 39.98, 215.2, 3599.6, 3723, 36000]
    assert call(modules, "wording", "a.map(m.clock)", seconds) == [clock(value) for value in seconds]


TAPS = ("10 10.5 11", "10 10.5 11 11.5", "10 10.4 10.8 11.2 11.6 12", "10 10.02 10.04 10.06", "10 11.6 13.2 14.8")


@pytest.mark.parametrize("times", [[float(time) for time in taps.split()] for taps in TAPS], ids=TAPS)
@pytest.mark.parametrize("later", [0.0, 1.9, 2.1, 6.5])
def test_taps_set_the_target_that_they_set_in_the_terminal(modules: Page, times: list[float], later: float) -> None:
    taps = Taps()
    for time in times:
        taps = taps.tapped(time)
    taps = taps.at(times[-1] + min(later, 2.1)).at(times[-1] + later)
    expression = """
      (() => {
        let taps = new m.Taps();
        for (const time of a.times) taps = taps.tapped(time);
        taps = taps.at(a.times.at(-1) + Math.min(a.later, 2.1)).at(a.times.at(-1) + a.later);
        return [taps.target, taps.words, taps.count, taps.over];
      })()"""
    target, words, count, over = call(modules, "taps", expression, {"times": times, "later": later})
    assert (target, count, over) == (taps.target, taps.count, taps.over)
    # The page sets the target with the fourth tap: a runner does not wait for a pause to see it.
    assert words == taps.words().replace(", then pause", "")


def test_a_pause_begins_another_count(modules: Page) -> None:
    expression = "[10, 10.5, 11, 13.5].reduce((taps, time) => taps.tapped(time), new m.Taps()).count"
    assert call(modules, "taps", expression) == 1


def test_the_range_of_targets_is_that_of_the_program(modules: Page) -> None:
    low, high = call(modules, "match", "[m.inRange(1), m.inRange(999)]")
    Listener(low).target = high
    with pytest.raises(UsageError, match="out of range"):
        Listener(low - 1)


@pytest.mark.parametrize(
    ("cadence", "pace", "words"),
    [
        (164.0, 165.2, "✓ in step"),
        (160.0, 168.0, "✕ 5 % too slow"),
        (180.0, 165.2, "✕ 9 % too fast"),
        (None, 165.2, None),
        (164.0, None, None),
    ],
)
def test_steps_are_in_step_within_a_lock(modules: Page, cadence: Any, pace: Any, words: str | None) -> None:
    assert call(modules, "wording", "m.inStep(a[0], a[1])?.words ?? null", [cadence, pace]) == words
    if words and cadence and pace:
        lock = match([Pace(pace, 0.9)], cadence)
        assert (lock is not None and lock.grade == "lock") == words.startswith("✓")


def test_the_nearest_pace_is_that_of_the_program(modules: Page) -> None:
    for paces, target in itertools.product(PACES, TARGETS):
        expected = nearest([Pace(spm, 0.9) for spm in paces], target)
        found = call(modules, "match", "m.nearest(a[0].map(spm => ({spm})), a[1])", [list(paces), target])
        assert (found and found["spm"]) == (expected and expected.spm)
