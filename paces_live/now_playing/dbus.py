"""What players say on D-Bus: MPRIS on the session bus, phones on the system bus through BlueZ.

Both report the properties of a player, and report again when one changes; we ask only once.
"""

import asyncio
import os
import re
import socket
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError
from dbus_fast.unpack import unpack_variants

from paces_live.errors import NowPlayingError, reason
from paces_live.events import Track
from paces_live.now_playing.track import make_track
from paces_live.now_playing.watcher import Watcher

ANSWER_S = 2.0
"""Time that a player has to answer, seconds; one that hangs must not hide the others."""
DBUS = "org.freedesktop.DBus"
PROPERTIES = "org.freedesktop.DBus.Properties"
MANAGER = "org.freedesktop.DBus.ObjectManager"

Key = tuple[str, str]
"""Owner and object path of a player."""
Properties = dict[str, Any]


class PlayerWatcher(Watcher):
    """Follows the players on a bus; of several that play, the one that began last counts."""

    bus: ClassVar[str]
    """Name of the bus."""
    namespace: ClassVar[str]
    """Names of players begin with this."""
    elsewhere: ClassVar[frozenset[str]] = frozenset()
    """First words after the namespace in the names of players that are passed over."""
    interface: ClassVar[str]
    """Holds the properties of a player."""
    status_property: ClassVar[str]
    track_property: ClassVar[str]
    """Names of the two properties that matter."""
    rules: ClassVar[tuple[str, ...]]
    """Signals of players that we take."""

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[str, str] = {}
        self._players: dict[Key, Properties] = {}

    @abstractmethod
    def address(self) -> str:
        """Return the address of the bus; `NowPlayingError` if there is none."""

    @abstractmethod
    async def players(self, bus: MessageBus, owner: str) -> dict[Key, Properties]:
        """Return the players of a program on the bus."""

    @abstractmethod
    def described(self, track: Properties) -> Track | None:
        """Return the track that a player describes."""

    def watch(self, ended: socket.socket) -> None:
        """Follow the players; see `Watcher.watch`."""
        try:
            asyncio.run(self._follow(ended))
        except (OSError, EOFError, ValueError, DBusError) as error:
            raise NowPlayingError(
                f"the {self.bus} bus does not answer ({reason(error)})",
                hint="start it, or choose --now-playing none",
                code="now_playing.dbus",
            ) from error
        finally:
            self._names.clear()
            self._players.clear()

    async def _follow(self, ended: socket.socket) -> None:
        """Take one message after another until `ended` can be read."""
        loop = asyncio.get_running_loop()
        messages = asyncio.Queue[Message | None]()
        bus = await MessageBus(bus_address=self.address()).connect()

        def end() -> None:
            loop.remove_reader(ended)
            messages.put_nowait(None)

        loop.add_reader(ended, end)
        lost = asyncio.ensure_future(bus.wait_for_disconnect())
        lost.add_done_callback(lambda _: messages.put_nowait(None))
        try:
            bus.add_message_handler(messages.put_nowait)
            names = f"type='signal',sender='{DBUS}',member='NameOwnerChanged',arg0namespace='{self.namespace}'"
            for rule in (names, *self.rules):
                await _ask(bus, DBUS, "/org/freedesktop/DBus", DBUS, "AddMatch", rule)
            for name in await _ask(bus, DBUS, "/org/freedesktop/DBus", DBUS, "ListNames"):
                await self._appeared(bus, name)
            self.error = None
            self._choose()
            while message := await messages.get():
                if message.message_type is MessageType.SIGNAL:
                    await self._take(bus, message)
                    self._choose()
            if lost.done():
                raise EOFError("it is gone")
        finally:
            bus.disconnect()
            await asyncio.gather(lost, return_exceptions=True)

    async def _take(self, bus: MessageBus, signal: Message) -> None:
        """Learn from a signal."""
        sender = signal.sender or ""
        if sender != DBUS and sender not in self._names.values():
            return
        match signal.member, unpack_variants(signal.body):
            case "NameOwnerChanged", [str(name), before, now]:
                self._names.pop(name, None)
                if before not in self._names.values():
                    self._players = {key: known for key, known in self._players.items() if key[0] != before}
                if now:
                    await self._appeared(bus, name)
            case "PropertiesChanged", [self.interface, changed, invalidated]:
                self._change((sender, signal.path or ""), changed)
                if invalidated:
                    await self._welcome(bus, sender)
            case "InterfacesAdded", [str(path), dict(interfaces)]:
                self._change((sender, path), interfaces.get(self.interface))
            case "InterfacesRemoved", [str(path), list(interfaces)] if self.interface in interfaces:
                self._players.pop((sender, path), None)

    async def _appeared(self, bus: MessageBus, name: str) -> None:
        """Get to know a program on the bus, if it is a player."""
        if name != self.namespace and not name.startswith(f"{self.namespace}."):
            return
        if re.split("[._]", name.removeprefix(f"{self.namespace}."))[0] in self.elsewhere:
            return
        try:
            owner = await _ask(bus, DBUS, "/org/freedesktop/DBus", DBUS, "GetNameOwner", name)
        except DBusError:
            return  # It came and went; another signal says that it went.
        self._names[name] = owner
        await self._welcome(bus, owner)

    async def _welcome(self, bus: MessageBus, owner: str) -> None:
        try:
            found = await self.players(bus, owner)
        except (DBusError, TimeoutError):
            return  # Not a player after all, gone again, or hung; if it reports something later, we take it.
        for key, properties in found.items():
            self._change(key, properties)

    def _change(self, key: Key, changed: object) -> None:
        """Note properties of a player; one that begins to play moves to the end."""
        if not isinstance(changed, dict):
            return  # Any program may call itself a player.
        before = self._players.get(key, {})
        now = before | changed
        if _plays(now.get(self.status_property)) and not _plays(before.get(self.status_property)):
            self._players.pop(key, None)
        self._players[key] = now

    def _choose(self) -> None:
        self.track = next(self._tracks(), None)

    def _tracks(self) -> Iterator[Track]:
        """Yield the tracks of the players that play, newest first."""
        for properties in reversed(list(self._players.values())):
            if _plays(properties.get(self.status_property)):
                track = properties.get(self.track_property)
                if isinstance(track, dict) and (described := self.described(track)):
                    yield described


