"""The command ``analyze`` on songs that fit or not: what it shows, in which order, and the playlist that it writes."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner, Result

from paces_live.cli.main import app
from paces_live.collection.find import find_items
from paces_live.events import SongPace
from paces_live.library.fit import misfit
from paces_live.match import Listener
from paces_live.render.progress import followed
from tests.support.schemas import validated
from tests.support.signals import RATE, rock

TEMPI = {"1 far": 120.0, "2 match": 166.0, "3 lock": 171.0, "4 stretch": 160.0}
"""Names of songs and their tempi; the target is 172."""


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of songs, one of which is no music."""
    folder = tmp_path_factory.mktemp("music")
    (folder / "album").mkdir()
    for name, bpm in TEMPI.items():
        soundfile.write(folder / "album" / f"{name}.flac", 0.4 * rock(bpm, 30.0), RATE)
    return folder


def analyze(*args: str | Path) -> Result:
    env = {"COLUMNS": "100", "TERM": "dumb"}
    return CliRunner(env=env).invoke(app, ["analyze", "--target", "172", *map(str, args)], prog_name="paces-live")


def names(result: Result) -> list[str]:
    return [Path(line.split(".flac")[0]).name for line in result.stdout.splitlines()]


def test_in_a_pipe_songs_come_as_they_are_found(music: Path) -> None:
    assert names(analyze(music)) == sorted(TEMPI)
    assert names(analyze("--matching", music)) == ["2 match", "3 lock"]
    files = [validated(line) for line in analyze("--matching", "--json", music).stdout.splitlines()]
    assert [file["match"]["grade"] for file in files] == ["match", "lock"]


def test_a_failure_is_shown_even_if_only_matches_are(music: Path, tmp_path: Path) -> None:
    (tmp_path / "text.ogg").write_text("not music")
    result = analyze("--matching", tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is not audio" in result.stderr
    result = analyze("--matching", "--json", tmp_path, music)
    assert [validated(line)["type"] for line in result.stdout.splitlines()] == ["error", "file", "file"]


def test_the_playlist_lists_what_matches_best_first(music: Path) -> None:
    playlist = music / "fits.m3u8"
    for _ in range(2):
        result = analyze("--playlist", playlist, music, music)
        assert result.exit_code == 0
        assert names(result) == 2 * sorted(TEMPI)
        assert result.stderr == f"paces-live: {playlist} lists 2 songs\n"
        assert playlist.read_text("utf-8").splitlines() == [
            "#EXTM3U",
            *("#EXTINF:30,3 lock", "album/3 lock.flac"),
            *("#EXTINF:30,2 match", "album/2 match.flac"),
        ]
    found = list(find_items([playlist]))
    assert [one.path for one in found] == [music / "album" / f"{name}.flac" for name in ("3 lock", "2 match")]


def test_a_playlist_has_the_titles_of_tags_and_no_parts_of_files(music: Path, tmp_path: Path) -> None:
    song = tmp_path / "song.flac"
    with soundfile.SoundFile(song, "w", RATE, 1) as file:
        file.title, file.artist = "Song", "Band"
        file.write(soundfile.read(music / "album" / "3 lock.flac")[0])
    disc = tmp_path / "disc.cue"
    starts = ("00:00:00", "00:14:00")
    disc.write_text('FILE "song.flac" WAVE\n' + "".join(f"TRACK 01 AUDIO\nINDEX 01 {start}\n" for start in starts))
    playlist = tmp_path / "fits.m3u8"
    result = analyze("--playlist", playlist, song, disc)
    assert result.exit_code == 0
    assert "left out 2 songs of CUE sheets" in result.stderr
    assert playlist.read_text("utf-8") == "#EXTM3U\n#EXTINF:30,Band - Song\nsong.flac\n"


def test_a_song_is_not_overwritten_and_nothing_is_analysed_first(music: Path) -> None:
    song = music / "album" / "3 lock.flac"
    before = song.read_bytes()
    result = analyze("--playlist", song, music)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is not the name of a playlist: give it a name such as 3 lock.m3u8" in result.stderr
    assert song.read_bytes() == before


def on_terminal(*args: str | Path) -> str:
    """Return what `analyze` writes to a wide terminal."""
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "paces_live", "analyze", "--target", "172", *map(str, args)]
    env = os.environ | {"COLUMNS": "250", "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(command, stdout=terminal, stderr=terminal, stdin=terminal, env=env):
        os.close(terminal)
        shown = b""
        try:
            while part := os.read(main, 65536):
                shown += part
        except OSError:  # the terminal is closed
            os.close(main)
    return shown.decode()


@pytest.mark.slow
def test_on_a_terminal_a_table_comes_after_the_progress_best_first(music: Path) -> None:
    progress, heading, table = on_terminal(music).partition("file ")
    assert heading
    assert "/4" in progress, "how many there are"
    order = [table.index(name) for name in ("3 lock", "2 match", "4 stretch", "1 far")]
    assert order == sorted(order)
    assert "1 far" not in on_terminal("--matching", music).partition("file ")[2]
    none = on_terminal("--matching", music / "album" / "1 far.flac")
    assert "none of 1 song matches target 172 spm ± 5 %" in none


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_names_the_present_item_and_keeps_what_is_in_brackets() -> None:
    terminal = Terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        patch.setenv("TERM", "xterm")
        patch.delenv("NO_COLOR", raising=False)
        assert list(followed(["[red]a", "b"], str, terminal)) == ["[red]a", "b"]
    assert "2/2" in terminal.getvalue()
    assert "b" in terminal.getvalue()


def test_songs_are_sorted_by_their_nearest_pace_and_those_without_one_are_last() -> None:
    def song(*paces: tuple[float, float]) -> tuple[SongPace, ...]:
        return tuple(SongPace(spm, probability, 1.0) for spm, probability in paces)

    best = [song((80.0, 1.0), (161.0, 0.7)), song((162.0, 0.9)), song((158.0, 0.8)), song((200.0, 1.0)), song()]
    for target, order in ((160.0, best), (None, [best[3], best[0], best[1], best[2], best[4]])):
        shuffled = [best[at] for at in (3, 4, 2, 0, 1)]
        assert sorted(shuffled, key=lambda paces: misfit(paces, Listener(target))) == order


def test_of_songs_with_the_same_grade_a_step_on_every_beat_comes_first() -> None:
    exact, near, match = ((SongPace(spm, 0.9, 1.0),) for spm in (165.0, 167.0, 170.0))
    keys = [
        misfit(exact, Listener(165.0), 82.5),
        misfit(near, Listener(165.0), 167.0),
        misfit(match, Listener(165.0), 170.0),
    ]
    assert sorted(keys) == [keys[1], keys[0], keys[2]]
