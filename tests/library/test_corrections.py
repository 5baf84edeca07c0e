"""Corrections: the library answers with what people say, as if the model had found it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from paces_live.errors import LibraryError, UsageError
from paces_live.events import Section, SongPace, Track
from paces_live.library.choices import choices
from paces_live.library.corrections import Correction, Corrections, corrected, default_path, parse_paces, proposed
from paces_live.library.entries import Stamp
from paces_live.library.files import FilePaces
from paces_live.library.plan import Part
from paces_live.library.query import Query, parse_query
from paces_live.library.recall import LibraryRecall
from paces_live.library.search import search
from paces_live.library.store import Library
from paces_live.library.targets import fits
from tests.library.test_recall import of, taken
from tests.support.fakes import START, reading
from tests.support.history import rates
from tests.support.library import fill

RISING = FilePaces(
    Path("/m/rising.ogg"),
    90.0,
    (SongPace(120.0, 0.8, 0.9, low=114.0, high=126.0),),
    beat=120.0,
    sections=(Section(0.0, 60.0, 114.0, 120.0), Section(60.0, 90.0, 126.0, 126.0)),
)
SONGS = {
    "/m/a.ogg": ([SongPace(110.0, 0.9, 1.0)], 110.0),
    "/m/b.ogg": ([SongPace(165.0, 0.7, 0.8), SongPace(82.5, 0.9, 1.0)], 82.5),
    "/m/c.ogg": ([], None),
    "/m/d.ogg": ([SongPace(166.0, 0.9, 1.0)], 166.0),
}
SAID = (
    Correction("sound:/m/a.ogg", "a", (165.0, 82.5)),
    Correction("sound:/m/b.ogg", "b", ()),
    Correction("sound:/m/c.ogg", "c", (174.0,)),
    Correction("sound:rising", "rising", (180.0, 90.0)),
    Correction("sound:elsewhere", "elsewhere", (100.0,)),
)
QUERIES = (
    *("", "pace:165", "-pace:165", "pace:160..", "pace:none", "pace:165 sure:0.8..", "pace:82 pace:165", "steps:2"),
    *(
        "steady:no",
        "steady:yes pace:174",
        "beat:170..190",
        "pace:180±6%",
        "sure:0.95..",
        "-sure:0.95..",
        "pace:171..189",
    ),
)


def known(path: Path, *, said: bool) -> None:
    """Make a library of what the model found, or of what it would have found if it had said what people say."""
    corrections = {one.content: one for one in SAID} if said else {}
    with Library(path) as opened:
        songs = [
            (f"sound:{name}", FilePaces(Path(name), 200.0, tuple(paces), beat=beat))
            for name, (paces, beat) in SONGS.items()
        ]
        opened.use("sha256:1", "1")
        for number, (content, song) in enumerate([*songs, ("sound:rising", RISING)]):
            song = corrected(song, corrections[content]) if content in corrections else song
            opened.keep(song.path, Stamp(1, number), content, Track(title=song.path.stem), song)


def say(*corrections: Correction) -> None:
    with Corrections(default_path()) as opened:
        for one in corrections:
            opened.keep(one)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Return a library that is read, and whose songs people have corrected."""
    known(tmp_path / "library.db", said=False)
    say(*SAID)
    with Library(tmp_path / "library.db", read_only=True) as opened:
        yield opened


@pytest.fixture
def as_if(tmp_path: Path) -> Iterator[Library]:
    """Return a library of a model that needs no correction."""
    known(tmp_path / "right.db", said=True)
    with Library(tmp_path / "right.db") as opened:
        yield opened


@pytest.mark.parametrize("query", QUERIES)
def test_a_search_finds_what_people_say(query: str, library: Library, as_if: Library) -> None:
    found, expected = (list(search(one, parse_query(query))) for one in (library, as_if))
    assert [(one.title, one.pace, one.steps, one.paces, one.beat, one.sections) for one in found] == [
        (one.title, one.pace, one.steps, one.paces, one.beat, one.sections) for one in expected
    ]
    assert {one.title for one in found if one.corrected} == {one.title for one in found} - {"d"}


def test_targets_and_plans_go_by_what_people_say(library: Library, as_if: Library) -> None:
    assert fits(library) == fits(as_if)
    parts = [Part(600.0, 150.0, 185.0)]
    assert choices(library, Query(), parts, 0.05) == choices(as_if, Query(), parts, 0.05)
    assert [one.songs for one in fits(library, [165.0])] == [2]


