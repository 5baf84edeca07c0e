"""The screen as a pure function: every state of it, without a terminal.

The drawings are kept as text in ``tests/tui/snapshots``. After an intended change, write them again with
``SNAPSHOTS=write pytest tests/tui/test_view.py`` and look at ``git diff``.
"""

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.text import Text

from paces_live.errors import UsageError
from paces_live.match import SPM_MAX, SPM_MIN
from paces_live.render.theme import DARK, LIGHT, PLAIN, Theme, choose
from paces_live.render.wording import STATE_WORDS
from paces_live.session.health import LEVEL_WORDS
from paces_live.tui.figures import GLYPHS, large, size
from paces_live.tui.help import COLUMN, MEANINGS
from paces_live.tui.keys import KEYS
from paces_live.tui.scale import Axis
from paces_live.tui.screen import draw, next_page, render
from paces_live.tui.tap import NOTE_S, PAUSE_S, Taps
from paces_live.tui.undo import TOGETHER_S, Change
from paces_live.tui.verdict import judge
from paces_live.tui.view import StreamState, View
from tests.support.fakes import START, TWO_SONGS, reading, song

SNAPSHOTS = Path(__file__).parent / "snapshots"
# Heights without the footer, which takes the last line of the terminal.
TERMINALS = [(40, 11), (80, 23), (200, 49)]
SIZES = [*TERMINALS, (60, 15), (120, 39), (79, 17), (30, 6), (20, 3), (2, 1)]


def hills(*peaks: tuple[float, float]) -> list[float]:
    """Return a periodicity with peaks given as (spm, strength)."""
    spm = np.geomspace(SPM_MIN, SPM_MAX, 193)
    strengths = sum(strength * np.exp(-((np.log(spm / peak) / 0.03) ** 2)) for peak, strength in peaks)
    return np.round(strengths, 4).tolist()  # type: ignore[no-any-return]


def tapped(*times: float) -> Taps:
    """Return taps at these times."""
    taps = Taps()
    for time in times:
        taps = taps.tapped(time)
    return taps


MATCHING = reading(
    72.0,
    [(165.31, 0.97), (82.66, 0.94)],
    song=3,
    title="Waltz of the open road",
    periodicity=hills((165.3, 0.9), (82.7, 0.8), (110.2, 0.3), (55.1, 0.4), (41.0, 0.5)),
)
SONGS = (song(1, 0.0, 40.0, 123.4, 61.7), song(2, 42.0, 60.0, 172.0, 86.0, title="Steep and short"), song(3, 60, 70))
GONE = "microphone is gone, trying again in 5 s"
STATES = {
    "empty": View(),
    "listening": View(StreamState("mic:USB", reading(8.0, state="listening"))),
    "silence": View(StreamState("mic:USB", reading(50.0, state="silence", level=-120.0), SONGS, 50.0)),
    "no pulse": View(StreamState("mic:USB", reading(50.0, state="no_pulse"))),
    "no pace": View(StreamState("mic:USB", reading(50.0))),
    "match": View(StreamState("mic:USB", MATCHING, SONGS, 60.0)),
    "periodicity": View(StreamState("mic:USB", MATCHING, SONGS, 60.0), periodicity=True),
    "no match": View(StreamState("mic:USB", reading(50.0, [(123.4, 0.98), (61.7, 0.9)]))),
    "stretch": View(StreamState("mic:USB", reading(50.0, [(176.0, 0.98), (88.0, 0.9)], state="provisional"))),
    "no target": View(StreamState("mic:USB", MATCHING, SONGS), target=None),
    "many": View(StreamState("mic:USB", reading(50.0, [(42.0 * k, 0.9) for k in range(1, 8)]), SONGS * 9, 0.0)),
    "trouble": View(
        StreamState("mic:USB", reading(5.0, [(165.0, 0.9)], level=-1.0, status="clipping", message="clips", lost=12.3)),
        ending=True,
    ),
    "unplugged": View(
        StreamState("mic:USB", reading(9.0, [(165.0, 0.9)], status="reconnecting", message=GONE, lost=2.0))
    ),
    "no input": View(StreamState("mic:USB", None, SONGS, error="no microphone found: plug one in")),
    "recalled": View(StreamState("mic:USB", replace(MATCHING, recalled=True, state="listening"), (), 70.0)),
    "paused": View(StreamState("mic:USB", MATCHING, SONGS, 60.0), paused=True),
    "tapping": View(StreamState("mic:USB", MATCHING, SONGS, 60.0), taps=tapped(10.0, 10.4, 10.8)),
    "cadence": View(StreamState("mic:USB", MATCHING, SONGS, 60.0), target=167.0, cadence="cadence 167"),
    "no sensor": View(StreamState("mic:USB", MATCHING, SONGS, 60.0), cadence="sensor lost, searching"),
    "help": View(StreamState("mic:USB", MATCHING, SONGS, 60.0), help=1),
    "help words": View(StreamState("mic:USB", MATCHING, SONGS, 60.0), help=2),
    "long name": View(StreamState("file:" + "ein-sehr-langer-name-" * 20 + ".ogg", MATCHING)),
}
MATCH, CRAMPED = STATES["match"], (40, 11)


