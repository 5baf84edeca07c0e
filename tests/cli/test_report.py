"""The command ``report``: a page in one file, whatever is in the tags and at its place."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from paces_live.cli.main import app
from paces_live.events import SongPace, Track
from paces_live.library.store import Library, default_path
from tests.support.library import command, fill, without_rights
from tests.support.schemas import validated

EVIL = '</script><script>alert("1")</script><!--'


@pytest.fixture(autouse=True)
def library(state: Path) -> Path:
    path = default_path()
    assert path.is_relative_to(state)
    with Library(path) as library:
        fill(
            library,
            ("/m/1.ogg", [SongPace(165.2, 0.9, 1.0), SongPace(82.6, 0.7, 1.0)], 82.6, Track(title=EVIL, artist="Ä")),
            (os.fsdecode(b"/m/caf\xe9.ogg"), [SongPace(150.0, 0.6, 1.0, 140.0, 160.0)], 150.0, Track(title="Ночь")),
            ("/m/3.ogg", [], None, Track()),
        )
    return path


def run(*args: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "80", "TERM": "dumb"}).invoke(app, [*map(str, args)], prog_name="paces-live")


def test_the_page_has_all_songs_and_needs_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "my library.html"
    result = run("report", page)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{page} shows 3 songs, 0.0 MB\n"
    text = page.read_text("utf-8")
    # Nothing is loaded, and tags stay text.
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|\bsrc=|<link|@import|url\(|import ", text)
    assert text.count("<script") == text.count("</script>") == 2
    assert "<!-- server" not in text
    assert 'id="token' not in text
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    record = validated(data, "overview")
    assert json.loads(data) == record
    assert [song[1] for song in record["songs"]] == [EVIL, None, "Ночь"]
    assert record["songs"][0][5:] == [200.0, 82.6, [[82.6, 0.7], [165.2, 0.9]]]
    assert record["songs"][2] == ["/m/caf\ufffd.ogg", "Ночь", None, None, None, 201.0, 150.0, [[150, 0.6, 140, 160]]]
    assert next(one["songs"] for one in record["fits"] if one["target"] == 165.0) == 1


def test_the_tolerance_decides_what_fits(tmp_path: Path) -> None:
    run("report", tmp_path / "a.html", "--tolerance", "1%")
    record = re.findall(r'id="data">(.*?)</script>', (tmp_path / "a.html").read_text("utf-8"))[0]
    assert {one["target"]: one["songs"] for one in json.loads(record)["fits"]}[170.0] == 0


def test_a_page_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    page, other, pipe = tmp_path / "a.html", tmp_path / "b.html", tmp_path / "c.html"
    assert [run("report", page).exit_code for _ in range(2)] == [0, 0]
    other.write_text("<!doctype html>my diary")
    os.mkfifo(pipe)
    for place, says in (
        (other, "exists and is not a report"),
        (pipe, "exists and is not a report"),
        (tmp_path, "is not the name of a page"),
        (tmp_path / "a.txt", "give it a name such as a.html"),
        (tmp_path / "none" / "a.html", "there is no such folder"),
    ):
        result = run("report", place)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), place
        assert says in result.stderr
    assert other.read_text() == "<!doctype html>my diary"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html", "c.html"]


def test_without_a_library_it_says_what_to_do(tmp_path: Path) -> None:
    result = run("report", tmp_path / "a.html", "--library", tmp_path / "none.db")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "make one: paces-live scan ~/Music" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    ran = subprocess.run(
        [*without_rights(), *command("report", folder / "a.html")], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert "cannot be written: Permission denied" in ran.stderr


def test_a_full_disk_harms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "a.html"
    run("report", page)
    before = page.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    result = run("report", page)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "No space left on device" in result.stderr
    assert page.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
