"""A track from the words of a player."""

import pytest

from paces_live.events import Track
from paces_live.now_playing.track import make_track


@pytest.mark.parametrize(
    ("artists", "title", "location", "expected"),
    [
        (["A", "B"], "T", None, "A, B - T"),
        ([], "T", "x/y.ogg", "T"),
        (["A"], None, "x/01 Tune.v2.ogg", "01 Tune.v2"),
        ([], None, "file:///x/My%20tune.mp3", "My tune"),
        ([], None, "file://box/x/My%20tune.mp3", "My tune"),
        ([], None, "file://[A] My tune.mp3", "[A] My tune"),
        ([], None, "file:///x/Tune #1?.mp3", "Tune #1?"),
        (["A"], " ", "http://radio.example/stream.mp3", None),
        (["A"], None, None, None),
        (["", "A\n"], "T\x1b[2J", None, "A - T [2J"),
    ],
)
def test_the_label_is_artist_and_title(
    artists: list[str], title: str | None, location: str | None, expected: str | None
) -> None:
    track = make_track(title=title, artists=artists, location=location)
    assert (track and track.caption) == expected


STATION = "https://radio.example:8000/jazz/stream.mp3?key=1"


@pytest.mark.parametrize(
    "title",
    [
        "http://radio.example/",
        "HTTPS://radio.example/stream.mp3",
        "www.radio.example/live.m3u8",
        "mms://radio.example/a",
        STATION,
        STATION.removeprefix("https://"),
        "stream.mp3?key=1",
        " stream.mp3 ",
    ],
)
def test_an_address_is_no_title(title: str) -> None:
    assert make_track(title=title, artists=["Radio X"], location=STATION) is None


@pytest.mark.parametrize(
    ("title", "location", "expected"),
    [
        ("My tune.mp3", "file:///music/My%20tune.mp3", "My tune"),
        ("My%20tune.mp3", "file:///music/My%20tune.mp3", "My tune"),
        ("My tune.mp3", "/music/My tune.mp3", "My tune"),
        ("/music/My tune.mp3", "file:///music/My%20tune.mp3", "My tune"),
        ("file:///music/My tune.mp3", "file:///music/My%20tune.mp3", "My tune"),
        ("radio.example:8000", "http://radio.example:8000/", None),
        ("https://radio.example/a", "/music/My tune.mp3", "My tune"),
        ("stream", "http://radio.example/stream", None),
        ("My tune", "/music/My tune", "A - My tune"),
        ("My tune", "http://box/My%20tune.mp3", "A - My tune"),
        ("https://a.example is a song", "http://radio.example/stream", "A - https://a.example is a song"),
        ("www", "http://radio.example/stream", "A - www"),
    ],
)
def test_what_players_show_of_a_location_is_no_title(title: str, location: str, expected: str | None) -> None:
    track = make_track(title=title, artists=["A"], location=location)
    assert (track and track.caption) == expected


def test_what_a_station_plays_takes_the_place_of_its_own_name() -> None:
    track = make_track(title="Radio X", artists=["Radio X"], location=STATION, heard="A - T")
    assert track == Track(title="A - T", location=STATION)
    for empty in (None, " ", STATION):
        track = make_track(title="Radio X", location=STATION, heard=empty)
        assert track == Track(title="Radio X", location=STATION)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://me:safe@radio.example/live?a=@", "http://radio.example/live?a=@"),
        ("HTTPS://me:s@fe@radio.example", "HTTPS://radio.example"),
        ("smb://safe@box/Music/a@b.mp3", "smb://box/Music/a@b.mp3"),
        ("http://radio.example/@me/live", "http://radio.example/@me/live"),
        ("file://a@b.mp3", "file://a@b.mp3"),
        ("/music/x://a@b.mp3", "/music/x://a@b.mp3"),
    ],
)
def test_a_location_has_no_password(location: str, expected: str) -> None:
    track = make_track(title="T", location=location)
    assert track == Track(title="T", location=expected)


@pytest.mark.parametrize(
    ("duration", "expected"),
    [(86_400.0, 86_400.0), (2_084_490.8, None), (9.2e12, None), (0.0, None), (float("nan"), None)],
)
def test_a_length_of_weeks_is_that_of_no_track(duration: float, expected: float | None) -> None:
    track = make_track(title="T", duration=duration)
    assert track == Track(title="T", duration=expected)
