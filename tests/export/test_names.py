"""Names of copies: what they say, and that every file system takes them, whatever the tags hold."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paces_live.export.names import LONGEST, file_name, in_ascii
from paces_live.export.song import Song


def named(title: str | None, artist: str | None = None, spm: float | None = 164.8, suffix: str = ".mp3") -> str:
    return file_name(7, 12, Song(Path("a.mp3"), title, artist, spm=spm), suffix)


@pytest.mark.parametrize(
    ("song", "name"),
    [
        (named("Song", "Band"), "007 165 Band - Song.mp3"),
        (named("Song"), "007 165 Song.mp3"),
        (named(None, "Band"), "007 165.mp3"),
        (named("Song", "Band", None), "007 Band - Song.mp3"),
        (named("Halo: <live> | a/b\\c?*", "Beyoncé"), "007 165 Beyonce - Halo- (live) - a-b-c.mp3"),
        (named('"Heroes"', "Røyksopp"), "007 165 Royksopp - 'Heroes'.mp3"),
        (named("Hello... ", "S.O.B."), "007 165 S.O.B - Hello.mp3"),
        (named("NUL", "CON"), "007 165 CON - NUL.mp3"),
        (named("Хочешь?", "Земфира"), "007 165 Zemfira - Khochesh.mp3"),
        (named("红豆", "王菲"), "007 165.mp3"),
        (named("봄날", "BTS"), "007 165 BTS - bomnal.mp3"),
        (named("a\x1b[2J\nb"), "007 165 a [2J b.mp3"),
        (named("Song", suffix=".FLAC"), "007 165 Song.flac"),
        (named("Song", suffix=""), "007 165 Song"),
        (named("B" * 200, "A" * 200), f"007 165 {'A' * 40} - {'B' * 45}.mp3"),
        (file_name(1000, 1200, Song(Path("a")), ".ogg"), "1000.ogg"),
        (file_name(1, 1200, Song(Path("a")), ".ogg"), "0001.ogg"),
    ],
)
def test_a_name_says_what_comes_when(song: str, name: str) -> None:
    assert song == name


@given(st.text(), st.text(), st.sampled_from([".mp3", ".é", ".a b", "", ".", ".m4a\n"]))
def test_every_file_system_takes_a_name(title: str, artist: str, suffix: str) -> None:
    name = named(title, artist, suffix=suffix)
    assert re.fullmatch(r"007 165[ -~]*", name)
    assert not set(name) & set('<>:"/\\|?*')
    assert not name.endswith((" ", "."))
    assert len(name) <= LONGEST


def test_letters_sound_as_they_do() -> None:
    alphabets = {
        "Ágætis byrjun": "Agaetis byrjun",
        "Łódź, Čačak, İzmir, Đà Nẵng": "Lodz, Cacak, Izmir, Da Nang",
        "Щедрик і Ґанок": "Shchedrik i Ganok",
        "Ψυχή μου": "Psychi moy",
        "カラオケ": "karaoke",
        "ﬁn № 1 – „so“": "fin No 1 - 'so'",
        "Ŋ̃": "Ng",
    }
    assert {text: in_ascii(text) for text in alphabets} == alphabets
