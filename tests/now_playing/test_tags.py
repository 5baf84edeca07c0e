"""Tracks from the tags of files, or else from their names."""

import logging
import os
import random
import struct
from collections.abc import Callable
from pathlib import Path

import mutagen
import pytest
from mutagen.aiff import AIFF
from mutagen.id3 import TIT2, TPE1
from mutagen.wave import WAVE

from paces_live.events import Track
from paces_live.now_playing.tags import file_track
from tests.support.encoded import encode
from tests.support.mutations import mutated
from tests.support.players import tagged
from tests.support.sources import music
from tests.support.tagged import (
    FRENCH,
    RUSSIAN,
    SONG,
    apev2,
    asf,
    chunk,
    encoded,
    id3v1,
    id3v2,
    id3v22,
    info,
    sound,
)


def track_of(path: Path) -> Track:
    track = file_track(path)
    assert track is not None
    return track


def fields(path: Path) -> dict[str, str | None]:
    track = track_of(path)
    return {name: getattr(track, name) for name in ("title", "artist", "album", "genre")}


def test_a_track_has_the_fields_the_location_and_the_duration(tmp_path: Path) -> None:
    flac = tagged(tmp_path / "a.flac", seconds=2.5, artist="The Steps", title="One", album="Stairs", genre="Jazz")
    expected = Track(title="One", artist="The Steps", album="Stairs", genre="Jazz", location=str(flac), duration=2.5)
    assert file_track(flac) == expected


@pytest.mark.parametrize("suffix", ["flac", "ogg", "opus"])
def test_vorbis_comments(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    sound(path.with_suffix(".ogg") if suffix == "ogg" else path) if suffix != "opus" else encoded(path, "libopus", {})
    file = mutagen.File(path)
    file.update({name.upper(): text for name, text in SONG.items()})
    file.save()
    assert fields(path) == SONG


@pytest.mark.parametrize(("version", "encoding"), [(3, 1), (4, 1), (4, 2), (4, 3)])
def test_id3v2_in_unicode(tmp_path: Path, version: int, encoding: int) -> None:
    assert fields(id3v2(sound(tmp_path / "a.mp3"), SONG, version=version, encoding=encoding)) == SONG


@pytest.mark.parametrize("code_page", ["cp1251", "koi8-r", "utf-8"])
def test_what_id3_calls_latin_1_may_be_another_code_page(tmp_path: Path, code_page: str) -> None:
    for version in (3, 4):
        path = id3v2(sound(tmp_path / "a.mp3"), RUSSIAN, encoding=0, code_page=code_page, version=version)
        assert fields(path) == RUSSIAN
    assert fields(id3v22(sound(tmp_path / "b.mp3"), RUSSIAN, code_page)) == RUSSIAN
    assert fields(id3v1(sound(tmp_path / "c.mp3"), RUSSIAN, code_page)) == RUSSIAN | {"genre": "Rock"}


def test_utf_8_that_id3v1_cuts_within_a_letter(tmp_path: Path) -> None:
    path = id3v1(sound(tmp_path / "a.mp3"), {"title": "Прости меня, моя любовь"}, "utf-8")
    assert track_of(path).title == "Прости меня, моя"


def test_latin_1_stays(tmp_path: Path) -> None:
    assert fields(id3v2(sound(tmp_path / "a.mp3"), FRENCH, encoding=0, code_page="cp1252")) == FRENCH
    assert fields(id3v1(sound(tmp_path / "b.mp3"), FRENCH, "cp1252")) == FRENCH


def test_what_states_its_encoding_is_not_touched(tmp_path: Path) -> None:
    """The letters of *Кино* in windows-1251, read as Latin-1, are what this tag says."""
    song = SONG | {"title": "Êèíî"}
    assert fields(id3v2(sound(tmp_path / "a.mp3"), song, encoding=1)) == song


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.m4a", "aac"), ("a.wma", "wmav2"), ("a.wv", "wavpack"), ("a.mka", "flac"), ("a.webm", "libopus")],
)
def test_mp4_asf_wavpack_and_matroska(tmp_path: Path, name: str, codec: str) -> None:
    path = encoded(tmp_path / name, codec, SONG)
    assert fields(path) == SONG
    assert track_of(path).duration == pytest.approx(1 / 3, abs=0.1)


