"""The queue: folders in natural order, three kinds of playlists, missing files, and the order of the tracks."""

import random
from pathlib import Path

import pytest

from paces_live.playback.queue import Queue, QueueItem, Unplayable, find_items

NAMES = ("10 Ten.mp3", "2 Two.FLAC", "a.ogg", "Disc 10/x.wav", "Disc 2/x.wav")


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Return a folder of empty files: nothing is read before it is played."""
    for name in (*NAMES, "cover.jpg", ".hidden.mp3", ".trash/old.mp3", "list.m3u"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def paths(*given: Path) -> list[str]:
    return [f"{one.path}" for one in find_items(given)]


def errors(*given: Path) -> list[str]:
    found = [str(one.error) for one in find_items(given) if isinstance(one, Unplayable)]
    assert all("\n" not in text for text in found)
    return found


def test_a_folder_is_its_music_in_natural_order(music: Path) -> None:
    expected = ["2 Two.FLAC", "10 Ten.mp3", "a.ogg", "Disc 2/x.wav", "Disc 10/x.wav"]
    assert paths(music) == [str(music / name) for name in expected]


def test_a_file_of_any_suffix_is_accepted_and_named_after_itself(music: Path) -> None:
    assert list(find_items([music / "cover.jpg"])) == [QueueItem(music / "cover.jpg")]


def test_a_missing_file_is_named_and_the_others_are_found(music: Path) -> None:
    assert errors(music / "b.ogg", music / "a.ogg") == [f"{music / 'b.ogg'}: no such file: check the name"]
    assert paths(music / "b.ogg", music / "a.ogg")[1] == str(music / "a.ogg")
    (music / "empty").mkdir()
    assert "holds no music" in errors(music / "empty")[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_an_m3u_lists_relative_and_absolute_files_urls_and_titles(music: Path, encoding: str, ending: str) -> None:
    (music / "Fünf.ogg").touch()
    (music / "sub").mkdir()
    playlist = music / "sub" / "list.m3u"
    lines = [
        *("#EXTM3U", "", "# a comment", "#EXTINF:215,Band - A, or B", "  ../Fünf.ogg  "),
        *(str(music / "a.ogg"), (music / "2 Two.FLAC").as_uri(), "gone.mp3", "http://radio.example/stream"),
    ]
    playlist.write_bytes(ending.join(lines).encode(encoding))
    found = list(find_items([playlist]))
    assert [one.path.resolve().name for one in found][:3] == ["Fünf.ogg", "a.ogg", "2 Two.FLAC"]
    assert [one.title for one in found if isinstance(one, QueueItem)] == ["Band - A, or B", None, None]
    missing, stream = errors(playlist)
    assert missing == f"{music / 'sub' / 'gone.mp3'}: no such file: check the name"
    assert stream.startswith("http://radio.example/stream: is not a file")


def test_a_pls_is_played_by_its_numbers(music: Path) -> None:
    playlist = music / "list.pls"
    playlist.write_text("[playlist]\nFile10=a.ogg\nFile2=Disc 2/x.wav\ntitle2=100 % x\nLength2=-1\nNumberOfEntries=2\n")
    expected = [QueueItem(music / "Disc 2/x.wav", "100 % x"), QueueItem(music / "a.ogg")]
    assert list(find_items([playlist])) == expected


def test_an_empty_or_missing_playlist_is_reported(music: Path) -> None:
    (music / "list.m3u").write_text("#EXTM3U\n")
    assert "lists nothing to play" in errors(music / "list.m3u")[0]
    assert errors(music / "none.m3u8") == [
        f"{music / 'none.m3u8'}: cannot be opened: No such file or directory: check its name and its permissions"
    ]


ITEMS = [QueueItem(Path(name), name) for name in "abcd"]


def order(queue: Queue, count: int) -> str:
    """Return the titles of the first tracks that are played, one after the other."""
    titles, place = "", 0
    while len(titles) < count and (found := queue.following(place)):
        titles += found[1].title or "?"
        place = found[0] + 1
    return titles


def test_tracks_are_played_once_or_repeatedly() -> None:
    assert order(Queue(ITEMS), 9) == "abcd"
    assert order(Queue(ITEMS, repeat=True), 9) == "abcdabcda"


def test_shuffle_plays_each_track_once_a_round_in_orders_that_differ() -> None:
    mixed = order(Queue(ITEMS * 3, shuffle=random.Random(1), repeat=True), 24)
    assert sorted(mixed[:12]) == sorted(mixed[12:]) == sorted("abcd" * 3)
    assert mixed[:12] != mixed[12:]
    assert mixed[:12] != "abcd" * 3


def test_a_failed_item_is_left_out_in_both_directions() -> None:
    queue = Queue(ITEMS, repeat=True)
    queue.fail(ITEMS[1])
    assert order(queue, 6) == "acdacd"
    assert queue.preceding(2) == 0
    assert queue.preceding(0) == 0
    for track in ITEMS:
        queue.fail(track)
    assert queue.following(0) is None
