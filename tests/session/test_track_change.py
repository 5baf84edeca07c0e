"""Which captions are songs, and which are pieces, slogans and counters."""

from collections.abc import Mapping, Sequence

import pytest

from paces_live.events import Track
from paces_live.session.track_change import LATE_TRACK_S, SETTLE_S, SLOGAN_S, TrackFollower, song_key

CELL_S = 0.1
LENGTH_S = 200.0
Announcements = Mapping[float, str | Track | None]
Heard = list[tuple[str | None, float, float]]


def hear(
    announcements: Announcements, until: float, *, length: float | None = None, ends: Sequence[float] = ()
) -> Heard:
    """Return the songs (caption, start, end) of a stream, if the sound ends songs at `ends`, too."""
    follower = TrackFollower()
    announcements = {round(at / CELL_S): track for at, track in announcements.items()}
    heard: Heard = []
    start, name, announced = 0.0, None, None
    for cell in range(round(until / CELL_S)):
        t = cell * CELL_S
        if any(abs(t - end) < CELL_S / 2 for end in ends):
            follower.song_ended(t)
            heard.append((name, start, t))
            start = t
        announced = announcements.get(cell, announced)
        track = Track(title=announced, duration=length) if isinstance(announced, str) else announced
        ended = follower.take(track, t, t - start)
        if ended is not None:
            assert t - ended <= SLOGAN_S + CELL_S
            follower.song_ended(ended)
            heard.append((name, start, ended))
            start = ended
        name = follower.track.caption if follower.track else None
    return [(name, round(start, 1), round(end, 1)) for name, start, end in [*heard, (name, start, until)]]


def alternating(*captions: str, every: float, until: float, start: float = 0.0) -> dict[float, str]:
    return {
        start + number * every: captions[number % len(captions)] for number in range(round((until - start) / every))
    }


@pytest.mark.parametrize("length", [None, LENGTH_S])
@pytest.mark.parametrize(
    "announcements",
    [
        {0.0: "Ann - One", 100.0: "Bob - Two"},
        {0.0: "One", 100.0: "Two"},
        {0.0: "Symphony No. 5", 100.0: "Symphony No. 6"},
        {0.0: "Bob - Suite, Part 1", 100.0: "Bob - Suite, Part 2"},
        {0.0: "Bob - 7", 100.0: "Jay - 99 Problems"},
        {0.0: "The Steps - 12:51", 100.0: "The Steps - 5:15"},
        {0.0: "Bob - Hits of the 80s", 100.0: "Bob - Hits of the 90s"},
        {0.0: "Track 10", 100.0: "Track 11"},
    ],
)
def test_another_caption_is_another_song_from_the_moment_when_it_was_announced(
    announcements: dict[float, str], length: float | None
) -> None:
    old, new = announcements.values()
    assert hear(announcements, 150.0, length=length) == [(old, 0.0, 100.0), (new, 100.0, 150.0)]


def test_another_caption_is_believed_after_three_seconds() -> None:
    follower = TrackFollower()
    announcements = [
        (0.0, "Ann - One"),
        (50.0, "Bob - Two"),
        (52.9, "Bob - Two"),
        (53.0, "Bob - Two"),
        (60.0, "Bob - Two"),
    ]
    assert [follower.take(Track(title=title), t, t) for t, title in announcements] == [None, None, None, 50.0, None]


@pytest.mark.parametrize("length", [None, LENGTH_S])
@pytest.mark.parametrize(
    ("announcements", "change"),
    [
        ({0.0: "Ann - One", 40.0: "Two", 40.3: "Bob - Two"}, 40.0),
        ({0.0: "Ann - One", 40.0: "Ann - Two", 40.3: "Bob - Two"}, 40.3),
        ({0.0: "Ann - One", 40.0: "Bob - One", 40.3: "Bob - Two"}, 40.3),
        ({0.0: "Ann - One", 40.0: "Loading", 42.0: "Bob - Two"}, 42.0),
        ({0.0: "Ann - One", 40.0: " - ", 42.0: "Bob - Two"}, 42.0),
        ({0.0: "Ann - One", 40.0: None, 42.0: "Bob - Two"}, 42.0),
        ({0.0: "One", 0.3: "Ann - One", 40.0: "Bob - Two"}, 40.0),
        ({0.0: "Loading", 2.0: "Ann - One", 40.0: "Bob - Two"}, 40.0),
        ({0.0: "Ann - One", 20.0: "x", 20.2: "Ann - One", 40.0: "Bob - Two"}, 40.0),
        ({0.0: "Ann - One", 20.0: "Jay - Six", 22.0: "Ann - One", 40.0: "Bob - Two"}, 40.0),
    ],
)
def test_a_track_that_is_told_in_pieces_is_one_song_with_its_full_caption(
    announcements: dict[float, str | None], change: float, length: float | None
) -> None:
    assert hear(announcements, 46.0, length=length) == [("Ann - One", 0.0, change), ("Bob - Two", change, 46.0)]


