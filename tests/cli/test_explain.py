"""The command ``explain``: on a terminal, as a picture, and as clicks over the music."""

import hashlib
import os
import struct
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from typer.testing import CliRunner, Result

from paces_live.analysis.classifier import load_classifier
from paces_live.cli.main import app
from paces_live.library.click_track import MUSIC, RATE, write_click_track
from paces_live.library.explanation import explain
from paces_live.render.picture import draw
from paces_live.render.theme import DARK, LIGHT, PLAIN
from paces_live.sources import FileSource
from tests.support.library import command, on_terminal, without_rights, write
from tests.support.signals import RATE as SONG_RATE
from tests.support.signals import beats, drums


def run(*args: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(app, [*map(str, args)], prog_name="paces-live")


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("music") / "rock.wav", 165.0, 40.0)


def clicks(track: Path, song: Path) -> NDArray[np.float64]:
    """Return the times of the clicks in a click track: what is left of it without the music."""
    mixed, rate = soundfile.read(track, dtype="float32")
    assert rate == RATE
    music = np.concatenate([block.samples for block in FileSource(song, RATE, fast=True).blocks()])
    assert len(mixed) == len(music)
    rest = np.abs(mixed - MUSIC * music)
    loud = np.flatnonzero(rest > 0.05)
    return np.array(loud[np.append(True, np.diff(loud) > 0.1 * RATE)] / RATE)


def test_a_terminal_of_80_by_24_has_room_for_it(song: Path) -> None:
    shown = on_terminal("explain", song, columns=80).splitlines()
    assert len(shown) == 23
    assert max(map(len, shown)) <= 80
    assert shown[0] == "rock.wav, 0:07 to 0:32: what repeats, at steps per minute"
    assert shown[4].startswith("40──")
    axis = shown[5]
    assert axis.count("●") == 2
    # Twice a rate is a third of the axis to the right.
    first, second = (place for place, sign in enumerate(axis) if sign == "●")
    assert second - first in (26, 27)
    assert "the beats at" in shown[6]
    assert any("● " in line and " compatible ◂" in line for line in shown)
    assert "\x1b" not in "".join(shown)


def test_the_columns_of_a_pace_are_seen_without_colour(song: Path) -> None:
    fold = [line[:36] for line in run("explain", song, "--pace", "165", "--theme", "plain").stdout.splitlines()[7:]]
    assert len(fold) == 16
    assert sum(line.startswith(("█", "▓")) for line in fold) >= 12
    others = run("explain", song, "--pace", "146").stdout.splitlines()
    assert sum(line.startswith(("█", "▓")) for line in others[7:]) < 10
    assert any("not compatible ◂" in line for line in others)


def test_clicks_are_within_30_ms_of_the_beats(song: Path, tmp_path: Path) -> None:
    track = tmp_path / "click.wav"
    result = run("explain", song, "--pace", "164", "--click", track)
    assert result.exit_code == 0
    assert "clicks at 165.1 in rock.wav" in result.stdout or "clicks at 165.0 in rock.wav" in result.stdout
    found = clicks(track, song)
    truth = beats(165.0, 39.5)[2:]
    assert max(float(np.abs(found - time).min()) for time in truth) < 0.03
    assert abs(len(found) - len(beats(165.0, 40.0))) <= 2
    half = tmp_path / "half.wav"
    assert run("explain", song, "--pace", "82", "--click", half).exit_code == 0
    assert abs(len(clicks(half, song)) - len(found) / 2) <= 1


def test_what_a_person_said_is_shown_and_clicked(song: Path, tmp_path: Path) -> None:
    assert run("label", song, "--paces", "110,55").exit_code == 0
    shown = run("explain", song).stdout
    assert shown.startswith("rock.wav (you said 110, 55), 0:0")
    assert "the beats at 110." in shown
    assert "clicks at 110.0 in rock.wav" in run("explain", song, "--click", tmp_path / "click.wav").stdout


def test_clicks_follow_a_tempo_that_rises(tmp_path: Path) -> None:
    song, track = tmp_path / "rising.wav", tmp_path / "click.wav"
    soundfile.write(song, 0.4 * drums(lambda time: 120.0 + time / 5.0, 100.0), SONG_RATE)
    assert run("explain", song, "--click", track, "--pace", "130").exit_code == 0
    truth, time = [], 0.0
    while time < 99.0:
        truth.append(time)
        time += 30.0 / (120.0 + time / 5.0)
        time += 30.0 / (120.0 + time / 5.0)
    found = clicks(track, song)
    assert max(float(np.abs(found - time).min()) for time in truth[2:]) < 0.03


def test_a_click_that_begins_in_one_block_goes_on_in_the_next(song: Path, tmp_path: Path) -> None:
    border = len(next(iter(FileSource(song, RATE, fast=True).blocks())).samples) / RATE
    times = np.array([0.0, border - 0.002, border, border + 0.5, 1000.0])
    write_click_track(song, tmp_path / "click.wav", times)
    found = clicks(tmp_path / "click.wav", song)
    assert found == pytest.approx([0.0, border - 0.002, border + 0.5], abs=0.001)


