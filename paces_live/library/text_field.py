"""The paces of a song as one text, for programs that know no lists: ``82.1; 158.0..171.2``, or ``none``."""

import re
from collections.abc import Iterable

from paces_live.events import SongPace
from paces_live.library.query import Span

NONE = "none"
"""The text of a song that has no pace."""
_RANGE = re.compile(r"\s*(\d+(?:\.\d+)?)(?:\s*\.\.\s*(\d+(?:\.\d+)?))?\s*")


def paces_text(paces: Iterable[SongPace]) -> str:
    """Return paces as a text, the slowest first; one that changes is a range.

    Examples
    --------
    >>> paces_text([SongPace(164.2, 0.9, 1.0), SongPace(82.1, 0.8, 1.0, 79.0, 85.55)]), paces_text([])
    ('79.0..85.5; 164.2', 'none')
    """
    ordered = sorted(paces, key=lambda pace: pace.spm)
    return (
        "; ".join(f"{one.spm:.1f}" if one.low is None else f"{one.low:.1f}..{one.high:.1f}" for one in ordered) or NONE
    )


def fits(text: str, span: Span | None) -> bool:
    """Return whether a pace in a text is in a span as a whole; without a span, whether there is none.

    What is no pace in it is passed over: people may change the text.

    Examples
    --------
    >>> span = Span(160.0, 170.0)
    >>> fits("82.1; 164.2", span), fits("155.0..165.0", span), fits("none", span), fits("none", None)
    (True, False, False, True)
    """
    if span is None:
        return text.strip() == NONE
    found = (_RANGE.fullmatch(part) for part in text.split(";"))
    ends = ((float(one[1]), float(one[2] or one[1])) for one in found if one)
    return any(span.low <= low and high <= span.high for low, high in ends)
