"""The result of a check, and what it is needed for."""

from dataclasses import dataclass
from typing import Literal, get_args

Use = Literal["mic", "monitor", "files", "radio", "play"]
"""What a user may want: listen to a microphone, to what this machine plays, to files or to a station; or play files."""
USES: tuple[Use, ...] = get_args(Use)
LISTENING: tuple[Use, ...] = ("mic", "monitor", "files", "radio")
"""Uses that are the main job; one of them must work."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check.

    Attributes
    ----------
    name : str
        What was checked.
    ok : bool or None
        None if it is a note: not needed, or another check says why it cannot be checked.
    detail : str
        What was found, one line.
    fix : str
        What to do, one line; empty if there is nothing to do.
    needed_for : tuple of Use
        What cannot work if the check fails.
    """

    name: str
    ok: bool | None
    detail: str
    fix: str = ""
    needed_for: tuple[Use, ...] = ()