def test_an_artist_that_comes_late_is_added_and_one_that_is_lost_stays() -> None:
    announcements = {0.0: "One", 20.0: "Ann - One", 40.0: "One", 80.0: "Bob - Two", 100.0: "Two"}
    assert hear(announcements, 140.0) == [("Ann - One", 0.0, 80.0), ("Bob - Two", 80.0, 140.0)]


@pytest.mark.parametrize(
    "counted",
    [
        "Ann - One ({s} s)",
        "Ann - One ({s}s)",
        "Ann - One ({s} seconds)",
        "Ann - One 0:{s:02} / 3:04",
        "Ann - One - 0:{s:02}/3:04",
        "Ann - One 1:00:{s:02}",
        "Ann - One [-0:{s:02}]",
        "[00:{s:02}] Ann - One",
        "00:{s:02} | Ann - One",
        "(0:{s:02} / 3:04) Ann - One",
        "Ann - One {s}%",
        "Ann - One {s},5 %",
        "[{s} %] Ann - One",
        "Ann - One, 1 min {s} s",
        "Ann - One {s} sec of 60 sec",
        # No pattern knows these: their number runs as the clock does.
        "Ann - One {s}s",
        "Ann - One {s}/184",
        "Ann - One ({s})",
        "{s} s - Ann - One",
        "▶ 0:{s:02} Ann - One",
        "Ann - One (noch {s} Sek.)",
        "Ann - One (0:{s:02}) [HQ]",
        "Ann - One 3'{s:02}\" of 4'10\"",
    ],
)
def test_a_caption_that_counts_is_one_song_with_its_first_caption(counted: str) -> None:
    announcements = {float(s): counted.format(s=s) for s in range(0, 60, 5)} | {60.0: "Bob - Two"}
    assert hear(announcements, 80.0) == [(counted.format(s=0), 0.0, 60.0), ("Bob - Two", 60.0, 80.0)]


def test_a_number_that_does_not_run_as_the_clock_does_is_part_of_the_title() -> None:
    announcements = {0.0: "Ann - Prelude 1", 20.0: "Ann - Prelude 2", 45.0: "Ann - Prelude 3", 85.0: "Ann - Prelude 43"}
    assert [song[0] for song in hear(announcements, 120.0)] == list(announcements.values())
    announcements = {0.0: "Ann - Prelude 1", 20.0: "Ann - Prelude 21"}
    assert [song[0] for song in hear(announcements, 120.0, length=LENGTH_S)] == list(announcements.values())


@pytest.mark.parametrize("other", ["Björk – One", "BJÖRK — ONE", "Bjo\u0308rk - One", "One"])
def test_another_way_to_write_a_caption_is_the_same_song(other: str) -> None:
    announcements = {0.0: "Björk - One", 50.0: other, 100.0: "Bob - Two"}
    assert hear(announcements, 150.0) == [("Björk - One", 0.0, 100.0), ("Bob - Two", 100.0, 150.0)]


@pytest.mark.parametrize("title", ["4:33", "Ann - 4:33", "100%", "Ann - 100%", "99 Problems", "Ann - 60s", "No. 5"])
def test_a_number_that_is_the_title_or_part_of_it_is_no_counter(title: str) -> None:
    assert song_key(Track(title=title)) == title.casefold()
    assert song_key(Track(title=title, artist="Bob")) == f"bob - {title.casefold()}"


def test_a_caption_that_never_holds_still_ends_no_song() -> None:
    words = "Bluebird +++ "
    announcements = {float(s): words[s % 13 :] + words[: s % 13] for s in range(60)}
    # At the beginning, any caption within three seconds is a better one.
    assert hear(announcements, 60.0) == [(announcements[2.0].strip(), 0.0, 60.0)]
    assert hear({0.0: "Bob - Two"} | {at + 10.0: title for at, title in announcements.items()}, 60.0) == [
        ("Bob - Two", 0.0, 60.0)
    ]


@pytest.mark.parametrize("every", [2.0, 5.0, 12.0, 20.0])
@pytest.mark.parametrize("captions", [("Ann - One", "Radio X: the best hits"), ("Radio X: the best hits", "Ann - One")])
def test_a_song_that_alternates_with_a_slogan_is_one_song(captions: tuple[str, str], every: float) -> None:
    assert hear(alternating(*captions, every=every, until=160.0), 160.0) == [("Ann - One", 0.0, 160.0)]