def test_corrected_songs_are_asked_for(library: Library) -> None:
    def titles(query: str) -> list[str | None]:
        return [one.title for one in search(library, parse_query(query))]

    assert titles("corrected:yes") == ["a", "b", "c", "rising"]
    assert titles("corrected:no") == titles("-corrected:yes") == ["d"]
    assert titles("corrected:yes pace:165") == ["a"]


def test_a_song_is_recalled_as_it_was_corrected(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    path.touch()
    with Library(library.path) as opened:
        opened.keep(path, Stamp.of(path), "sound:/m/a.ogg")
    recall = LibraryRecall(library.path, [path])
    recall.take(START)
    first = taken(recall, of(str(path), reading(1.0, state="listening")))
    assert (rates(first.paces), first.beat) == ([165.0, 82.5], 165.0)


def test_a_correction_survives_another_model_and_another_library(library: Library) -> None:
    path = library.path
    with Library(path) as opened:
        opened.use("sha256:2", "1")
        again = FilePaces(Path("/m/a.ogg"), 200.0, (SongPace(55.0, 0.9, 1.0),), beat=55.0)
        opened.keep(again.path, Stamp(2, 2), "sound:/m/a.ogg", None, again)
    for _ in range(2):
        with Library(path, read_only=True) as opened:
            [song] = search(opened, parse_query("title:a"))
            assert [pace.spm for pace in song.paces] == [165.0, 82.5]
            heard = opened.heard("sound:/m/a.ogg")
            assert heard
            assert [pace.spm for pace in heard.paces] in ([55.0], [110.0])
        path = path.with_name("another.db")
        known(path, said=False)


def test_what_is_taken_back_is_what_the_model_found(library: Library) -> None:
    with Corrections(default_path()) as corrections:
        assert [corrections.remove(one.content) for one in SAID] == [True] * len(SAID)
        assert not corrections.remove(SAID[0].content)
    with Library(library.path, read_only=True) as opened:
        found = {one.title: [pace.spm for pace in one.paces] for one in search(opened, Query())}
    assert found == {"a": [110.0], "b": [165.0, 82.5], "c": [], "d": [166.0], "rising": [120.0]}


def test_a_tempo_that_changes_goes_on_to_change_unless_it_is_said_to_be_steady(library: Library) -> None:
    [song] = search(library, parse_query("title:rising"))
    assert [(pace.spm, pace.low, pace.high) for pace in song.paces] == [(180.0, 171.0, 189.0), (90.0, 85.5, 94.5)]
    assert [(one.start_spm, one.end_spm) for one in song.sections] == [(171.0, 180.0), (189.0, 189.0)]
    say(SAID[3]._replace(steady=True))
    with Library(library.path, read_only=True) as opened:
        [song] = search(opened, parse_query("title:rising steady:yes"))
    assert (song.paces[0], song.sections) == (SongPace(180.0, 1.0, 1.0), (Section(0.0, 90.0, 180.0, 180.0),))


def test_who_keeps_songs_reads_what_people_say_about_them(tmp_path: Path) -> None:
    say(*SAID)
    with Library(tmp_path / "library.db") as opened:
        opened.use("sha256:1", "1")
        for spm in (110.0, 55.0):
            song = FilePaces(Path("/m/a.ogg"), 200.0, (SongPace(spm, 0.9, 1.0),), beat=spm)
            opened.keep(song.path, Stamp(1, 1), "sound:/m/a.ogg", Track(title="a"), song)
            opened.keep(RISING.path, Stamp(1, 1), "sound:rising", Track(title="rising"), RISING)
            assert [one.title for one in search(opened, parse_query("pace:165 corrected:yes"))] == ["a"]
            heard = opened.heard("sound:/m/a.ogg")
            assert heard
            assert heard.paces == song.paces
            [rising] = search(opened, parse_query("title:rising"))
            assert rising.paces[0].low == 171.0
    with sqlite3.connect(tmp_path / "library.db") as connection:
        # The model's word is what is kept.
        assert sorted(connection.execute("SELECT spm FROM pace")) == [(55.0,), (120.0,)]


def test_corrections_that_cannot_be_read_are_one_line(library: Library) -> None:
    default_path().write_text("no database, for all of a hundred bytes " * 3, "utf-8")
    with pytest.raises(LibraryError, match=r"corrections\.db cannot be used .*: it is damaged"):
        Library(library.path, read_only=True)
    recall = LibraryRecall(library.path, [Path("/m/a.ogg")])
    recall.take(START)
    event = of("/m/a.ogg", reading(1.0, state="listening"))
    assert taken(recall, event) == event


@pytest.mark.parametrize("damaged", [b"[120.0, 6", b"[\xff]"])
def test_a_damaged_correction_is_one_line(library: Library, damaged: bytes) -> None:
    with sqlite3.connect(default_path()) as connection:
        connection.execute("UPDATE correction SET paces = CAST(? AS TEXT) WHERE name = 'elsewhere'", [damaged])
    with pytest.raises(LibraryError, match=r"corrections\.db cannot be used .*: it is damaged"):
        Library(library.path, read_only=True)


@pytest.mark.parametrize("damage", ["UPDATE song SET paces = '[[1.0'", "UPDATE song SET sections = '[[1.0'"])
def test_a_damaged_song_is_one_line(library: Library, damage: str) -> None:
    with sqlite3.connect(library.path) as connection:
        connection.execute(damage)
    damaged = pytest.raises(LibraryError, match=r"library\.db cannot be used .*: it is damaged")
    with damaged:
        list(search(library, parse_query("title:d")))
    with damaged:
        library.heard("sound:/m/d.ogg")
    with damaged:
        Library(library.path, read_only=True)
    if "paces" in damage:
        with damaged:
            library.paces(Path("/m/d.ogg"))


def test_who_has_no_home_folder_may_name_a_library(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_uid: int) -> None:
        raise KeyError

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    with Library(library.path, read_only=True) as opened:
        assert not list(search(opened, parse_query("corrected:yes")))


def test_a_file_of_corrections_that_was_only_begun_harms_nothing(library: Library) -> None:
    path = default_path()
    for suffix in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
    # As a full disk leaves it, and as a kill does.
    path.touch()
    with Library(library.path, read_only=True) as opened:
        assert not list(search(opened, parse_query("corrected:yes")))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    with Library(library.path, read_only=True) as opened:
        assert not list(search(opened, parse_query("corrected:yes")))
    say(SAID[0])
    with Library(library.path, read_only=True) as opened:
        assert [one.title for one in search(opened, parse_query("corrected:yes"))] == ["a"]


def test_nothing_is_written_into_a_library_that_is_read(library: Library) -> None:
    list(search(library, Query()))
    with sqlite3.connect(library.path) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type != 'index'")}
        assert {"song", "pace"} <= tables
        assert not {"correction", "corrected_pace"} & tables


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "nothing is given"),
        ("82,x", "x is no number"),
        ("82,nan", "nan is no number"),
        ("82,-164", "-164 is no number"),
        ("39", "39 is out of range"),
        ("320.5", "320.5 is out of range"),
        ("50,100,150,200", "there are 4"),
        ("none,82", "none is no number"),
    ],
)
def test_what_is_no_pace_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"paces: {message}"):
        parse_paces(text)


def test_taps_become_what_the_model_knows_near_them() -> None:
    heard = [SongPace(82.1, 0.9, 1.0), SongPace(164.2, 0.9, 1.0)]
    assert proposed(166.0, heard) == (164.2, 82.1)
    assert proposed(80.0, heard) == (82.1, 164.2)
    assert proposed(328.0, [SongPace(164.2, 0.9, 1.0)]) == (328.0, 164.2)
    assert proposed(55.0, [SongPace(164.2, 0.9, 1.0)]) == (54.7, 164.2)
    assert proposed(120.0, heard) == (120.0,)
    assert proposed(120.04, []) == (120.0,)


def test_without_corrections_no_song_is_corrected(tmp_path: Path) -> None:
    with Library(tmp_path / "one.db") as opened:
        fill(opened, ("/m/a.ogg", [SongPace(165.0, 0.9, 1.0)], 165.0, Track(title="A")))
    with Library(tmp_path / "one.db", read_only=True) as opened:
        assert [one.title for one in search(opened, parse_query("pace:165 corrected:no"))] == ["A"]
        assert not list(search(opened, parse_query("corrected:yes")))
    # Reading makes no file.
    assert not default_path().exists()
