"""What the Music Player Daemon plays (https://www.musicpd.org); it reports when that changes."""

import os
import select
import socket
from dataclasses import dataclass
from typing import Any

import mpd

from paces_live.errors import NowPlayingError, UsageError, reason
from paces_live.events import Track
from paces_live.now_playing.track import make_track
from paces_live.now_playing.watcher import Watcher

PORT = 6600
ANSWER_S = 5.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a daemon listens; `host` is a name, or the path of a socket, which has no port."""

    host: str
    port: int = PORT
    password: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Return the address that ``HOST``, ``HOST:PORT``, ``[IPv6]:PORT`` or a path names.

        Missing parts come from ``$MPD_HOST`` (``password@host``) and ``$MPD_PORT``, as with other clients of MPD.

        Raises
        ------
        UsageError
            The port is not a number.

        Examples
        --------
        >>> str(Address.parse("box:6601"))
        'box:6601'
        """
        host, port, password = text, os.environ.get("MPD_PORT", str(PORT)), ""
        if not text:
            password, _, host = os.environ.get("MPD_HOST", "localhost").rpartition("@")
        elif not text.startswith("/") and ":" in text.rpartition("]")[2]:
            host, _, port = text.rpartition(":")
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise UsageError(
                f"{port or 'nothing'} is not a port of MPD",
                hint=f"write mpd:HOST:PORT, such as mpd:box:{PORT}",
                code="usage.now_playing",
            )
        return cls(host.strip("[]"), int(port), password or None)

    def __str__(self) -> str:
        return self.host if self.host.startswith("/") else f"{self.host}:{self.port}"


class MpdWatcher(Watcher):
    """Follows a Music Player Daemon.

    Parameters
    ----------
    address : Address
        Where it listens.
    """

    def __init__(self, address: Address) -> None:
        super().__init__()
        self._address = address

    def watch(self, ended: socket.socket) -> None:
        """Ask for the song, then wait until the daemon reports a change; see `Watcher.watch`."""
        client = mpd.MPDClient()
        client.timeout = ANSWER_S
        # The answer to `idle` is then read when it is taken, so that we can wait for two things.
        client.iterate = True
        try:
            client.connect(self._address.host, self._address.port)
            if self._address.password:
                client.password(self._address.password)
            self.error = None
            while True:
                playing = client.status()["state"] == "play"
                self.track = _track(client.currentsong()) if playing else None
                changes = client.idle("player")
                if ended in select.select([client, ended], [], [])[0]:
                    return
                list(changes)
        except (OSError, mpd.MPDError) as error:
            raise NowPlayingError(
                f"MPD at {self._address} does not answer ({reason(error)})",
                hint="start MPD, or choose --now-playing mpd:HOST:PORT",
                code="now_playing.mpd",
            ) from error
        finally:
            client.disconnect()


def _track(song: dict[str, Any]) -> Track | None:
    """Return a song as MPD describes it; a tag that is given more than once is a list."""
    tags = ("artist", "title", "album", "genre", "name")
    artists, titles, albums, genres, stations = (_values(song.get(tag)) for tag in tags)
    return make_track(
        # Some stations send their own name while they know no title.
        title=next((title for title in titles if title not in stations), None),
        artists=artists,
        album=next(iter(albums), None),
        genres=genres,
        location=song.get("file"),
        duration=float(song["duration"]) if "duration" in song else None,
    )


def _values(tag: str | list[str] | None) -> list[str]:
    return [tag] if isinstance(tag, str) else tag or []