def test_a_slogan_between_two_songs_is_no_song() -> None:
    announcements = {0.0: "Ann - One", 100.0: "Radio X", 115.0: "Bob - Two", 200.0: "Radio X", 228.0: "Cid - Three"}
    assert hear(announcements, 250.0) == [
        ("Ann - One", 0.0, 115.0),
        ("Bob - Two", 115.0, 228.0),
        ("Cid - Three", 228.0, 250.0),
    ]


@pytest.mark.parametrize(
    "begin",
    [{0.0: "Ann - One", 12.0: "Radio X", 24.0: "Ann - One"}, {0.0: "Radio X", 12.0: "Ann - One"}],
)
def test_a_known_slogan_divides_no_song_without_an_artist(begin: dict[float, str]) -> None:
    announcements = begin | {100.0: "Two", 150.0: "Radio X", 165.0: "Two"}
    assert hear(announcements, 200.0) == [("Ann - One", 0.0, 100.0), ("Two", 100.0, 200.0)]


def test_two_songs_in_turn_are_songs() -> None:
    announcements = alternating("Ann - One", "Bob - Two", every=SLOGAN_S + 1.0, until=124.0)
    assert [song[0] for song in hear(announcements, 124.0)] == list(announcements.values())


def test_a_caption_without_an_artist_that_stays_is_a_song() -> None:
    announcements = {0.0: "Ann - One", 100.0: "The news", 160.0: "Bob - Two"}
    assert hear(announcements, 200.0) == [
        ("Ann - One", 0.0, 100.0),
        ("The news", 100.0, 160.0),
        ("Bob - Two", 160.0, 200.0),
    ]


def test_a_track_of_known_length_is_no_slogan() -> None:
    announcements = {
        0.0: "Ann - One",
        40.0: "Nameless tune",
        60.0: "Bob - Two",
        72.0: "Nameless tune",
        84.0: "Bob - Two",
    }
    assert [song[0] for song in hear(announcements, 100.0, length=LENGTH_S)] == list(announcements.values())


@pytest.mark.parametrize(("song", "slogan"), [("One", "Radio X"), ("Ann - One", "Radio X - the best hits")])
def test_a_slogan_that_looks_like_a_song_is_known_after_it_has_alternated_once(song: str, slogan: str) -> None:
    """Nobody can know it before: the first song is divided once, and no later one."""
    first = alternating(song, slogan, every=12.0, until=108.0)
    second = alternating("Bob - Two", slogan, every=12.0, until=204.0, start=108.0)
    assert hear({**first, **second}, 204.0) == [(song, 0.0, 12.0), (song, 12.0, 108.0), ("Bob - Two", 108.0, 204.0)]


def test_slogans_in_turn_that_look_like_songs_are_known_after_one_round() -> None:
    slogans = ("Radio X - the best hits", "Radio X - call us")
    announcements = alternating("Ann - One", *slogans, every=10.0, until=120.0)
    announcements |= alternating("Bob - Two", *slogans, every=10.0, until=240.0, start=120.0)
    assert hear(announcements, 240.0) == [
        ("Ann - One", 0.0, 10.0),
        (slogans[0], 10.0, 20.0),
        ("Ann - One", 20.0, 120.0),
        ("Bob - Two", 120.0, 240.0),
    ]


def test_songs_that_come_back_are_songs() -> None:
    announcements = alternating("Ann - One", "Bob - Two", "Cid - Three", every=SLOGAN_S + 1.0, until=186.0)
    announcements |= {186.0: "Jay - Jingle", 206.0: "Cid - Three"}
    assert [song[0] for song in hear(announcements, 240.0)][:7] == list(announcements.values())[:7]


def test_of_two_that_look_like_songs_the_one_that_is_shown_longer_is_the_song() -> None:
    announcements: dict[float, str] = {}
    for start in (0.0, 30.0, 60.0, 90.0):
        announcements |= {start: "Radio X - the best hits", start + 8.0: "Ann - One"}
    assert hear(announcements, 120.0)[1:] == [("Ann - One", 8.0, 120.0)]


def test_a_slogan_that_was_taken_for_the_song_is_found_out_in_the_next_song() -> None:
    slogan = "Radio X - the best hits"
    first = {0.0: "Ann - One", 4.0: slogan, 16.0: "Ann - One", 28.0: slogan}
    announcements = first | alternating("Bob - Two", slogan, every=12.0, until=136.0, start=40.0)
    announcements |= alternating("Cid - Three", slogan, every=12.0, until=232.0, start=136.0)
    names = [name for name, _, _ in hear(announcements, 232.0)]
    assert names[-2:] == ["Bob - Two", "Cid - Three"]


