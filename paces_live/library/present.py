"""Names each song by a file that exists: a song may be in several, and a query or a plan names only one of them."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from paces_live.collection.folder import real_path
from paces_live.library.search import Found
from paces_live.library.store import Library

__all__ = ["present"]

_FILES = "SELECT path FROM file WHERE NOT gone AND song = (SELECT song FROM file WHERE path = ?) ORDER BY path"


def present(library: Library, songs: Iterable[Found], *, outside: Path | None = None) -> Iterator[Found]:
    """Yield songs, each by a file that is there; one of which the library knows no such file stays as it is.

    Parameters
    ----------
    library : Library
    songs : iterable of Found
    outside : Path, optional
        A folder whose own files do not count.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.db") as library:
    ...     list(present(library, []))
    []
    """
    folder = Path(real_path(outside)) if outside else None

    def counts(path: Path) -> bool:
        # `Path.is_file` raises an error for a folder that may not be read.
        return path.parent != folder and os.path.isfile(path)  # noqa: PTH113

    for song in songs:
        others = () if counts(song.path) else _files(library, song.path)
        yield replace(song, path=next(filter(counts, others), song.path))


def _files(library: Library, path: Path) -> list[Path]:
    """Return all files of the song that is in one of them."""
    with library.reading() as connection:
        return [Path(os.fsdecode(name)) for (name,) in connection.execute(_FILES, (os.fsencode(path),))]
