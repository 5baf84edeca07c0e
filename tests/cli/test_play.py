"""The command ``play`` on a real null sink."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from paces_live.cli.main import app
from paces_live.demo import excerpt, songs
from paces_live.events import SongPace, Track
from paces_live.library.entries import Stamp
from paces_live.library.store import Library
from paces_live.schema import load
from tests.support.library import fill
from tests.support.signals import RATE, rock
from tests.support.soundserver import SoundServer, portaudio, sound_server

__all__ = ["portaudio", "sound_server"]


def test_a_file_that_is_missing_is_an_error_by_the_schema_of_events(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["play", "--json", str(tmp_path / "gone.mp3")])
    assert result.exit_code == 1
    record = json.loads(result.stdout)
    assert (record["type"], record["code"]) == ("error", "source.not_found")
    Draft202012Validator(load("events")).validate(record)
    assert load("events")["$defs"]["error"]["properties"] == load("lines")["$defs"]["error"]["properties"]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ([], 2, "there is nothing to play: name files or folders, or ask your library with --find"),
        (["--find", "pace:165"], 1, "there is no library at"),
        (["--find", "bpm:165"], 2, "bpm is no field"),
    ],
)
@pytest.mark.usefixtures("state")
def test_what_cannot_be_played_is_said(arguments: list[str], status: int, says: str) -> None:
    result = CliRunner().invoke(app, ["play", *arguments])
    assert (result.exit_code, result.stderr.count("\n")) == (status, 1)
    assert says in result.stderr


@pytest.mark.usefixtures("portaudio")
def test_what_a_query_finds_is_played_with_its_paces(sound_server: SoundServer, tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with Library(path) as library:
        fill(
            library,
            ("/a/gone.ogg", [SongPace(168.1, 0.99, 1.0)], 168.1, Track(title="Known", artist="Band")),
            ("/m/other.ogg", [SongPace(140.0, 0.99, 1.0)], 140.0, Track(title="Other")),
        )
        # The same song in another file.
        library.keep(excerpt(), Stamp.of(excerpt()), "sound:/a/gone.ogg", Track(title="Known", artist="Band"))
    command = [sys.executable, "-m", "paces_live", "play", "--json", "--find", "pace:170", "--library", str(path)]
    with subprocess.Popen(command, env=sound_server.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        readings: list[dict[str, Any]] = []
        while not readings or readings[-1]["t"] < 2.0:
            event = json.loads(process.stdout.readline())
            readings += [event] * (event["type"] == "reading" and event["track"] is not None)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 0
    first = readings[0]
    assert first["t"] <= 0.2
    assert (first["track"]["title"], first["recalled"], first["paces"][0]["spm"]) == ("Known", True, 168.1)
    # 170 is the target, because the query asks for it.
    assert first["match"]["error"] == pytest.approx(168.1 / 170 - 1, abs=1e-4)


@pytest.mark.usefixtures("portaudio")
def test_play_reports_the_music_and_ends_with_ctrl_c(sound_server: SoundServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "paces_live", "play", "--json", str(tmp_path / "gone.mp3"), str(excerpt())]
    with subprocess.Popen(command, env=sound_server.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        events: list[dict[str, Any]] = []
        while not events or events[-1].get("t", 0.0) < 6.0:
            events.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        events += map(json.loads, process.stdout)
    assert process.returncode == 1  # for the file that is not there
    assert [event["type"] for event in events[:2]] == ["error", "start"]
    assert events[1]["input"] == "play:default"
    assert {event["track"]["title"] for event in events if event["type"] == "reading" and event["t"] > 1.0} == {"demo"}
    song, end = events[-2:]
    assert (song["type"], song["track"]["title"], end["type"]) == ("song", "demo", "end")
    assert end["t"] < 9.0


@pytest.mark.usefixtures("portaudio")
def test_the_demo_can_be_heard(sound_server: SoundServer) -> None:
    command = [sys.executable, "-m", "paces_live", "demo", "--json", "--play"]
    with subprocess.Popen(command, env=sound_server.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        events = [json.loads(process.stdout.readline())]
        while events[-1].get("t", 0.0) < 5.0:
            events.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 0
    assert events[0]["input"].startswith("play:")
    assert (events[-1]["track"]["title"], events[-1]["verdict"]) == (songs()[0].title, "match")


@pytest.mark.usefixtures("portaudio")
def test_the_music_waits_for_a_card_that_was_unplugged(sound_server: SoundServer) -> None:
    command = [sys.executable, "-m", "paces_live", "play", "--json", "--no-history", str(excerpt())]
    with subprocess.Popen(command, env=sound_server.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout

        def read_until(status: str, words: str = "", t: float = 0.0) -> float:
            """Read on to a reading with this status and words in its message, at `t` or later; return its time."""
            while True:
                event = json.loads(process.stdout.readline())  # type: ignore[union-attr]
                if event["type"] == "reading" and event["t"] >= t:
                    health = event["health"]
                    if health["status"] == status and words in (health["message"] or ""):
                        return float(event["t"])

        read_until("ok", t=2.0)
        sound_server.unplug()
        gone = read_until("reconnecting", "sound card is gone, trying again in 2 s")
        sound_server.plug("music")
        back = read_until("lost_audio")
        assert back - gone < 2.0, "no music was lost in the time without a card"
        read_until("ok", t=back + 1.0)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 0


def drums(folder: Path, **tempi: float) -> Path:
    """Write a song of half a minute for each name and its tempo, beats a minute; return their folder."""
    for name, bpm in tempi.items():
        soundfile.write(folder / f"{name}.flac", 0.4 * rock(bpm, 30.0), RATE)
    return folder


@pytest.mark.usefixtures("portaudio")
def test_the_first_song_that_plays_is_one_that_matches(sound_server: SoundServer, tmp_path: Path) -> None:
    folder = drums(tmp_path, a=120.0, b=130.0, c=172.0, d=140.0, e=171.0)
    command = [sys.executable, "-m", "paces_live", "play", "--json", "--skip-mismatch", "--target", "172", str(folder)]
    with subprocess.Popen(command, env=sound_server.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        events: list[dict[str, Any]] = []
        while not events or events[-1].get("t", 0.0) < 7.0:
            events.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        events += map(json.loads, process.stdout)
    assert process.returncode == 0
    readings = [event for event in events if event["type"] == "reading"]
    assert readings[0]["health"]["status"] == "waiting"
    assert readings[0]["health"]["message"].startswith("looking for a song that matches: ")
    assert {one["track"]["title"] for one in readings if one["track"]} == {"c"}


@pytest.mark.usefixtures("portaudio")
def test_what_the_library_knows_decides_whether_a_song_is_played(sound_server: SoundServer, tmp_path: Path) -> None:
    folder, path = drums(tmp_path, a=120.0, b=172.0), tmp_path / "library.db"
    with Library(path) as library:
        # As if a person had said so.
        fill(library, (str(folder / "a.flac"), [SongPace(172.0, 1.0, 1.0)], 172.0, Track(title="a")))
        fill(library, (str(folder / "b.flac"), [SongPace(120.0, 1.0, 1.0)], 120.0, Track(title="b")))
    command = [sys.executable, "-m", "paces_live", "play", "--json", "--skip-mismatch", "--target", "172"]
    command += [str(folder), "--library", str(path)]
    with subprocess.Popen(command, env=sound_server.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        reading: dict[str, Any] = {}
        while not reading.get("track"):
            reading = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert (reading["track"]["title"], reading["recalled"]) == ("a", True)


@pytest.mark.usefixtures("portaudio")
def test_music_that_never_matches_is_an_error(sound_server: SoundServer, tmp_path: Path) -> None:
    folder = drums(tmp_path, a=120.0, b=130.0)
    command = [sys.executable, "-m", "paces_live", "play", "--json", "--skip-mismatch", "--target", "172", str(folder)]
    done = subprocess.run(command, env=sound_server.env, capture_output=True, text=True, check=False, timeout=60)
    error = json.loads(done.stdout.splitlines()[-1])["error"]
    assert error["code"] == "source.no_match"
    assert error["message"].startswith("none of your 2 songs matches 172 spm ± 5 %; nearest: ")
    assert done.returncode == 1
    assert error["message"] in done.stderr
