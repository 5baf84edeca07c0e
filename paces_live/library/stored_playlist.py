"""Stores playlists in a Music Player Daemon (https://www.musicpd.org), which writes them into its folder itself.

So it needs no rights in that folder, and the daemon may be on another machine. It knows a song by its path in its
music folder, wherever that is: this is the longest end of a path that it knows.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from paces_live.collection.listed import Listed
from paces_live.errors import LibraryError, UsageError, reason
from paces_live.text import shown_path

if TYPE_CHECKING:
    from paces_live.now_playing.mpd import Address

__all__ = ["check_name", "store_playlist"]

SAME_S = 5.0
"""Most difference in length of a song at the top of the music folder, which is known by its bare name, seconds."""
ANSWER_S = 20.0
_SENT = re.compile(r"[^\0\n\r\ud800-\udfff]+")
"""What a name may have that is sent to the daemon: one line in UTF-8."""


def check_name(name: str) -> str:
    """Return the name of a stored playlist, without the suffix that the daemon adds.

    Raises
    ------
    UsageError
        No playlist has such a name.

    Examples
    --------
    >>> check_name("run.m3u8"), check_name("5.30 a km")
    ('run', '5.30 a km')
    """
    plain = name.rpartition(".")[0] if name.lower().endswith((".m3u", ".m3u8")) else name
    if not _SENT.fullmatch(plain) or "/" in plain:
        hint = "give one such as run, or leave --mpd out"
        raise UsageError(f"{shown_path(name)}: is not the name of a playlist in MPD", hint=hint, code="usage.playlist")
    return plain


def store_playlist(address: "Address", name: str, songs: Sequence[Listed]) -> None:
    """Store a playlist, in the place of one of the same name; it is there as a whole, or as it was before.

    Raises
    ------
    LibraryError
        The daemon does not answer, does not know a song, or cannot store it.
    """
    with _connected(address) as client:
        uris = [_uri(client, song) for song in songs]
        if unknown := [song for song, uri in zip(songs, uris, strict=True) if uri is None]:
            more = f", and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            raise LibraryError(
                f"MPD does not know {shown_path(unknown[0].path)}{more}",
                hint="run mpc update, or choose songs in its music folder, such as path:Music",
                code="library.mpd",
            )
        draft, before = f"{name} {os.getpid()}", f"{name} before {os.getpid()}"
        try:
            client.command_list_ok_begin()
            for uri in uris:
                client.playlistadd(draft, uri)
            client.command_list_end()
            # The daemon renames nothing over another one. So there are two of them until the new one has its name.
            is_there = any(one["playlist"] == name for one in client.listplaylists())
            client.command_list_ok_begin()
            if is_there:
                client.rename(name, before)
            client.rename(draft, name)
            client.command_list_end()
        except BaseException:
            with suppress(Exception):
                client.rename(before, name)
            with suppress(Exception):
                client.rm(draft)
            raise
        if is_there:
            with suppress(Exception):
                client.rm(before)


@contextmanager
def _connected(address: "Address") -> Iterator[Any]:
    # Deferred: only this needs it.
    import mpd

    client = mpd.MPDClient()
    client.timeout = ANSWER_S
    try:
        client.connect(address.host, address.port)
        if address.password:
            client.password(address.password)
        yield client
    except (OSError, mpd.MPDError) as error:
        refused = isinstance(error, mpd.CommandError)
        what = f"MPD at {address} cannot store it" if refused else f"MPD at {address} does not answer"
        hint = "see playlist_directory in mpd.conf, and its rights" if refused else "start MPD, or set MPD_HOST"
        raise LibraryError(f"{what} ({reason(error)})", hint=hint, code="library.mpd") from error
    finally:
        client.disconnect()


def _uri(client: Any, song: Listed) -> str | None:
    """Return what the daemon calls a song; None if it does not know it."""
    import mpd

    parts = song.path.parts[1:]
    for first in range(len(parts)):
        uri = "/".join(parts[first:])
        if not _SENT.fullmatch(uri):
            # What cannot be sent may be above its music folder.
            continue
        try:
            found = client.lsinfo(uri)
        except mpd.CommandError:
            continue
        for one in found:
            is_bare = first == len(parts) - 1
            if one.get("file") == uri and (not is_bare or _is_as_long(one, song)):
                return uri
    return None


def _is_as_long(known: dict[str, str], song: Listed) -> bool:
    return abs(float(known.get("duration", song.duration)) - song.duration) < SAME_S
