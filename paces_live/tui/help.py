"""The help: what the keys do, and what the words and shapes mean."""

from rich.text import Text

from paces_live.tui.keys import KEYS
from paces_live.tui.lines import pad
from paces_live.tui.view import View

COLUMN, GAP = 38, 2
"""Width of a column and of the gap between two, cells: one column in 40 cells, two in 80."""
KEY_CELLS, WORD_CELLS = 7, 12
MOUSE = (("click", "or drag on the scale: target"), ("wheel", "target ±1"))
MEANINGS = (
    ("✓ MATCH", "within your tolerance"),
    ("  lock", "within 2.5 %, effortless"),
    ("  match", "takes some attention"),
    ("≈ STRETCH", "within 8 %, a compromise"),
    ("✕ NO MATCH", "no pace near the target"),
    ("NO PACE", "nothing to jog to so far"),
    ("NO TARGET", "nothing to compare with"),
    ("NO INPUT", "it cannot be opened"),
    ("target", "rate you want, ± tolerance"),
    ("off by", "large figures from target"),
    ("step", "how to step to the beat"),
    ("spm", "steps per minute"),
    ("cadence", "your rate, by your sensor"),
    ("sensor lost", "searching for it"),
    ("4 taps", "steps on t, and their rate"),
    ("not set", "taps too few, fast or slow"),
    ("█", "a pace, by probability"),
    ("▒", "the same, recalled"),
    ("░ [165]", "tolerance, and the target"),
    ("▂▅▃", "periodicity: repeats here"),
    ("▁", "tried and rejected"),
    ("state", "how far the judging is:"),
    ("starting", "no sound yet"),
    ("listening", "not enough sound yet"),
    ("silence", "nothing plays"),
    ("no steady pulse", "nothing to step to"),
    ("still settling", "more paces may come"),
    ("settled", "rests on 25 seconds"),
    ("rising", "or falling, in 15 seconds"),
    ("recalled", "known from before"),
    ("paused", "space goes on"),
    ("ending", "the last song is reported"),
    ("song 3 0:12", "number and time of it"),
    ("songs heard", "those that ended; none yet"),
    ("at", "when the song began"),
    ("length", "how long it lasted"),
    ("paces", "all rates that fit it"),
    ("no pace found", "nothing fitted it"),
    ("skipped", "you moved on early"),
    ("title", "artist and title"),
    ("–", "not known"),
    ("level", "loudness, 0 dBFS at most"),
    ("too quiet", "turn the input up"),
    ("silent", "no sound at all arrives"),
    ("clipping", "turn the input down"),
    ("lost", "seconds that were missed"),
    ("every 1 s", "time between readings"),
    ("load", "share of the processor"),
)


def help_pages(width: int, height: int, *, elsewhere: bool = False) -> list[list[Text]]:
    """Return the pages of the help as lines without style, each of at most `height` lines of `width` cells.

    The keys come first, and the words begin in a column of their own. If the session is `elsewhere`, keys that need one
    are left out.

    Examples
    --------
    >>> len(help_pages(78, 20)), len(help_pages(38, 11))
    (2, 7)
    """
    rows, count = max(1, height - 1), max(1, (width + GAP) // (COLUMN + GAP))
    useful = [keys for keys in KEYS if not (elsewhere and keys.needs)]
    keys = [(keys.shown, keys.words) for keys in useful] + list(MOUSE)
    columns = []
    for entries, cells in ((keys, KEY_CELLS), (list(MEANINGS), WORD_CELLS)):
        lines = [
            Text.assemble((f"{name:<{cells}}", "bold"), " " * (len(name) >= cells), words) for name, words in entries
        ]
        columns += [lines[start : start + rows] for start in range(0, len(lines), rows)]
    pages = [columns[start : start + count] for start in range(0, len(columns), count)]
    return [[_beside(page, row) for row in range(max(map(len, page)))] for page in pages]


def draw_help(view: View, width: int, height: int) -> list[Text]:
    """Draw the page of the help that the view shows, or the last one if the screen has become larger."""
    pages = help_pages(width, height, elsewhere=view.elsewhere)
    page = min(view.help, len(pages))
    following = "? shows more" if page < len(pages) else "? closes it"
    return [Text(f"help {page} of {len(pages)}, {following}", view.theme.dim), *pages[page - 1]]


def _beside(columns: list[list[Text]], row: int) -> Text:
    """Return a row of several columns."""
    cells = [column[row] if row < len(column) else Text() for column in columns]
    return Text().join([*(pad(cell, COLUMN + GAP) for cell in cells[:-1]), cells[-1]])
