"""The collections of DJ programs, Mixxx and rekordbox: all their tracks, and their crates and playlists by name.

A crate is named as a file in a folder is: ``mixxxdb.sqlite/Running``, or ``rekordbox.xml/Sets/Running``.
"""

import difflib
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from paces_live.collection import mixxx, rekordbox
from paces_live.collection.entry import Entry
from paces_live.collection.folder import MUSIC
from paces_live.errors import SourceError
from paces_live.text import shown_path

_READERS = {mixxx.BEGINNING: mixxx.read, rekordbox.BEGINNING: rekordbox.read}
_LOOKED_AT = 256
"""Bytes at the beginning of a file that show what it is."""
MOST_NAMES = 8
"""Most names of crates in an error."""


@dataclass(frozen=True, slots=True)
class Crate:
    """A crate or a playlist of a DJ program, or the whole collection.

    Attributes
    ----------
    path : Path
        The file of the program.
    name : str
        Empty for the whole collection.
    """

    path: Path
    name: str = ""

    @classmethod
    def at(cls, path: Path) -> "Crate | None":
        """Return what a path names: a file of a DJ program, or a crate as if it were below it; None if it is neither.

        Examples
        --------
        >>> from paces_live.demo import excerpt
        >>> Crate.at(excerpt()) is None, Crate.at(excerpt() / "Running") is None
        (True, True)
        """
        file = next((one for one in (path, *path.parents) if _is_file(one)), None)
        if file is None or file.suffix.lower() in MUSIC or _reader(file) is None:
            return None
        name = path.relative_to(file).as_posix()
        return cls(file, "" if name == "." else name)

    def entries(self) -> list[Entry]:
        """Return what is in it.

        Raises
        ------
        SourceError
            It cannot be read, or there is no crate of this name, or nothing in it.
        """
        shown = shown_path(self.path)
        read = _reader(self.path)
        if read is None:
            raise SourceError(f"{shown}: has just changed", hint="try again")
        collection = read(self.path)
        found = collection.tracks
        if self.name:
            wanted = _key(self.name)
            # A name may be that of a crate, of a folder of crates, or both, one after the other.
            named = [entries for name, entries in collection.crates if wanted in _key(name)]
            if not named:
                hint = _hint(self.name, [name for name, _ in collection.crates])
                raise SourceError(f"{shown}: has no crate or playlist {shown_path(self.name)}", hint=hint)
            found = [entry for entries in named for entry in entries]
        if not found:
            what = f"{shown_path(self.name)} in it " if self.name else ""
            raise SourceError(f"{shown}: {what}lists nothing to play", hint="add music to it, or choose another")
        return found


def _reader(path: Path) -> "mixxx.Reader | None":
    """Return what reads a file, by its beginning; None if it is of no DJ program."""
    try:
        with path.open("rb") as file:
            beginning = file.read(_LOOKED_AT)
    except (OSError, ValueError):
        return None
    return next((read for pattern, read in _READERS.items() if pattern.match(beginning)), None)


def _is_file(path: Path) -> bool:
    """Return whether it is a regular file; a named pipe would wait for a writer."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _key(name: str) -> str:
    """Return a name between slashes, as it is compared: in any case, and without empty parts and double spaces."""
    parts = [" ".join(part.split()) for part in unicodedata.normalize("NFC", name).casefold().split("/")]
    return f"/{'/'.join(part for part in parts if part not in ('', '.'))}/"


def _hint(name: str, names: list[str]) -> str:
    if not names:
        return "leave the name out: the collection has none"
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {shown_path(near[0])}?"
    return f"choose {', '.join(map(shown_path, names[:MOST_NAMES]))}{', …' * (len(names) > MOST_NAMES)}"
