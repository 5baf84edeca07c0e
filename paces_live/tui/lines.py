"""Lines of styled text: what every region of the screen is made of."""

from rich.style import Style
from rich.text import Text

EIGHTHS = " ▁▂▃▄▅▆▇█"


def bar(fraction: float, width: int, style: Style, rest: Style) -> Text:
    """Draw a bar whose full length is marked, to half a cell."""
    halves = round(fraction * width * 2)
    full = "━" * (halves // 2) + "╸" * (halves % 2)
    return Text.assemble((full, style), ("·" * (width - len(full)), rest))


def columns(heights: list[float], rows: int) -> list[str]:
    """Draw columns of heights 0 to 1 side by side, `rows` lines high, to an eighth of a line."""
    eighths = [round(height * 8 * rows) for height in heights]
    return ["".join(EIGHTHS[min(8, max(0, n - 8 * row))] for n in eighths) for row in reversed(range(rows))]


def pad(text: Text, width: int) -> Text:
    """Return `text` with spaces up to `width` cells."""
    return text + " " * max(0, width - text.cell_len)


def spread(left: Text, right: Text, width: int) -> Text:
    """Put `left` and `right` at the two ends of a line; `right` wins where there is not enough room."""
    left = left.copy()
    left.truncate(max(0, width - right.cell_len - 1), overflow="ellipsis")
    return pad(left, width - right.cell_len) + right
