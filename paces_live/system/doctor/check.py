"""The result of a check."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check.

    Attributes
    ----------
    name : str
        What was checked.
    ok : bool or None
        None if it is not needed, or if another check says why it cannot be checked.
    detail : str
        What was found, one line.
    fix : str
        What to do, one line; empty if there is nothing to do.
    """

    name: str
    ok: bool | None
    detail: str
    fix: str = ""