@pytest.mark.parametrize("view", STATES.values(), ids=STATES.keys())
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_screen_has_its_size_and_is_pure(view: View, width: int, height: int) -> None:
    lines = render(view, width, height).split("\n")
    assert len(lines) == height
    assert max(line.cell_len for line in lines) <= width
    assert render(view, width, height) == render(view, width, height)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("width", "height"), TERMINALS)
def test_the_screen_equals_its_snapshot(state: str, width: int, height: int) -> None:
    path = SNAPSHOTS / f"{state.replace(' ', '-')}-{width}x{height + 1}.txt"
    lines = render(STATES[state], width, height).plain.split("\n")
    drawn = "\n".join(line.rstrip() for line in lines) + "\n"
    if os.environ.get("SNAPSHOTS") == "write":
        path.write_text(drawn, "utf-8")
    assert path.read_text("utf-8") == drawn, "if this is intended, write it again: SNAPSHOTS=write pytest " + __file__


def test_no_snapshot_is_left_over() -> None:
    assert len(list(SNAPSHOTS.glob("*.txt"))) == len(STATES) * len(TERMINALS)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("empty", ["STARTING", "165 spm ± 5 %"]),
        ("listening", ["LISTENING", "listening… 8 s", "no pace"]),
        ("silence", ["SILENCE", "−99 dBFS"]),
        ("no pulse", ["NO STEADY PULSE", "no steady pulse"]),
        ("match", ["✓  MATCH · lock", "+0.3 spm, +0.2 %", "a step on every beat", "settled", "♪ Waltz of the"]),
        ("match", ["82.7 94 %", "✓ 165.3 97 %", "[165]", "40─", "─320", "░█░", "every 1 s  load 0.4 %"]),
        ("no match", ["✕  NO MATCH", "−41.6 spm, −25.2 %", "123.4", "61.7"]),
        ("stretch", ["≈  STRETCH · a compromise", "+11.0 spm, +6.7 %", "still settling"]),
        ("no target", ["NO TARGET"]),
        ("trouble", ["clipping", "lost 12.3 s", "ending…"]),
        ("unplugged", ["! microphone is gone, trying again in 5 s", "lost 2.0 s"]),
        ("no input", ["✕  NO INPUT", "! no microphone found: plug one in", "s: next input"]),
        ("recalled", ["✓  MATCH", "recalled", "▒"]),
        ("paused", ["PAUSED"]),
        ("cadence", ["steps per minute, cadence 167", "167 spm ± 5 %"]),
        ("no sensor", ["sensor lost, searching"]),
        ("tapping", ["3 taps, 1 more: 150 spm", "[165]"]),
    ],
)
def test_the_screen_shows_the_state_in_words(state: str, words: list[str]) -> None:
    text = render(STATES[state], 80, 23).plain
    assert [word for word in words if word not in text] == []


def test_a_narrow_screen_shows_the_same_in_fewer_words() -> None:
    text = render(MATCH, *CRAMPED).plain
    for word in (
        "✓ MATCH",
        "165 spm ± 5 %",
        "+0.3 spm, +0.2 %",
        "a step on every beat · lock",
        "82.7 94 %",
        "✓ 165.3 97 %",
        "−21 dBFS",
        "settled",
        "♪ Waltz of the open",
    ):
        assert word in text
    assert "✕ NO MATCH" in render(STATES["no match"], *CRAMPED).plain


def shapes(view: View) -> set[str]:
    """Return the frame characters on the screen, and whether something is filled."""
    text = render(view, 80, 23)
    filled = {"filled"} if any("reverse" in str(span.style) for span in text.spans) else set()
    return filled | (set(text.plain) & set("╭╌┏┃"))


