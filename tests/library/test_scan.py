"""Scans: what is new is analysed, what is known is not, whatever it is called and wherever it is."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import mutagen
import pytest

from paces_live.library.analyser import Analyser
from paces_live.library.scan import Scan
from paces_live.library.store import Library
from paces_live.library.workers import Workers
from tests.support.encoded import encoded
from tests.support.library import MANIFEST, command, hows, scan, without_rights, write


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Return a folder of two songs and of a file that is no music."""
    folder = tmp_path / "music"
    write(folder / "album" / "a.flac", 150.0)
    write(folder / "b.flac", 171.0)
    (folder / "text.mp3").write_text("not music")
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


def test_every_song_has_its_paces_and_every_other_file_its_reason(music: Path, library: Path) -> None:
    found = scan(library, music)
    assert hows(found) == {"a.flac": "analysed", "b.flac": "analysed", "text.mp3": "unreadable"}
    songs = {one.path.name: one.song for one in found if one.song}
    assert {name: round(song.beat or 0.0) for name, song in songs.items()} == {"a.flac": 150, "b.flac": 171}
    assert songs["a.flac"].duration == pytest.approx(12.0)
    with Library(library) as opened:
        assert opened.counts() == {"songs": 2, "stale": 0, "files": 2, "unreadable": 1, "gone": 0}
        [(path, error)] = opened.unreadable()
    assert path == music / "text.mp3"
    assert error.code == "source.unreadable"
    assert "is not audio" in error.message


def test_a_second_scan_finds_nothing_to_do_until_a_file_changes(music: Path, library: Path) -> None:
    scan(library, music)
    assert scan(library, music) == []
    write(music / "b.flac", 140.0)
    write(music / "c.flac", 160.0)
    (music / "text.mp3").write_bytes(encoded("mp3"))
    assert hows(scan(library, music)) == {"b.flac": "analysed", "c.flac": "analysed", "text.mp3": "analysed"}
    with Library(library) as opened:
        assert opened.counts()["songs"] == 4, "the sound that b.flac had is in no file"


def test_moved_renamed_copied_and_tagged_files_are_known(music: Path, library: Path) -> None:
    scan(library, music)
    (music / "album").rename(music / "records")
    (music / "b.flac").rename(music / "2 b.flac")
    shutil.copy(music / "2 b.flac", music / "copy.flac")
    file = mutagen.File(music / "records" / "a.flac")
    file["title"], file["artist"] = "Grün", "Motörhead"
    file.save()
    assert hows(scan(library, music)) == {"a.flac": "known", "2 b.flac": "known", "copy.flac": "known"}
    with Library(library) as opened:
        assert opened.counts() == {"songs": 2, "stale": 0, "files": 3, "unreadable": 1, "gone": 0}
        with opened.reading() as connection:
            assert connection.execute("SELECT title, artist FROM file WHERE artist IS NOT NULL").fetchall() == [
                ("Grün", "Motörhead")
            ]


def test_copies_are_analysed_once(tmp_path: Path, library: Path) -> None:
    song = write(tmp_path / "new" / "1.flac", 150.0)
    for number in range(2, 6):
        shutil.copy(song, song.with_name(f"{number}.flac"))
    found = scan(library, tmp_path / "new")
    assert sorted(one.how for one in found) == ["analysed", "known", "known", "known", "known"]
    assert len(hows(found)) == 5


def test_what_is_gone_is_known_when_it_returns(music: Path, library: Path, tmp_path: Path) -> None:
    scan(library, music)
    disk = music / "album"
    disk.rename(tmp_path / "away")
    assert scan(library, music) == []
    with Library(library) as opened:
        assert opened.counts() == {"songs": 1, "stale": 0, "files": 1, "unreadable": 1, "gone": 1}
    (tmp_path / "away").rename(disk)
    assert scan(library, music) == []
    with Library(library) as opened:
        assert opened.counts() == {"songs": 2, "stale": 0, "files": 2, "unreadable": 1, "gone": 0}


def test_a_folder_that_is_missing_takes_nothing_away(music: Path, library: Path, tmp_path: Path) -> None:
    scan(library, music)
    music.rename(tmp_path / "unmounted")
    [failure] = scan(library, music)
    assert failure.error
    assert failure.error.code == "source.not_found"
    with Library(library) as opened:
        assert opened.counts()["gone"] == 0


