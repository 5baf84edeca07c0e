"""Locations: the many ways in which other programs and systems write the path of a file."""

import os
import unicodedata
from pathlib import Path

import pytest

from paces_live.collection.entry import Entry
from paces_live.collection.lines import lines
from paces_live.collection.location import Locator
from tests.support.folders import make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a playlist, with music in it and above it."""
    return make(
        tmp_path / "me" / "Music" / "Lists",
        *("two words.wav", "Café.wav", b"caf\xe9.wav", "Молва.wav", "Wait…now.wav", "愛.wav", "A/1.mp3", "A/B/1.mp3"),
        *("../Top/2.mp3", "100%25.wav", "100%.wav", "#1.wav", "a?b#c.wav", "1.mp3", "AC_DC/Live.WAV", " edge .wav"),
        *(unicodedata.normalize("NFD", "Ångström.wav"), "back\\slash.wav", "+plus+.wav"),
    )


def found(folder: Path, location: str | bytes) -> str | None:
    """Return what a line of a playlist means, relative to the folder of the playlist."""
    data = os.fsencode(location)
    [line] = lines(data)
    path = Locator(folder).find(Entry(line.text, line.number, raw=line.raw))
    return None if path is None else os.path.relpath(path, folder)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("two words.wav", "two words.wav"),
        ("  two words.wav\t", "two words.wav"),
        (" edge .wav", " edge .wav"),
        ("./two words.wav", "two words.wav"),
        ("two%20words.wav", "two words.wav"),
        ("Caf%C3%A9.wav", "Café.wav"),
        ("+plus+.wav", "+plus+.wav"),
        ("100%25.wav", "100%25.wav"),
        ("100%.wav", "100%.wav"),
        ("%231.wav", "#1.wav"),
        ("a?b#c.wav", "a?b#c.wav"),
        (r"A\1.mp3", "A/1.mp3"),
        (r"A\B/1.mp3", "A/B/1.mp3"),
        (r".\A\..\two%20words.wav", "A/../two words.wav"),
        (r"back\slash.wav", r"back\slash.wav"),
        ("A", "A"),
        ("gone.wav", None),
        ("gone%20.wav", None),
    ],
)
def test_relative_paths_percent_signs_and_backslashes(folder: Path, location: str, expected: str | None) -> None:
    assert found(folder, location) == (expected and os.path.relpath(folder / expected, folder))


@pytest.mark.parametrize(
    "start", ["", "file://", "file://localhost", "FILE://LocalHost", "file:", "file://127.0.0.1", "file:\\\\"]
)
@pytest.mark.parametrize("name", ["two words.wav", "two%20words.wav", "100%25.wav", "Café.wav", "a?b#c.wav"])
def test_absolute_paths_and_uris(folder: Path, start: str, name: str) -> None:
    is_uri = bool(start)
    expected = {"two%20words.wav": "two words.wav", "100%25.wav": "100%.wav" if is_uri else name}.get(name, name)
    assert found(folder, f"{start}{folder}/{name}") == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (b"caf\xe9.wav", b"caf\xe9.wav"),
        ("Café.wav".encode(), "Café.wav".encode()),
        ("Café.wav".encode("cp1252"), "Café.wav".encode()),
        ("Café.wav".encode("cp850"), "Café.wav".encode()),
        ("Молва.wav".encode("cp1251"), "Молва.wav".encode()),
        ("Молва.wav".encode("koi8-r"), "Молва.wav".encode()),
        ("Молва.wav".encode("cp866"), "Молва.wav".encode()),
        ("Wait…now.wav".encode("cp1252"), "Wait…now.wav".encode()),
        ("愛.wav".encode("cp932"), "愛.wav".encode()),
        ("愛.wav".encode("gb18030"), "愛.wav".encode()),
        (b"Caf%E9.wav", "Café.wav".encode()),
        ("café.wav".encode(), b"caf\xe9.wav"),
        ("CafÃ©.wav".encode(), "Café.wav".encode()),
        (b".\\Caf\xe9.wav", "Café.wav".encode()),
    ],
)
def test_code_pages(folder: Path, location: bytes, expected: bytes) -> None:
    assert found(folder, location) == os.fsdecode(expected)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    ("name", "expected"), [("Ångström.wav", unicodedata.normalize("NFD", "Ångström.wav")), ("Café.wav", "Café.wav")]
)
def test_unicode_normal_forms(folder: Path, form: str, name: str, expected: str) -> None:
    written = unicodedata.normalize(form, name)  # type: ignore[arg-type]
    assert found(folder, written) == expected
    assert found(folder, str(folder / written)) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("TWO WORDS.WAV", "two words.wav"),
        (r"ac_dc\live.wav", "AC_DC/Live.WAV"),
        ("CAFÉ.wav", "Café.wav"),
        ("a/b/1.MP3", "A/B/1.mp3"),
        ("../top/2.MP3", "../Top/2.mp3"),
    ],
)
def test_another_case_is_the_last_resort(folder: Path, location: str, expected: str) -> None:
    assert found(folder, location) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (r"C:\Users\me\Music\Lists\A\B\1.mp3", "A/B/1.mp3"),
        (r"D:\Elsewhere\A\1.mp3", "A/1.mp3"),
        (r"\\nas\share\A\1.mp3", "A/1.mp3"),
        (r"\Elsewhere\A\1.mp3", "A/1.mp3"),
        ("C:/x/two%20words.wav", "two words.wav"),
        ("file:///C:/Users/me/A/1.mp3", "A/1.mp3"),
        ("file:///c|/Users/me/A/1.mp3", "A/1.mp3"),
        ("file://C:/Users/me/A/1.mp3", "A/1.mp3"),
        ("file://nas/share/A/1.mp3", "A/1.mp3"),
        ("/storage/emulated/0/A/1.mp3", "A/1.mp3"),
        (r"C:\Users\you\Music\Top\2.mp3", "../Top/2.mp3"),
        ("/mnt/disk/MUSIC/top/2.mp3", "../Top/2.mp3"),
        (r"C:\Elsewhere\Top\2.mp3", None),
        ("elsewhere/A/1.mp3", None),
        ("C:\\", None),
    ],
)
def test_absolute_paths_of_other_machines(folder: Path, location: str, expected: str | None) -> None:
    assert found(folder, location) == expected


def test_a_longer_end_of_a_path_is_preferred(folder: Path) -> None:
    assert found(folder, r"C:\Music\A\B\1.mp3") == "A/B/1.mp3"
    assert found(folder, r"C:\Music\B\1.mp3") == "1.mp3"


def test_a_guess_is_logged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "paces_live.collection")
    assert found(folder, "two%20words.wav") == "two words.wav"
    assert not caplog.messages
    assert found(folder, r"C:\Elsewhere\A\1.mp3") == "A/1.mp3"
    assert caplog.messages == [rf"{folder}, line 1: C:\Elsewhere\A\1.mp3 is taken as {folder}/A/1.mp3"]


def test_the_path_as_it_is_comes_first(tmp_path: Path) -> None:
    make(tmp_path, "a%20b.wav", "a b.wav", "A b.wav")
    assert [found(tmp_path, name) for name in ("a%20b.wav", "a b.wav", "A b.wav")] == [
        "a%20b.wav",
        "a b.wav",
        "A b.wav",
    ]


@pytest.mark.parametrize(
    "location", [b"music/a\0b.wav", b"x" * 5000, b"/x" * 20_000, b"%00", b"\xff" * 300, b"C:" + b"\\no" * 3000]
)
def test_impossible_names_are_not_found(folder: Path, location: bytes) -> None:
    assert found(folder, location) is None


def test_a_missing_file_asks_the_disk_only_some_times(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def exists(path: str) -> bool:
        asked.append(path)
        return os.path.lexists(path)

    monkeypatch.setattr("paces_live.collection.location.os.path.exists", exists)
    assert found(folder, r"C:\Users\Иван\Музыка\Кино\Группа крови\Молва.mp3") is None
    assert len(asked) < 100
