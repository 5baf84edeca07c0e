"""Lines of styled text, of which every region of the screen is made."""

from rich.style import Style
from rich.text import Text

EIGHTHS = " ▁▂▃▄▅▆▇█"


def bar(fraction: float, width: int, style: Style, rest: Style) -> Text:
    """Draw a bar, to half a cell, and mark its full length.

    Examples
    --------
    >>> bar(0.55, 10, Style(bold=True), Style(dim=True)).plain
    '━━━━━╸····'
    """
    halves = round(fraction * width * 2)
    full = "━" * (halves // 2) + "╸" * (halves % 2)
    return Text.assemble((full, style), ("·" * (width - len(full)), rest))


def columns(heights: list[float], rows: int) -> list[str]:
    """Draw columns of heights 0 to 1 side by side, `rows` lines high, to an eighth of a line.

    Examples
    --------
    >>> for line in columns([0.25, 0.5, 0.75, 1.0], rows=2):
    ...     print(line)
      ▄█
    ▄███
    """
    eighths = [round(height * 8 * rows) for height in heights]
    return ["".join(EIGHTHS[min(8, max(0, n - 8 * row))] for n in eighths) for row in reversed(range(rows))]


def pad(text: Text, width: int) -> Text:
    """Return `text` with spaces up to `width` cells.

    Examples
    --------
    >>> pad(Text("170"), 6).plain
    '170   '
    """
    return text + " " * max(0, width - text.cell_len)


def spread(left: Text, right: Text, width: int) -> Text:
    """Put `left` and `right` at the two ends of a line; `right` wins if there is not enough room.

    Examples
    --------
    >>> spread(Text("target 170"), Text("lock"), 20).plain
    'target 170      lock'
    >>> spread(Text("target 170"), Text("lock"), 12).plain
    'target… lock'
    """
    left = left.copy()
    left.truncate(max(0, width - right.cell_len - 1), overflow="ellipsis")
    return pad(left, width - right.cell_len) + right