def test_files_outside_of_the_folder_are_left_alone(music: Path, library: Path) -> None:
    scan(library, music)
    write(music.parent / "music2" / "c.flac", 120.0)
    shutil.rmtree(music / "album")
    scan(library, music.parent / "music2", music / "b.flac")
    with Library(library) as opened:
        assert opened.counts()["gone"] == 0


def test_a_new_model_makes_songs_stale_and_refresh_judges_them_again(music: Path, library: Path) -> None:
    scan(library, music)
    newer = replace(MANIFEST, threshold_on=0.9)
    assert scan(library, music, manifest=newer) == []
    with Library(library) as opened:
        assert opened.counts()["stale"] == 2
    write(music / "c.flac", 130.0)
    shutil.copy(music / "b.flac", music / "d.flac")
    assert hows(scan(library, music, manifest=newer)) == {"c.flac": "analysed", "d.flac": "known"}
    with Library(library) as opened:
        assert opened.counts()["stale"] == 2
    found = scan(library, music, manifest=newer, refresh=True)
    # The songs in b.flac and d.flac are one: the second of them waits for the first.
    assert sorted(one.how for one in found) == ["analysed", "analysed", "known", "unreadable"]
    with Library(library) as opened:
        assert opened.counts() == {"songs": 3, "stale": 0, "files": 4, "unreadable": 1, "gone": 0}
    assert hows(scan(library, music, manifest=newer, refresh=True)) == {"text.mp3": "unreadable"}


def test_names_that_are_no_utf8_and_links_are_kept(music: Path, library: Path) -> None:
    (music / "b.flac").rename(music / os.fsdecode(b"caf\xe9.flac"))
    (music / "link.flac").symlink_to(music / "album" / "a.flac")
    (music / "dead.flac").symlink_to(music / "nowhere")
    found = scan(library, music)
    assert hows(found)["dead.flac"] == "unreadable"
    with Library(library) as opened:
        assert opened.counts() == {"songs": 2, "stale": 0, "files": 3, "unreadable": 1, "gone": 0}
        assert opened.known(music / os.fsdecode(b"caf\xe9.flac"))
    assert set(hows(scan(library, music))) == {"dead.flac"}


def test_the_pieces_of_a_disc_are_one_file(music: Path, library: Path) -> None:
    sheet = music / "disc.cue"
    sheet.write_text(
        'FILE "b.flac" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:06:00\n', "utf-8"
    )
    assert hows(scan(library, sheet)) == {"b.flac": "analysed"}


