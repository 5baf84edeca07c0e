"""A track from the words of a player."""

import pytest

from paces_live.now_playing.track import make_track


@pytest.mark.parametrize(
    ("artists", "title", "location", "expected"),
    [
        (["A", "B"], "T", None, "A, B - T"),
        ([], "T", "x/y.ogg", "T"),
        (["A"], None, "x/01 Tune.v2.ogg", "01 Tune.v2"),
        ([], None, "file:///x/My%20tune.mp3", "My tune"),
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
