"""A source of audio with a title from elsewhere: what ``--titles`` asks for."""

import importlib.util
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from paces_live.errors import TitleError, UsageError
from paces_live.now_playing.watcher import Watcher
from paces_live.sources.block import Block, Source, note_of
from paces_live.sources.fifo import FifoSource
from paces_live.sources.monitor import PlaybackSource

WISHES = "auto, mpris, bluetooth, mpd, mpd:HOST, mpd:HOST:PORT or none"
MODULES = {"mpris": "dbus_fast", "bluetooth": "dbus_fast", "mpd": "mpd"}
"""The package that each kind of titles needs."""
EXTRA = "pip install 'paces-live[titles]'"


@dataclass(frozen=True)
class TitledSource:
    """A source whose title is that of the first of `watchers` to know one; they watch while it is heard.

    Attributes
    ----------
    told : bool
        Whether it is worth a note that a watcher cannot watch.
    """

    source: Source
    watchers: tuple[Watcher, ...]
    told: bool = True

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.source.name

    @property
    def live(self) -> bool:
        """Whether the source is live."""
        return self.source.live

    @property
    def title(self) -> str | None:
        """Title of what plays now, None where nobody knows."""
        return next(filter(None, (watcher.title for watcher in self.watchers)), None)

    @property
    def note(self) -> str | None:
        """What the source has to tell about itself, else a watcher."""
        notes = [note_of(self.source), *(watcher.note for watcher in self.watchers if self.told)]
        return next(filter(None, notes), None)

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the source; see `Source.blocks`."""
        with ExitStack() as watching:
            for watcher in self.watchers:
                watching.enter_context(watcher)
            yield from self.source.blocks()


def titled(source: Source, wish: str) -> Source:
    """Return `source` with the titles that `wish` names.

    ``auto`` takes the source's own title (a file has tags, a radio station tells). For what the machine plays it asks
    MPRIS, then MPD; for a named pipe, which is MPD's, MPD alone; as far as the extra ``titles`` is installed.
    Otherwise there is none.

    Raises
    ------
    UsageError
        `wish` is none of `WISHES`.
    TitleError
        `wish` needs the extra ``titles``, which is not installed.
    """
    kind, _, rest = wish.partition(":")
    match kind:
        case "auto" if not rest:
            match source:
                case PlaybackSource():
                    return TitledSource(source, tuple(_installed("mpris", "mpd")), told=False)
                case FifoSource():
                    return TitledSource(source, tuple(_installed("mpd")), told=False)
            return source
        case "none" if not rest:
            return TitledSource(source, ())
    return TitledSource(source, (titles_from(wish),))


def titles_from(wish: str) -> Watcher:
    """Return the watcher that `wish` names; raises as `titled` does."""
    kind, _, rest = wish.partition(":")
    match kind:
        case "mpris" | "bluetooth" if not rest:
            return _dbus(kind)
        case "mpd":
            return _mpd(rest)
    raise UsageError(f"titles from {wish or 'nothing'} are not known: choose {WISHES}")


def _installed(*wishes: str) -> Iterator[Watcher]:
    """Yield those of `wishes` whose package is there."""
    for wish in wishes:
        if importlib.util.find_spec(MODULES[wish]):
            yield titles_from(wish)


def _dbus(kind: str) -> Watcher:
    try:
        from paces_live.now_playing.dbus import BluetoothWatcher, MprisWatcher
    except ImportError as error:
        raise TitleError(f"titles from {kind} need dbus-fast: {EXTRA}, or choose --titles none") from error
    return MprisWatcher() if kind == "mpris" else BluetoothWatcher()


def _mpd(address: str) -> Watcher:
    try:
        from paces_live.now_playing.mpd import Address, MpdWatcher
    except ImportError as error:
        raise TitleError(f"titles from MPD need python-mpd2: {EXTRA}, or choose --titles none") from error
    return MpdWatcher(Address.parse(address))
