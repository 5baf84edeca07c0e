"""The songs that have ended: whether each matches the target, when and how long it was, its paces, its title."""

from rich.text import Text

from paces_live.events import Song, SongPace
from paces_live.match import match
from paces_live.render.wording import SKIPPED, by_rate, clock, flag_words, is_yes, rate_words
from paces_live.tui.lines import pad
from paces_live.tui.view import View

PACES_CELLS = 19


def draw_songs(view: View, width: int, room: int, *, roomy: bool) -> list[Text]:
    """Draw the songs that have room, newest first; `roomy` adds a heading, times and titles."""
    if room < 1:
        return []
    songs = view.stream.songs[::-1]
    if not roomy:
        return [_song(view, song, width, roomy=False) for song in songs[:room]]
    heading = Text(f"songs heard    {'at':>7} {'length':>8}   {'paces':<{PACES_CELLS}}  title", view.theme.dim)
    if not songs:
        return [Text("songs heard: none yet", view.theme.dim)]
    return [heading, *(_song(view, song, width, roomy=True) for song in songs[: room - 1])]


def _song(view: View, song: Song, width: int, *, roomy: bool) -> Text:
    theme = view.theme
    found = match(song.paces, view.target, view.tolerance)
    if view.target is None or not song.paces or song.skipped:
        flag, style = "–", theme.dim
    else:
        flag, style = " ".join(flag_words(found)), theme.yes if is_yes(found) else theme.no
    line = Text.assemble((f"{song.song:>2} ", theme.dim), (f"{flag:<11}", style))
    length = clock(song.end - song.start)
    line.append(f" {clock(song.start):>7} {length:>8}   " if roomy else f"{length:>6}  ", theme.dim)
    if song.skipped:
        line += Text(SKIPPED, theme.dim)
        return _with_title(line, song, width) if roomy else line
    paces = Text(" ").join(
        Text(_rate(pace), theme.bold if found and pace.spm == found.spm else theme.normal)
        for pace in by_rate(song.paces)
    )
    line += paces if song.paces else Text("no pace found", theme.dim)
    return _with_title(line, song, width) if roomy else line


def _rate(pace: SongPace) -> str:
    """Return a rate with a digit after the point, or a range in whole numbers: as wide as there is room."""
    return rate_words(pace) if pace.low is None else rate_words(pace, decimals=0, to="–")


def _with_title(line: Text, song: Song, width: int) -> Text:
    if not song.caption or line.cell_len >= width - 4:
        return line
    return pad(line, 34 + PACES_CELLS) + Text(f"  {song.caption}")
