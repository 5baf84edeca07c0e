"""What the arm64 gate compares, resolves and estimates; the gate itself needs root and a network: make test-arm64."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.arm64.compare import compare
from tests.arm64.cost import BOARDS, Board, Count, seconds, table
from tests.arm64.lock import BOOKWORM, TRIXIE, Target, requirements
from tests.fakes import TWO_SONGS

LIVE = (Path(__file__).parents[1] / "requirements" / "live.txt").read_text("utf-8")
X86 = Target("3.11", "x86_64", 36)
ARMV7 = Target("3.11", "armv7l", 36)


def lines(**changes: Any) -> list[str]:
    """Return a run of two songs as JSON, with `changes` to the last reading of the first song."""
    from paces_live.events import to_json

    events = [json.loads(to_json(event)) for event in TWO_SONGS]
    last = [number for number, event in enumerate(events) if event["type"] == "reading" and event["song"] == 1][-1]
    events[last] |= changes
    return [json.dumps(event) for event in events]


def paces(*pairs: tuple[float, float]) -> list[dict[str, float]]:
    return [{"spm": spm, "probability": probability} for spm, probability in pairs]


def test_a_run_equals_itself_whatever_the_load() -> None:
    loaded = {"level_dbfs": -21.3, "dropped_s": 0.0, "load": 0.9}
    comparison = compare(lines(), lines(health=loaded))
    assert comparison.equal
    assert (comparison.spm, comparison.probability, comparison.otherwise) == (0.0, 0.0, 0)
    assert comparison.readings == sum(json.loads(line)["type"] == "reading" for line in lines())


def test_rounding_is_allowed_and_told() -> None:
    comparison = compare(lines(), lines(paces=paces((61.7, 0.95), (123.45, 0.97))))
    assert comparison.equal
    assert comparison.spm == pytest.approx(0.05 / 123.4)
    assert comparison.probability == pytest.approx(0.01)


@pytest.mark.parametrize(
    "changes",
    [
        {"paces": paces((124.0, 0.98), (61.7, 0.94))},
        {"paces": paces((123.4, 0.95), (61.7, 0.94))},
        {"state": "provisional"},
        {"t": 40.0},
        {"song": 2},
        {"match": {"spm": 123.4, "error": 0.02, "grade": "lock"}},
        {"health": {"level_dbfs": -20.0, "dropped_s": 0.0, "load": 0.004}},
        {"health": {"level_dbfs": -21.3, "dropped_s": 0.1, "load": 0.004}},
    ],
)
def test_what_is_more_than_rounding_is_not_equal(changes: dict[str, Any]) -> None:
    comparison = compare(lines(), lines(**changes))
    assert not comparison.equal
    assert str(comparison).startswith("NOT EQUAL")


def test_a_pace_at_the_threshold_may_come_a_reading_later_but_no_more() -> None:
    once = compare(lines(), lines(paces=paces((123.4, 0.98))))
    assert (once.equal, once.otherwise) == (True, 1)
    bare = [json.dumps(json.loads(line) | {"paces": []}) if '"reading"' in line else line for line in lines()]
    assert not compare(lines(), bare).equal


def test_missing_events_are_not_equal() -> None:
    assert not compare(lines(), lines()[:-1]).equal
    assert not compare([], []).equal


@pytest.mark.parametrize("target", [BOOKWORM, TRIXIE, X86])
def test_the_lock_has_one_of_each_for_every_64_bit_system(target: Target) -> None:
    found = requirements(LIVE, target)
    assert {"ai-edge-litert", "numpy", "soxr", "soundfile", "sounddevice", "textual", "typer"} <= found.keys()
    assert all("--hash=sha256:" in text and ";" not in text for text in found.values())
    assert found.keys() == requirements(LIVE, X86).keys()


def test_numpy_is_the_one_for_the_python() -> None:
    older, newer = (requirements(LIVE, target)["numpy"].split()[0] for target in (BOOKWORM, TRIXIE))
    assert older != newer


def test_32_bit_has_no_litert() -> None:
    assert "ai-edge-litert" not in requirements(LIVE, ARMV7)


def test_names_can_be_chosen() -> None:
    assert requirements(LIVE, BOOKWORM, only=("soxr",)).keys() == {"soxr"}


def test_a_name_that_applies_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="a is locked twice"):
        requirements("a==1 \\\n    --hash=sha256:0\na==2 \\\n    --hash=sha256:1\n", BOOKWORM)


def test_platforms_go_back_to_what_wheels_are_made_for() -> None:
    assert BOOKWORM.platforms[0] == "manylinux_2_36_aarch64"
    assert BOOKWORM.platforms[-2:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64")


def test_seconds_follow_from_clock_and_instructions_per_cycle() -> None:
    board = Board("x", "cortex-a53", 1.0, (0.5, 1.0))
    assert seconds(board, 1000.0) == (1.0, 2.0)


def test_the_table_has_every_board() -> None:
    written = table({board.cpu: Count(1000.0, 1800.0) for board in BOARDS})
    rows = written.splitlines()[2:]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == [board.name for board in BOARDS]
    assert "| 1.2 to 2.5 s | 3.8 to 7.5 % |" in rows[0]