def test_verdicts_differ_in_shape_not_only_in_colour() -> None:
    assert shapes(MATCH) == {"filled"}
    assert shapes(STATES["no match"]) == {"╭", "╌"}
    assert shapes(STATES["stretch"]) == {"┏", "┃"}
    assert shapes(STATES["silence"]) == set()


def test_the_verdict_follows_the_target_immediately() -> None:
    assert judge(MATCH).word == "MATCH"
    assert judge(replace(MATCH, target=176.0)).word == "STRETCH"
    assert judge(replace(MATCH, target=190.0)).word == "NO MATCH"
    assert judge(replace(MATCH, target=170.0, tolerance=0.02)).word == "STRETCH"
    assert "✓ MATCH" in render(replace(MATCH, target=123.0), 80, 23).plain.split("songs heard")[1]


def test_large_figures_show_the_pace_nearest_to_the_target() -> None:
    assert MATCH.shown == 165.31
    assert replace(MATCH, target=85.0).shown == 82.66
    assert replace(MATCH, target=None).shown == 165.31
    assert STATES["empty"].shown is None
    for (width, height), scale in zip(TERMINALS, (1, 2, 4), strict=True):
        assert large("165", scale)[0].rstrip() in render(MATCH, width, height).plain


@pytest.mark.parametrize("width", [38, 78, 160])
@pytest.mark.parametrize("target", [40.0, 83.0, 165.0, 167.5, 320.0])
def test_only_a_matching_pace_is_in_the_band(width: int, target: float) -> None:
    axis = Axis(width)
    low, high = axis.cell(target * 0.95), axis.cell(target * 1.05)
    for spm in np.geomspace(SPM_MIN, SPM_MAX, 400):
        matches = abs(spm / target - 1.0) <= 0.05
        if matches:
            assert low <= axis.cell(spm) <= high
        elif abs(spm / target - 1.0) > 0.05 + 2.1 / width * np.log(SPM_MAX / SPM_MIN):
            assert not low <= axis.cell(spm) <= high


def test_the_axis_is_logarithmic_and_its_inverse_is_right() -> None:
    axis = Axis(78)
    assert [axis.cell(spm) for spm in (40.0, 80.0, 160.0, 320.0)] == [0, 26, 52, 77]
    assert all(axis.cell(axis.spm(cell)) == cell for cell in range(78))
    assert (axis.spm(-9), axis.spm(200)) == (SPM_MIN, SPM_MAX)


def test_the_pace_that_matches_is_never_left_out() -> None:
    paces = [(50.0 + 10 * k, 0.9 - 0.01 * k) for k in range(9)] + [(165.0, 0.5)]
    for width, height in SIZES[:6]:
        assert "✓ 165.0 50 %" in render(View(StreamState("mic", reading(50.0, paces))), width, height).plain


def test_a_position_on_the_scale_is_a_rate_and_others_are_none() -> None:
    for (width, height), view in zip(TERMINALS, (MATCH, STATES["periodicity"], MATCH), strict=True):
        picture = draw(view, width, height)
        axis = next(n for n, line in enumerate(picture.lines) if "─320" in line.plain)
        column = picture.lines[axis].plain.index("[165]") + 2
        assert picture.spm(column, axis) == pytest.approx(165.0, rel=0.04)
        assert picture.spm(column, axis - 1) == picture.spm(column, axis)
        assert picture.spm(column, 0) is None
        assert picture.spm(0, axis) is None
        assert (picture.spm(column, axis + 1) is not None) == view.periodicity
    assert not draw(STATES["help"], 80, 23).scale


def test_the_periodicity_shows_peaks_at_repeating_rates() -> None:
    with_it, without = (render(STATES[state], 80, 23).plain.split("\n") for state in ("periodicity", "match"))
    axis = next(n for n, line in enumerate(without) if "─320" in line)
    assert with_it[: axis - 1] == without[: axis - 1]
    drawn = with_it[axis + 2]
    assert drawn[1 + Axis(78).cell(165.3)] == drawn[1 + Axis(78).cell(82.7)] == "█"
    assert drawn[1 + Axis(78).cell(130.0)] == " "
    assert "▁" in with_it[axis - 1], "a candidate that was rejected"


def test_songs_are_listed_newest_first() -> None:
    text = render(MATCH, 80, 23).plain
    assert text.index("no pace found") < text.index("Steep and short") < text.index("61.7")


def test_the_help_names_every_key() -> None:
    text = render(STATES["help"], 80, 23).plain
    assert [keys.words for keys in KEYS if f"{keys.shown:<7}{keys.words}" not in text] == []


