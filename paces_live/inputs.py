"""Opens inputs by name: the source, and the provider of its track. No other module does this."""

import re
import sys
from dataclasses import dataclass

from paces_live.demo import excerpt, songs
from paces_live.errors import UsageError
from paces_live.events import Track
from paces_live.now_playing.providers import FileTags, Watchers, installed, watcher_of
from paces_live.session import NowPlaying, Source
from paces_live.sources import FifoSource, FileSource, MicrophoneSource, MonitorSource, PipeSource, RadioSource
from paces_live.sources.anonymous import AnonymousPipeSource, is_anonymous_pipe
from paces_live.sources.fifo import is_fifo
from paces_live.sources.pcm import pcm_format
from paces_live.sources.station.address import is_address
from paces_live.sources.titled import TitledSource

__all__ = [
    "Input",
    "Pcm",
    "open_input",
]

KINDS = ("mic", "monitor", "player", "fifo", "file")
"""Kinds of inputs that have a name after a colon."""
OLD_KINDS = {"playback": "monitor"}
"""Earlier names of kinds; they still work."""
SILENT_DEMO = "demo, silent (hear it: --play)"
"""Name of the source of the demo: every display shows it."""
_OTHER_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Input:
    """Something to listen to.

    Attributes
    ----------
    source : Source
    now_playing : NowPlaying or None
        The provider of the track; None leaves it to the source.
    """

    source: Source
    now_playing: NowPlaying | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pcm:
    """How raw PCM is written.

    Attributes
    ----------
    rate : int
        Sample rate, Hz.
    format : str
        ``s16le`` or ``f32le``.
    channels : int or None
        Interleaved channels; None is 1 for ``-`` and 2, as MPD writes them, for a pipe that has a path.
    """

    rate: int = 44_100
    format: str = "s16le"
    channels: int | None = None


def open_input(
    spec: str, *, sample_rate: int, now_playing: str = "auto", fast: bool = False, pcm: Pcm | None = None
) -> Input:
    """Return the input that `spec` names; no device or file is opened before its blocks are taken.

    Parameters
    ----------
    spec : str
        ``mic``, ``mic:NAME``, ``monitor``, ``monitor:NAME``, ``player:NAME``, ``http://…``, ``https://…`` (in any case,
        also ``icy`` and ``icyx``), ``fifo:PATH``, ``-`` for standard input, or a file's path (``file:PATH`` if the path
        looks like one of the others). The path of a named pipe works without ``fifo:``, and so does that of a pipe
        without a name, such as ``/dev/stdin`` or ``/dev/fd/3``, which ends when its writer does.
    sample_rate : int
        Sample rate of the blocks, Hz.
    now_playing : str
        The provider of the track: ``mpris``, ``bluetooth``, ``mpd``, ``mpd:HOST[:PORT]``, ``none``, or ``auto``. The
        latter takes the tags of a file, the announcements of a radio station, MPRIS and then MPD for a monitor or a
        player, and MPD for a named pipe, if the packages that ask them are installed.
    fast : bool
        Read a file as fast as possible instead of in real time.
    pcm : Pcm, optional
        How raw PCM on standard input or in another pipe is written.

    Raises
    ------
    UsageError
        `spec` or `now_playing` names nothing, or the raw PCM is described wrongly.
    NowPlayingError
        `now_playing` needs a package that is not installed, as on 32-bit systems.

    Examples
    --------
    >>> open_input("mic:USB", sample_rate=22_050).source.name
    'mic:USB'
    >>> open_input("Music/song.ogg", sample_rate=22_050).source.name
    'file:song.ogg'
    """
    source = _open_source(spec, sample_rate, fast, pcm or Pcm())
    return Input(source, _now_playing(source, now_playing))


def demo_input(sample_rate: int, *, fast: bool = False, name: str = SILENT_DEMO) -> Input:
    """Return the bundled excerpt as an input that knows the titles of its songs; `name` is that of its source.

    Examples
    --------
    >>> next(demo_input(22_050, fast=True).source.blocks()).track.title
    'Corner Shop Soul'
    """
    tracks = [(song.start, Track(title=song.title)) for song in songs()]
    return Input(TitledSource(FileSource(excerpt(), sample_rate, fast=fast), tracks, sample_rate, name=name))


def _open_source(spec: str, sample_rate: int, fast: bool, pcm: Pcm) -> Source:
    kind, colon, rest = spec.partition(":")
    kind = OLD_KINDS.get(kind, kind)
    if not spec.strip() or (kind in KINDS and colon and not rest.strip()):
        raise UsageError(
            f"input {spec!r} names nothing",
            hint="choose mic, monitor, - or a file, or see paces-live devices",
            code="usage.input",
        )
    name = rest.strip() if colon else None
    if "\0" in spec:
        raise UsageError(
            f"input {spec!r} has a NUL character", hint="no name of a file or a device has one", code="usage.input"
        )
    form = pcm_format(pcm.format)
    match kind:
        case "-" if not colon:
            channels = 1 if pcm.channels is None else pcm.channels
            return PipeSource(sys.stdin.buffer, pcm.rate, form, channels, sample_rate=sample_rate)
        case "mic":
            return MicrophoneSource(name, sample_rate)
        case "monitor":
            return MonitorSource(sample_rate, output=name)
        case "player" if name:
            return MonitorSource(sample_rate, player=name)
    if is_address(spec):
        return RadioSource(spec, sample_rate)
    if kind not in KINDS and (other := _OTHER_SCHEME.match(spec)):
        # Not the rest: it may hold a password.
        raise UsageError(
            f"addresses that begin with {other[1]}:// cannot be heard",
            hint="give one of http or https, or file:PATH if it is a file",
            code="usage.input",
        )
    path = rest if kind in ("file", "fifo") and colon else spec
    channels = 2 if pcm.channels is None else pcm.channels
    if is_anonymous_pipe(path):
        return AnonymousPipeSource(path, pcm.rate, form, channels, sample_rate=sample_rate)
    if (kind == "fifo" and colon) or is_fifo(path):
        return FifoSource(path, pcm.rate, form, channels, sample_rate=sample_rate)
    return FileSource(path, sample_rate, fast=fast)


def _now_playing(source: Source, choice: str) -> NowPlaying | None:
    if choice == "none":
        return Watchers()
    if choice != "auto":
        return Watchers(watcher_of(choice))
    match source:
        case FileSource():
            return FileTags(source.path)
        case MonitorSource():
            return Watchers(*installed("mpris", "mpd"), optional=True)
        case FifoSource():
            return Watchers(*installed("mpd"), optional=True)
    return None