class MprisWatcher(PlayerWatcher):
    """Follows the players of the session (https://specifications.freedesktop.org/mpris-spec/latest)."""

    bus = "session"
    namespace = "org.mpris.MediaPlayer2"
    interface = "org.mpris.MediaPlayer2.Player"
    # KDE Connect, GSConnect and Valent show what a phone plays elsewhere; playerctld shows one of the others again.
    elsewhere = frozenset({"kdeconnect", "GSConnect", "Valent", "playerctld"})
    status_property, track_property = "PlaybackStatus", "Metadata"
    path: ClassVar[str] = "/org/mpris/MediaPlayer2"
    rules = (f"type='signal',interface='{PROPERTIES}',member='PropertiesChanged',path='{path}',arg0='{interface}'",)

    def address(self) -> str:
        """Return the bus of the session, even if only systemd knows it: in a unit, or over ssh."""
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        if address := os.environ.get("DBUS_SESSION_BUS_ADDRESS") or (runtime and f"unix:path={runtime}/bus"):
            return address
        raise NowPlayingError("there is no session bus", hint="set DBUS_SESSION_BUS_ADDRESS", code="now_playing.dbus")

    async def players(self, bus: MessageBus, owner: str) -> dict[Key, Properties]:
        """Return the one player that a program is."""
        return {(owner, self.path): await _ask(bus, owner, self.path, PROPERTIES, "GetAll", self.interface)}

    def described(self, track: Properties) -> Track | None:
        """Return the track in the ``xesam`` and ``mpris`` fields; the length is in microseconds.

        VLC gives the name or the address of a station as the title, and what the station plays in a field of its own.
        """
        fields = ("xesam:artist", "xesam:title", "xesam:album", "xesam:genre", "xesam:url", "vlc:nowplaying")
        artists, titles, albums, genres, urls, heard = (_texts(track.get(field)) for field in fields)
        return make_track(
            title=next(iter(titles), None),
            artists=artists,
            album=next(iter(albums), None),
            genres=genres,
            location=next(iter(urls), None),
            duration=_seconds(track.get("mpris:length"), 1e-6),
            heard=next(iter(heard), None),
        )


class BluetoothWatcher(PlayerWatcher):
    """Follows the phones that play to this machine and announce tracks over AVRCP (org.bluez.MediaPlayer1)."""

    bus = "system"
    namespace = "org.bluez"
    interface = "org.bluez.MediaPlayer1"
    status_property, track_property = "Status", "Track"
    rules = (
        f"type='signal',sender='org.bluez',interface='{PROPERTIES}',member='PropertiesChanged',arg0='{interface}'",
        f"type='signal',sender='org.bluez',interface='{MANAGER}'",
    )

    def address(self) -> str:
        """Return the bus of the system."""
        return os.environ.get("DBUS_SYSTEM_BUS_ADDRESS") or "unix:path=/run/dbus/system_bus_socket"

    async def players(self, bus: MessageBus, owner: str) -> dict[Key, Properties]:
        """Return the players of all devices."""
        objects = await _ask(bus, owner, "/", MANAGER, "GetManagedObjects")
        return {(owner, path): has[self.interface] for path, has in objects.items() if self.interface in has}

    def described(self, track: Properties) -> Track | None:
        """Return the track in the fields of AVRCP; the duration is in milliseconds."""
        fields = ("Artist", "Title", "Album", "Genre")
        artists, titles, albums, genres = (_texts(track.get(field)) for field in fields)
        return make_track(
            title=next(iter(titles), None),
            artists=artists,
            album=next(iter(albums), None),
            genres=genres,
            duration=_seconds(track.get("Duration"), 1e-3),
        )


def _texts(value: object) -> list[str]:
    """Return the texts that a field holds; it may hold anything."""
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def _seconds(value: object, unit: float) -> float | None:
    """Return a duration that a field holds, if it is a positive number of `unit` seconds."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    return value * unit if number else None  # type: ignore[operator]


def _plays(status: object) -> bool:
    return isinstance(status, str) and status.lower() == "playing"


async def _ask(bus: MessageBus, owner: str, path: str, interface: str, member: str, *words: str) -> Any:
    """Call a method that takes strings; return the one value that it gives, None if it gives none.

    Raises
    ------
    DBusError
        The other side refuses.
    """
    call = Message(owner, path, interface, member, signature="s" * len(words), body=list(words))
    reply = await asyncio.wait_for(bus.call(call), ANSWER_S)
    if reply.message_type is MessageType.ERROR:
        raise DBusError(str(reply.error_name), str(next(iter(reply.body), "")))
    return next(iter(unpack_variants(reply.body)), None)
