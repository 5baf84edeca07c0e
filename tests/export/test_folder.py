"""The folder that songs are copied to: what it refuses, and what is there after an interruption."""

import errno
import os
import resource
import shutil
from pathlib import Path
from typing import Any

import pytest

from paces_live.errors import ExportError, SourceError
from paces_live.export.folder import PART, PLAYLIST, Folder
from paces_live.export.gio import copied_whole
from paces_live.export.record import Written, record_lines


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.ogg"
    path.write_bytes(b"sound" * 1000)
    return path


def test_a_copy_replaces_the_one_that_is_there(song: Path, tmp_path: Path) -> None:
    with Folder(tmp_path / "stick") as folder:
        folder.put("001.ogg", song)
        song.write_bytes(b"other")
        folder.put("001.ogg", song)
    assert {path.name: path.read_bytes() for path in (tmp_path / "stick").iterdir()} == {"001.ogg": b"other"}


@pytest.mark.parametrize("refused", [["replace"], ["replace", "rename"]])
def test_a_folder_that_refuses_is_written_in_place(
    refused: list[str], song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = tmp_path / "stick"

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    # What nobody may even try, and what may be tried.
    for name in (*refused, "chmod", "fchmod", "chown", "utime", "link", "symlink", "truncate", "setxattr"):
        monkeypatch.setattr(os, name, refuse)
    with Folder(stick) as folder:
        assert [folder.put(name, song) for name in ("001.ogg", "002.ogg", "001.ogg", PLAYLIST, PLAYLIST)] == [5000] * 5
    assert sorted(path.name for path in stick.iterdir()) == ["001.ogg", "002.ogg", PLAYLIST]
    assert {path.read_bytes() for path in stick.iterdir()} == {song.read_bytes()}


def test_a_link_in_the_folder_is_replaced_and_not_followed(song: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.ogg"
    mine.write_bytes(b"mine")
    with Folder(tmp_path / "stick") as folder:
        (tmp_path / "stick" / "001.ogg").symlink_to(mine)
        folder.put("001.ogg", song)
    assert mine.read_bytes() == b"mine"
    assert not (tmp_path / "stick" / "001.ogg").is_symlink()


def test_one_export_at_a_time(tmp_path: Path) -> None:
    with Folder(tmp_path), pytest.raises(ExportError, match="another export copies to it"), Folder(tmp_path):
        pass
    with Folder(tmp_path), Folder(tmp_path, read_only=True):
        pass


def test_a_song_that_cannot_be_read_changes_nothing(song: Path, tmp_path: Path) -> None:
    with Folder(tmp_path / "stick") as folder:
        folder.put("001.ogg", song)
        with pytest.raises(SourceError, match=r"gone\.ogg: no such file"):
            folder.put("001.ogg", tmp_path / "gone.ogg")
    assert [path.read_bytes() for path in (tmp_path / "stick").iterdir()] == [song.read_bytes()]


def test_the_record_outlives_a_playlist_that_was_being_replaced(tmp_path: Path) -> None:
    record = {"001 165 A - B.mp3": Written(7, 5)}
    whole = f"#EXTM3U\n{record_lines(record)}"
    (tmp_path / PLAYLIST).write_text(whole)
    with Folder(tmp_path) as folder:
        assert folder.written == record
    # Written in place, and interrupted.
    (tmp_path / PART).write_text(whole)
    (tmp_path / PLAYLIST).write_text(whole[:-10])
    with Folder(tmp_path) as folder:
        assert folder.written == record
    # Removed, and not there again.
    (tmp_path / PLAYLIST).unlink()
    with Folder(tmp_path) as folder:
        assert folder.written == record
    # A song was being copied.
    (tmp_path / PART).write_bytes(b"\xff\xfb\x90")
    with Folder(tmp_path) as folder:
        assert folder.written == {}


@pytest.mark.parametrize("refused", [[], ["replace"], ["replace", "rename"]])
def test_the_record_outlives_a_second_interruption(
    refused: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick, new = tmp_path / "stick", tmp_path / "new.m3u8"
    record = {"001 165 A - B.mp3": Written(7, 5)}
    stick.mkdir()
    (stick / PART).write_text(record_lines(record))
    (stick / PLAYLIST).write_text("#EXTM3U\n")
    new.write_text(record_lines({}))

    def refuse(*_: Any) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    for name in refused:
        monkeypatch.setattr(os, name, refuse)
    with Folder(stick) as folder:
        for _ in range(2):
            with monkeypatch.context() as interrupted:
                interrupted.setattr(os, "fsync", interrupt)
                with pytest.raises(KeyboardInterrupt):
                    folder.put(PLAYLIST, new)
    with Folder(stick) as folder:
        assert folder.written == record
        folder.put(PLAYLIST, new)
    with Folder(stick) as folder:
        assert folder.written == {}


def test_a_playlist_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / PLAYLIST).write_text("#EXTM3U\nmine.mp3\n")
    folder = Folder(tmp_path)
    with pytest.raises(ExportError, match=f"{PLAYLIST} is not from an export: move it away"), folder:
        pass
    (tmp_path / PLAYLIST).unlink()
    # The first, which still exists, does not keep it.
    with Folder(tmp_path):
        pass


def test_a_song_that_is_too_large_for_the_file_system_fails_alone(song: Path, tmp_path: Path) -> None:
    song.write_bytes(bytes(200_000))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Folder(tmp_path / "stick") as folder:
        # The system then says what it says of 4 GB on FAT.
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            with pytest.raises(SourceError, match=r"song\.ogg: is too large for the file system of"):
                folder.put("001.ogg", song)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "stick").iterdir()) == []


def test_a_record_names_nothing_elsewhere(tmp_path: Path) -> None:
    (tmp_path / PLAYLIST).write_text("#PACES-LIVE 5 5 ../mine.mp3\n#PACES-LIVE 5 5 /etc/passwd\n#PACES-LIVE END\n")
    with Folder(tmp_path) as folder:
        assert folder.written == {}


def test_a_device_that_takes_files_from_gio_alone_needs_it(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ExportError, match="only gio can copy to this device, and it is missing: install it") as caught:
        copied_whole(song, song.with_name("001.ogg"))
    assert caught.value.code == "export.no_gio"


@pytest.mark.skipif(shutil.which("gio") is None, reason="gio is missing: apt install libglib2.0-bin")
def test_what_gio_says_is_one_line(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    with pytest.raises(OSError, match="No such file or directory"):
        copied_whole(song, song.parent / "none" / "001.ogg")


def test_a_disk_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="there is no such folder"), Folder(tmp_path / "stick" / "run"):
        pass
    with Folder(tmp_path / "stick", read_only=True) as folder:
        assert folder.size("001.mp3") is None
        assert folder.free()
    assert list(tmp_path.iterdir()) == []
