"""The key of a sound: it survives tags, names and containers, and nothing else."""

import os
import shutil
from pathlib import Path

import mutagen
import pytest

from paces_live.errors import SourceError
from paces_live.library import content
from paces_live.library.content import content_key
from tests.support.encoded import encoded
from tests.support.tagged import FRENCH, RUSSIAN, SONG, apev2, id3v1, id3v2, info


@pytest.mark.parametrize("kind", ["flac", "m4a", "mp3", "oga", "opus", "tta", "wma", "wv"])
def test_tags_do_not_change_the_key(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"song.{kind}"
    path.write_bytes(encoded(kind, 1.0))
    key, size = content_key(path), path.stat().st_size
    assert key.startswith("sound:")
    for title in ("short", "long " * 3000):
        file = mutagen.File(path, easy=True)
        if file.tags is None:
            file.add_tags()
        file["Title" if kind == "wma" else "title"] = title
        file.save()
        assert content_key(path) == key
    assert path.stat().st_size > size
    file.delete()
    assert content_key(path) == key


def test_all_tags_of_an_mp3_and_of_a_wav_do_not_change_the_key(tmp_path: Path) -> None:
    mp3, wav = tmp_path / "song.mp3", tmp_path / "song.wav"
    for path in (mp3, wav):
        path.write_bytes(encoded(path.suffix[1:], 1.0))
    keys = content_key(mp3), content_key(wav)
    id3v1(apev2(id3v2(mp3, SONG), SONG), RUSSIAN, "cp1251")
    info(wav, FRENCH, "cp1252")
    assert (content_key(mp3), content_key(wav)) == keys


def test_another_name_is_the_same_sound_and_another_sound_another_key(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    path.write_bytes(encoded("flac", 1.0))
    key = content_key(path)
    assert content_key(Path(shutil.copy(path, tmp_path / "copy"))) == key
    others = {"longer": encoded("flac", 1.1), "rate": encoded("flac", 1.0, rate=44_100), "mp3": encoded("mp3", 1.0)}
    for name, data in others.items():
        (tmp_path / name).write_bytes(data)
    assert len({key, *(content_key(tmp_path / name) for name in others)}) == 4


def test_the_same_bytes_at_another_rate_are_another_sound(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    data = bytearray(encoded("wav", 1.0, rate=48_000))
    path.write_bytes(data)
    key = content_key(path)
    at = data.index((48_000).to_bytes(4, "little"))
    data[at : at + 4] = (44_100).to_bytes(4, "little")
    path.write_bytes(data)
    assert content_key(path) != key


def test_what_ffmpeg_cannot_read_has_the_hash_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, song = tmp_path / "text.mp3", tmp_path / "song.flac"
    text.write_text("not music")
    song.write_bytes(encoded("flac", 1.0))
    assert content_key(text).startswith("file:")
    monkeypatch.setattr(content, "has_decoder", lambda: False)
    key = content_key(song)
    assert key.startswith("file:")
    assert content_key(Path(shutil.copy(song, tmp_path / "copy.flac"))) == key
    with pytest.raises(SourceError, match="no such file"):
        content_key(tmp_path / "gone.flac")


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(SourceError, match="is not a regular file: give a file of music"):
            content_key(path)
