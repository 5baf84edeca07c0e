"""What players say on D-Bus: MPRIS on the session bus, telephones on the system bus through BlueZ.

Both tell the properties of a player, and tell again when one changes; nothing is asked twice.
"""

import asyncio
import os
import socket
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError
from dbus_fast.unpack import unpack_variants

from paces_live.errors import TitleError
from paces_live.now_playing.title import song_title
from paces_live.now_playing.watcher import Watcher

ANSWER_S = 2.0
"""Time that a player has to answer; one that hangs must not hide the others."""
DBUS = "org.freedesktop.DBus"
PROPERTIES = "org.freedesktop.DBus.Properties"
MANAGER = "org.freedesktop.DBus.ObjectManager"

Key = tuple[str, str]
"""Owner and object path of a player."""
Properties = dict[str, Any]


class PlayerWatcher(Watcher):
    """Follows the players on a bus; of several that play, the one that began last has the title."""

    bus: ClassVar[str]
    """What the bus is called."""
    namespace: ClassVar[str]
    """Names of players begin with this."""
    interface: ClassVar[str]
    """Holds the properties of a player."""
    status: ClassVar[str]
    track: ClassVar[str]
    """Names of the two properties that count."""
    rules: ClassVar[tuple[str, ...]]
    """Signals of players to take."""

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[str, str] = {}
        self._players: dict[Key, Properties] = {}

    @abstractmethod
    def address(self) -> str:
        """Return the address of the bus; `TitleError` where there is none."""

    @abstractmethod
    async def players(self, bus: MessageBus, owner: str) -> dict[Key, Properties]:
        """Return the players of a program on the bus."""

    @abstractmethod
    def described(self, track: Properties) -> str | None:
        """Return the title that a player's description of its track tells."""

    def watch(self, ended: socket.socket) -> None:
        """Follow the players; see `Watcher.watch`."""
        try:
            asyncio.run(self._follow(ended))
        except (OSError, EOFError, ValueError, DBusError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise TitleError(f"the {self.bus} bus does not answer ({reason})") from error
        finally:
            self._names.clear()
            self._players.clear()

    async def _follow(self, ended: socket.socket) -> None:
        """Take one message after the other until `ended` can be read."""
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
            self.trouble = None
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
        try:
            owner = await _ask(bus, DBUS, "/org/freedesktop/DBus", DBUS, "GetNameOwner", name)
        except DBusError:
            return  # It came and went; that it went is another signal.
        self._names[name] = owner
        await self._welcome(bus, owner)

    async def _welcome(self, bus: MessageBus, owner: str) -> None:
        try:
            found = await self.players(bus, owner)
        except (DBusError, TimeoutError):
            return  # Not a player after all, gone again, or hung: what it tells later is taken.
        for key, properties in found.items():
            self._change(key, properties)

    def _change(self, key: Key, changed: object) -> None:
        """Note properties of a player; one that begins to play comes last."""
        if not isinstance(changed, dict):
            return  # Any program may call itself a player.
        before = self._players.get(key, {})
        now = before | changed
        if _plays(now.get(self.status)) and not _plays(before.get(self.status)):
            self._players.pop(key, None)
        self._players[key] = now

    def _choose(self) -> None:
        self.title = next(self._titles(), None)

    def _titles(self) -> Iterator[str]:
        """Yield the titles of the players that play, newest first."""
        for properties in reversed(list(self._players.values())):
            if _plays(properties.get(self.status)):
                track = properties.get(self.track)
                if isinstance(track, dict) and (title := self.described(track)):
                    yield title


class MprisWatcher(PlayerWatcher):
    """Follows the players of the session (https://specifications.freedesktop.org/mpris-spec/latest)."""

    bus = "session"
    namespace = "org.mpris.MediaPlayer2"
    interface = "org.mpris.MediaPlayer2.Player"
    status, track = "PlaybackStatus", "Metadata"
    path: ClassVar[str] = "/org/mpris/MediaPlayer2"
    rules = (f"type='signal',interface='{PROPERTIES}',member='PropertiesChanged',path='{path}',arg0='{interface}'",)

    def address(self) -> str:
        """Return the session's bus, also where only systemd says which that is: in a unit, or over ssh."""
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        if address := os.environ.get("DBUS_SESSION_BUS_ADDRESS") or (runtime and f"unix:path={runtime}/bus"):
            return address
        raise TitleError("there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set")

    async def players(self, bus: MessageBus, owner: str) -> dict[Key, Properties]:
        """Return the one player that a program is."""
        return {(owner, self.path): await _ask(bus, owner, self.path, PROPERTIES, "GetAll", self.interface)}

    def described(self, track: Properties) -> str | None:
        """Return the title that the ``xesam`` fields tell."""
        artists, titles, urls = (_texts(track.get(f"xesam:{field}")) for field in ("artist", "title", "url"))
        return song_title(artists, next(iter(titles), None), next(iter(urls), None))


class BluetoothWatcher(PlayerWatcher):
    """Follows the telephones that play to this machine, which say over AVRCP what (org.bluez.MediaPlayer1)."""

    bus = "system"
    namespace = "org.bluez"
    interface = "org.bluez.MediaPlayer1"
    status, track = "Status", "Track"
    rules = (
        f"type='signal',sender='org.bluez',interface='{PROPERTIES}',member='PropertiesChanged',arg0='{interface}'",
        f"type='signal',sender='org.bluez',interface='{MANAGER}'",
    )

    def address(self) -> str:
        """Return the system's bus."""
        return os.environ.get("DBUS_SYSTEM_BUS_ADDRESS") or "unix:path=/run/dbus/system_bus_socket"

    async def players(self, bus: MessageBus, owner: str) -> dict[Key, Properties]:
        """Return the players of all devices."""
        objects = await _ask(bus, owner, "/", MANAGER, "GetManagedObjects")
        return {(owner, path): has[self.interface] for path, has in objects.items() if self.interface in has}

    def described(self, track: Properties) -> str | None:
        """Return the title that the fields of AVRCP tell."""
        artists, titles = (_texts(track.get(field)) for field in ("Artist", "Title"))
        return song_title(artists, next(iter(titles), None))


def _texts(value: object) -> list[str]:
    """Return the text or texts that a field holds, which may be anything."""
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def _plays(status: object) -> bool:
    return isinstance(status, str) and status.lower() == "playing"


async def _ask(bus: MessageBus, owner: str, path: str, interface: str, member: str, *words: str) -> Any:
    """Call a method that takes strings; return the one value it gives, None where it gives none.

    Raises
    ------
    DBusError
        The other side says that it cannot.
    """
    call = Message(owner, path, interface, member, signature="s" * len(words), body=list(words))
    reply = await asyncio.wait_for(bus.call(call), ANSWER_S)
    if reply.message_type is MessageType.ERROR:
        raise DBusError(str(reply.error_name), str(next(iter(reply.body), "")))
    return next(iter(unpack_variants(reply.body)), None)
