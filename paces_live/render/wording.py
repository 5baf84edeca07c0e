"""Words for events, the same on the screen, in lines and in tables."""

import codecs
import math
import os
from collections.abc import Iterable, Sequence
from typing import TextIO, TypeVar

from paces_live.events import Health, Match, Pace, Reading, SongPace, State
from paces_live.match import WHOLE_STEPS, Listener, steps_per_beat
from paces_live.session.health import LEVEL_WORDS

P = TypeVar("P", bound=Pace | SongPace)

BLUE, ORANGE = "38;5;39", "38;5;208"
"""Terminal colours of yes and no that colour-blind people can tell apart."""

STATE_WORDS: dict[State, str] = {
    "listening": "listening",
    "silence": "silence",
    "no_pulse": "no steady pulse",
    "provisional": "still settling",
    "settled": "settled",
}
STEPS = dict(
    zip(
        WHOLE_STEPS,
        ("a step on every beat", "two steps a beat", "three steps a beat", "four steps a beat"),
        strict=True,
    )
)
BEATS = dict(zip(WHOLE_STEPS[1:], ("second", "third", "fourth"), strict=True))
"""Words for steps on a beat, and for beats without one."""
SKIPPED = "skipped"
"""Instead of paces and a verdict: the listener moved on before there was one."""


def state_word(reading: Reading) -> str:
    """Return the state of a reading in a runner's words.

    Examples
    --------
    >>> state_word(Reading(12.0, 1, "no_pulse", (), Health(level_dbfs=-20.0, dropped_s=0.0, load=0.1)))
    'no steady pulse'
    """
    return "recalled" if reading.recalled else STATE_WORDS[reading.state]


def by_rate(paces: Iterable[P]) -> list[P]:
    """Return `paces` slowest first: an order that does not jump when probabilities change.

    Examples
    --------
    >>> [pace.spm for pace in by_rate([Pace(165.3, 0.97), Pace(82.7, 0.94)])]
    [82.7, 165.3]
    """
    return sorted(paces, key=lambda pace: pace.spm)


def paces_words(paces: Iterable[Pace | SongPace]) -> str:
    """Return paces with their probabilities, slowest first.

    Examples
    --------
    >>> paces_words([Pace(165.31, 0.97), Pace(82.66, 0.94)])
    '82.7 (94 %), 165.3 (97 %)'
    """
    return ", ".join(f"{rate_words(pace)} ({100 * pace.probability:.0f} %)" for pace in by_rate(paces))


def rate_words(pace: Pace | SongPace, decimals: int = 1, to: str = " to ") -> str:
    """Return the rate of a pace, or its range if the tempo changes.

    Examples
    --------
    >>> rate_words(Pace(165.31, 0.97)), rate_words(SongPace(165.0, 0.97, share=1.0, low=150.0, high=180.0))
    ('165.3', '150.0 to 180.0')
    """
    if isinstance(pace, Pace) or pace.low is None or pace.high is None:
        return f"{pace.spm:.{decimals}f}"
    return f"{pace.low:.{decimals}f}{to}{pace.high:.{decimals}f}"


def flag_words(match: Match | None) -> tuple[str, str]:
    """Return the sign and the words that flag a song: whether it matches the target.

    Examples
    --------
    >>> flag_words(Match(165.31, 0.0019, "lock")), flag_words(None)
    (('✓', 'MATCH'), ('✕', 'NO MATCH'))
    """
    if match is None:
        return "✕", "NO MATCH"
    return ("≈", "STRETCH") if match.grade == "stretch" else ("✓", "MATCH")


def is_yes(match: Match | None) -> bool:
    """Return whether a match has the colour of a yes: a stretch is a compromise.

    Examples
    --------
    >>> is_yes(Match(165.31, 0.0019, "lock")), is_yes(Match(155.2, -0.0594, "stretch")), is_yes(None)
    (True, False, False)
    """
    return match is not None and match.grade != "stretch"


