"""The screen as a pure function: every state of it, without a terminal."""

from dataclasses import replace

import pytest
from rich.text import Text

from paces_live.ui.figures import GLYPHS, large, size
from paces_live.ui.view import Heard, View, judge, render
from tests.fakes import START, TWO_SONGS, reading, song

SIZES = [(40, 11), (60, 15), (80, 23), (120, 39), (200, 49), (30, 6), (20, 3)]
MATCHING = reading(72.0, [(165.31, 0.97), (82.66, 0.94)], song=3)
SONGS = (song(1, 0.0, 40.0, 123.4, 61.7), song(2, 42.0, 60.0, 172.0, 86.0, title="Waltz of the open road"))
STATES = {
    "empty": View(),
    "listening": View(Heard("mic:USB", reading(8.0, state="listening"))),
    "silence": View(Heard("mic:USB", reading(50.0, state="silence", level=-120.0), SONGS, 50.0)),
    "no pulse": View(Heard("mic:USB", reading(50.0, state="no_pulse"))),
    "match": View(Heard("mic:USB", MATCHING, SONGS, 60.0)),
    "no match": View(Heard("mic:USB", reading(50.0, [(123.4, 0.98), (61.7, 0.9)]))),
    "stretch": View(Heard("mic:USB", reading(50.0, [(176.0, 0.98), (88.0, 0.9)], state="provisional"))),
    "no target": View(Heard("mic:USB", MATCHING), target=None),
    "many": View(Heard("mic:USB", reading(50.0, [(42.0 * k, 0.9) for k in range(1, 8)]), SONGS * 9, 0.0)),
    "trouble": View(
        Heard("mic:USB", reading(5.0, [(165.0, 0.9)], level=-1.0, word="clipping", lost=12.3)), ending=True
    ),
    "long name": View(Heard("file:" + "ein-sehr-langer-name-" * 20 + ".ogg", MATCHING)),
}


@pytest.mark.parametrize("view", STATES.values(), ids=STATES.keys())
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_screen_has_its_size_and_is_pure(view: View, width: int, height: int) -> None:
    lines = render(view, width, height).split("\n")
    assert len(lines) == height
    assert max(line.cell_len for line in lines) <= width
    assert render(view, width, height) == render(view, width, height)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("empty", ["STARTING", "165 spm ± 5 %"]),
        ("listening", ["LISTENING", "listening… 8 s"]),
        ("silence", ["SILENCE", "−99 dBFS"]),
        ("no pulse", ["NO STEADY PULSE", "no steady pulse"]),
        (
            "match",
            ["✓  MATCH · locked on", "+0.3 spm, +0.2 %", "a step on every beat", "165.3", "82.7", "97 %", "settled"],
        ),
        ("no match", ["✕  NO MATCH", "−41.6 spm, −25.2 %", "123.4", "61.7"]),
        ("stretch", ["≈  STRETCH · a compromise", "+11.0 spm, +6.7 %", "still settling"]),
        ("no target", ["NO TARGET"]),
        ("trouble", ["clipping", "lost 12.3 s", "ending…"]),
    ],
)
def test_the_screen_says_it_in_words(state: str, words: list[str]) -> None:
    text = render(STATES[state], 80, 23).plain
    assert [word for word in words if word not in text] == []


def test_narrow_says_the_same_in_fewer_words() -> None:
    text = render(STATES["match"], 40, 11).plain
    for word in (
        "✓ MATCH",
        "165 spm ± 5 %",
        "+0.3 spm, +0.2 %",
        "a step on every beat · locked on",
        "82.7",
        "−21 dBFS",
        "settled",
    ):
        assert word in text
    assert "✕ NO MATCH" in render(STATES["no match"], 40, 11).plain


def shapes(view: View) -> set[str]:
    """Return the frame characters on the screen, and whether something is filled."""
    text = render(view, 80, 23)
    filled = {"filled"} if any("reverse" in str(span.style) for span in text.spans) else set()
    return filled | (set(text.plain) & set("╭╌┏┃"))


def test_verdicts_differ_in_shape_not_only_in_colour() -> None:
    assert shapes(STATES["match"]) == {"filled"}
    assert shapes(STATES["no match"]) == {"╭", "╌"}
    assert shapes(STATES["stretch"]) == {"┏", "┃"}
    assert shapes(STATES["silence"]) == set()


def test_the_verdict_follows_the_target_at_once() -> None:
    view = STATES["match"]
    assert judge(view).word == "MATCH"
    assert judge(replace(view, target=176.0)).word == "STRETCH"
    assert judge(replace(view, target=190.0)).word == "NO MATCH"
    assert "✓ MATCH" in render(replace(view, target=123.0), 80, 23).plain.split("songs heard")[1]


def test_large_figures_show_the_pace_nearest_to_the_target() -> None:
    assert STATES["match"].shown == 165.31
    assert replace(STATES["match"], target=85.0).shown == 82.66
    assert replace(STATES["match"], target=None).shown == 165.31
    assert STATES["empty"].shown is None
    assert large("165", 2)[0] in render(STATES["match"], 80, 23).plain
    assert large("165", 1)[0].rstrip() in render(STATES["match"], 40, 11).plain


def test_the_pace_that_matches_is_never_left_out() -> None:
    paces = [(50.0 + 10 * k, 0.9 - 0.01 * k) for k in range(9)] + [(165.0, 0.5)]
    for width, height in SIZES[:4]:
        assert "▶ 165.0" in render(View(Heard("mic", reading(50.0, paces))), width, height).plain


def test_songs_are_listed_newest_first() -> None:
    text = render(STATES["match"], 80, 23).plain
    assert text.index("Waltz of the open road") < text.index("61.7")


def test_heard_follows_the_events() -> None:
    heard = Heard()
    for event in TWO_SONGS:
        heard = heard.after(event)
    assert (heard.input, len(heard.songs), heard.song_start) == ("file:demo.ogg", 2, 80.0)
    assert Heard().after(START) == Heard("file:demo.ogg")


def test_silence_belongs_to_no_song() -> None:
    heard = Heard().after(song(1, 0.0, 40.0, 165.0)).after(reading(70.0, state="silence", song=2))
    assert View(heard).song_time == 0.0
    later = View(heard.after(reading(78.0, state="listening", song=2)))
    assert later.song_time == 8.0
    assert "listening… 8 s" in render(later, 80, 23).plain


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_figures_have_the_size_they_promise(scale: int) -> None:
    lines = large("165", scale)
    assert {len(line) for line in lines} == {size(3, scale)[0]}
    assert len(lines) == size(3, scale)[1]


def test_figures_differ() -> None:
    drawings = {"".join(large(character, 1)) for character in GLYPHS}
    assert len(drawings) == len(GLYPHS)


def test_render_gives_text() -> None:
    assert type(render(View(), 80, 23)) is Text
