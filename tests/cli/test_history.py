"""The command ``history``, and the history of the commands that listen: nothing else is written."""

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from paces_live import demo
from paces_live.cli import main as cli
from paces_live.history.database import History, default_path
from paces_live.render.history import COLUMNS
from tests.support.history import heard, kept
from tests.support.schemas import validated
from tests.support.signals import rock

__all__ = ["kept"]

REPO = Path(__file__).parents[2]


def run(*args: str, **options: Any) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb", "TZ": "UTC"}).invoke(cli.app, args, **options)


@pytest.mark.usefixtures("kept")
def test_history_lists_songs() -> None:
    lines = run("history").stdout.splitlines()
    assert lines[0].split() == ["heard", "title", "length", "paces", "target"]
    assert '=A, "quoted" tune' in lines[1]
    assert "NO MATCH" in lines[1]
    assert "mic:USB" in lines[2]
    assert "no pace found" in lines[2]
    assert "82.7 (97 %), 165.3 (97 %)" in lines[3]
    assert "MATCH 165.3 (lock, +0.2 %)" in lines[3]
    assert len(lines) == 4
    assert len(run("history", "-n", "2").stdout.splitlines()) == 3
    assert "One" in run("history", "--search", "steps").stdout
    assert run("history", "--search", "polka").stdout == "no songs with polka heard yet\n"


@pytest.mark.usefixtures("kept")
def test_history_as_json() -> None:
    records = [validated(line) for line in run("history", "--json").stdout.splitlines()]
    assert [record["title"] for record in records] == ['=A, "quoted" tune', None, "The Steps - One"]
    assert [record["verdict"] for record in records] == ["no_match", None, "match"]
    assert records[2] == {
        "type": "heard",
        "heard": "2026-11-24T12:00:00+00:00",
        "input": "mic:USB",
        "title": "The Steps - One",
        "length": 200.0,
        "paces": [
            {"spm": spm, "probability": 0.97, "share": 0.9, "low": None, "high": None} for spm in (165.31, 82.66)
        ],
        "target": 165.0,
        "match": {"spm": 165.31, "error": 0.0019, "grade": "lock"},
        "sections": [],
        "verdict": "match",
    }
    rows = list(csv.DictReader(io.StringIO(run("history", "--csv").stdout)))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["title"] == '\'=A, "quoted" tune', "a spreadsheet would compute it"
    assert (rows[2]["paces"], rows[2]["grade"], rows[1]["match"]) == ("82.66 165.31", "lock", "")
    assert run("history", "--json", "--csv").exit_code == 2


def test_showing_the_history_does_not_create_it(state: Path) -> None:
    for args in (["history"], ["history", "clear"]):
        assert (run(*args).stdout, list(state.iterdir())) == ("no songs heard yet\n", [])
    assert run("history", "--json").stdout == ""


def test_clear_asks_first(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("history", "clear")
    assert (result.exit_code, result.stderr) == (
        2,
        "paces-live: history clear would forget 3 songs and cannot ask you here: add --yes\n",
    )
    with monkeypatch.context() as patch:
        patch.setattr("paces_live.cli.history._can_ask", lambda: True)
        assert run("history", "clear", input="n\n").exit_code == 1
        assert len(run("history", "--json").stdout.splitlines()) == 3
        assert run("history", "clear", input="y\n").stdout.endswith("forgot 3 songs\n")
    assert kept.exists()
    assert run("history").stdout == "no songs heard yet\n"
    assert run("history", "clear", "--yes").stdout == "forgot 0 songs\n"


def test_a_newer_history_is_one_line(kept: Path) -> None:
    connection = sqlite3.connect(kept)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for args in (["history"], ["history", "clear", "--yes"]):
        result = run(*args)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
        assert "update paces-live" in result.stderr


WATCHED = """
import atexit, json, os, sys
written = []
def watch(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        if not isinstance(path, int) and (set(mode or "") & set("wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)):
            written.append(str(path))
sys.addaudithook(watch)
os.close(os.open("probe", os.O_WRONLY | os.O_CREAT))
os.remove("probe")
atexit.register(lambda: print(json.dumps(written), file=sys.stderr))
from paces_live.__main__ import main
main()
"""


@pytest.mark.parametrize(("source", "options"), [("-", "--plain"), ("file", "--json"), ("file", "--no-history")])
def test_audio_is_never_written(tmp_path: Path, options: str, source: str) -> None:
    """Neither Python nor its libraries leave anything but the history: no other file is opened, and none exists."""
    rate = 22050
    audio = np.concatenate([rock(150.0, 30.0), np.zeros(3 * rate, np.float32)])
    music = tmp_path / "music.wav"
    soundfile.write(music, audio, rate)
    home = tmp_path / "home"
    home.mkdir()
    own = {name: str(home) for name in ("HOME", "TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    arguments = [
        "listen",
        "-i",
        source if source == "-" else str(music),
        "--fast",
        "--rate",
        str(rate),
        options,
    ]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments],
        input=(32767 * np.clip(audio, -1, 1)).astype("<i2").tobytes() if source == "-" else b"",
        env=os.environ | own | {"PYTHONPATH": str(REPO), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=home,
        capture_output=True,
        check=True,
        timeout=60,
    )
    # The probe shows that we would see others.
    assert set(json.loads(done.stderr)) - {os.devnull} == {"probe"}
    left = {path.relative_to(home): path.stat().st_size for path in home.rglob("*") if path.is_file()}
    assert list(left) == ([] if options in ("--json", "--no-history") else [Path("paces-live/history.db")])
    assert sum(left.values()) < rate, "not even one bit a sample"
    if left:
        with History(home / "paces-live/history.db") as history:
            (kept,) = history.songs()
        assert kept.title == (None if source == "-" else "music")
        assert 150 in [round(pace.spm) for pace in kept.paces]


def test_a_program_that_reads_json_keeps_songs_only_if_it_asks_for_it(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = ("listen", "-i", str(demo.excerpt()), "--fast", "--json")
    assert run(*listening).exit_code == 0
    assert list(state.iterdir()) == []
    monkeypatch.setenv("PACES_LIVE_HISTORY", "true")
    assert run(*listening).exit_code == 0
    with History(default_path()) as history:
        assert history.count() == 2


def test_the_demo_is_not_kept(state: Path) -> None:
    assert run("demo", "--fast", "--plain").exit_code == 0
    assert list(state.iterdir()) == []


def test_listening_continues_without_a_history_and_reports_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    result = run("listen", "-i", str(demo.excerpt()), "--fast", "--json", "--history")
    assert result.exit_code == 0
    assert [json.loads(line)["type"] for line in result.stdout.splitlines()].count("song") == 2
    assert result.stderr.count("\n") == result.stderr.count("history /dev/null/paces-live/history.db") == 1


def test_a_known_file_has_its_paces_immediately() -> None:
    with History(default_path()) as history:
        history.add(heard("demo", 61.0, 183.0))
    listening = ("listen", "-i", str(demo.excerpt()), "--fast", "--plain", "--target", "180")
    lines = run(*listening).stdout.splitlines()
    assert "song 1  recalled         demo  61.0 (97 %), 183.0 (97 %)  MATCH 183.0" in lines[1]
    assert "recalled" not in "".join(lines[2:])
    # Its two songs have the same name and no pace in common, so that the name no longer says anything.
    assert "recalled" not in run(*listening).stdout
