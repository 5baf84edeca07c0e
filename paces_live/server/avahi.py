"""Announces a service through avahi-daemon, over D-Bus, which anybody may use.

A group of entries is ours and ends with our connection, so that a server that was killed is not announced either.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from paces_live.errors import reason

if TYPE_CHECKING:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

AVAHI = "org.freedesktop.Avahi"
ANSWER_S = 5.0
"""Time that the daemon has to answer, seconds."""
_SERVER, _GROUP = f"{AVAHI}.Server", f"{AVAHI}.EntryGroup"
_DBUS = "org.freedesktop.DBus"
_ANY = -1
"""All interfaces, or both protocols."""
_COLLISION = 3
"""State of a group whose name another machine has."""

_log = logging.getLogger(__name__)


@asynccontextmanager
async def announced(port: int, *, name: str, service: str, text: Mapping[str, str]) -> AsyncIterator[bool]:
    """Announce a service while the context is open; give whether avahi-daemon runs. If it does not, do nothing.

    Parameters
    ----------
    port : int
    name : str
        Name of the instance; if another one has it, the daemon chooses a similar one.
    service : str
        Type, such as ``_http._tcp``.
    text : mapping
        The TXT record.
    """
    bus = await _connect()
    if bus is None:
        yield False
        return
    announcement = _Announcement(bus, port, name, service, [f"{key}={value}".encode() for key, value in text.items()])
    following = None
    try:
        running = await announcement.begin()
        if running:
            following = asyncio.create_task(announcement.follow())
        yield running
    finally:
        if following:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await announcement.withdraw()
        bus.disconnect()


async def _connect() -> "MessageBus | None":
    """Return a connection to the bus of the system; None if there is none, or no package for it."""
    try:
        # 32-bit systems have no wheel of it.
        from dbus_fast.aio import MessageBus
        from dbus_fast.errors import DBusError
    except ImportError:
        return None
    address = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS") or "unix:path=/run/dbus/system_bus_socket"
    try:
        return await asyncio.wait_for(MessageBus(bus_address=address).connect(), ANSWER_S)
    except (OSError, EOFError, ValueError, DBusError, TimeoutError):
        return None


class _Announcement:
    """One service and its group of entries, which ends with the daemon and begins again with it."""

    def __init__(self, bus: "MessageBus", port: int, name: str, service: str, text: Sequence[bytes]) -> None:
        self._bus = bus
        self._port, self._name, self._service, self._text = port, name, service, list(text)
        self._group = ""
        self._signals = asyncio.Queue["Message"]()

    async def begin(self) -> bool:
        """Announce the service; return whether the daemon runs, even if it refuses: nobody else may do it then."""
        from dbus_fast import MessageType
        from dbus_fast.errors import DBusError

        def keep(message: "Message") -> None:
            if message.message_type is MessageType.SIGNAL:
                self._signals.put_nowait(message)

        running = False
        try:
            running = bool(await self._ask(_DBUS, "/org/freedesktop/DBus", _DBUS, "NameHasOwner", "s", AVAHI))
            if not running:
                return False
            self._bus.add_message_handler(keep)
            for rule in (
                f"type='signal',sender='{_DBUS}',member='NameOwnerChanged',arg0='{AVAHI}'",
                f"type='signal',sender='{AVAHI}',interface='{_GROUP}',member='StateChanged'",
            ):
                await self._ask(_DBUS, "/org/freedesktop/DBus", _DBUS, "AddMatch", "s", rule)
            await self._add()
        except (DBusError, EOFError, OSError, TimeoutError) as error:
            _log.warning("avahi-daemon does not announce: %s", reason(error))
        return running

    async def follow(self) -> None:
        """Announce the service again whenever the daemon starts, and by another name if the name is taken."""
        from dbus_fast.errors import DBusError

        while signal := await self._signals.get():
            try:
                match signal.member, signal.body:
                    case "NameOwnerChanged", [_, _, str(owner)] if owner:
                        await self._add()
                    case "StateChanged", [int(state), _] if state == _COLLISION and signal.path == self._group:
                        await self._rename()
                        await self._ask(AVAHI, self._group, _GROUP, "Free")
                        await self._add()
            except (DBusError, TimeoutError) as error:
                _log.warning("avahi-daemon does not announce: %s", reason(error))

    async def withdraw(self) -> None:
        """Say good-bye."""
        from dbus_fast.errors import DBusError

        try:
            await self._ask(AVAHI, self._group, _GROUP, "Free")
        except (DBusError, EOFError, OSError, TimeoutError):
            _log.info("avahi-daemon is gone")

    async def _add(self) -> None:
        """Make a group with the service, by another name if a program of this machine has the name."""
        from dbus_fast.errors import DBusError

        self._group = await self._ask(AVAHI, "/", _SERVER, "EntryGroupNew")
        while True:
            entry = (_ANY, _ANY, 0, self._name, self._service, "", "", self._port, self._text)
            try:
                await self._ask(AVAHI, self._group, _GROUP, "AddService", "iiussssqaay", *entry)
            except DBusError as error:
                if error.type != f"{AVAHI}.CollisionError":
                    raise
                await self._rename()
            else:
                break
        await self._ask(AVAHI, self._group, _GROUP, "Commit")
        _log.info("announced as %s through avahi-daemon", self._name)

    async def _rename(self) -> None:
        self._name = await self._ask(AVAHI, "/", _SERVER, "GetAlternativeServiceName", "s", self._name)

    async def _ask(self, owner: str, path: str, interface: str, member: str, signature: str = "", *values: Any) -> Any:
        """Call a method; return the one value that it gives, None if it gives none."""
        from dbus_fast import Message, MessageFlag, MessageType
        from dbus_fast.errors import DBusError

        call = Message(
            owner, path, interface, member, signature=signature, body=list(values), flags=MessageFlag.NO_AUTOSTART
        )
        reply = await asyncio.wait_for(self._bus.call(call), ANSWER_S)
        if reply is None:
            raise EOFError("the bus is gone")
        if reply.message_type is MessageType.ERROR:
            raise DBusError(str(reply.error_name), str(next(iter(reply.body), "")))
        return next(iter(reply.body), None)