def verdict_words(
    match: Match | None,
    paces: Sequence[Pace | SongPace],
    target: float | None,
    *,
    beat: float | None = None,
    near: str = "",
    colour: bool = False,
) -> str:
    """Return whether `paces` match the target, how well, and how to step; empty without a target or paces.

    If they do not match, `near` says when they do, see `near_words`.

    Examples
    --------
    >>> verdict_words(Match(165.31, 0.0019, "lock"), [Pace(165.31, 0.97)], 165.0, beat=82.6)
    'MATCH 165.3 (lock, +0.2 %), two steps a beat'
    """
    if target is None or not paces:
        return ""
    _, flag = flag_words(match)
    word = painted(flag, BLUE if is_yes(match) else ORANGE, colour)
    if match is None:
        return ", ".join(filter(None, [word, near]))
    pace = next((pace for pace in paces if pace.spm == match.spm), Pace(match.spm, 1.0))
    if rate_words(pace) != f"{match.spm:.1f}":
        graded = f"{word} {rate_words(pace)} ({match.grade})" if is_yes(match) else f"{word} {rate_words(pace)}"
        return ", ".join(filter(None, [graded, stepping(match.spm, beat), "" if is_yes(match) else near]))
    grade = "" if match.grade == "stretch" else f"{match.grade}, "
    graded = f"{word} {match.spm:.1f} ({grade}{percent(match.error)})"
    return ", ".join(filter(None, [graded, stepping(match.spm, beat)]))


def target_words(listener: Listener) -> str:
    """Return the target of a listener.

    Examples
    --------
    >>> target_words(Listener(165.0))
    'target 165 spm ± 5 %'
    """
    if listener.target is None:
        return "no target"
    return f"target {listener.target:g} spm ± {100 * listener.tolerance:g} %"


def status_words(health: Health) -> str:
    """Return the problem of a capture, with the level if the level is the problem; empty if there is none.

    Examples
    --------
    >>> status_words(Health(level_dbfs=-62.4, dropped_s=0.0, load=0.1, status="too_quiet"))
    'too quiet (-62 dBFS)'
    """
    if health.status in LEVEL_WORDS:
        return f"{LEVEL_WORDS[health.status]} ({health.level_dbfs:.0f} dBFS)"
    return health.message or ""


def stepping(spm: float, beat: float | None) -> str:
    """Say how to step at `spm` in relation to the felt beat; empty while the beat is not decided.

    Examples
    --------
    >>> stepping(170.0, 85.0), stepping(67.3, 202.0), stepping(170.0, None)
    ('two steps a beat', 'a step every third beat', '')
    """
    if beat is None:
        return ""
    steps = steps_per_beat(spm, beat)
    if steps in STEPS:
        return STEPS[int(steps)]
    # Ratios beyond those that a runner can count are rare, and may be as whole as 5 or a fifth.
    every = next((words for beats, words in BEATS.items() if steps == 1.0 / beats), "")
    return f"a step every {every} beat" if every else f"{steps:.2f} steps a beat"


def clock(seconds: float) -> str:
    """Return a duration as minutes and whole seconds, with hours if there are any.

    Examples
    --------
    >>> clock(215.2), clock(39.98), clock(3723), clock(17.5), clock(42.5)
    ('3:35', '0:40', '1:02:03', '0:18', '0:43')
    """
    # Round halves up, so that equal differences look equal.
    minutes, rest = divmod(math.floor(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def percent(ratio: float) -> str:
    """Return a relative error, such as ``+0.2 %``.

    Examples
    --------
    >>> percent(0.0019)
    '+0.2 %'
    """
    return f"{signed(100.0 * ratio)} %"


def signed(value: float) -> str:
    """Return `value` with its sign and one digit after the point; a value that rounds to zero has no minus.

    Examples
    --------
    >>> signed(0.19), signed(-0.04)
    ('+0.2', '+0.0')
    """
    return f"{round(value, 1) + 0.0:+.1f}"


def colour_wanted(stream: TextIO) -> bool:
    """Return whether `stream` is a terminal whose user accepts colour (https://no-color.org).

    Examples
    --------
    >>> import io
    >>> colour_wanted(io.StringIO())
    False
    """
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def writes_utf8(stream: TextIO | None) -> bool:
    """Return whether every character can be written to `stream`, as UTF-8 or as it is.

    Examples
    --------
    >>> import io
    >>> writes_utf8(io.StringIO()), writes_utf8(io.TextIOWrapper(io.BytesIO(), "latin-1"))
    (True, False)
    """
    encoding = getattr(stream, "encoding", None)
    return encoding is None or codecs.lookup(encoding).name == "utf-8"


def painted(text: str, colour: str, wanted: bool) -> str:
    r"""Return `text` bold and in `colour` if that is wanted.

    Examples
    --------
    >>> painted("MATCH", BLUE, wanted=True)
    '\x1b[1;38;5;39mMATCH\x1b[0m'
    """
    return f"\x1b[1;{colour}m{text}\x1b[0m" if wanted else text