@pytest.mark.parametrize("name", ["why.png", "why.SVG"])
def test_a_picture_is_drawn(name: str, song: Path, tmp_path: Path) -> None:
    picture = tmp_path / name
    result = run("explain", song, "--picture", picture, "--at", "0:20", "--pace", "165", "--theme", "light")
    assert result.stdout == f"{picture} shows rock.wav at 165.1\n"
    data = picture.read_bytes()
    if name == "why.png":
        assert struct.unpack(">II", data[16:24]) == (1350, 1230)
        return
    text = data.decode()
    assert LIGHT.background in text
    for style in (LIGHT.yes, LIGHT.no):
        assert style.color
        assert style.color.name in text
    # The same explanation is the same picture.
    again = tmp_path / "again.svg"
    run("explain", song, "--picture", again, "--at", "0:20", "--pace", "165", "--theme", "light")
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(data).digest()


def test_names_may_hold_anything(song: Path, tmp_path: Path) -> None:
    why = explain(song, load_classifier())
    for theme in (DARK, PLAIN):
        draw(why, "$\\alpha_1$ 上海 \ufffd " + 100 * "x", tmp_path / f"{theme.name}.svg", theme)
    strange = tmp_path / os.fsdecode(b"caf\xe9 \x1b[2J.wav")
    strange.write_bytes(song.read_bytes())
    assert run("explain", strange).stdout.startswith("caf\ufffd \ufffd[2J.wav, 0:07")
    shown = on_terminal("explain", song.rename(song.with_name(f"{'long ' * 20}.wav")), columns=80)
    song.with_name(f"{'long ' * 20}.wav").rename(song)
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.startswith("long long long")
    assert "…, 0:07 to 0:32: what repeats" in shown


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--at", "soon"], "at 'soon' is no time: write 1:30, or 90"),
        (["--at", "5:00"], "rock.wav is 40 s long: choose an earlier --at"),
        (["--pace", "20"], "pace 20 is out of range"),
        (["--pace", "nan"], "pace nan is out of range"),
        (
            ["--at", "0:10", "--click", "c.wav"],
            "--click is for the whole song, and --at for what is drawn: ",
        ),
        (["--click", "click.mp3"], "click.mp3: is no name of a WAV file"),
        (["--click", "SONG"], "rock.wav: is there already: choose another name, or delete it"),
        (["--click", "missing/click.wav"], "click.wav: cannot be written: No such file or directory"),
        (["--picture", "why.bmp"], "why.bmp: is no name of a picture: choose one that ends with .png or .svg"),
        (["--picture", "there.png"], "there.png: is there already: choose another name, or delete it"),
        (["--picture", "missing/why.png"], "why.png: cannot be written: No such file or directory"),
    ],
)
def test_wrong_usage_is_one_line(args: list[str], message: str, song: Path, tmp_path: Path) -> None:
    there = song.with_name("there.png")
    there.touch()
    places = {"SONG": song, "there.png": there, "click.mp3": tmp_path / "click.mp3", "why.bmp": tmp_path / "why.bmp"}
    before = song.read_bytes()
    result = run("explain", song, *(places.get(arg, arg) for arg in args))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert message in result.stderr
    assert song.read_bytes() == before
    assert not list(tmp_path.iterdir())


def test_without_matplotlib_a_picture_names_the_command(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("explain", song, "--picture", tmp_path / "why.png")
    assert (result.exit_code, result.stderr) == (
        2,
        f"paces-live: a picture needs the package matplotlib: run {sys.executable} -m pip install matplotlib\n",
    )
    assert run("explain", song).exit_code == 0


def test_a_full_disk_or_a_folder_without_rights_leaves_nothing(song: Path, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    for option in ("--click", "--picture"):
        name = folder / ("click.wav" if option == "--click" else "why.svg")
        done = subprocess.run(
            [*without_rights(), *command("explain", song, option, name)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert "cannot be written: Permission denied" in done.stderr
    assert not list(folder.iterdir())


def test_what_breaks_off_leaves_no_half_of_a_track(tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    with wave.open(str(broken), "wb") as file:
        file.setparams((1, 2, SONG_RATE, 0, "NONE", ""))
        file.writeframes(bytes(2 * SONG_RATE))
    broken.write_bytes(broken.read_bytes()[:30])
    assert run("explain", broken, "--click", tmp_path / "click.wav").exit_code == 1
    assert {path.name for path in tmp_path.iterdir()} == {"broken.wav"}
    for path, message in ((tmp_path / "missing.wav", "missing.wav: no such file"), (tmp_path, "is a directory")):
        result = run("explain", path)
        assert (result.exit_code, message in result.stderr, result.stderr.count("\n")) == (1, True, 1)