def test_a_slogan_that_comes_back_between_songs_is_no_song() -> None:
    slogan = "Radio X - the best hits"
    announcements = {0.0: "Ann - One", 100.0: slogan, 115.0: "Bob - Two", 200.0: slogan, 215.0: "Cid - Three"}
    assert hear(announcements, 250.0) == [
        ("Ann - One", 0.0, 100.0),
        (slogan, 100.0, 115.0),
        ("Bob - Two", 115.0, 215.0),
        ("Cid - Three", 215.0, 250.0),
    ]


def test_a_known_slogan_is_believed_again_if_it_stays() -> None:
    announcements = alternating("Ann - One", "Radio X", every=10.0, until=100.0) | {
        100.0: "Radio X",
        160.0: "Bob - Two",
    }
    assert [song[0] for song in hear(announcements, 200.0)] == ["Ann - One", "Radio X", "Bob - Two"]


@pytest.mark.parametrize(
    ("announcements", "expected"),
    [
        # Late, early, and after a slogan that nobody takes for the song.
        ({100.0 + LATE_TRACK_S - 1.0: "Bob - Two"}, [("Bob - Two", 100.0, 150.0)]),
        ({100.0 - SETTLE_S + 1.0: "Bob - Two"}, [("Bob - Two", 100.0, 150.0)]),
        ({102.0: "Radio X", 117.0: "Bob - Two"}, [("Bob - Two", 100.0, 150.0)]),
        ({102.0: "The news"}, [("The news", 100.0, 150.0)]),
        # Later, and the second one: these are other songs.
        ({101.0 + LATE_TRACK_S: "Bob - Two"}, [("Ann - One", 100.0, 113.0), ("Bob - Two", 113.0, 150.0)]),
        ({101.0: "Bob - Two", 108.0: "Cid - Three"}, [("Bob - Two", 100.0, 108.0), ("Cid - Three", 108.0, 150.0)]),
        ({98.0: "Bob - Two", 106.0: "Cid - Three"}, [("Bob - Two", 100.0, 106.0), ("Cid - Three", 106.0, 150.0)]),
    ],
)
def test_after_another_sound_the_first_caption_names_the_song(announcements: dict[float, str], expected: Heard) -> None:
    assert hear({0.0: "Ann - One", **announcements}, 150.0, ends=[100.0]) == [("Ann - One", 0.0, 100.0), *expected]


def test_a_song_that_has_no_name_gets_it_at_once() -> None:
    follower = TrackFollower()
    follower.take(Track(title="Ann - One"), 0.0, 0.0)
    follower.song_ended(100.0)
    follower.take(Track(title="Ann - One"), 120.0, None)
    # The next song began after a long silence.
    follower.take(Track(title="Ann - One"), 130.0, 0.0)
    follower.take(Track(title="Bob - Two"), 135.0, 5.0)
    assert follower.track == Track(title="Bob - Two")


def test_songs_that_the_sound_divided_do_not_alternate() -> None:
    announcements = {0.0: "Ann - One", 50.0: "Bob - Two", 56.0: "Cid - Three", 65.0: "Ann - One"}
    assert hear(announcements, 100.0, ends=[55.0]) == [
        ("Ann - One", 0.0, 50.0),
        ("Bob - Two", 50.0, 55.0),
        ("Cid - Three", 55.0, 65.0),
        ("Ann - One", 65.0, 100.0),
    ]


def test_a_title_without_letters_is_one_if_it_has_an_artist() -> None:
    assert hear({0.0: Track(title="?", artist="Ann")}, 10.0) == [("Ann - ?", 0.0, 10.0)]
    assert hear({0.0: Track(title="..."), 5.0: " - "}, 10.0) == [(None, 0.0, 10.0)]


def test_silence_forgets_a_track_that_nobody_tells() -> None:
    follower = TrackFollower()
    follower.take(Track(title="One"), 0.0, 0.0)
    follower.take(None, 10.0, 10.0)
    assert follower.track is not None
    follower.take(None, 20.0, None)
    assert follower.track is None
    follower.take(Track(title="Two"), 21.0, None)
    follower.take(Track(title="Three"), 30.0, None)
    assert follower.track == Track(title="Three")


def test_what_is_told_later_about_the_same_track_is_taken() -> None:
    follower = TrackFollower()
    for t, track in enumerate((Track(title="One"), Track(title="One", duration=180.0), Track(title="ONE"))):
        assert follower.take(track, float(t), float(t)) is None
    assert follower.track == Track(title="One", duration=180.0)