@pytest.mark.parametrize(("width", "height"), [*TERMINALS, (60, 15), (30, 6)])
def test_the_pages_of_the_help_show_everything_and_end(width: int, height: int) -> None:
    view, seen = MATCH, ""
    while page := next_page(view, width, height):
        view = replace(view, help=page)
        seen += render(view, width, height).plain
    assert view.help >= 1
    for name, words in MEANINGS:
        assert name.strip() in seen
        assert words in seen or width < 40
    assert "? closes it" in seen or width < 40
    assert all(len(f"{keys.shown:<7}{keys.words}") <= COLUMN for keys in KEYS)


def words_on_the_screen() -> set[str]:
    """Return every word that the screen draws in all its states, without names, titles and messages."""
    counts = [tapped(*(10.0 + gap * k for k in range(count))) for gap in (0.03, 0.4, 1.7) for count in (1, 3, 5)]
    levels = [reading(50.0, [(165.0, 0.9)], status=status) for status in LEVEL_WORDS]
    views = [
        *STATES.values(),
        *(replace(MATCH, taps=taps) for count in counts for taps in (count, count.at(1000.0))),
        *(View(StreamState("mic:USB", each), periodicity=True) for each in levels),
    ]
    words: set[str] = set()
    for view in views:
        songs = tuple(replace(song, track=None) for song in view.stream.songs)
        nameless = replace(
            view, help=0, stream=replace(view.stream, input="", songs=songs, error=view.stream.error and "!")
        )
        if view.stream.reading is not None:
            health = replace(view.stream.reading.health, message="")
            heard = replace(view.stream.reading, track=None, health=health)
            nameless = replace(nameless, stream=replace(nameless.stream, reading=heard))
        for terminal in TERMINALS:
            shown = render(nameless, *terminal).plain.replace("paces-live", "")
            words |= {word.lower() for word in re.findall(r"[A-Za-z]{2,}", shown)}
    return words


def test_every_word_on_the_screen_is_in_the_help_and_in_the_guide() -> None:
    words = words_on_the_screen()
    states = " ".join([*STATE_WORDS.values(), *LEVEL_WORDS.values()])
    labels = "off by every load level no pace songs heard at lost lock over under taps"
    assert {*labels.split(), *states.split()} <= words
    explained = " ".join(f"{name} {text}" for name, text in (*((keys.shown, keys.words) for keys in KEYS), *MEANINGS))
    guide = (Path(__file__).parents[2] / "docs" / "running.md").read_text("utf-8").split("## What it shows")[1]
    # The help has `step` and `taps`, which these words go with: "two steps a beat", "4 taps: over 320".
    with_others = {"two", "second", "third", "over", "under", "takes"}
    assert words - with_others - set(re.findall(r"[a-z]+", explained.lower())) == set()
    assert words - set(re.findall(r"[a-z]+", guide.lower())) == set()
    assert [name for name, _ in MEANINGS if name.startswith("NO ") and name not in guide] == []


def test_the_last_change_of_the_target_joins_what_belongs_together() -> None:
    change = Change(165.0, 10.0)
    for now in (11.0, 12.0, 13.0):
        change = change.then(170.0, now)
    assert change == Change(165.0, 13.0)
    assert change.then(170.0, 13.0 + TOGETHER_S) == Change(170.0, 15.0)


def test_the_state_follows_the_events() -> None:
    state = StreamState()
    for event in TWO_SONGS:
        state = state.after(event)
    assert (state.input, len(state.songs), state.song_start) == ("file:demo.ogg", 2, 80.0)
    assert StreamState().after(START) == StreamState("file:demo.ogg")


def test_nothing_of_a_song_that_has_ended_stays_on_the_screen() -> None:
    before = StreamState("play:default", reading(12.0, [(168.0, 0.9)], song=1, title="Old"))
    after = View(before.after(song(1, 0.0, 12.0, 168.0)))
    assert (after.song, after.song_time, after.paces, after.caption) == (2, 0.0, (), None)
    assert judge(after).word == "LISTENING"
    # The reading of the next song may come first.
    following = StreamState("play:default", reading(13.0, [(92.0, 0.9)], song=2, title="New"))
    assert View(following.after(song(1, 0.0, 12.0, 168.0))).caption == "New"


def test_a_pause_that_is_over_is_no_warning() -> None:
    stream = StreamState("play:default", reading(12.0, [(168.0, 0.9)], status="paused", message="paused"))
    assert "paused" not in render(View(stream), 80, 23).plain