@pytest.mark.parametrize(("name", "header"), [("a.ape", b"MAC \x96\x0f"), ("a.mpc", b"MP+\x07")])
def test_apev2_with_two_artists(tmp_path: Path, name: str, header: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(header + bytes(300))
    assert fields(apev2(path, SONG | {"artist": ["A", "B"], "genre": "(17)"})) == SONG | {"artist": "A, B"}


def test_asf_names_of_its_own(tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.wma", "wmav2", {})
    file = mutagen.File(path)
    file.update({"Title": "Небо", "Author": ["A", "B"], "WM/AlbumTitle": "C", "WM/Genre": "17"})
    file.save()
    assert fields(path) == {"title": "Небо", "artist": "A, B", "album": "C", "genre": "Rock"}


@pytest.mark.parametrize("code_page", ["utf-8", "cp1251"])
def test_info_in_wav_files(tmp_path: Path, code_page: str) -> None:
    assert fields(info(sound(tmp_path / "a.wav"), RUSSIAN, code_page)) == RUSSIAN


def test_texts_of_libsndfile(tmp_path: Path) -> None:
    assert fields(sound(tmp_path / "a.wav", **SONG)) == SONG
    assert fields(sound(tmp_path / "a.aiff", title="Небо", artist="A")) == {
        "title": "Небо",
        "artist": "A",
        "album": None,
        "genre": None,
    }


@pytest.mark.parametrize(("name", "kind"), [("a.wav", WAVE), ("a.aiff", AIFF)])
def test_id3_in_a_chunk_comes_before_text_chunks(
    tmp_path: Path, name: str, kind: Callable[[Path], mutagen.FileType]
) -> None:
    path = sound(tmp_path / name, title="Chunk", artist="Chunks")
    file = kind(path)
    file.add_tags()
    file["TIT2"] = TIT2(text="Frame")
    file.save()
    assert track_of(path).caption == "Chunks - Frame"
    file["TPE1"] = TPE1(text=["The Steps", "Friends"])
    file.save()
    assert track_of(path).caption == "The Steps, Friends - Frame"


def test_apev2_comes_after_id3v2_and_before_id3v1(tmp_path: Path) -> None:
    long = "A title that is longer than thirty bytes"
    path = id3v1(apev2(sound(tmp_path / "a.mp3"), {"title": long}), {"title": long, "artist": "One"})
    assert track_of(path).caption == f"One - {long}"
    id3v2(path, {"title": "Frame"})
    assert track_of(path).caption == "One - Frame"


def test_id3_before_sound_that_mutagen_cannot_read(tmp_path: Path) -> None:
    path = id3v2(encoded(tmp_path / "a.aac", "aac", {}), RUSSIAN, encoding=0, code_page="cp1251")
    assert fields(path) == RUSSIAN
    assert track_of(path).duration == pytest.approx(1 / 3, abs=0.1)


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.m4a", "a.wav", "a.aiff"])
def test_id3_before_a_file_of_any_kind(tmp_path: Path, name: str) -> None:
    path = encoded(tmp_path / name, "aac", {}) if name == "a.m4a" else sound(tmp_path / name)
    assert fields(id3v2(path, RUSSIAN, encoding=1)) == RUSSIAN


def test_quicktime_and_realmedia(tmp_path: Path) -> None:
    quicktime = encode(music(44_100, 1.0)[:, 0], "mov", "aac", tags=SONG)
    (tmp_path / "a.mov").write_bytes(quicktime)
    assert fields(tmp_path / "a.mov") == SONG
    real = encode(music(44_100, 1.0)[:, 0], "rm", "ac3", tags={"title": "One", "author": "A"})
    (tmp_path / "a.rm").write_bytes(real)
    assert track_of(tmp_path / "a.rm").caption == "A - One"


@pytest.mark.parametrize("codec", ["adpcm_ms", "libmp3lame"])
def test_the_duration_of_compressed_sound_in_a_wav_file(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(encode(music(44_100, 3.0)[:, 0], "wav", codec))
    assert track_of(path).duration == pytest.approx(3.0, abs=0.1)


def test_a_wav_file_whose_writer_left_its_sizes_open_has_its_duration(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.wav")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff" * 4
    path.write_bytes(data)
    assert track_of(path).duration == pytest.approx(1 / 3, abs=0.1)


@pytest.mark.parametrize(
    ("genre", "words"),
    [("17", "Rock"), ("(17)", "Rock"), ("(17)(39)", "Rock, Noise"), ("(17)Hard", "Rock, Hard"), ("80s", "80s")],
)
def test_numbers_of_genres_become_words(tmp_path: Path, genre: str, words: str) -> None:
    assert track_of(id3v2(sound(tmp_path / "a.mp3"), {"genre": genre})).genre == words
    assert track_of(tagged(tmp_path / "a.flac", genre=genre)).genre == words


def test_a_number_that_is_no_genre_is_none(tmp_path: Path) -> None:
    assert track_of(tagged(tmp_path / "a.flac", genre="255")).genre is None


def test_without_a_title_the_name_of_the_file_is_the_title(tmp_path: Path) -> None:
    path = id3v2(sound(tmp_path / "My tune.mp3"), {"title": " ", "artist": "A", "album": "B"})
    assert fields(path) == {"title": "My tune", "artist": None, "album": "B", "genre": None}
    assert track_of(tmp_path / "missing.ogg").title == "missing"


def test_a_name_that_is_no_utf_8_or_moves_the_cursor_is_shown_safely(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.wav").rename(tmp_path / os.fsdecode(b"caf\xe9\n\x1b[2Jx.wav"))
    track = track_of(path)
    assert track.title == "caf\ufffd\ufffd\ufffd[2Jx"
    assert track.location == str(path)


def test_without_pyav_there_are_no_tags_of_matroska(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encoded(tmp_path / "a.mka", "flac", SONG)
    monkeypatch.setattr("paces_live.now_playing.tag_readers.has_decoder", lambda: False)
    assert fields(path) == {"title": "a", "artist": None, "album": None, "genre": None}


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    """FFmpeg would take the tags of the file that it names."""
    encoded(tmp_path / "b.mka", "flac", SONG)
    path = tmp_path / "a.bin"
    path.write_text("ffconcat version 1.0\nfile b.mka\n")
    assert track_of(path).title == "a"


EXTENDED = "40a4d0d207e3d21197f000a0c95ea850"
"""Id of the object in ASF that holds extended tags."""
DAMAGED = {
    # KeyError: an extended tag has a type that does not exist.
    "type.wma": asf((EXTENDED, struct.pack("<HH", 1, 2) + b"\0\0" + struct.pack("<HH", 0xFF00, 0))),
    # ValueError: the size of an object is less than that of its header.
    "size.wma": asf(("00" * 16, b""))[:-8] + bytes(8),
    # IndexError: the first page of Ogg holds nothing.
    "page.opus": b"OggS\0\x02" + bytes(20) + b"\0" + b"OpusHead" + bytes(100),
    # IndexError: there is no such sample rate.
    "rate.wv": b"wvpk" + struct.pack("<IHBBIIIII", 24, 0x410, 0, 0, 1, 0, 1, 0x7FFFFFFF, 0),
    # RecursionError: 5000 atoms, each in the one before.
    "deep.m4a": b"\0\0\0\x10ftypM4A \0\0\0\0"
    + b"".join(struct.pack(">I4s", 8 * n, b"moov") for n in range(5000, 0, -1)),
    # MemoryError or none: a chunk states two gigabytes.
    "huge.wav": b"RIFF\xff\xff\xff\x7fWAVE" + chunk(b"fmt ", bytes(16))[:-16] + b"LIST\xff\xff\xff\x7fINFO",
    "huge.mp3": b"ID3\x03\0\0\x7f\x7f\x7f\x7fTIT2\x7f\xff\xff\xff\0\0\0x",
    "empty.mp3": b"",
    "Broken tune.flac": b"fLaC\x00\x00",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_has_its_name_and_the_log_says_why(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(DAMAGED[name])
    with caplog.at_level(logging.INFO, "paces_live"):
        assert track_of(path).title == path.stem
    assert f"{path}: mutagen_tags failed" in caplog.text
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_no_damage_to_tags_raises_or_takes_long(tmp_path: Path) -> None:
    chance = random.Random(1)
    good = [
        id3v1(apev2(id3v2(sound(tmp_path / "a.mp3"), SONG), SONG), RUSSIAN, "cp1251"),
        info(sound(tmp_path / "a.wav"), SONG, "utf-8"),
        sound(tmp_path / "a.aiff", title="Небо"),
        tagged(tmp_path / "a.flac", seconds=0.1, **SONG),
        encoded(tmp_path / "a.m4a", "aac", SONG),
        encoded(tmp_path / "a.wma", "wmav2", SONG),
        encoded(tmp_path / "a.wv", "wavpack", SONG),
        encoded(tmp_path / "a.opus", "libopus", SONG),
        encoded(tmp_path / "a.mka", "flac", SONG),
    ]
    for number in range(10_000):
        path = chance.choice(good)
        damaged = tmp_path / f"damaged{path.suffix}"
        damaged.write_bytes(mutated(path.read_bytes(), chance))
        track = track_of(damaged)
        assert track.title, number
        assert track.duration is None or track.duration > 0.0