def test_a_file_that_may_not_be_read_is_tried_again(music: Path, library: Path) -> None:
    song = music / "b.flac"
    song.chmod(0)
    done = subprocess.run(
        [*without_rights(), *command("scan", song, "--library", library)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (
        1,
        f"paces-live: {song}: cannot be opened: Permission denied: check its permissions\n",
    )
    assert done.stdout == "your library has 0 songs in 0 files; 1 file cannot be read\n"
    song.chmod(0o600)
    assert hows(scan(library, song)) == {"b.flac": "analysed"}


def test_a_file_that_ends_its_worker_twice_does_not_end_the_scan(
    music: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paces_live.library.workers._MODULE", "tests.support.fatal_worker")
    found = scan(library, music)
    assert hows(found) == {"a.flac": "analysed", "b.flac": "unreadable", "text.mp3": "unreadable"}
    with Library(library) as opened:
        assert {path.name: error.code for path, error in opened.unreadable()} == {
            "b.flac": "library.crashed",
            "text.mp3": "source.unreadable",
        }
    monkeypatch.undo()
    assert scan(library, music) == []
    assert hows(scan(library, music, refresh=True)) == {"b.flac": "analysed", "text.mp3": "unreadable"}


def test_a_file_that_changes_meanwhile_is_left_to_the_next_scan(
    music: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paces_live.library.workers._MODULE", "tests.support.touching_worker")
    assert hows(scan(library, music / "b.flac")) == {"b.flac": "changing"}
    monkeypatch.undo()
    assert hows(scan(library, music / "b.flac")) == {"b.flac": "analysed"}


def test_what_one_scan_keeps_is_whole(music: Path, library: Path) -> None:
    scan(library, music)
    with sqlite3.connect(library) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        songs = connection.execute("SELECT id, json_array_length(paces) FROM song").fetchall()
        for number, paces in songs:
            assert connection.execute("SELECT count(*) FROM pace WHERE song = ?", (number,)).fetchone() == (paces,)
    connection.close()


def test_a_song_that_cannot_be_analysed_again_keeps_what_is_known(
    music: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(library, music / "b.flac")
    newer = replace(MANIFEST, sha256="0" * 64)
    monkeypatch.setattr("paces_live.library.workers._MODULE", "tests.support.fatal_worker")
    assert hows(scan(library, music / "b.flac", manifest=newer, refresh=True)) == {"b.flac": "unreadable"}
    with Library(library) as opened:
        assert opened.counts() == {"songs": 1, "stale": 1, "files": 1, "unreadable": 0, "gone": 0}
    monkeypatch.undo()
    assert hows(scan(library, music / "b.flac", manifest=newer, refresh=True)) == {"b.flac": "analysed"}


def test_a_song_that_may_not_be_read_any_more_keeps_what_is_known(music: Path, library: Path) -> None:
    song = music / "b.flac"
    scan(library, song)
    os.utime(song, (0, 0))
    song.chmod(0)
    done = subprocess.run([*without_rights(), *command("scan", song, "--library", library)], capture_output=True)
    assert done.returncode == 1
    assert done.stdout == b"your library has 1 song in 1 file\n"
    song.chmod(0o600)
    assert hows(scan(library, song)) == {"b.flac": "known"}


def test_each_of_two_scans_at_once_keeps_songs_as_those_of_its_own_model(music: Path, library: Path) -> None:
    newer = Analyser.of(replace(MANIFEST, sha256="0" * 64))
    with (
        Library(library) as opened,
        Workers[Any](1) as workers,
        closing(Scan(opened, workers, Analyser.of(MANIFEST))) as scanning,
        Library(library) as other,
    ):
        other.use(*newer)
        list(scanning.run([music / "b.flac"]))
        assert other.counts()["stale"] == 1
        content = other.known(music / "b.flac")
        assert content
        assert content.stale
        assert list(scanning.run([music / "b.flac"])) == []


def test_files_that_moved_between_two_folders_are_not_gone(music: Path, library: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    scan(library, music)
    (music / "b.flac").rename(other / "b.flac")
    scan(library, music)
    assert hows(scan(library, other)) == {"b.flac": "known"}
    with Library(library) as opened:
        assert opened.counts() == {"songs": 2, "stale": 0, "files": 2, "unreadable": 1, "gone": 0}


def test_only_the_folder_that_files_moved_to_need_be_scanned(music: Path, library: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    scan(library, music)
    (music / "b.flac").rename(other / "c.flac")
    scan(library, other)
    with Library(library) as opened:
        assert opened.known(music / "b.flac") is None
        assert opened.known(other / "c.flac") is not None
    # What is on a disk that is not mounted is not forgotten.
    other.rename(tmp_path / "unmounted")
    scan(library, music)
    with Library(library) as opened:
        assert opened.known(other / "c.flac") is not None


def test_a_pipe_or_a_device_is_no_music(library: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.flac")
    found = scan(library, tmp_path / "pipe.flac", Path("/dev/zero"))
    assert [one.error.message for one in found if one.error] == [
        f"{tmp_path}/pipe.flac: is no regular file",
        "/dev/zero: is no regular file",
    ]


def test_copies_and_what_cannot_be_read_are_looked_into_once(
    music: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, str]] = []
    give = Workers.give

    def noted(self: Any, job: Any, request: dict[str, str]) -> None:
        given.append((request["task"], Path(request["path"]).name))
        give(self, job, request)

    monkeypatch.setattr(Workers, "give", noted)
    shutil.copy(music / "b.flac", music / "copy.flac")
    scan(library, music, refresh=True)
    assert sorted((task, name.replace("copy", "b")) for task, name in given) == sorted(
        [
            *(("analyse", "a.flac"), ("analyse", "b.flac"), ("identify", "a.flac"), ("identify", "b.flac")),
            *(("identify", "b.flac"), ("identify", "text.mp3"), ("analyse", "text.mp3")),
        ]
    )