def test_songs_are_counted_over_all_inputs() -> None:
    state = StreamState()
    for event in (*TWO_SONGS, *TWO_SONGS[:-1]):
        state = state.after(event)
    assert [song.song for song in state.songs] == [1, 2, 3, 4]
    again = state.after(START)
    assert (again.reading, again.song_start, View(again).song) == (None, 0.0, 5)


def test_silence_belongs_to_no_song() -> None:
    state = StreamState().after(song(1, 0.0, 40.0, 165.0)).after(reading(70.0, state="silence", song=2))
    assert View(state).song_time == 0.0
    later = View(state.after(reading(78.0, state="listening", song=2)))
    assert later.song_time == 8.0
    assert "listening… 8 s" in render(later, 80, 23).plain


def test_the_time_of_a_song_is_its_own_after_one_that_was_too_short_to_be_reported() -> None:
    titles = {2.0: None, 3.0: "Short", 6.0: "Long", 8.0: "Long"}
    state, times = StreamState(), []
    for t, title in titles.items():
        state = state.after(reading(t, title=title))
        times.append(View(state).song_time)
    # A track that is known late begins no song.
    assert times == [2.0, 3.0, 0.0, 2.0]


def test_taps_give_the_median_rate_and_end_with_a_pause() -> None:
    taps = Taps().tapped(10.0)
    assert (taps.count, taps.rate) == (1, None)
    for time in (10.4, 10.8, 11.9, 12.3):
        taps = taps.tapped(time)
    assert taps.count == 5
    assert taps.rate == pytest.approx(150.0)
    assert taps.at(12.3 + PAUSE_S - 0.1) == taps
    assert taps.at(12.3 + PAUSE_S) == replace(taps, over=True)
    assert taps.at(12.3 + PAUSE_S).at(12.3 + PAUSE_S + NOTE_S) == Taps()
    assert taps.at(1000.0) == replace(taps, over=True), "nobody has looked since"
    assert taps.tapped(20.0) == Taps((20.0,), 1)


@pytest.mark.parametrize(
    ("times", "target", "words"),
    [
        ([10.0], None, "1 tap: not set, it takes 4"),
        ([10.0, 10.4], None, "2 taps: not set, it takes 4"),
        ([10.0, 10.4, 10.8], None, "3 taps: not set, it takes 4"),
        ([10.0, 10.4, 10.8, 11.2], 150.0, ""),
        ([10.0, 10.4, 11.2, 11.6], 150.0, ""),  # a missed tap
        ([10.0, 10.4, 10.45, 10.8, 11.2, 11.6], 150.0, ""),  # a key that bounced
        ([10.0, 10.5, *(10.53 + 0.03 * k for k in range(30))], None, "32 taps: over 320, not set"),  # a held key
        ([10.0, 11.7, 13.4, 15.1], None, "4 taps: under 40, not set"),
        ([10.0, 11.5, 13.0, 14.5], 40.0, ""),
    ],
)
def test_four_taps_within_the_range_set_a_target_and_others_say_why_not(
    times: list[float], target: float | None, words: str
) -> None:
    taps = tapped(*times).at(times[-1] + PAUSE_S)
    assert taps.over
    assert taps.target == target
    if target is None:
        assert taps.words() == words


@pytest.mark.parametrize("gap", [0.03, 0.4, 1.7])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 120])
def test_what_the_taps_amount_to_is_never_cut(gap: float, count: int) -> None:
    counting = tapped(*(10.0 + gap * k for k in range(count)))
    for taps in (counting, counting.at(counting.times[-1] + PAUSE_S)):
        assert taps.words(roomy=True) in render(replace(MATCH, taps=taps), 80, 23).plain
        assert taps.words(roomy=False) in render(replace(MATCH, taps=taps), *CRAMPED).plain


def test_taps_follow_a_runner_who_changes_the_rate() -> None:
    taps = Taps()
    for step in range(20):
        taps = taps.tapped(0.5 * step)
    for step in range(9):
        taps = taps.tapped(10.0 + 0.4 * step)
    assert taps.rate == pytest.approx(150.0)
    assert taps.count == 29
    assert Taps().tapped(1.0).tapped(1.0).rate == 60_000.0


def test_themes_are_chosen_by_name_or_by_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert choose() is DARK
    assert choose("light") is LIGHT
    monkeypatch.setenv("NO_COLOR", "1")
    assert choose() is PLAIN
    assert choose("dark") is DARK
    with pytest.raises(UsageError, match="theme pink is unknown: choose auto, dark, light, plain"):
        choose("pink")


