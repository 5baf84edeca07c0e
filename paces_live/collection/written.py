"""Writes playlists: M3U8, XSPF, JSPF, and the smart playlists of Navidrome; the suffix decides which.

XSPF 1: https://www.xspf.org/spec. JSPF: https://www.xspf.org/jspf. Navidrome's fields:
https://www.navidrome.org/docs/usage/smartplaylists/.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from paces_live.collection.lines import as_bytes
from paces_live.collection.listed import Listed, location, uri
from paces_live.errors import UsageError, reason
from paces_live.storage import drafted
from paces_live.text import one_line, shown_path

__all__ = ["SUFFIXES", "check_playlist", "m3u_text", "write_playlist"]

XSPF = "http://xspf.org/ns/0/"
"""The name space of XSPF."""
MOST_RULES = 500
"""Most songs of a smart playlist: SQLite, which Navidrome asks, takes expressions of a thousand levels."""
LOOKED_AT = 1024
"""Bytes at the beginning of a file that show whether it is a playlist."""


def check_playlist(playlist: Path) -> None:
    """Raise `UsageError` if no playlist can be written there, or if something else is there.

    Another playlist of the same format may be there, and is replaced by `write_playlist`: people make the same playlist
    again.
    """
    name, suffix = shown_path(playlist), playlist.suffix.lower()
    if suffix not in _FORMATS:
        others = ", ".join(SUFFIXES)
        hint = f"give it a name such as {shown_path(playlist.stem)}.m3u8 ({others})"
        raise _unwritable(f"{name}: is not the name of a playlist", hint)
    _, beginning = _FORMATS[suffix]
    try:
        if playlist.exists():
            # Opened for reading only if it is a file: a named pipe would wait for a writer.
            is_other = not playlist.is_file()
            if not is_other and playlist.stat().st_size:
                with playlist.open("rb") as file:
                    is_other = re.match(beginning, as_bytes(file.read(LOOKED_AT)), re.DOTALL) is None
            if is_other:
                raise _unwritable(f"{name}: exists and is not a playlist", "choose another name")
        folder = playlist.resolve().parent
        if not folder.is_dir():
            raise _unwritable(f"{name}: there is no such folder", "make it, or choose another place")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise _unwritable(f"{name}: its folder cannot be written to", "choose another place")
    except (OSError, ValueError) as error:
        raise _unwritable(f"{name}: cannot be used: {reason(error)}", "choose another name") from error


def write_playlist(playlist: Path, files: Iterable[Listed], *, bom: bool = False, attributes: bool = False) -> None:
    """Write a playlist of the format that its suffix says, in UTF-8; it is there as a whole, or as it was before.

    Parameters
    ----------
    playlist : Path
        A name with one of `SUFFIXES`.
    files : iterable of Listed
        See `paces_live.collection.listed.location` for how the playlist names them.
    bom : bool
        Whether an M3U8 playlist begins with a byte order mark: few programs want it, and others read it as a name.
    attributes : bool
        Whether the attributes of the files are in it. A smart playlist has none.

    Raises
    ------
    UsageError
        It cannot be written; see `check_playlist`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     song = Listed(Path(name) / "#1.ogg", 215.2, "Song", "Band", attributes={"paces": "82.1,164.2"})
    ...     write_playlist(Path(name) / "fits.m3u8", [song], attributes=True)
    ...     print((Path(name) / "fits.m3u8").read_text("utf-8"), end="")
    #EXTM3U
    #EXTINF:215 paces="82.1%2C164.2",Band - Song
    ./#1.ogg
    """
    check_playlist(playlist)
    written, _ = _FORMATS[playlist.suffix.lower()]
    text = written(playlist, list(files), attributes)
    if bom and written is _m3u:
        text = f"\ufeff{text}"
    with drafted(playlist, "usage.playlist") as draft:
        # Titles of other programs may hold halves of characters.
        draft.write_bytes(text.encode(errors="replace"))


def m3u_text(files: Iterable[Listed], playlist: Path | None = None, *, attributes: bool = False) -> str:
    """Return an M3U8 playlist; see `paces_live.collection.listed.location` for how it names the files.

    Examples
    --------
    >>> m3u_text([Listed(Path("/music/1.ogg"), 215.2, "Song", "Band")]).splitlines()
    ['#EXTM3U', '#EXTINF:215,Band - Song', '/music/1.ogg']
    """
    lines = ["#EXTM3U"]
    for file in files:
        # As beets writes them: https://beets.readthedocs.io/en/stable/plugins/smartplaylist.html
        more = "".join(f' {name}="{quote(value, safe="")}"' for name, value in file.attributes.items() if attributes)
        lines += [f"#EXTINF:{round(file.duration)}{more},{one_line(file.caption)}", location(file.path, playlist)]
    return "".join(f"{line}\n" for line in lines)


def _m3u(playlist: Path, files: Sequence[Listed], attributes: bool) -> str:
    return m3u_text(files, playlist, attributes=attributes)


def _xspf(playlist: Path, files: Sequence[Listed], attributes: bool) -> str:
    def element(name: str, text: str | None, indent: int) -> list[str]:
        return [f"{' ' * indent}<{name}>{escape(one_line(text))}</{name}>"] if text else []

    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<playlist version="1" xmlns="{XSPF}">']
    lines += [*element("title", shown_path(playlist.stem), 2), "  <trackList>"]
    for file in files:
        lines += ["    <track>", f"      <location>{escape(uri(file.path, playlist))}</location>"]
        for name, text in (("title", file.title), ("creator", file.artist), ("album", file.album)):
            lines += element(name, text, 6)
        lines += element("duration", f"{round(1000 * file.duration)}", 6)
        if attributes:
            lines += element("annotation", _words(file), 6)
        lines += ["    </track>"]
    return "".join(f"{line}\n" for line in [*lines, "  </trackList>", "</playlist>"])


def _jspf(playlist: Path, files: Sequence[Listed], attributes: bool) -> str:
    tracks: list[dict[str, Any]] = []
    for file in files:
        names = {"title": file.title, "creator": file.artist, "album": file.album}
        track = {name: one_line(text) for name, text in names.items() if text}
        note = {"annotation": _words(file)} if attributes and file.attributes else {}
        duration = round(1000 * file.duration)
        tracks.append({"location": [uri(file.path, playlist)], **track, "duration": duration, **note})
    return _json({"playlist": {"title": shown_path(playlist.stem), "track": tracks}})


def _nsp(playlist: Path, files: Sequence[Listed], _attributes: bool) -> str:
    """Return rules that exactly these files obey; they have no order, so that it is that of chance.

    Navidrome knows a file by its path in the music folder, which is taken to be that of the playlist.
    """
    name = shown_path(playlist)
    if len(files) > MOST_RULES:
        hint = f"choose at most {MOST_RULES}, or write an M3U8 playlist"
        raise _unwritable(f"{name}: {len(files)} songs are too many for a smart playlist", hint)
    rules = []
    for file in files:
        path = location(file.path, playlist).removeprefix("./")
        if path.startswith(("/", "../")):
            hint = "put the smart playlist at the top of Navidrome's music folder"
            raise _unwritable(f"{name}: {shown_path(file.path)} is not below its folder", hint)
        rules.append({"is": {"filepath": path}})
    return _json({"name": shown_path(playlist.stem), "any": rules, "sort": "random", "limit": max(1, len(rules))})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _words(file: Listed) -> str:
    return "; ".join(f"{name}: {value}" for name, value in file.attributes.items())


def _unwritable(message: str, hint: str) -> UsageError:
    return UsageError(message, hint=hint, code="usage.playlist")


_FORMATS: dict[str, tuple[Callable[[Path, Sequence[Listed], bool], str], bytes]] = {
    ".m3u8": (_m3u, rb"\s*#EXTM3U"),
    ".m3u": (_m3u, rb"\s*#EXTM3U"),
    ".xspf": (_xspf, rb"\s*<.*<(?:\w+:)?playlist\b|\s*<(?:\w+:)?playlist\b"),
    ".jspf": (_jspf, rb'\s*\{\s*"playlist"'),
    ".nsp": (_nsp, rb'\s*\{.*"(?:name|comment|all|any)"'),
}
"""What writes each format, and how one of its files begins."""
SUFFIXES = tuple(_FORMATS)
"""Suffixes of the playlists that can be written."""
