"""Finds the songs in files, folders, playlists and the collections of DJ programs."""

import errno
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from paces_live.collection.dj import Crate
from paces_live.collection.entry import STATION_SCHEMES, Entry
from paces_live.collection.folder import music_in, real_path
from paces_live.collection.items import Item, Unreadable
from paces_live.collection.location import Locator
from paces_live.collection.playlist import SUFFIXES, begins_as_playlist, read_playlist
from paces_live.errors import SourceError, cannot_open
from paces_live.text import LONGEST_LINE, shown_path, without_password

__all__ = ["find_items"]

DEEPEST = 8
"""Most playlists within each other; more are a mistake."""
MOST_ENTRIES = 1_000_000
"""Most entries of a playlist and of those in it: a few short lists that list each other multiply without end."""


def find_items(paths: Iterable[Path]) -> Iterator[Item | Unreadable]:
    r"""Yield what `paths` hold, in their order.

    A folder gives the music in it, as `music_in` says; playlists in it are left out, because their songs would come
    twice. A playlist gives what it lists: files, folders and other playlists, relative to its own place. The collection
    of a DJ program gives its tracks, and a path below it those of a crate or a playlist. Any other file is an item.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     (Path(name) / "song.ogg").touch()
    ...     _ = (Path(name) / "party.m3u").write_text("song.ogg\ngone.ogg")
    ...     song, gone = find_items([Path(name) / "party.m3u"])
    >>> song.path.name, gone.error.message.partition("party.m3u")[2]
    ('song.ogg', ', line 2: gone.ogg: no such file')
    """
    for path in paths:
        yield from _Search().in_path(path)


@dataclass(slots=True)
class _Search:
    """What has been listed below one path."""

    entries: int = 0
    chain: list[str] = field(default_factory=list)

    def in_path(self, path: Path, entry: Entry | None = None) -> Iterator[Item | Unreadable]:
        """Yield what `path` holds, which `entry` lists."""
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError) as error:
            if crate := Crate.at(path):
                yield from self._in_playlist(crate.path, crate)
            else:
                yield Unreadable(path, _station(path) or cannot_open(shown_path(path), error))
            return
        if stat.S_ISDIR(mode):
            yield from music_in(path)
        elif path.suffix.lower() in SUFFIXES or (stat.S_ISREG(mode) and begins_as_playlist(path)):
            yield from self._in_playlist(path)
        elif crate := Crate.at(path):
            yield from self._in_playlist(path, crate)
        elif entry:
            yield Item(path, entry.title, entry.artist, entry.start, entry.end)
        else:
            yield Item(path)

    def _in_playlist(self, path: Path, crate: Crate | None = None) -> Iterator[Item | Unreadable]:
        real = real_path(path)
        try:
            self._check_chain(real, shown_path(path))
            listed = crate.entries() if crate else read_playlist(path)
        except SourceError as error:
            yield Unreadable(path, error)
            return
        self.chain.append(real)
        yield from self._in_entries(path, Path(real), listed)
        self.chain.pop()

    def _check_chain(self, real: str, name: str) -> None:
        """Raise `SourceError` if a playlist is within itself, or within too many others."""
        if real in self.chain:
            raise SourceError(f"{name}: lists itself", hint="remove it from the playlists in it")
        if len(self.chain) >= DEEPEST:
            raise SourceError(f"{name}: is within more than {DEEPEST - 1} other playlists", hint="give it by itself")

    def _in_entries(self, path: Path, real: Path, listed: list[Entry]) -> Iterator[Item | Unreadable]:
        # A link to a playlist: its entries may be meant from where the link is, or from where the playlist is.
        is_link = real_path(path.parent) != str(real.parent)
        locators = [Locator(folder) for folder in ([path.parent, real.parent] if is_link else [path.parent])]
        is_sheet = path.suffix.lower() == ".cue"
        sheet = path if len({entry.line for entry in listed}) == 1 else None
        missing: set[tuple[int, str]] = set()
        for entry in listed:
            self.entries += 1
            if self.entries > MOST_ENTRIES:
                error = SourceError(f"{shown_path(path)}: lists too much", hint=f"give at most {MOST_ENTRIES} songs")
                yield Unreadable(path, error)
                return
            found = None if entry.is_elsewhere else next(filter(None, (one.find(entry) for one in locators)), None)
            if is_sheet and (found is None or found.is_dir()):
                found = next(filter(None, (one.find_converted(entry, sheet) for one in locators)), None)
            if found:
                yield from self.in_path(found, entry)
            elif (entry.line, entry.location) not in missing:
                # All songs of a disc are in one file; once is enough.
                missing.add((entry.line, entry.location))
                yield _unreadable(path, entry, locators[0].literal(entry))


def _unreadable(playlist: Path, entry: Entry, path: Path) -> Unreadable:
    """Return why an entry that was not found cannot be used; `path` is its location here."""
    location = entry.location[:LONGEST_LINE] + "…" * (len(entry.location) > LONGEST_LINE)
    line = f", line {entry.line}" if entry.line else ""
    shown = f"{shown_path(playlist)}{line}: {shown_path(location)}"
    if entry.is_station:
        return Unreadable(playlist, SourceError(f"{shown}: is a station", hint="listen to it with --input"))
    if entry.is_elsewhere:
        return Unreadable(playlist, SourceError(f"{shown}: is not a file", hint="copy it to this machine"))
    try:
        path.stat()
    except (OSError, ValueError) as error:
        return Unreadable(path, cannot_open(shown, error))
    return Unreadable(path, cannot_open(shown, FileNotFoundError(errno.ENOENT, "")))


def _station(path: Path) -> SourceError | None:
    """Return the error for an address; as a path it has lost a slash."""
    scheme, colon, rest = str(path).partition(":/")
    if not colon or scheme.lower() not in STATION_SCHEMES:
        return None
    address = without_password(f"{scheme}://{rest.lstrip('/')}")
    return SourceError(f"{shown_path(address)}: is a station", hint="listen to it with --input")
