"""CUE sheets: parts of one file, or files."""

from paces_live.collection.cue import cue_entries
from paces_live.collection.entry import Entry
from paces_live.collection.lines import lines

IMAGE = """REM GENRE Rock
PERFORMER "The Band"
TITLE "The Album"
FILE "The Band - The Album.wav" WAVE
  TRACK 01 AUDIO
    TITLE "First"
    PERFORMER "Guest"
    INDEX 01 00:00:33
  TRACK 02 AUDIO
    TITLE "Second"
    INDEX 00 03:28:00
    INDEX 01 03:30:15
  TRACK 03 AUDIO
    TITLE ""
    INDEX 01 101:00:00
"""


def read(text: str) -> list[Entry]:
    return list(cue_entries(lines(text.encode())))


def test_a_file_with_many_songs_is_cut_at_index_01() -> None:
    found = read(IMAGE)
    assert [(one.start, one.end) for one in found] == [(0.44, 210.2), (210.2, 6060.0), (6060.0, None)]
    assert {(one.location, one.line) for one in found} == {("The Band - The Album.wav", 4)}
    assert [(one.artist, one.title) for one in found] == [
        ("Guest", "First"),
        ("The Band", "Second"),
        ("The Band", "The Band - The Album, track 3"),
    ]


def test_a_file_with_one_song_is_whole() -> None:
    sheet = (
        'FILE "1.wav" WAVE\nTRACK 01 AUDIO\nTITLE A\nINDEX 01 00:02:00\nFILE 2.flac\nTRACK 02 AUDIO\nINDEX 01 00:00:00'
    )
    assert [(one.location, one.title, one.start, one.end) for one in read(sheet)] == [
        ("1.wav", "A", 0.0, None),
        ("2.flac", None, 0.0, None),
    ]


def test_a_gap_in_the_file_before_belongs_to_that_file() -> None:
    sheet = (
        'FILE "1.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nTITLE "B"\nINDEX 00 03:00:00\n'
        'FILE "2.wav" WAVE\nINDEX 01 00:00:00\n'
    )
    assert [(one.location, one.title, one.end) for one in read(sheet)] == [("1.wav", None, None), ("2.wav", "B", None)]


def test_data_is_no_song() -> None:
    sheet = (
        'FILE "d.bin" BINARY\nTRACK 01 MODE1/2352\nTITLE "data"\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 01:00:00'
    )
    assert [(one.location, one.title) for one in read(sheet)] == [("d.bin", None)]


def test_a_sheet_without_tracks_is_its_file() -> None:
    assert [one.location for one in read('FILE "a "b".wav" WAVE')] == ['a "b".wav']


def test_indexes_that_go_backwards_have_no_end() -> None:
    sheet = "FILE a.wav WAVE\nTRACK 1 AUDIO\nINDEX 01 05:00:00\nTRACK 2 AUDIO\nINDEX 01 01:00:00"
    assert [(one.start, one.end) for one in read(sheet)] == [(300.0, None), (60.0, None)]


def test_a_sheet_without_files_lists_nothing() -> None:
    assert read("TRACK 01 AUDIO\nINDEX 01 00:00:00\nINDEX 01 99999:99:99") == []
