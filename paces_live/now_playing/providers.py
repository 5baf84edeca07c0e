"""The providers of the current track: those that a user names, and those that are installed."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Self

from paces_live.errors import NowPlayingError, UsageError, pip_install
from paces_live.events import Condition, Track
from paces_live.now_playing.tags import file_track
from paces_live.now_playing.watcher import Watcher

CHOICES = "auto, mpris, bluetooth, mpd, mpd:HOST, mpd:HOST:PORT or none"
MODULES = {"mpris": "dbus_fast", "bluetooth": "dbus_fast", "mpd": "mpd"}
PACKAGES = {"dbus_fast": "dbus-fast", "mpd": "python-mpd2"}
"""The module that each kind of watcher needs, and the package that has it. 32-bit systems lack the first."""


class Watchers:
    """The track that the first of several watchers knows; they watch from entering to leaving a ``with``.

    Parameters
    ----------
    *watchers : Watcher
    optional : bool
        Whether errors of the watchers are ignored, because the user did not ask for them.
    """

    def __init__(self, *watchers: Watcher, optional: bool = False) -> None:
        self._watchers = watchers
        self._optional = optional
        self._entered = ExitStack()

    def __enter__(self) -> Self:
        for watcher in self._watchers:
            self._entered.enter_context(watcher)
        return self

    def __exit__(self, *_: object) -> None:
        self._entered.close()

    @property
    def track(self) -> Track | None:
        """The track that plays now."""
        return next(filter(None, (watcher.track for watcher in self._watchers)), None)

    @property
    def condition(self) -> Condition | None:
        """Why a watcher cannot watch."""
        if self._optional:
            return None
        return next(filter(None, (watcher.condition for watcher in self._watchers)), None)


class FileTags:
    """The track in the tags of a file, read when it is needed."""

    condition: Condition | None = None

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @cached_property
    def track(self) -> Track | None:
        """The track that the file holds."""
        return file_track(self._path)


def watcher_of(choice: str) -> Watcher:
    """Return the watcher that `choice` names; see `open_input` for the choices.

    Raises
    ------
    UsageError
        `choice` names nothing.
    NowPlayingError
        The package that asks such a player is not installed.

    Examples
    --------
    >>> watcher_of("winamp")
    Traceback (most recent call last):
        ...
    paces_live.errors.UsageError: 'winamp' does not say what is playing: choose auto, mpris, ...
    """
    kind, _, rest = choice.partition(":")
    match kind:
        case "mpris" | "bluetooth" if not rest:
            return _dbus(kind)
        case "mpd":
            return _mpd(rest)
    raise UsageError(f"{choice!r} does not say what is playing", hint=f"choose {CHOICES}", code="usage.now_playing")


def installed(*kinds: str) -> Iterator[Watcher]:
    """Yield the watchers whose package is installed."""
    for kind in kinds:
        if importlib.util.find_spec(MODULES[kind]):
            yield watcher_of(kind)


def _dbus(kind: str) -> Watcher:
    try:
        from paces_live.now_playing.dbus import BluetoothWatcher, MprisWatcher
    except ImportError as error:
        raise _missing(kind) from error
    return MprisWatcher() if kind == "mpris" else BluetoothWatcher()


def _mpd(address: str) -> Watcher:
    try:
        from paces_live.now_playing.mpd import Address, MpdWatcher
    except ImportError as error:
        raise _missing("mpd") from error
    return MpdWatcher(Address.parse(address))


def install(kind: str) -> str:
    """Return how to get the package that a kind of watcher needs.

    Examples
    --------
    >>> install("mpd").endswith("-m pip install python-mpd2")
    True
    """
    package = PACKAGES[MODULES[kind]]
    if package == "dbus-fast" and (sys.platform != "linux" or sys.maxsize < 2**32):
        return "it needs a 64-bit Linux"
    return pip_install(package)


def _missing(kind: str) -> NowPlayingError:
    return NowPlayingError(
        f"--now-playing {kind} needs {PACKAGES[MODULES[kind]]}",
        hint=f"{install(kind)}, or choose --now-playing none",
        code="now_playing.package_missing",
    )
