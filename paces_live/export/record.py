"""What an export wrote, in comments of the playlist beside it: so a watch gets no file that it cannot use."""

import re
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Written", "read_record", "record_lines"]

MARK = "#PACES-LIVE"
"""How such a comment begins."""
END = f"{MARK} END"
"""The last line: without it, the record is not whole."""
_LINE = re.compile(rf"{MARK} (\d+) (\d+) (.+)")


class Written(NamedTuple):
    """A copy that an export wrote, or is about to write.

    Attributes
    ----------
    source : int
        Size of the file that it was made from, bytes.
    size : int
        Its own size, bytes; 0 before it is known.
    """

    source: int
    size: int


def record_lines(written: Mapping[str, Written]) -> str:
    """Return what an export wrote, by the names of the copies, as comments of an M3U8 playlist.

    Examples
    --------
    >>> print(record_lines({"001 165 So What.mp3": Written(7_000_000, 4_800_000)}), end="")
    #PACES-LIVE 7000000 4800000 001 165 So What.mp3
    #PACES-LIVE END
    """
    lines = [f"{MARK} {one.source} {one.size} {name}" for name, one in written.items()]
    return "".join(f"{line}\n" for line in [*lines, END])


def read_record(playlist: bytes | None) -> dict[str, Written] | None:
    """Return the record in a playlist; None if there is no playlist, no record in it, or not all of it.

    Examples
    --------
    >>> read_record(record_lines({"001.mp3": Written(7, 5)}).encode())
    {'001.mp3': Written(source=7, size=5)}
    >>> read_record(b"#EXTM3U") is None
    True
    """
    lines = (playlist or b"").decode(errors="replace").splitlines()
    if lines[-1:] != [END]:
        return None
    found = filter(None, map(_LINE.fullmatch, lines))
    # A name with a slash is none of ours: nobody must make us remove something elsewhere.
    return {one[3]: Written(int(one[1]), int(one[2])) for one in found if "/" not in one[3]}
