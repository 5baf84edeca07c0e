"""Pieces of a Markdown page."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def folded(title: str, text: str) -> str:
    """Return a part that is shown once its title is clicked."""
    return f"<details><summary>{title}</summary>\n\n{text}\n</details>\n"


def percent(share: float, decimals: int = 1) -> str:
    """Return a share in per cent."""
    return f"{100.0 * share:.{decimals}f} %"
