"""Pieces of a Markdown page."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table.

    Examples
    --------
    >>> print(table(("song", "paces"), [("Help", "96, 192")]), end="")
    | song | paces |
    | --- | --- |
    | Help | 96, 192 |
    """
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def folded(title: str, text: str) -> str:
    """Return a part that opens when the reader clicks its title."""
    return f"<details><summary>{title}</summary>\n\n{text}\n</details>\n"


def percent(share: float, decimals: int = 1) -> str:
    """Return a share in per cent.

    Examples
    --------
    >>> percent(0.9285)
    '92.8 %'
    """
    return f"{100.0 * share:.{decimals}f} %"


def paces(spm: Iterable[float]) -> str:
    """Return paces with one decimal, slowest first.

    Examples
    --------
    >>> paces((165.02, 82.5))
    '82.5, 165.0'
    """
    return ", ".join(f"{pace:.1f}" for pace in sorted(spm))
