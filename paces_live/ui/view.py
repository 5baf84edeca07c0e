"""The screen as a pure function: what was heard and the target go in, lines of styled text come out.

Nothing here knows Textual, threads or time, so every state of the screen can be made and looked at in a test.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from rich.style import Style
from rich.text import Text

from paces_live.events import Event, Match, Pace, Reading, Song, Start
from paces_live.match import best_match, stepping
from paces_live.ui.figures import large, size
from paces_live.ui.output import STATE_WORDS, by_rate, clock, level_note, percent, signed

YES = Style(color="#4aa8ff", bold=True)
NO = Style(color="#ff9d3b", bold=True)
DIM = Style(color="#8b949e")
BOLD = Style(bold=True)
PLAIN = Style()
"""Blue and orange stay apart for colour-blind eyes; words and shapes say the same without any colour."""

ROOMY, MAX_WIDTH = 70, 100
"""Cells from which on a line has room for words, and beyond which it would tear figures and words apart."""
METER_DBFS = (-60.0, 0.0)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the engine has told so far; `song_start` is the audio time at which the current song began, seconds."""

    input: str = ""
    reading: Reading | None = None
    songs: tuple[Song, ...] = ()
    song_start: float = 0.0

    def after(self, event: Event) -> "Heard":
        """Return what is known after `event`."""
        match event:
            case Start():
                return replace(self, input=event.input)
            case Reading():
                # Silence belongs to no song: the next one begins when it ends.
                start = event.t if event.state == "silence" else self.song_start
                return replace(self, reading=event, song_start=start)
            case Song():
                return replace(self, songs=(*self.songs, event), song_start=event.end)
            case _:
                return self


@dataclass(frozen=True, slots=True)
class View:
    """All that the screen shows."""

    heard: Heard = field(default_factory=Heard)
    target: float | None = 165.0
    tolerance: float = 0.05
    ending: bool = False

    @property
    def paces(self) -> tuple[Pace, ...]:
        """The compatible paces heard now."""
        return self.heard.reading.paces if self.heard.reading else ()

    @property
    def match(self) -> Match | None:
        """The match with the target as it is now, which the user may have moved since the reading."""
        return best_match(self.paces, self.target, self.tolerance)

    @property
    def shown(self) -> float | None:
        """The pace in large figures: the one nearest to the target, without a target the most probable."""
        if self.target is None or not self.paces:
            return self.paces[0].spm if self.paces else None
        target = self.target
        return min((pace.spm for pace in self.paces), key=lambda spm: abs(spm / target - 1.0))

    @property
    def song_time(self) -> float:
        """Audio time since the current song began, seconds."""
        return max(0.0, self.heard.reading.t - self.heard.song_start) if self.heard.reading else 0.0


Frame = tuple[str, str, str, str, str, str]
THICK: Frame = ("┏", "━", "┓", "┃", "┗", "┛")
DOTTED: Frame = ("╭", "╌", "╮", "╎", "╰", "╯")
BARE: Frame = (" ", " ", " ", " ", " ", " ")
"""Corners and edges: top left, top, top right, side, bottom left, bottom right."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes, nearly, no or not known, as a sign, words and the shape of the frame around them."""

    sign: str
    word: str
    grade: str
    style: Style
    frame: Frame | None
    """None fills the whole shape."""


def judge(view: View) -> Verdict:
    """Return what the screen says loudest."""
    reading, match = view.heard.reading, view.match
    if not view.paces or reading is None:
        words = STATE_WORDS[reading.state] if reading else "starting"
        return Verdict("", words.upper() if not reading or reading.state != "settled" else "NO PACE", "", DIM, BARE)
    if view.target is None:
        return Verdict("", "NO TARGET", "", DIM, BARE)
    if match is None:
        return Verdict("✕", "NO MATCH", "", NO, DOTTED)
    if match.grade == "stretch":
        return Verdict("≈", "STRETCH", "a compromise", NO, THICK)
    return Verdict("✓", "MATCH", "locked on" if match.grade == "lock" else "close", YES, None)


def state_words(view: View) -> str:
    """Return the state in a runner's words."""
    if view.ending:
        return "ending…"
    if view.heard.reading is None:
        return "starting…"
    words = STATE_WORDS[view.heard.reading.state]
    return f"{words}… {view.song_time:.0f} s" if view.heard.reading.state == "listening" else words


