"""M3U and M3U8: a location per line, with directives in comments."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes

from paces_live.collection.entry import Entry, title_and_artist
from paces_live.collection.folder import real_path
from paces_live.collection.lines import Line, as_bytes
from paces_live.errors import UsageError, reason
from paces_live.text import one_line, shown_path

HEADER = "#EXTM3U"
SUFFIXES = (".m3u8", ".m3u")
# Attributes come between the length and the title, and may hold commas in quotes.
_TITLE = re.compile(r'#EXTINF:(?:[^",]|"[^"]*")*+,(.*)', re.IGNORECASE)
_TITLE_AFTER_ANY_COMMA = re.compile(r"#EXTINF:[^,]*,(.*)", re.IGNORECASE)
_ARTIST = re.compile(r"#EXTART:(.*)", re.IGNORECASE)


def m3u_entries(lines: list[Line]) -> Iterator[Entry]:
    r"""Yield what an M3U playlist lists.

    Examples
    --------
    >>> from paces_live.collection.lines import lines
    >>> [entry] = m3u_entries(lines(b'#EXTINF:-1 group-title="a,b",Artist - Title, live\nsong.ogg'))
    >>> entry.location, entry.line, entry.artist, entry.title
    ('song.ogg', 2, 'Artist', 'Title, live')
    """
    caption = artist = ""
    for line in lines:
        if found := _TITLE.fullmatch(line.text) or _TITLE_AFTER_ANY_COMMA.fullmatch(line.text):
            caption = found[1]
        elif found := _ARTIST.fullmatch(line.text):
            artist = found[1]
        elif not line.text.startswith("#"):
            title, performer = title_and_artist(caption, "" if " - " in caption else artist)
            yield Entry(line.text, line.number, title, performer, line.raw)
            caption = artist = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that a playlist is to list: its path, its length in seconds, and its caption."""

    path: Path
    duration: float
    caption: str | None = None


def check_m3u(playlist: Path) -> None:
    """Raise `UsageError` if no M3U playlist can be written there, or if something else is there.

    Another M3U playlist may be there, and is replaced by `write_m3u`: people make the same playlist again.
    """
    name = shown_path(playlist)
    if playlist.suffix.lower() not in SUFFIXES:
        raise _unwritable(f"{name}: is not the name of an M3U playlist", f"give it a name such as {playlist.stem}.m3u8")
    try:
        if playlist.exists():
            # Opened for reading only if it is a file: a named pipe would wait for a writer.
            is_other = not playlist.is_file()
            if not is_other and playlist.stat().st_size:
                with playlist.open("rb") as file:
                    is_other = not as_bytes(file.read(64)).lstrip().startswith(HEADER.encode())
            if is_other:
                raise _unwritable(f"{name}: exists and is not a playlist", "choose another name for --playlist")
        if not playlist.resolve().parent.is_dir():
            raise _unwritable(f"{name}: there is no such folder", "make it, or choose another place for --playlist")
        if not os.access(playlist.resolve().parent, os.W_OK | os.X_OK):
            raise _unwritable(f"{name}: its folder cannot be written to", "choose another place for --playlist")
    except (OSError, ValueError) as error:
        raise _unwritable(f"{name}: cannot be used: {reason(error)}", "choose another name for --playlist") from error


def write_m3u(playlist: Path, files: Iterable[Listed]) -> None:
    """Write an M3U8 playlist: UTF-8 without a byte order mark, with lengths and titles.

    Paths are relative to the folder of the playlist, unless only the root is above both. A path that is no line of
    UTF-8 is percent-encoded. The playlist is there as a whole, or as it was before.

    Raises
    ------
    UsageError
        It cannot be written; see `check_m3u`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     write_m3u(Path(name) / "fits.m3u8", [Listed(Path(name) / "#1.ogg", 215.2, "Band - Song")])
    ...     print((Path(name) / "fits.m3u8").read_text("utf-8"), end="")
    #EXTM3U
    #EXTINF:215,Band - Song
    ./#1.ogg
    """
    check_m3u(playlist)
    # A link goes on to lead to the playlist.
    place = playlist.resolve()
    lines = [HEADER]
    for file in files:
        lines += [f"#EXTINF:{round(file.duration)},{one_line(file.caption or '')}", _location(file.path, playlist)]
    draft = place.with_name(f".paces-live-{os.getpid()}")
    try:
        try:
            # Titles of other programs may hold halves of characters.
            draft.write_bytes("".join(f"{line}\n" for line in lines).encode(errors="replace"))
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        name = shown_path(playlist)
        raise _unwritable(
            f"{name}: cannot be written: {reason(error)}", "choose another place for --playlist"
        ) from error


def _location(path: Path, playlist: Path) -> str:
    """Return how a playlist names a file, so that reading it finds the same file."""
    folder = playlist.absolute().parent
    if path.absolute().is_relative_to(folder) and ".." not in path.parts:
        written = str(path.absolute().relative_to(folder))
    else:
        # The system goes up from where a link leads, not from the link.
        file, real_folder = Path(real_path(path.parent), path.name), real_path(playlist.resolve().parent)
        near = os.path.commonpath([file, real_folder]) != os.sep
        written = os.path.relpath(file, real_folder) if near else str(file)
    if not _is_line(written):
        written = quote_from_bytes(os.fsencode(written))
    # A comment, a mark, a space or a scheme at the beginning would not be read as a part of the name.
    first = written.partition("/")[0]
    return f"./{written}" if first[:1] in ("#", "\ufeff", " ", "\t") or ":" in first else written


def _is_line(path: str) -> bool:
    """Whether a path is a line of UTF-8, whose end is not lost."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return not {"\r", "\n"} & set(path) and path == path.rstrip(" \t")


def _unwritable(message: str, hint: str) -> UsageError:
    return UsageError(message, hint=hint, code="usage.playlist")