def linear(colour: str) -> np.ndarray:
    """Return a colour as linear red, green and blue, 0 to 1 (sRGB, IEC 61966-2-1)."""
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """Return the contrast ratio of two linear colours (WCAG 2)."""
    a, b = sorted((float(colour @ [0.2126, 0.7152, 0.0722]) + 0.05 for colour in (one, other)), reverse=True)
    return a / b


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_colours_can_be_read(theme: Theme) -> None:
    drawn = [str(style.color.name) for style in (theme.yes, theme.no, theme.dim) if style.color]
    assert len(drawn) == 3
    for colour in (*drawn, theme.text, theme.faint):
        assert contrast(linear(colour), linear(theme.background)) >= 4.5
    for colour in (theme.text, theme.faint):
        assert contrast(linear(colour), linear(theme.surface)) >= 4.5


# What eyes without red, green or blue cones see of linear colours (Machado, Oliveira and Fernandes 2009, severity 1).
BLINDNESS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_colour_blind_people_can_distinguish_yes_from_no(theme: Theme, blindness: str) -> None:
    assert theme.yes.color is not None
    assert theme.no.color is not None
    yes, no = (np.clip(BLINDNESS[blindness] @ linear(style.color.name), 0.0, 1.0) for style in (theme.yes, theme.no))  # type: ignore[union-attr]
    assert np.abs(yes ** (1 / 2.2) - no ** (1 / 2.2)).max() > 0.25


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_figures_have_their_declared_size(scale: int) -> None:
    lines = large("165", scale)
    assert {len(line) for line in lines} == {size(3, scale)[0]}
    assert len(lines) == size(3, scale)[1]


def test_figures_and_letters_differ() -> None:
    drawings = {"".join(large(character, 1)) for character in GLYPHS}
    assert len(drawings) == len(GLYPHS) - 1, "only zero and the letter O are the same"


@pytest.mark.parametrize(("state", "word"), [("match", "MATCH"), ("no match", "NO MATCH"), ("stretch", "STRETCH")])
def test_large_screens_show_the_verdict_in_large_letters(state: str, word: str) -> None:
    for width, height in ((120, 39), (200, 49)):
        assert [line for line in large(word, 1) if line.strip() not in render(STATES[state], width, height).plain] == []


def test_without_colour_nothing_has_one() -> None:
    for view in STATES.values():
        text = render(replace(view, theme=PLAIN), 80, 23)
        assert not [span for span in text.spans if getattr(span.style, "color", None)]


def test_render_gives_text() -> None:
    assert type(render(View(), 80, 23)) is Text


def test_a_skipped_song_is_said_to_be_skipped() -> None:
    songs = [replace(song(1, 0.0, 12.0, 123.4, title="Waltz"), skipped=True), song(2, 12.0, 60.0)]
    state = StreamState(songs=tuple(songs))
    _, none, skipped = (
        line.split() for line in render(View(state), 80, 23).plain.split("songs heard")[1].split("\n")[:3]
    )
    assert none == ["2", "–", "0:12", "0:48", "no", "pace", "found"]
    assert skipped == ["1", "–", "0:00", "0:12", "skipped", "Waltz"]


def climbing(step: float, seconds: int = 16) -> View:
    state = StreamState("mic:USB")
    for t in range(seconds):
        state = state.after(reading(30.0 + t, [(82.5 + t * step / 2.0, 0.9), (165.0 + t * step, 0.9)]))
    return View(state)


def test_a_tempo_that_changes_is_said_to_rise_or_fall() -> None:
    assert climbing(0.3).trend == "rising"
    assert "settled, rising" in render(climbing(0.3), 78, 23).plain
    assert climbing(-0.3).trend == "falling"
    assert climbing(0.1).trend == ""
    assert climbing(0.3, seconds=5).trend == ""


def test_another_song_or_another_pace_is_no_change_of_tempo() -> None:
    state = climbing(0.0).stream
    assert View(state.after(reading(47.0, [(172.0, 0.9)], song=2))).trend == ""
    assert View(state.after(reading(47.0, [(180.0, 0.9)]))).trend == ""
    assert View().trend == ""


def test_without_a_target_the_felt_beat_is_large_however_probable_another_pace_is() -> None:
    view = View(StreamState(reading=reading(50.0, [(200.0, 0.99), (100.0, 0.7)])), target=None)
    assert view.shown == 100.0
