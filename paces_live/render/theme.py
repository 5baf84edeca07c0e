"""Colours of the screen: two themes that colour-blind people can read, and one without colours.

Yes is blue and no is orange everywhere; words and shapes say the same.
"""

import os
from dataclasses import dataclass
from typing import Literal

from rich.style import Style

from paces_live.errors import UsageError

BOLD, NORMAL = Style(bold=True), Style()
Name = Literal["dark", "light", "plain"]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of the screen, as Textual names them, and styles of what is drawn on it."""

    name: Name
    background: str
    surface: str
    text: str
    faint: str
    yes: Style
    no: Style
    dim: Style
    band: Style
    bold: Style = BOLD
    normal: Style = NORMAL


DARK = Theme(
    name="dark",
    background="#0d1117",
    surface="#161b22",
    text="#e6edf3",
    faint="#8b949e",
    yes=Style(color="#4aa8ff", bold=True),
    no=Style(color="#ff9d3b", bold=True),
    dim=Style(color="#8b949e"),
    band=Style(color="#5f7fa6"),
)
LIGHT = Theme(
    name="light",
    background="#fbfcfd",
    surface="#e9edf1",
    text="#1b2026",
    faint="#57606a",
    yes=Style(color="#0a58a8", bold=True),
    no=Style(color="#a34100", bold=True),
    dim=Style(color="#57606a"),
    band=Style(color="#6d88a8"),
)
PLAIN = Theme(
    name="plain",
    background="ansi_default",
    surface="ansi_default",
    text="ansi_default",
    faint="ansi_default",
    yes=Style(bold=True),
    no=Style(bold=True),
    dim=Style(dim=True),
    band=Style(dim=True),
)
THEMES: dict[str, Theme] = {theme.name: theme for theme in (DARK, LIGHT, PLAIN)}


def choose(name: str = "auto") -> Theme:
    """Return the theme `name`; ``auto`` is the dark one, or the plain one if NO_COLOR is set.

    Raises
    ------
    UsageError
        There is no such theme.

    Examples
    --------
    >>> choose("light").name
    'light'
    >>> choose("sepia")
    Traceback (most recent call last):
        ...
    paces_live.errors.UsageError: theme sepia is unknown: choose auto, dark, light, plain
    """
    if name == "auto":
        # https://no-color.org
        return PLAIN if os.environ.get("NO_COLOR") else DARK
    if name not in THEMES:
        raise UsageError(f"theme {name} is unknown", hint=f"choose auto, {', '.join(THEMES)}", code="usage.theme")
    return THEMES[name]
