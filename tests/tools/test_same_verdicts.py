"""The comparison of two checkouts, with tiny checkouts that print what a test gives them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.same_verdicts import main

PROGRAM = """
import sys
from pathlib import Path
sys.stdout.write(Path(__file__).with_name(sys.argv[1]).read_text("utf-8"))
"""
PACES = [{"spm": 165.31, "probability": 0.97}]
SONG_PACES = [{"spm": 165.31, "probability": 0.97, "share": 0.94}]
MATCH = {"spm": 165.31, "error": 0.0019, "grade": "lock"}
Event = dict[str, Any]


def schema_1() -> list[Event]:
    health = {"level_dbfs": -21.3, "dropped_s": 0.0, "load": 0.004, "level": "fine", "note": None}
    verdict = {"state": "settled", "paces": PACES, "rejected": [], "match": MATCH}
    return [
        {"type": "start", "schema": 1, "version": "0.1.0", "model": "sha256:4b", "target": 165.0},
        {"type": "reading", "t": 12.0, "song": 1, "title": "So What", "health": health} | verdict,
        {"type": "song", "song": 1, "start": 0.0, "end": 215.2, "title": None, "paces": SONG_PACES, "match": MATCH},
        {"type": "end", "t": 215.2},
    ]


def schema_2() -> list[Event]:
    health = {"level_dbfs": -21.3, "dropped_s": 0.0, "load": 0.009, "status": "ok"}
    verdict = {"state": "settled", "paces": PACES, "rejected": []}
    listener = {"target": 165.0, "match": MATCH}
    return [
        {"type": "start", "schema": 2, "version": "0.2.0", "model": "sha256:4b", "stream": "main"},
        {"type": "reading", "t": 12.0, "song": 1, "track": {"title": "So What"}, "health": health}
        | {"listener": listener}
        | verdict,
        {"type": "song", "song": 1, "start": 0.0, "end": 215.2, "track": None, "paces": SONG_PACES, "match": MATCH},
        {"type": "end", "t": 215.2, "stream": "main"},
    ]


ANALYSIS: Event = {"type": "file", "path": "a.ogg", "duration": 215.2, "paces": SONG_PACES, "match": MATCH}

Make = Callable[..., Path]


@pytest.fixture
def checkout(tmp_path: Path) -> Make:
    """Return a function that makes a checkout with the given output and golden vectors."""

    def make(name: str, events: list[Event], analysis: Event = ANALYSIS, **vectors: list[float]) -> Path:
        package = tmp_path / name / "paces_live"
        package.mkdir(parents=True)
        (package / "__main__.py").write_text(PROGRAM, "utf-8")
        (package / "__init__.py").touch()
        for command, printed in (("demo", events), ("listen", events), ("analyze", [analysis])):
            (package / command).write_text("".join(json.dumps(event) + "\n" for event in printed), "utf-8")
        tests = tmp_path / name / "tests" / name
        tests.mkdir(parents=True)
        np.savez(
            tests / "golden.npz",
            allow_pickle=False,
            **{key: np.array(values) for key, values in (vectors or {"spm": [1.0]}).items()},
        )
        return package.parent

    return make


def run(before: Path, after: Path) -> None:
    main(["--before", str(before), "--after", str(after), "a.ogg"])


def test_moved_fields_and_other_messages_are_the_same_verdict(
    checkout: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    run(checkout("old", schema_1()), checkout("new", schema_2()))
    assert capsys.readouterr().out.splitlines() == [
        "golden vectors: same: vector 1",
        "demo: same: start 1, reading 1, song 1, end 1",
        "a.ogg: same: start 1, reading 1, song 1, end 1, file 1",
    ]


@pytest.mark.parametrize(
    ("number", "change", "found"),
    [
        (0, {"model": "sha256:00"}, "event 1, start: model"),
        (1, {"t": 12.1}, "event 2, reading at 12.0 s: t"),
        (1, {"state": "provisional"}, "event 2, reading at 12.0 s: state"),
        (1, {"paces": []}, "event 2, reading at 12.0 s: paces"),
        (1, {"paces": [{"spm": 165.31, "probability": 0.9701}]}, "event 2, reading at 12.0 s: paces"),
        (1, {"rejected": PACES}, "event 2, reading at 12.0 s: rejected"),
        (1, {"listener": {"match": None}}, "event 2, reading at 12.0 s: match"),
        (1, {"health": {"level_dbfs": -20.0, "dropped_s": 0.0}}, "event 2, reading at 12.0 s: level_dbfs"),
        (2, {"end": 215.3}, "event 3, song: end"),
        (2, {"paces": [SONG_PACES[0] | {"share": 0.5}]}, "event 3, song: paces"),
        (2, {"match": MATCH | {"grade": "match"}}, "event 3, song: match"),
        (3, {"type": "reading"}, "event 4: end before, reading after"),
    ],
)
def test_another_value_is_a_difference(checkout: Make, number: int, change: Event, found: str) -> None:
    events = schema_2()
    events[number] |= change
    with pytest.raises(SystemExit, match=f"^demo: DIFFERENT: demo: {found}"):
        run(checkout("old", schema_1()), checkout("new", events))


def test_a_missing_event_is_a_difference(checkout: Make) -> None:
    with pytest.raises(SystemExit, match="event 4: end before, nothing after"):
        run(checkout("old", schema_1()), checkout("new", schema_2()[:-1]))


def test_another_verdict_on_a_whole_file_is_a_difference(checkout: Make) -> None:
    analysis = ANALYSIS | {"paces": []}
    with pytest.raises(SystemExit, match=r"a.ogg: DIFFERENT: analyze: event 1, file: paces"):
        run(checkout("old", schema_1()), checkout("new", schema_2(), analysis))


def test_golden_vectors_may_change_their_names(checkout: Make) -> None:
    run(checkout("old", schema_1(), tempogram=[1.0]), checkout("new", schema_1(), periodicity=[1.0]))


def test_golden_vectors_may_not_change_their_values(checkout: Make) -> None:
    with pytest.raises(SystemExit, match="golden vectors: DIFFERENT"):
        run(checkout("old", schema_1(), spm=[1.0]), checkout("new", schema_1(), spm=[1.0 + 1e-12]))


def test_a_command_that_fails_is_reported(checkout: Make) -> None:
    broken = checkout("new", schema_2())
    (broken / "paces_live" / "__main__.py").write_text("import sys; sys.exit('no such model')", "utf-8")
    with pytest.raises(SystemExit, match="failed: no such model"):
        run(checkout("old", schema_1()), broken)
