"""A song is skipped once it surely does not match, and never if it matches."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from paces_live.analysis.song_change import INTRODUCTION_S
from paces_live.collection.items import Item
from paces_live.events import Reading, State, Track
from paces_live.match import Listener
from paces_live.playback.output import Play
from paces_live.playback.skip import DOUBT_S, PACELESS_S, Mismatch, Skipper
from tests.support.fakes import START, reading

FITS, STRETCH, OTHER = [(165.3, 0.97), (82.6, 0.9)], [(175.0, 0.95)], [(123.4, 0.98), (61.7, 0.9)]
Stretch = tuple[int, Sequence[tuple[float, float]], State]
"""Seconds, paces, state."""
WINDOW: Stretch = (25, OTHER, "provisional")


def script(*stretches: Stretch) -> list[Reading]:
    """Return one reading per second."""
    kinds = [(paces, state) for seconds, paces, state in stretches for _ in range(seconds)]
    return [reading(float(t), paces, state=state) for t, (paces, state) in enumerate(kinds, start=1)]


def skipped_at(readings: Iterable[Reading], target: float | None = 165.0) -> float | None:
    mismatch, listener = Mismatch(), Listener(target)
    return next((one.t for one in readings if mismatch.is_sure(one, "song", listener)), None)


def test_a_song_at_other_paces_is_skipped_after_a_possible_introduction() -> None:
    assert skipped_at(script(WINDOW, (100, OTHER, "settled"))) == INTRODUCTION_S + 1


@pytest.mark.parametrize("paces", [FITS, STRETCH])
def test_a_song_that_has_matched_is_never_skipped(paces: Sequence[tuple[float, float]]) -> None:
    assert skipped_at(script((8, [], "listening"), (17, paces, "provisional"), (200, paces, "settled"))) is None
    assert skipped_at(script(WINDOW, (8, OTHER, "settled"), (15, paces, "settled"), (200, OTHER, "settled"))) is None


def test_an_introduction_at_another_pace_is_allowed_to_pass() -> None:
    assert skipped_at(script(WINDOW, (13, OTHER, "settled"), (100, FITS, "settled"))) is None


def test_a_match_that_does_not_last_only_delays() -> None:
    delayed = script(WINDOW, (10, OTHER, "settled"), (5, FITS, "settled"), (60, OTHER, "settled"))
    assert skipped_at(delayed) == 40 + DOUBT_S


def test_a_song_that_has_not_settled_is_not_judged() -> None:
    assert skipped_at(script((300, OTHER, "provisional"))) is None


def test_a_song_without_a_pace_is_skipped_late() -> None:
    assert skipped_at(script((300, [], "no_pulse"))) == 1 + PACELESS_S
    assert skipped_at(script((50, [], "no_pulse"), (25, FITS, "provisional"), (99, FITS, "settled"))) is None


def test_without_a_target_nothing_is_skipped() -> None:
    assert skipped_at(script((200, OTHER, "settled")), None) is None


def test_another_target_or_song_is_judged_again() -> None:
    readings = script(WINDOW, (40, FITS, "settled"), (60, OTHER, "settled"))
    mismatch = Mismatch()
    verdicts = [(one.t, mismatch.is_sure(one, "song", Listener(165.0 if one.t <= 70 else 180.0))) for one in readings]
    assert next(t for t, sure in verdicts if sure) == 71 + DOUBT_S
    mismatch = Mismatch()
    assert not any(mismatch.is_sure(one, one.t // 30, Listener()) for one in script((200, OTHER, "settled")))


class ScriptedPlayer:
    """A player without sound: it plays the songs that a test names, and records the skipped ones."""

    def __init__(self) -> None:
        self.playing: Play | None = None
        self.skips: list[int] = []

    def play(self, number: int) -> None:
        self.playing = Play(number, Item(Path("song.ogg")), number, Track(title=f"song {number}"))

    def pass_over(self) -> None:
        assert self.playing
        self.skips.append(self.playing.number)


def test_each_song_is_skipped_once() -> None:
    """Readings of the old song that come after the skip do not skip the next one, too."""
    player = ScriptedPlayer()
    skipper = Skipper(player, Listener(), lambda _: False)  # type: ignore[arg-type]
    assert skipper.take(START) is START
    for one in script(WINDOW, (300, OTHER, "settled")):
        player.play(1 + (one.t > 43) + (one.t > 60))
        assert skipper.take(one) is one
    assert player.skips == [1, 3]


def test_a_song_that_is_known_to_match_is_never_skipped() -> None:
    player = ScriptedPlayer()
    skipper = Skipper(player, Listener(), lambda item: item.path.name == "song.ogg")  # type: ignore[arg-type]
    player.play(1)
    for one in script(WINDOW, (300, OTHER, "settled")):
        skipper.take(one)
    assert not player.skips