def render(view: View, width: int, height: int) -> Text:
    """Draw the whole screen: `height` lines of at most `width` cells."""
    inner = min(width - 2, MAX_WIDTH)
    scale = 3 if inner >= 98 and height >= 34 else 2 if inner >= ROOMY and height >= 18 else 1
    roomy = scale > 1
    hero = _hero(view, inner, scale)
    lines = [_header(view, inner), *[Text()] * roomy, *hero, *[Text()] * roomy]
    spare = height - len(lines) - 1
    paces = _paces(view, inner, max(1, spare - 2 - 2 * roomy))
    lines += [*paces, *[Text()] * roomy]
    lines += _songs(view, inner, height - len(lines) - 1 - roomy, titled=roomy)
    lines += [Text()] * (height - 1 - len(lines))
    lines = [*lines[: height - 1], _footing(view, inner)]
    margin = " " * ((width - inner) // 2)
    for line in lines:
        line.truncate(inner, overflow="ellipsis")
    return Text("\n").join(Text(margin) + line for line in lines)


def _header(view: View, width: int) -> Text:
    left = Text.assemble(("paces-live  " if width >= ROOMY else "", BOLD))
    left.append(view.heard.input, DIM if width >= ROOMY else BOLD)
    song = view.heard.reading.song if view.heard.reading else 1
    return _spread(left, Text(f"song {song}  {clock(view.song_time)}", DIM), width)


def _hero(view: View, width: int, scale: int) -> list[Text]:
    """Return the large figures, and beside them the verdict and what it rests on."""
    verdict = judge(view)
    columns, _ = size(3, scale)
    figures = f"{view.shown:3.0f}" if view.shown else "---"
    left = [Text.assemble((line, verdict.style)) for line in large(figures, scale)]
    gap = 3 if scale == 1 else 6
    if scale == 1:
        right = _lines_narrow(view, verdict, width - columns - gap)
        left.append(Text(" · ".join(filter(None, [_step(view), verdict.grade])), DIM))
    else:
        right = [*_banner(verdict, width - columns - gap), *[Text()] * (scale - 1), *_facts(view)]
        left.append(Text("steps a minute".center(columns), DIM))
    count = max(len(left), len(right))
    left += [Text()] * (count - len(left))
    right += [Text()] * (count - len(right))
    return [Text.assemble(_pad(a, columns + gap), b) for a, b in zip(left, right, strict=True)]


def _banner(verdict: Verdict, width: int) -> list[Text]:
    words = " · ".join(filter(None, [f"{verdict.sign}  {verdict.word}".strip(), verdict.grade]))
    if verdict.frame is None:
        filled = verdict.style + Style(reverse=True)
        return [Text(" " * width, filled), Text(words.center(width), filled), Text(" " * width, filled)]
    if verdict.frame == BARE:
        return [Text(), Text(words, BOLD), Text()]
    a, edge, b, side, c, d = verdict.frame
    return [
        Text(a + edge * (width - 2) + b, verdict.style),
        Text(side + words.center(width - 2) + side, verdict.style),
        Text(c + edge * (width - 2) + d, verdict.style),
    ]


def _facts(view: View) -> list[Text]:
    rows = [("target", _target(view)), ("off by", _error(view)), ("step", _step(view)), ("state", state_words(view))]
    return [Text.assemble((f"{name:<9}", DIM), (value, PLAIN) if value else ("–", DIM)) for name, value in rows]


def _lines_narrow(view: View, verdict: Verdict, width: int) -> list[Text]:
    words = f"{verdict.sign} {verdict.word}".strip()
    state = Text(state_words(view) if view.paces or view.song_time else "", DIM)
    if verdict.frame is None:
        banner = Text(words.center(width), verdict.style + Style(reverse=True))
    elif verdict.sign:
        banner = Text(f"[{words.center(width - 2)}]", verdict.style)
    else:
        banner = Text(words, BOLD)
    return [banner, Text(_target(view)), Text(_error(view)), state]


def _target(view: View) -> str:
    return "none" if view.target is None else f"{view.target:g} spm ± {100 * view.tolerance:g} %"


def _error(view: View) -> str:
    """Return how far the pace in large figures is from the target."""
    if view.target is None or view.shown is None:
        return ""
    error = view.shown / view.target - 1.0
    return f"{signed(view.shown - view.target)} spm, {percent(error)}".replace("-", "−")


def _step(view: View) -> str:
    return stepping(view.shown, view.paces) if view.shown else ""


def _paces(view: View, width: int, count: int) -> list[Text]:
    """Return the compatible paces with their probabilities, slowest first, at most `count`."""
    match, roomy = view.match, width >= ROOMY
    first = sorted(view.paces, key=lambda pace: pace.spm != view.shown)  # never leave out the one in large figures
    lines = []
    for pace in by_rate(first[:count]):
        chosen = match is not None and pace.spm == match.spm
        style = judge(view).style if chosen else PLAIN
        words = f"  {stepping(pace.spm, view.paces):<26}" if roomy else ""
        line = Text.assemble((f"{'▶' if chosen else ' '} {pace.spm:5.1f}  ", style))
        tail = f"  {pace.probability:4.0%}".replace("%", " %")
        line += _bar(pace.probability, width - line.cell_len - len(tail) - len(words), style)
        lines.append(line + Text(tail, style) + Text(words, DIM))
    return lines or [Text("  no compatible pace", DIM)]


def _songs(view: View, width: int, room: int, *, titled: bool) -> list[Text]:
    """Return the songs heard, newest first, as many as there is room for."""
    draw: Callable[[Song], Text] = partial(_song, view=view, width=width, roomy=titled)
    if room < 1:
        return []
    if not titled:
        return [draw(song) for song in view.heard.songs[-room:][::-1]]
    if not view.heard.songs:
        return [Text("songs heard", DIM), Text("  none yet", DIM)][:room]
    return [Text("songs heard", DIM), *(draw(song) for song in view.heard.songs[::-1][: room - 1])]


def _song(song: Song, *, view: View, width: int, roomy: bool) -> Text:
    match = best_match(song.paces, view.target, view.tolerance)
    if view.target is None or not song.paces:
        flag, style = "–", DIM
    elif match is None:
        flag, style = "✕ NO MATCH" if roomy else "✕ NO", NO
    else:
        stretch = match.grade == "stretch"
        flag, style = ("≈ STRETCH", NO) if stretch else ("✓ MATCH", YES)
    number = f"{song.song:>3}  " if roomy else f"{song.song:>2} "
    line = Text.assemble(number, (f"{flag:<12}" if roomy else f"{flag:<10}", style))
    line.append(f"{clock(song.end - song.start):>7}   " if roomy else f"{clock(song.end - song.start):>5} ", DIM)
    for pace in by_rate(song.paces):
        line.append(f" {pace.spm:5.1f}", BOLD if match and pace.spm == match.spm else PLAIN)
    if not song.paces:
        line.append(" no pace found", DIM)
    if song.title and roomy and line.cell_len < width - 4:
        line.append(f"   {song.title}", DIM)
    return line


def _footing(view: View, width: int) -> Text:
    """Return the state of the capture: level, what is wrong with it, audio lost, computing load."""
    if view.heard.reading is None:
        return Text()
    health = view.heard.reading.health
    low, high = METER_DBFS
    fraction = min(1.0, max(0.0, (health.level_dbfs - low) / (high - low)))
    note = health.note or level_note(health)
    roomy = width >= ROOMY
    left = Text.assemble(("level  " if roomy else "", DIM))
    left += _bar(fraction, width // (4 if roomy else 6), NO if note else PLAIN)
    left.append(f" {max(health.level_dbfs, -99.0):4.0f} dBFS".replace("-", "−"), DIM)
    left.append(f"  {note}", NO)
    right = []
    if health.dropped_s > 0.0:
        right.append(Text(f"lost {health.dropped_s:.1f} s", NO))
    if roomy or not (right or note):
        right.append(Text(f"load {100.0 * health.load:.2g} %", DIM))
    return _spread(left, Text("  ").join(right), width)


def _bar(fraction: float, width: int, style: Style) -> Text:
    """Draw a bar whose full length is marked, to half a cell."""
    halves = round(fraction * width * 2)
    full = "━" * (halves // 2) + "╸" * (halves % 2)
    return Text.assemble((full, style), ("·" * (width - len(full)), DIM))


def _pad(text: Text, width: int) -> Text:
    return text + " " * max(0, width - text.cell_len)


def _spread(left: Text, right: Text, width: int) -> Text:
    """Put `left` and `right` at the two ends of a line; `right` wins where there is not enough room."""
    left = left.copy()
    left.truncate(max(0, width - right.cell_len - 1), overflow="ellipsis")
    return _pad(left, width - right.cell_len) + right
